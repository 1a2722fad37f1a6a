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
import { type LoadDeadline, startDeadline } from './load-deadline.ts'
import { type LoadDeps, type LoadResult, loadSchema } from './load-schema.ts'
import { mergeOrders, type ReloadOrder } from './reload-order.ts'
import {
  deeper,
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
  const run = { ...asked, beganAt: scheduler.now() }
  let order = run.order
  const joinLate = () => {
    // the retry that fell due meanwhile asks for nothing but the owed load, which is tried now
    const late = run.takeWaiting(
      ({ signal, urgency }) =>
        signal.scope === 'schema' || (urgency === 'retry' && run.state.owed !== null),
    )
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
  const { owed } = state
  if (order.signal.scope === 'config') {
    const { config, problem } = yield* readConfiguration(work, null)
    return endOf(
      work,
      { problem },
      {
        ...(config === null
          ? { kind: 'unchanged', foundBy: 'check' }
          : { kind: 'published', changes: configChanged }),
        snapshotVersion: state.generation.snapshot?.snapshotVersion ?? 0,
        ...timesOf(work),
      },
    )
  }
  if (owed !== null && order.urgency === 'patient') {
    const look = await checkOwedLoad(owed, state.generation.config, work.deadline, work.deps.reader)
    if (look.kind === 'left') {
      yield { kind: 'owed-load-checked', found: look.found, failure: look.failure }
      return { kind: 'failed', ...timesOf(work), cause: look.cause }
    }
  }
  yield { kind: 'retry-cancelled' }
  return yield* reloadSchema(work, goalOf(order, owed))
}

/** What a reload of the schema, perhaps of both parts, is to achieve. */
interface Goal {
  /** What was asked for, and what an earlier load still owes. */
  readonly signal: ReloadSignal
  /** It loads whatever the version says: a load was asked for, or is owed. */
  readonly mustLoad: boolean
  readonly owed: OwedLoad | null
}

function goalOf({ signal }: ReloadOrder, owed: OwedLoad | null): Goal {
  const scope = owed === null ? signal.scope : widerScope(signal.scope, owed.scope)
  const depth = owed === null ? signal.depth : deeper(signal.depth, owed.depth)
  return { signal: { ...signal, scope, depth }, mustLoad: depth !== 'check', owed }
}

/** Gets ready, reads the configuration if it is asked for, then looks at the schema. */
async function* reloadSchema(work: TimedReload, goal: Goal): Steps<ReloadOutcome> {
  const { generation } = work.state
  const unready = goal.mustLoad ? await getReady(work) : null
  const read = goal.signal.scope === 'schema' ? notRead : yield* readConfiguration(work, goal)
  const joined = { ...work, order: work.joinLate() }
  const wholeGoal = goalOf(joined.order, goal.owed)
  const result = unready ?? (await lookAtSchema(joined, wholeGoal, read))
  const pending = read.isInUse ? null : read.config
  switch (result.kind) {
    case 'loaded':
      return endOf(work, read, yield* publish(work, result, pending, read.config !== null))
    case 'failed':
      return endOf(work, read, yield* owe(joined, wholeGoal, result, pending))
    case 'unchanged': {
      const snapshotVersion = generation.snapshot?.snapshotVersion ?? 0
      const times = timesOf(work)
      yield { kind: 'unchanged', snapshotVersion, ...times }
      return endOf(
        work,
        read,
        read.config === null
          ? { kind: 'unchanged', snapshotVersion, foundBy: 'check', ...times }
          : { kind: 'published', snapshotVersion, changes: configChanged, ...times },
      )
    }
  }
}

function lookAtSchema(work: TimedReload, goal: Goal, read: ConfigReading): Promise<LoadResult> {
  const { deps, state, deadline } = work
  const options = schemaOptions(read.config ?? state.generation.config)
  return loadSchema(
    {
      depth: goal.signal.depth,
      options,
      previous: state.generation.snapshot,
      loadedAt: new Date(deps.scheduler.now()),
      mustLoad: goal.owed !== null || optionsNeedLoad(work, goal, options),
    },
    deadline,
    deps,
  )
}

/** Where the configuration could not be read, the whole reload has failed by that. */
function endOf(
  work: Reload,
  { problem }: Pick<ConfigReading, 'problem'>,
  outcome: ReloadOutcome,
): ReloadOutcome {
  return problem === null ? outcome : { kind: 'failed', ...timesOf(work), cause: problem }
}

async function getReady({
  deadline,
  deps: { beforeLoad },
}: TimedReload): Promise<Extract<LoadResult, { kind: 'failed' }> | null> {
  if (beforeLoad === undefined) return null
  try {
    await deadline.guard(beforeLoad(deadline.signal))
    return null
  } catch (failure) {
    return { kind: 'failed', failure, schemaVersion: null }
  }
}

interface ConfigReading {
  /** The configuration read, where it differs from the one in use; else null. */
  readonly config: Config | null
  /** It came into use when it was read. */
  readonly isInUse: boolean
  /** Why the configuration could not be read; null when it was, or was not asked for. */
  readonly problem: string | null
}

const notRead: ConfigReading = { config: null, isInUse: false, problem: null }

/**
 * Reads the configuration. A changed one comes into use at once, with one exception: where a load
 * follows, the two are published together, unless somebody asked for the configuration alone.
 *
 * @param goal null: the schema is not looked at
 */
async function* readConfiguration(work: TimedReload, goal: Goal | null): Steps<ConfigReading> {
  const { order, state, deadline, deps } = work
  const inUse = state.generation.config
  let read: Result<Config, readonly string[]>
  let failure: unknown = null
  try {
    read = await deadline.guard(deps.loadConfig(deadline.signal))
  } catch (thrown) {
    failure = thrown
    read = err([describeFailure(thrown).cause])
  }
  const config = read.ok && !isDeepStrictEqual(read.value, inUse) ? read.value : null
  const options = schemaOptions(config ?? inUse)
  const isLoadAhead = goal !== null && (goal.mustLoad || optionsNeedLoad(work, goal, options))
  const isInUse = config !== null && (order.wantsConfigFirst || !isLoadAhead)
  yield { kind: 'config-read', read, publishes: isInUse ? config : null, failure }
  return { config, isInUse, problem: read.ok ? null : read.error.join('; ') }
}

/**
 * Whether a check has to load because options that shape the schema have changed.
 *
 * Such options act with the next load, and a check compares versions under the options that the
 * snapshot was loaded with: a check that clocks or clients repeat changes nothing about that. All
 * other signals come from somebody who tells of a change, or from a listener that is back and may
 * have missed the word: there a check is enough to make them act.
 */
function optionsNeedLoad({ order, state }: Reload, goal: Goal, options: SchemaOptions): boolean {
  if (goal.signal.scope !== 'both' && order.urgency !== 'fresh') return false
  return !isDeepStrictEqual(options, state.generation.snapshot?.options)
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

/**
 * The previous snapshot stays, and what was to be loaded is owed. Where it was a retry that failed
 * the next pause is longer; any other trigger begins a new series.
 *
 * @param config comes into use although the load failed; null: the one in use stays
 */
async function* owe(
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

/** After a bug of ours the schema that was asked for is owed all the same. */
async function* survive(failure: unknown, work: Reload): Steps<ReloadOutcome> {
  const { order, state } = work
  if (order.signal.scope !== 'config') {
    const failed = { kind: 'failed', failure, schemaVersion: null } as const
    return yield* owe(work, goalOf(order, state.owed), failed, null)
  }
  yield { kind: 'crashed', failure }
  return { kind: 'failed', cause: describeFailure(failure).cause, ...timesOf(work) }
}
