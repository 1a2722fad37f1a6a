/**
 * A step of a reload → the observations that log, metrics and history are told. What they say of the
 * reload is what its record has by then, so that none of them can contradict another.
 */
import { assertNever } from '../core/assert-never.ts'
import type { Observation, Observe } from '../observe/observation.ts'
import type { ReloadRecord } from '../observe/reload-record.ts'
import { unmatchedPatterns } from '../schema/exposure.ts'
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

/** @param record after the step; null: no reload has begun */
export function observationsOf(
  step: ReloadStep,
  record: ReloadRecord | null,
): readonly Observation[] {
  if (record === null) return []
  const { id: reload, durationMs, queuedMs } = record
  const { origin, scope, depth } = record.trigger
  switch (step.kind) {
    case 'began':
      return [
        { kind: 'reload-began', record },
        { kind: 'reload-started', reload, origin, scope, depth },
      ]
    case 'config-read':
      return step.read.ok
        ? [{ kind: 'config-loaded' }]
        : [{ kind: 'config-invalid', problems: step.read.error }]
    case 'loaded':
      return observationsOfLoad(step, record)
    case 'unchanged': {
      const { snapshotVersion } = step
      return [{ kind: 'reload-unchanged', reload, snapshotVersion, durationMs, queuedMs }]
    }
    case 'load-failed': {
      const { failure, options } = step
      const { attempt } = step.owed
      const { dbSchemas: schemas, dbExtraSearchPath: extraSearchPath } = options
      const { error, stack } = describeFailure(failure)
      const crashes = stack === null ? [] : [crash(failure)]
      const facts = { reload, error, origin, schemas, extraSearchPath, attempt }
      return [...crashes, { kind: 'reload-failed', ...facts, durationMs, queuedMs }]
    }
    case 'crashed':
      return [crash(step.failure)]
    case 'ended':
      return [{ kind: 'reload-ended', record }]
    case 'retry-cancelled':
    case 'owed-load-checked':
      return []
    default:
      return assertNever(step)
  }
}

function observationsOfLoad(
  step: Extract<ReloadStep, { kind: 'loaded' }>,
  record: ReloadRecord,
): readonly Observation[] {
  const { snapshot, changes, queryMs, timings, buildMs } = step
  const { durationMs, queuedMs } = record
  const { snapshotVersion } = snapshot
  const facts = { reload: record.id, origin: record.trigger.origin, snapshotVersion }
  const times = { durationMs, queuedMs }
  const kind = changes.kind === 'none' ? 'reload-confirmed' : 'reload-published'
  const summary = summarizeSnapshot(snapshot)
  const observations: Observation[] = [
    { kind: 'reload-queried', durationMs: queryMs, timings },
    { kind, ...facts, ...times, queryMs, buildMs, summary },
  ]
  const patterns = unmatchedPatterns(snapshot)
  if (patterns.length > 0) observations.push({ kind: 'patterns-unmatched', patterns })
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
    observations.push({ kind: 'schema-changed', ...facts, changes: diff, ...times })
  }
  return observations
}
