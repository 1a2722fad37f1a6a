/**
 * The steps of a reload → its record (`observe/reload-record.ts`), which log lines, metrics and
 * events are made of. A pure fold, one step at a time, beside that of the state.
 */
import { changedSettings } from '../config/changed-settings.ts'
import { assertNever } from '../core/assert-never.ts'
import { boundChanges, withMoreChanges } from '../observe/bound-changes.ts'
import {
  noReloadChanges,
  type ReloadChange,
  type ReloadChanges,
  type ReloadRecord,
  type ReloadTimings,
  type ReloadTrigger,
  type SchemaMark,
} from '../observe/reload-record.ts'
import { describeChanges } from '../schema/describe-changes.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { Generation } from './generation-store.ts'
import type { ReloadOrder } from './reload-order.ts'
import type { LoadedChanges, ReloadStep } from './reload-step.ts'

/** What a step does not say of itself. */
export interface StepFacts {
  /** In use before the step and after it. */
  readonly before: Generation
  readonly after: Generation
  /** Milliseconds on the scheduler's clock. */
  readonly at: number
  /** Milliseconds that publishing took, where the step published. */
  readonly publishMs: number | null
}

const noTimings: ReloadTimings = {
  checkMs: null,
  queryMs: null,
  queries: {},
  buildMs: null,
  diffMs: null,
  publishMs: null,
}

/** The record after a step; null only before the first. */
export function foldRecord(
  record: ReloadRecord | null,
  step: ReloadStep,
  facts: StepFacts,
): ReloadRecord | null {
  if (step.kind === 'began') return beginRecord((record?.id ?? 0) + 1, step.order, facts)
  if (record === null) return null
  switch (step.kind) {
    case 'config-read':
      return withSettings(record, facts)
    case 'loaded': {
      const { durationMs, queuedMs, queryMs, timings, buildMs, checkMs, diffMs, changes } = step
      const timed = { checkMs, queryMs, queries: timings, buildMs, diffMs }
      const loaded = {
        ...record,
        durationMs,
        queuedMs,
        timings: { ...timed, publishMs: facts.publishMs },
        after: markOf(facts.after.snapshot),
        changes: withMoreChanges(record.changes, toldChanges(changes)),
      }
      return withSettings(loaded, facts)
    }
    case 'unchanged': {
      const { durationMs, queuedMs } = step
      return { ...record, durationMs, queuedMs, timings: { ...noTimings, checkMs: durationMs } }
    }
    case 'load-failed': {
      const { durationMs, queuedMs, owed } = step
      const { cause, attempt, retryInMs } = owed
      const failed = { ...record, durationMs, queuedMs, cause, retry: { attempt, retryInMs } }
      return withSettings(failed, facts)
    }
    case 'ended': {
      const { order, outcome, at } = step
      const { durationMs, queuedMs, kind } = outcome
      return {
        ...record,
        trigger: triggerOf(order),
        endedAt: new Date(at).toISOString(),
        outcome: kind,
        cause: kind === 'failed' ? outcome.cause : null,
        durationMs,
        queuedMs,
        after: markOf(facts.after.snapshot),
      }
    }
    case 'retry-cancelled':
    case 'owed-load-checked':
    case 'crashed':
      return record
    default:
      return assertNever(step)
  }
}

function beginRecord(id: number, order: ReloadOrder, { before, at }: StepFacts): ReloadRecord {
  const mark = markOf(before.snapshot)
  return {
    id,
    startedAt: new Date(at).toISOString(),
    endedAt: null,
    trigger: triggerOf(order),
    outcome: 'running',
    cause: null,
    retry: null,
    durationMs: 0,
    queuedMs: at - order.signal.at,
    timings: noTimings,
    before: mark,
    after: mark,
    changes: noReloadChanges,
    repeats: null,
  }
}

function triggerOf({ signal, triggers }: ReloadOrder): ReloadTrigger {
  const { origin, scope, depth, request } = signal
  return { origin, scope, depth, asked: triggers, request: request ?? null }
}

function markOf(snapshot: SchemaSnapshot | null): SchemaMark | null {
  return snapshot === null
    ? null
    : { number: snapshot.snapshotVersion, label: snapshot.schemaVersion }
}

/** Counted by name, as the log does. Of a first load nothing is listed: all of it is new. */
function toldChanges(changes: LoadedChanges): ReloadChanges {
  switch (changes.kind) {
    case 'none':
    case 'unknown':
      return noReloadChanges
    case 'first':
    case 'some': {
      const { added, removed, changed } = changes.diff
      const counts = { added: added.length, removed: removed.length, changed: changed.length }
      return changes.kind === 'first'
        ? { ...counts, list: [], isCut: added.length > 0 }
        : boundChanges(counts, describeChanges(changes.details))
    }
    default:
      return assertNever(changes)
  }
}

/** With the options that came into use by this step. */
function withSettings(record: ReloadRecord, { before, after }: StepFacts): ReloadRecord {
  if (before.config === after.config) return record
  const list = changedSettings(before.config, after.config).map(
    (setting): ReloadChange => ({ kind: 'changed', subject: 'setting', part: null, ...setting }),
  )
  const changes = boundChanges({ ...noReloadChanges, changed: list.length }, list)
  return { ...record, changes: withMoreChanges(record.changes, changes) }
}
