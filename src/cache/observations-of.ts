/**
 * A step of a reload → the observations that log and metrics are told.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Observation, Observe } from '../observe/observation.ts'
import { summarizeSnapshot } from '../schema/summarize-snapshot.ts'
import { unreadableName } from '../schema/unreadable-name.ts'
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
    case 'loaded':
      return observationsOfLoad(step)
    case 'unchanged': {
      const { snapshotVersion, durationMs, queuedMs } = step
      return [{ kind: 'reload-unchanged', snapshotVersion, durationMs, queuedMs }]
    }
    case 'load-failed': {
      const { failure, origin, options, durationMs, queuedMs } = step
      const { attempt } = step.owed
      const { dbSchemas: schemas, dbExtraSearchPath: extraSearchPath } = options
      const { error, stack } = describeFailure(failure)
      const crashes = stack === null ? [] : [crash(failure)]
      const times = { durationMs, queuedMs }
      return [
        ...crashes,
        { kind: 'reload-failed', error, origin, schemas, extraSearchPath, attempt, ...times },
      ]
    }
    case 'crashed':
      return [crash(step.failure)]
    case 'retry-cancelled':
    case 'owed-load-checked':
    case 'ended':
      return []
    default:
      return assertNever(step)
  }
}

function observationsOfLoad(step: Extract<ReloadStep, { kind: 'loaded' }>): readonly Observation[] {
  const { snapshot, changes, origin, durationMs, queuedMs, queryMs, timings, buildMs } = step
  const { snapshotVersion } = snapshot
  const times = { durationMs, queuedMs }
  const kind = changes.kind === 'none' ? 'reload-confirmed' : 'reload-published'
  const summary = summarizeSnapshot(snapshot)
  const observations: Observation[] = [
    { kind: 'reload-queried', durationMs: queryMs, timings },
    { kind, origin, snapshotVersion, ...times, queryMs, buildMs, summary },
  ]
  if (changes.kind === 'none') return observations
  const relations = snapshot.unreadableRelations.map((each) => ({
    name: unreadableName(each),
    cause: each.cause,
  }))
  if (relations.length > 0) observations.push({ kind: 'relations-unreadable', relations })
  const functions = snapshot.unusableRoutines.map(({ schema, name, cause }) => ({
    name: `${schema}.${name}`,
    cause,
  }))
  if (functions.length > 0) observations.push({ kind: 'functions-unusable', functions })
  const relationships = snapshot.unusableRelationships
  if (relationships.length > 0) observations.push({ kind: 'relationships-unusable', relationships })
  if (changes.kind === 'some') {
    const { diff } = changes
    observations.push({ kind: 'schema-changed', origin, snapshotVersion, changes: diff, ...times })
  }
  return observations
}
