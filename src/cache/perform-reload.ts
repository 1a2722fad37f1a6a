/**
 * One reload from its beginning to its end: get ready, read the configuration, look at the schema,
 * load it. A generator that yields each step as it happens: it publishes nothing, tells nobody and
 * waits for no clock; `reload-pipeline.ts` does that with each step before the next one is taken.
 */
import { isDeepStrictEqual } from 'node:util'
import type { SchedulerLike } from 'rxjs'
import type { Config } from '../config/config.ts'
import { backoffMs, withJitter } from '../core/backoff.ts'
import { err, type Result } from '../core/result.ts'
import { isUnchanged, noChanges, type SnapshotDiff } from '../schema/diff-snapshots.ts'
import { relabelled } from '../schema/relabelled.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { checkOwedLoad } from './check-owed-load.ts'
import type { TakeWaiting } from './conflate-map.ts'
import { describeFailure } from './describe-failure.ts'
import type { Generation } from './generation-store.ts'
import { type LoadDeadline, startDeadline } from './load-deadline.ts'
import { type LoadDeps, type LoadResult, loadSchema } from './load-schema.ts'
import { mergeOrders, type ReloadOrder } from './reload-order.ts'
import {
  deeper,
  type ReloadDepth,
  type ReloadOutcome,
  type ReloadSignal,
  type ReloadTimes,
  widerScope,
} from './reload-signal.ts'
import type { ReloadState } from './reload-state.ts'
import type { LoadedChanges, OwedLoad, ReloadStep } from './reload-step.ts'

export interface PerformDeps extends LoadDeps {
  /** File, environment and in-database settings → a configuration, or what is wrong with it. */
  readonly loadConfig: (signal: AbortSignal) => Promise<Result<Config, readonly string[]>>
  /**
   * Runs before each load, checks apart: connects, and waits until the feed that guards the load is
   * open. When it rejects the load fails, but the configuration is read all the same.
   */
  readonly beforeLoad?: (signal: AbortSignal) => Promise<void>
  readonly diffSnapshots: (
    previous: SchemaSnapshot | null,
    next: SchemaSnapshot,
  ) => Promise<SnapshotDiff>
  /** Milliseconds for one whole reload. */
  readonly deadlineMs: () => number
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

export interface ReloadRun {
  readonly order: ReloadOrder
  /** As the reload finds it: nothing but its own steps changes it meanwhile. */
  readonly state: ReloadState
  /** Before the database is looked at, orders that wait may join this one. */
  readonly takeWaiting: TakeWaiting<ReloadOrder>
  /** Aborted when the server stops: what runs is given up. */
  readonly stop: AbortSignal
}

type Steps<Return = void> = AsyncGenerator<ReloadStep, Return, undefined>

const configChanged: SnapshotDiff = { ...noChanges, changed: ['configuration'] }

/** Always ends with `ended`, whatever happens on the way. */
export async function* performReload(asked: ReloadRun, deps: PerformDeps): Steps {
  const { scheduler } = deps
  const run = { ...withoutMootRetry(asked), beganAt: scheduler.now() }
  let order = run.order
  const joinLate = () => {
    const late = run.takeWaiting((waiting) => waiting.signal.scope === 'schema')
    if (late !== undefined) order = mergeOrders(order, late)
    return order
  }
  yield { kind: 'began', order }
  let outcome: ReloadOutcome
  try {
    const deadline = startDeadline(deps.deadlineMs(), scheduler, run.stop)
    try {
      outcome = yield* reload({ ...run, deadline, joinLate, deps })
    } finally {
      deadline.end()
    }
  } catch (failure) {
    outcome = yield* survive(failure, { ...run, deps })
  }
  yield { kind: 'ended', order, outcome, at: scheduler.now() }
}

/** A retry that waited while another reload made its load good has nothing left but to check. */
function withoutMootRetry(run: ReloadRun): ReloadRun {
  const { order, state } = run
  if (order.urgency !== 'retry' || state.owed !== null) return run
  return {
    ...run,
    order: { ...order, signal: { ...order.signal, scope: 'schema', depth: 'check' } },
  }
}

/** What the parts of one reload share. */
interface Reload extends ReloadRun {
  readonly deps: PerformDeps
  /** Milliseconds on the scheduler's clock. */
  readonly beganAt: number
}

interface TimedReload extends Reload {
  readonly deadline: LoadDeadline
  /** Merges the order that waits into this one, if it asks for the schema alone. */
  readonly joinLate: () => ReloadOrder
}

function timesOf({ order, deps, beganAt }: Reload): ReloadTimes {
  return { durationMs: deps.scheduler.now() - beganAt, queuedMs: beganAt - order.signal.at }
}

async function* reload(work: TimedReload): Steps<ReloadOutcome> {
  const { order, state } = work
  const { signal } = order
  if (signal.scope === 'config') {
    const { config, problem } = yield* readConfiguration(work, signal, null)
    return endOf(work, problem, {
      ...(config === null
        ? { kind: 'unchanged', foundBy: 'check' }
        : { kind: 'published', changes: configChanged }),
      snapshotVersion: state.generation.snapshot?.snapshotVersion ?? 0,
      ...timesOf(work),
    })
  }
  const { owed } = state
  if (owed !== null && order.urgency === 'patient') {
    const look = await checkOwedLoad(owed, state.generation.config, work.deadline, work.deps.reader)
    if (look.kind === 'left') {
      yield { kind: 'owed-load-checked', found: look.found, failure: look.failure }
      return { kind: 'failed', ...timesOf(work), cause: look.cause }
    }
  }
  yield { kind: 'taken-in-hand' }
  return yield* reloadSchema(work, owed)
}

/** Both parts, or the schema alone. What an earlier load still owes is made good with it. */
async function* reloadSchema(work: TimedReload, owed: OwedLoad | null): Steps<ReloadOutcome> {
  const { state, deadline, deps } = work
  const { generation } = state
  const asked = work.order.signal
  const scope = owed === null ? asked.scope : widerScope(asked.scope, owed.scope)
  const signal = { ...asked, scope }
  const unready = await getReady(work, signal, owed)

  const inUse = generation.config
  const read =
    scope === 'schema'
      ? { config: null, isInUse: false, problem: null }
      : yield* readConfiguration(work, signal, owed)
  const { problem } = read
  const options = schemaOptions(read.config ?? inUse)

  const order = work.joinLate()
  const depth = owed === null ? order.signal.depth : deeper(order.signal.depth, owed.depth)
  const result: LoadResult =
    unready ??
    (await loadSchema(
      {
        depth,
        options,
        previous: generation.snapshot,
        loadedAt: new Date(deps.scheduler.now()),
        mustLoad: owed !== null || missesOptions({ ...order, signal }, options, generation),
      },
      deadline,
      deps,
    ))
  const pending = read.isInUse ? null : read.config
  switch (result.kind) {
    case 'loaded':
      return endOf(work, problem, yield* publish(work, result, pending, read.config !== null))
    case 'failed': {
      const config = read.config ?? inUse
      const isRetry = order.urgency === 'retry'
      return endOf(work, problem, yield* owe(work, { result, scope, depth, config, isRetry }))
    }
    case 'unchanged': {
      const snapshotVersion = generation.snapshot?.snapshotVersion ?? 0
      const times = timesOf(work)
      yield { kind: 'unchanged', snapshotVersion, ...times }
      return endOf(
        work,
        problem,
        read.config === null
          ? { kind: 'unchanged', snapshotVersion, foundBy: 'check', ...times }
          : { kind: 'published', snapshotVersion, changes: configChanged, ...times },
      )
    }
  }
}

/** Where the configuration could not be read, the whole reload has failed by that. */
function endOf(work: Reload, problem: string | null, outcome: ReloadOutcome): ReloadOutcome {
  return problem === null ? outcome : { kind: 'failed', ...timesOf(work), cause: problem }
}

async function getReady(
  { deadline, deps: { beforeLoad } }: TimedReload,
  { depth }: ReloadSignal,
  owed: OwedLoad | null,
): Promise<Extract<LoadResult, { kind: 'failed' }> | null> {
  const isLoad = depth !== 'check' || owed !== null
  if (!isLoad || beforeLoad === undefined) return null
  try {
    await deadline.guard(beforeLoad(deadline.signal))
    return null
  } catch (failure) {
    return { kind: 'failed', failure, schemaVersion: null }
  }
}

/**
 * Reads the configuration. What is new in it comes into use at once, unless a load follows that it
 * is to be published with, and nobody asked for it alone.
 */
async function* readConfiguration(
  { order, state: { generation }, deadline, deps }: TimedReload,
  signal: ReloadSignal,
  owed: OwedLoad | null,
): Steps<{
  /** The configuration read, where it differs from the one in use; else null. */
  readonly config: Config | null
  readonly isInUse: boolean
  /** Why the configuration could not be read; null when it was. */
  readonly problem: string | null
}> {
  let read: Result<Config, readonly string[]>
  let failure: unknown = null
  try {
    read = await deadline.guard(deps.loadConfig(deadline.signal))
  } catch (thrown) {
    failure = thrown
    read = err([describeFailure(thrown).cause])
  }
  const config = read.ok && !isDeepStrictEqual(read.value, generation.config) ? read.value : null
  const options = schemaOptions(config ?? generation.config)
  const isLoadAhead =
    signal.scope !== 'config' &&
    (signal.depth !== 'check' ||
      owed !== null ||
      missesOptions({ ...order, signal }, options, generation))
  const isInUse = config !== null && (order.wantsConfigFirst || !isLoadAhead)
  yield { kind: 'config-read', read, publishes: isInUse ? config : null, failure }
  return { config, isInUse, problem: read.ok ? null : read.error.join('; ') }
}

/**
 * A check that clocks or clients repeat looks under the options that the snapshot was loaded with;
 * for changed ones a load has to be asked for. Whoever tells of a change asks for one, and so does
 * the listener when it is back, since the word may have been said while nobody listened.
 */
function missesOptions(
  { urgency, signal }: Pick<ReloadOrder, 'urgency' | 'signal'>,
  options: SchemaOptions,
  loaded: Generation,
): boolean {
  if (signal.scope !== 'both' && urgency !== 'fresh') return false
  return !isDeepStrictEqual(options, loaded.snapshot?.options)
}

/**
 * Publishes what was loaded, unless it is what was in use: then that stays, its number and its time
 * too, under the label of the version that the database has now.
 */
async function* publish(
  work: Reload,
  { snapshot, queryMs, timings, buildMs }: Extract<LoadResult, { kind: 'loaded' }>,
  config: Config | null,
  isConfigNew: boolean,
): Steps<ReloadOutcome> {
  const previous = work.state.generation.snapshot
  const changes = yield* compare(work, previous, snapshot)
  const inUse =
    changes.kind === 'none' && previous !== null
      ? relabelled(previous, snapshot.schemaVersion)
      : snapshot
  const { snapshotVersion } = inUse
  const times = timesOf(work)
  const { origin } = work.order.signal
  const rest = { config, queryMs, timings, buildMs, ...times }
  yield { kind: 'loaded', origin, snapshot: inUse, changes, ...rest }
  const diff = 'diff' in changes ? changes.diff : noChanges
  if (changes.kind === 'none' && !isConfigNew) {
    return { kind: 'unchanged', snapshotVersion, foundBy: 'load', ...times }
  }
  const changed = isConfigNew ? [...diff.changed, ...configChanged.changed] : diff.changed
  return { kind: 'published', snapshotVersion, changes: { ...diff, changed }, ...times }
}

async function* compare(
  { deps }: Reload,
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
): Steps<LoadedChanges> {
  try {
    const diff = await deps.diffSnapshots(previous, next)
    if (previous === null) return { kind: 'first', diff }
    return isUnchanged(diff) ? { kind: 'none' } : { kind: 'some', diff }
  } catch (failure) {
    // what was loaded is good all the same
    yield { kind: 'crashed', failure }
    return { kind: 'unknown' }
  }
}

/** The previous snapshot stays, and what was to be loaded is owed. */
async function* owe(
  work: Reload,
  failed: {
    readonly result: Extract<LoadResult, { kind: 'failed' }>
    readonly scope: ReloadSignal['scope']
    readonly depth: ReloadDepth
    /** The configuration that comes into use although the load failed. */
    readonly config: Config
    /** It was a retry itself: the next pause is longer. Any other trigger begins a new series. */
    readonly isRetry: boolean
  },
): Steps<ReloadOutcome> {
  const { state, deps } = work
  const { failure, schemaVersion } = failed.result
  const { error, cause } = describeFailure(failure)
  const attempt = failed.isRetry ? (state.owed?.attempt ?? 0) + 1 : 1
  const times = timesOf(work)
  const { origin } = work.order.signal
  const owed: OwedLoad = {
    scope: failed.scope,
    depth: failed.depth === 'full' ? 'full' : 'load',
    attempt,
    cause,
    failedAt: schemaVersion,
    isSilent: error.kind === 'connection',
    retryInMs: withJitter(backoffMs(attempt), deps.random()),
  }
  const { config } = failed
  const at = deps.scheduler.now()
  yield { kind: 'load-failed', origin, failure, owed, config, at, ...times }
  return { kind: 'failed', cause, ...times }
}

/** After a bug of ours the schema that was asked for is owed all the same. */
async function* survive(failure: unknown, work: Reload): Steps<ReloadOutcome> {
  const { signal, urgency } = work.order
  const { scope, depth } = signal
  if (scope !== 'config') {
    const { config } = work.state.generation
    const result = { kind: 'failed', failure, schemaVersion: null } as const
    return yield* owe(work, { result, scope, depth, config, isRetry: urgency === 'retry' })
  }
  yield { kind: 'crashed', failure }
  return { kind: 'failed', ...timesOf(work), cause: describeFailure(failure).cause }
}
