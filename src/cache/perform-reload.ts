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
import type { SnapshotDiff } from '../schema/diff-snapshots.ts'
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
  widerScope,
} from './reload-signal.ts'
import type { ReloadState } from './reload-state.ts'
import type { OwedLoad, ReloadStep } from './reload-step.ts'

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

const noChanges: SnapshotDiff = { added: [], removed: [], changed: [] }
const configChanged: SnapshotDiff = { ...noChanges, changed: ['configuration'] }

/** Always ends with `ended`, whatever happens on the way. */
export async function* performReload(asked: ReloadRun, deps: PerformDeps): Steps {
  const { scheduler } = deps
  const run = withoutMootRetry(asked)
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
}

interface TimedReload extends Reload {
  readonly deadline: LoadDeadline
  /** Merges the order that waits into this one, if it asks for the schema alone. */
  readonly joinLate: () => ReloadOrder
}

function elapsedMs({ order, deps }: Reload): number {
  return deps.scheduler.now() - order.signal.at
}

async function* reload(work: TimedReload): Steps<ReloadOutcome> {
  const { order, state } = work
  const { signal } = order
  if (signal.scope === 'config') {
    const { config, problem } = yield* readConfiguration(work, signal, null)
    return endOf(work, problem, {
      ...(config === null ? { kind: 'unchanged' } : { kind: 'published', changes: configChanged }),
      snapshotVersion: state.generation.snapshot?.snapshotVersion ?? 0,
      durationMs: elapsedMs(work),
    })
  }
  const { owed } = state
  if (owed !== null && order.urgency === 'patient') {
    const look = await checkOwedLoad(owed, state.generation.config, work.deadline, work.deps.reader)
    if (look.kind === 'left') {
      yield { kind: 'owed-load-checked', found: look.found, failure: look.failure }
      return { kind: 'failed', durationMs: elapsedMs(work), cause: look.cause }
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
        mustLoad: owed !== null || missesOptions(signal, options, generation),
      },
      deadline,
      deps,
    ))
  const pending = read.isInUse ? null : read.config
  switch (result.kind) {
    case 'loaded':
      return endOf(work, problem, yield* publish(work, result, pending))
    case 'failed': {
      const config = read.config ?? inUse
      const isRetry = order.urgency === 'retry'
      return endOf(work, problem, yield* owe(work, { result, scope, depth, config, isRetry }))
    }
    case 'unchanged': {
      const snapshotVersion = generation.snapshot?.snapshotVersion ?? 0
      const durationMs = elapsedMs(work)
      yield { kind: 'unchanged', snapshotVersion, durationMs }
      return endOf(
        work,
        problem,
        read.config === null
          ? { kind: 'unchanged', snapshotVersion, durationMs }
          : { kind: 'published', snapshotVersion, durationMs, changes: configChanged },
      )
    }
  }
}

/** Where the configuration could not be read, the whole reload has failed by that. */
function endOf(work: Reload, problem: string | null, outcome: ReloadOutcome): ReloadOutcome {
  return problem === null
    ? outcome
    : { kind: 'failed', durationMs: elapsedMs(work), cause: problem }
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
    (signal.depth !== 'check' || owed !== null || missesOptions(signal, options, generation))
  const isInUse = config !== null && (order.wantsConfigFirst || !isLoadAhead)
  yield { kind: 'config-read', read, publishes: isInUse ? config : null, failure }
  return { config, isInUse, problem: read.ok ? null : read.error.join('; ') }
}

/**
 * A check looks under the options that the snapshot was loaded with, unless the load that changed
 * ones wait for may have been missed: while nobody listened.
 */
function missesOptions(
  { scope, origin }: ReloadSignal,
  options: SchemaOptions,
  loaded: Generation,
): boolean {
  if (scope !== 'both' && origin !== 'listener-connected') return false
  return !isDeepStrictEqual(options, loaded.snapshot?.options)
}

/** The snapshot is in use once `loaded` is yielded; what it changed is worked out after that. */
async function* publish(
  work: Reload,
  { snapshot, queryMs, timings, buildMs }: Extract<LoadResult, { kind: 'loaded' }>,
  config: Config | null,
): Steps<ReloadOutcome> {
  const previous = work.state.generation.snapshot
  const durationMs = elapsedMs(work)
  yield { kind: 'loaded', snapshot, config, durationMs, queryMs, timings, buildMs }
  let changes = noChanges
  try {
    changes = await work.deps.diffSnapshots(previous, snapshot)
  } catch (failure) {
    yield { kind: 'crashed', failure }
  }
  return { kind: 'published', snapshotVersion: snapshot.snapshotVersion, durationMs, changes }
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
  const durationMs = elapsedMs(work)
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
  yield { kind: 'load-failed', failure, owed, config, durationMs, at: deps.scheduler.now() }
  return { kind: 'failed', durationMs, cause }
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
  return { kind: 'failed', durationMs: elapsedMs(work), cause: describeFailure(failure).cause }
}
