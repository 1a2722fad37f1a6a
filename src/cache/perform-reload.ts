/**
 * One reload from its beginning to its end: get ready, read the configuration, look at the schema,
 * load it. A generator that yields each step as it happens: it publishes nothing, tells nobody and
 * waits for no clock; `reload-pipeline.ts` does that with each step before the next one is taken.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config/config.ts'
import { noChanges } from '../schema/schema-change.ts'
import { schemaOptions } from '../schema/schema-options.ts'
import { checkOwedLoad } from './check-owed-load.ts'
import { describeFailure } from './describe-failure.ts'
import { startDeadline } from './load-deadline.ts'
import { type LoadResult, loadSchema } from './load-schema.ts'
import {
  type ConfigReading,
  notRead,
  optionsNeedLoad,
  readConfiguration,
} from './read-configuration.ts'
import { isAwaited, mergeOrders, type ReloadOrder } from './reload-order.ts'
import {
  type Goal,
  goalOf,
  type PerformDeps,
  type Reload,
  type ReloadRun,
  type Steps,
  type TimedReload,
  timesOf,
} from './reload-run.ts'
import { deeper, type ReloadOutcome } from './reload-signal.ts'
import { owe, publish } from './settle-load.ts'

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

async function* reload(work: TimedReload): Steps<ReloadOutcome> {
  const { order, state } = work
  if (order.signal.scope === 'config') return yield* reloadConfiguration(work)
  const { owed } = state
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

/**
 * The configuration, and what roles have set. PostgREST reads both at once; here the latter is part
 * of the snapshot, so that it is looked for like any change of the schema. A load that is owed will
 * find it anyway.
 */
async function* reloadConfiguration(work: TimedReload): Steps<ReloadOutcome> {
  const { order, state } = work
  const { config, problem } = yield* readConfiguration(work, null)
  const outcome = withConfiguration(config, {
    kind: 'unchanged',
    foundBy: 'check',
    snapshotVersion: state.generation.snapshot?.snapshotVersion ?? 0,
    ...timesOf(work),
  })
  const generation = { ...state.generation, config: config ?? state.generation.config }
  if (problem !== null || state.owed !== null) return endOf(work, { problem }, outcome)
  const isSwitched = !isDeepStrictEqual(
    loadedWith(generation.config),
    loadedWith(state.generation.config),
  )
  const mustLoad = isSwitched || (generation.config.dbConfig && (await mayHaveMoved(work)))
  if (!mustLoad) return outcome
  const ofSchema = {
    ...work,
    order: askedOfSchema(order),
    joinLate: () => askedOfSchema(work.joinLate()),
    state: { ...state, generation },
  }
  return withConfiguration(config, yield* reloadSchema(ofSchema, goalOf(ofSchema.order, null)))
}

/** Options that act at once, but through a load: of roles, functions, what is served and declared. */
function loadedWith(config: Config): unknown {
  const { dbConfig, dbTables, dbExcludeTables } = config
  const { functionRegistry, declaredSchema, declaredRelationships } = config
  const registries = [functionRegistry, declaredSchema, declaredRelationships]
  return [dbConfig, dbTables, dbExcludeTables, registries]
}

/** What an order, perhaps for the configuration alone, asks of a schema that is known to have moved. */
function askedOfSchema({ signal, ...order }: ReloadOrder): ReloadOrder {
  const depth = signal.scope === 'config' ? 'load' : deeper(signal.depth, 'load')
  return { ...order, signal: { ...signal, scope: 'schema', depth } }
}

/**
 * Whether a load may find another schema. True where the database does not tell: what roles have set
 * was asked for, so that a fault which passes must not put it off; a load that fails too is owed.
 */
async function mayHaveMoved({ state, deadline, deps }: TimedReload): Promise<boolean> {
  const { snapshot } = state.generation
  if (snapshot === null) return false
  try {
    const reading = deps.reader.schemaVersion(snapshot.options, deadline.signal, 'whole')
    return (await deadline.guard(reading)) !== snapshot.schemaVersion
  } catch {
    return true
  }
}

/** The outcome for the schema, with a new configuration added. */
function withConfiguration(config: Config | null, outcome: ReloadOutcome): ReloadOutcome {
  if (config === null || outcome.kind === 'failed') return outcome
  const { snapshotVersion, durationMs, queuedMs } = outcome
  const { added, removed, changed } = outcome.kind === 'published' ? outcome.changes : noChanges
  const changes = { added, removed, changed: [...changed, 'configuration'] }
  return { kind: 'published', snapshotVersion, changes, durationMs, queuedMs }
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
      return endOf(
        work,
        read,
        withConfiguration(read.config, yield* publish(work, result, pending)),
      )
    case 'failed':
      return endOf(work, read, yield* owe(joined, wholeGoal, result, pending))
    case 'unchanged': {
      const unchanged = {
        kind: 'unchanged',
        snapshotVersion: generation.snapshot?.snapshotVersion ?? 0,
        ...timesOf(work),
      } as const
      yield unchanged
      const outcome = withConfiguration(read.config, { ...unchanged, foundBy: 'check' })
      return endOf(work, read, outcome)
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
      // who asks again and again is content with less, but for whom the mark has moved already
      look: work.order.urgency === 'patient' && !isAwaited(work.order) ? 'quick' : 'whole',
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
