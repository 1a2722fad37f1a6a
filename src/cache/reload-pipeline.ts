/**
 * The heart: reload signals → generations. Signals are folded by `conflate-map.ts`, so that at most
 * one reload runs and one waits; a success moves the store's pointer, a failure changes nothing but
 * the state and is tried again. Every effect is a parameter, all time is the scheduler's.
 *
 * starting ──loaded──▶ ready ──loaded or unchanged──▶ ready
 * any ──failed──▶ retrying: the snapshot stays, the next try comes after 1, 2, 4 … 32 s plus jitter
 * retrying ──loaded──▶ ready
 *
 * While retrying, a new trigger takes the place of the pending retry and begins a new series; only
 * the checks of polls and of requests first look whether the database answers with another schema
 * than the one that failed, so that neither clocks nor clients defeat the backoff.
 */
import {
  BehaviorSubject,
  defer,
  map,
  merge,
  type Observable,
  retry,
  type SchedulerLike,
  Subject,
  type Subscription,
  timer,
} from 'rxjs'
import { backoffMs } from '../core/backoff.ts'
import type { Observation, Observe } from '../observe/observation.ts'
import type { SnapshotDiff } from '../schema/diff-snapshots.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { summarizeSnapshot } from '../schema/summarize-snapshot.ts'
import type { CacheState } from './cache-state.ts'
import { conflateMap, type TakeWaiting } from './conflate-map.ts'
import { describeFailure } from './describe-failure.ts'
import type { Generation, GenerationStore } from './generation-store.ts'
import { type LoadDeadline, LoadGivenUp, startDeadline } from './load-deadline.ts'
import type { LoadResult } from './load-schema.ts'
import { createOwedLoad } from './owed-load.ts'
import { type PerformDeps, type Performed, performReload } from './perform-reload.ts'
import { mergeOrders, type ReloadOrder, reloadOrder } from './reload-order.ts'
import {
  type ReloadOrigin,
  type ReloadOutcome,
  type ReloadSignal,
  widerScope,
} from './reload-signal.ts'

/** Between the beginnings of two reloads, at least. */
const throttleMs = 100

export interface ReloadPipelineDeps extends Omit<PerformDeps, 'onQueried' | 'now'> {
  /** Every source of triggers. Subscribed to from start to stop. */
  readonly signals$: Observable<ReloadSignal>
  readonly store: GenerationStore
  readonly diffSnapshots: (
    previous: SchemaSnapshot | null,
    next: SchemaSnapshot,
  ) => Promise<SnapshotDiff>
  /** Right after the pointer moved: recycle connections, empty caches. */
  readonly onPublished: (generation: Generation, previous: Generation) => void
  readonly observe: Observe
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
  /** Milliseconds for one whole reload. */
  readonly deadlineMs: () => number
}

/** How the last reload that did something ended. */
export interface LastReload {
  readonly outcome: ReloadOutcome
  readonly origin: ReloadOrigin
  /** ISO time at which it ended. */
  readonly at: string
}

export type ReloadRequest = Omit<ReloadSignal, 'at'>

export interface ReloadPipeline {
  readonly cacheState$: Observable<CacheState>
  state(): CacheState
  lastReload(): LastReload | null
  /** Resolves with the outcome of a reload that looks at the database after the call. Never rejects. */
  requestReload(request: ReloadRequest): Promise<ReloadOutcome>
  /** Listens to the sources and loads for the first time; resolves when that one try has ended. */
  start(): Promise<ReloadOutcome>
  /** Gives up what runs; whoever waits is told so. Nothing happens afterwards. */
  stop(): void
}

const noChanges: SnapshotDiff = { added: [], removed: [], changed: [] }
const stopping = 'The server is stopping.'
const configChanged: SnapshotDiff = { ...noChanges, changed: ['configuration'] }

export function createReloadPipeline(deps: ReloadPipelineDeps): ReloadPipeline {
  const { store, scheduler, random } = deps
  const stateSubject = new BehaviorSubject<CacheState>({ kind: 'starting' })
  const orderSubject = new Subject<ReloadOrder>()
  /** Orders from before the start; null from then on. */
  let early: ReloadOrder[] | null = []
  const waiters = new Set<(outcome: ReloadOutcome) => void>()
  let subscription: Subscription | null = null
  let isStopped = false
  let running: LoadDeadline | null = null
  let last: LastReload | null = null

  /** A sink that throws is no reason to stop reloading. */
  function observe(observation: Observation): void {
    try {
      deps.observe(observation)
    } catch {
      // there is nobody left to tell
    }
  }

  function observeCrash(failure: unknown): void {
    const { stack, cause } = describeFailure(failure)
    observe({ kind: 'crashed', stack: stack ?? cause })
  }

  function attempt(effect: () => void): void {
    try {
      effect()
    } catch (failure) {
      observeCrash(failure)
    }
  }

  const performDeps: PerformDeps = {
    ...deps,
    now: () => scheduler.now(),
    onQueried: (durationMs, timings) => observe({ kind: 'reload-queried', durationMs, timings }),
    onFatal: (failure) => {
      if (!isStopped) attempt(() => deps.onFatal(failure))
    },
  }

  const owedLoad = createOwedLoad({
    store,
    reader: deps.reader,
    scheduler,
    random,
    observe,
    onFatal: performDeps.onFatal,
    onState: (state) => stateSubject.next(state),
    onDue: ({ scope, depth }) => enqueue({ scope, depth, origin: 'retry' }),
  })

  function since({ signal }: ReloadOrder): number {
    return scheduler.now() - signal.at
  }

  function failed(order: ReloadOrder, cause: string): ReloadOutcome {
    return { kind: 'failed', durationMs: since(order), cause }
  }

  function announce({ signal: { origin, scope, depth } }: ReloadOrder): void {
    observe({ kind: 'trigger', origin, scope, depth })
  }

  function enqueue(request: ReloadRequest, ends: ReloadOrder['waiters'] = []): void {
    const order = reloadOrder({ ...request, at: scheduler.now() }, ends)
    announce(order)
    if (early === null) orderSubject.next(order)
    else early.push(order)
  }

  function publish(part: Partial<Generation>): void {
    const previous = store.current()
    const next = { ...previous, ...part }
    store.publish(next)
    attempt(() => deps.onPublished(next, previous))
  }

  /** The pointer has moved. `ready` is said last: all that is told of a load precedes it. */
  async function settleLoaded(
    order: ReloadOrder,
    previous: SchemaSnapshot | null,
    { snapshot, queryMs, buildMs }: Extract<LoadResult, { kind: 'loaded' }>,
  ): Promise<ReloadOutcome> {
    owedLoad.payOff()
    const durationMs = since(order)
    let changes = noChanges
    try {
      changes = await deps.diffSnapshots(previous, snapshot)
    } catch (failure) {
      observeCrash(failure)
    }
    const { version } = snapshot
    observe({
      kind: 'reload-published',
      version,
      durationMs,
      queryMs,
      buildMs,
      summary: summarizeSnapshot(snapshot),
      added: changes.added.length,
      removed: changes.removed.length,
      changed: changes.changed.length,
    })
    stateSubject.next({ kind: 'ready', snapshot })
    return { kind: 'published', version, durationMs, changes }
  }

  async function settle(order: ReloadOrder, { config, schema }: Performed): Promise<ReloadOutcome> {
    const current = store.current()
    const previous = current.snapshot
    const due = config !== null && config !== current.config ? { config } : {}
    if (schema?.result.kind === 'loaded') {
      // one assignment: nobody sees the new configuration with the old schema
      publish({ ...due, snapshot: schema.result.snapshot })
      return settleLoaded(order, previous, schema.result)
    }
    if (due.config !== undefined) publish(due)
    if (schema?.result.kind === 'failed') return owedLoad.fail(order, schema.depth, schema.result)
    const durationMs = since(order)
    const version = previous?.version ?? 0
    if (schema !== null) observe({ kind: 'reload-unchanged', version, durationMs })
    return config === null
      ? { kind: 'unchanged', version, durationMs }
      : { kind: 'published', version, durationMs, changes: configChanged }
  }

  async function reload(
    first: ReloadOrder,
    deadline: LoadDeadline,
    takeWaiting: TakeWaiting<ReloadOrder>,
  ): Promise<{
    readonly order: ReloadOrder
    /** Null: the order was handed on to another, with its waiters. */
    readonly outcome: ReloadOutcome | null
  }> {
    const owed = first.signal.scope === 'config' ? null : owedLoad.current()
    if (owed !== null && first.urgency === 'patient') {
      const outcome = await owedLoad.lookAgain(first, owed, deadline)
      if (outcome === null) {
        const { scope, depth } = owed
        orderSubject.next(reloadOrder({ ...first.signal, scope, depth }, first.waiters))
      }
      return { order: first, outcome }
    }
    if (first.signal.scope !== 'config') owedLoad.putOff()
    const scope = owed === null ? first.signal.scope : widerScope(first.signal.scope, owed.scope)
    let order: ReloadOrder = { ...first, signal: { ...first.signal, scope } }
    const performed = await performReload(
      {
        signal: order.signal,
        generation: store.current(),
        owedDepth: owed?.depth ?? null,
        onConfig: (read, changed, isLoadAhead) => {
          if (isStopped) return
          if (changed !== null && (first.wantsConfigFirst || !isLoadAhead)) {
            publish({ config: changed })
          }
          if (read.ok) observe({ kind: 'config-loaded' })
          else observe({ kind: 'config-invalid', problems: read.error })
        },
        joinLate: () => {
          const late = takeWaiting((waiting) => waiting.signal.scope === 'schema')
          if (late !== undefined) order = mergeOrders(order, late)
          return order.signal
        },
      },
      deadline,
      performDeps,
    )
    if (isStopped) return { order, outcome: failed(order, stopping) }
    const outcome = await settle(order, performed)
    const { configProblem } = performed
    return { order, outcome: configProblem === null ? outcome : failed(order, configProblem) }
  }

  /** Runs one order to its end. Never rejects: whatever happens the pipeline goes on. */
  async function run(first: ReloadOrder, takeWaiting: TakeWaiting<ReloadOrder>): Promise<void> {
    const { origin, scope, depth } = first.signal
    observe({ kind: 'reload-started', origin, scope, depth })
    let order = first
    let outcome: ReloadOutcome | null
    try {
      const deadline = startDeadline(deps.deadlineMs(), scheduler)
      running = deadline
      try {
        ;({ order, outcome } = await reload(first, deadline, takeWaiting))
      } finally {
        deadline.end()
        running = null
      }
    } catch (failure) {
      // a bug of ours: the schema that was asked for is owed all the same
      const result = { kind: 'failed', failure, version: null } as const
      if (scope === 'config') observeCrash(failure)
      outcome =
        scope === 'config' || isStopped
          ? failed(first, describeFailure(failure).cause)
          : owedLoad.fail(first, depth, result)
    }
    if (outcome === null) return
    if (outcome.kind !== 'unchanged') {
      last = { outcome, origin, at: new Date(scheduler.now()).toISOString() }
    }
    for (const end of order.waiters) end(outcome)
  }

  function requestReload(request: ReloadRequest): Promise<ReloadOutcome> {
    return new Promise((resolve) => {
      const end = (outcome: ReloadOutcome) => {
        waiters.delete(end)
        resolve(outcome)
      }
      waiters.add(end)
      if (isStopped) end({ kind: 'failed', durationMs: 0, cause: stopping })
      else enqueue(request, [end])
    })
  }

  return {
    cacheState$: stateSubject.asObservable(),
    state: () => stateSubject.value,
    lastReload: () => last,
    requestReload,
    start() {
      if (isStopped) return requestReload({ scope: 'both', depth: 'full', origin: 'start' })
      const triggered$ = deps.signals$.pipe(
        // a source never fails; if one does all the same, the others must not fall silent with it
        retry({
          delay: (failure) => {
            observeCrash(failure)
            return timer(backoffMs(1), scheduler)
          },
        }),
        map((signal) => {
          const order = reloadOrder(signal)
          announce(order)
          return order
        }),
      )
      const asked = early ?? []
      early = null
      let begun = Promise.resolve<ReloadOutcome>({ kind: 'failed', durationMs: 0, cause: stopping })
      const orders$ = merge(
        orderSubject,
        // what is said while the sources begin is heard already; the first load goes first
        defer(() => {
          begun = requestReload({ scope: 'both', depth: 'full', origin: 'start' })
          for (const order of asked) orderSubject.next(order)
          return triggered$
        }),
      )
      subscription = orders$
        .pipe(conflateMap(run, { merge: mergeOrders, throttleMs, scheduler }))
        .subscribe()
      return begun
    },
    stop() {
      isStopped = true
      subscription?.unsubscribe()
      owedLoad.payOff()
      running?.cut(new LoadGivenUp(stopping))
      for (const end of waiters) end({ kind: 'failed', durationMs: 0, cause: stopping })
    },
  }
}
