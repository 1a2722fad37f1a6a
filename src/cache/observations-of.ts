/**
 * A step of a reload → the observations that log and metrics are told.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Observation, Observe } from '../observe/observation.ts'
import { summarizeSnapshot } from '../schema/summarize-snapshot.ts'
import { describeFailure } from './describe-failure.ts'
import type { ReloadStep } from './reload-step.ts'

/**
 * The same sink, except that it never throws: a sink that breaks is no reason to stop reloading.
 */
export function neverThrowing(observe: Observe): Observe {
  return (observation) => {
    try {
      observe(observation)
    } catch {
      // there is nobody left to tell
    }
  }
}

/** A bug of ours, told with its stack. */
export function crash(failure: unknown): Observation {
  const { stack, cause } = describeFailure(failure)
  return { kind: 'crashed', stack: stack ?? cause }
}

export function observationsOf(step: ReloadStep): readonly Observation[] {
  switch (step.kind) {
    case 'began': {
      const { origin, scope, depth } = step.order.signal
      return [{ kind: 'reload-started', origin, scope, depth }]
    }
    case 'config-read':
      return step.read.ok
        ? [{ kind: 'config-loaded' }]
        : [{ kind: 'config-invalid', problems: step.read.error }]
    case 'loaded': {
      const { snapshot, durationMs, queryMs, timings, buildMs } = step
      return [
        { kind: 'reload-queried', durationMs: queryMs, timings },
        {
          kind: 'reload-published',
          snapshotVersion: snapshot.snapshotVersion,
          durationMs,
          queryMs,
          buildMs,
          summary: summarizeSnapshot(snapshot),
        },
      ]
    }
    case 'unchanged': {
      const { snapshotVersion, durationMs } = step
      return [{ kind: 'reload-unchanged', snapshotVersion, durationMs }]
    }
    case 'load-failed': {
      const { failure, config, durationMs } = step
      const { attempt } = step.owed
      const { dbSchemas: schemas, dbExtraSearchPath: extraSearchPath } = config
      const { error, stack } = describeFailure(failure)
      const crashes = stack === null ? [] : [crash(failure)]
      return [
        ...crashes,
        { kind: 'reload-failed', error, schemas, extraSearchPath, attempt, durationMs },
      ]
    }
    case 'crashed':
      return [crash(step.failure)]
    case 'taken-in-hand':
    case 'owed-load-checked':
    case 'ended':
      return []
    default:
      return assertNever(step)
  }
}
