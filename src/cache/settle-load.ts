/**
 * How a load ends: its snapshot is published, or stays away where it differs in nothing; or it
 * failed and is owed.
 */
import type { Config } from '../config/config.ts'
import { backoffMs, withJitter } from '../core/backoff.ts'
import { relabelled } from '../schema/relabelled.ts'
import { nameChanges, noChanges } from '../schema/schema-change.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { describeFailure } from './describe-failure.ts'
import type { LoadResult } from './load-schema.ts'
import { type Goal, type Reload, type Steps, timesOf } from './reload-run.ts'
import type { ReloadOutcome } from './reload-signal.ts'
import type { LoadedChanges, OwedLoad } from './reload-step.ts'

/**
 * Publishes what was loaded, unless it is what was in use: then that stays, its number and its time
 * too, under the label of the version that the database has now.
 */
export async function* publish(
  work: Reload,
  { snapshot, checkMs, queryMs, timings, buildMs }: Extract<LoadResult, { kind: 'loaded' }>,
  config: Config | null,
): Steps<ReloadOutcome> {
  const previous = work.state.generation.snapshot
  const diffStart = work.deps.stopwatch()
  const changes = yield* compare(work, previous, snapshot)
  const diffMs = work.deps.stopwatch() - diffStart
  const inUse =
    changes.kind === 'none' && previous !== null
      ? relabelled(previous, snapshot.schemaVersion)
      : snapshot
  const { snapshotVersion } = inUse
  const times = timesOf(work)
  const { origin } = work.order.signal
  const rest = { config, checkMs, queryMs, timings, buildMs, diffMs, ...times }
  yield { kind: 'loaded', origin, snapshot: inUse, changes, ...rest }
  if (changes.kind === 'none') {
    return { kind: 'unchanged', snapshotVersion, foundBy: 'load', ...times }
  }
  const diff = 'diff' in changes ? changes.diff : noChanges
  return { kind: 'published', snapshotVersion, changes: diff, ...times }
}

async function* compare(
  { deps }: Reload,
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
): Steps<LoadedChanges> {
  try {
    const details = await deps.diffSnapshots(previous, next)
    const told = { details, diff: nameChanges(details) }
    if (previous === null) return { kind: 'first', ...told }
    return details.length === 0 ? { kind: 'none' } : { kind: 'some', ...told }
  } catch (failure) {
    // a diff that fails is no reason to refuse the schema, which was loaded well
    yield { kind: 'crashed', failure }
    return { kind: 'unknown' }
  }
}

/**
 * The previous snapshot stays, and what was to be loaded is owed. Where it was a retry that failed
 * the next pause is longer; any other trigger begins a new series.
 *
 * @param config comes into use although the load failed; null: the one in use stays
 */
export async function* owe(
  work: Reload,
  { signal: { scope, depth } }: Goal,
  { failure, schemaVersion }: Extract<LoadResult, { kind: 'failed' }>,
  config: Config | null,
): Steps<ReloadOutcome> {
  const { order, state, deps } = work
  const { error, cause } = describeFailure(failure)
  const attempt = order.urgency === 'retry' ? (state.owed?.attempt ?? 0) + 1 : 1
  const times = timesOf(work)
  const owed: OwedLoad = {
    scope,
    depth: depth === 'full' ? 'full' : 'load',
    attempt,
    cause,
    failedAt: schemaVersion,
    isSilent: error.kind === 'connection',
    retryInMs: withJitter(backoffMs(attempt), deps.random()),
  }
  const options = schemaOptions(config ?? state.generation.config)
  const at = deps.scheduler.now()
  const { origin } = order.signal
  yield { kind: 'load-failed', origin, failure, owed, config, options, at, ...times }
  return { kind: 'failed', cause, ...times }
}
