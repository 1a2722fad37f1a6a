/**
 * The reload pipeline. Triggers, requests and retries are merged and conflated, so that at most one
 * reload runs and at most one waits; each reload is a series of steps, from which one state is
 * folded; a generation that the state gains is published, and on failure the previous one stays.
 *
 *   triggers ─┐
 *   requests ─┼─▶ conflate ─▶ reload ─▶ steps ─▶ state { generation, owed } ─▶ publish
 *   retries ──┘                                    │
 *      ▲───────────── a load is owed ──────────────┘
 *
 * Retries are derived from the state: a newer trigger that tries the owed load cancels the
 * one that was due. Every effect is a parameter, all time is the scheduler's.
 */
import {
  BehaviorSubject,
  defer,
  distinctUntilChanged,
  filter,
  firstValueFrom,
  from,
  map,
  merge,
  type Observable,
  retry,
  type SchedulerLike,
  Subject,
  Subscription,
  tap,
  timer,
} from 'rxjs'
import { backoffMs } from '../core/backoff.ts'
import type { Observe } from '../observe/observation.ts'
import type { ReloadRecord } from '../observe/reload-record.ts'
import type { CacheState } from './cache-state.ts'
import { conflateMap } from './conflate-map.ts'
import { foldRecord } from './fold-reload-record.ts'
import type { Generation, GenerationStore } from './generation-store.ts'
import { LoadGivenUp } from './load-deadline.ts'
import { crash, neverThrowing, observationsOf } from './observations-of.ts'
import { performReload } from './perform-reload.ts'
import { isAwaited, mergeOrders, type ReloadOrder, reloadOrder } from './reload-order.ts'
import type { PerformDeps } from './reload-run.ts'
import type { ReloadOrigin, ReloadOutcome, ReloadRequest, ReloadSignal } from './reload-signal.ts'
import { cacheStateOf, foldStep, initialState, type LastReload } from './reload-state.ts'
import type { ReloadStep } from './reload-step.ts'
import { retriesOf } from './retries-of.ts'

/** Milliseconds between the beginnings of two reloads, at least. */
const throttleMs = 100

export interface ReloadPipelineDeps extends PerformDeps {
  /** Every source of triggers. Subscribed to from start to stop. */
  readonly signals$: Observable<ReloadSignal>
  /** Emits each time that a connection to the database is made. */
  readonly alive$: Observable<unknown>
  readonly store: GenerationStore
  /** Right after the pointer moved. */
  readonly onPublished: (generation: Generation, previous: Generation) => void
  /** Called at the end of each reload. */
  readonly onEnded: (origin: ReloadOrigin, outcome: ReloadOutcome) => void
  /**
   * After each load but the first, whatever it found, and before its snapshot is published: no request
   * on that one is to meet what connections have prepared before.
   */
  readonly onReloaded: () => void
  /** Called with each failure of a load, of a check, or of reading the in-database configuration. */
  readonly onFailure: (failure: unknown) => void
  readonly observe: Observe
}

export interface ReloadPipeline {
  readonly cacheState$: Observable<CacheState>
  state(): CacheState
  lastReload(): LastReload | null
  /** Resolves with the outcome of a reload that looks at the database after the call. Never rejects. */
  requestReload(request: ReloadRequest): Promise<ReloadOutcome>
  /** Listens to the sources and loads for the first time; resolves when that one try has ended. */
  start(): Promise<ReloadOutcome>
  /** Gives up what runs; requests that wait are told so. Nothing happens afterwards. */
  stop(): void
}

const stopping = 'The server is stopping.'
const stopped: ReloadOutcome = { kind: 'failed', durationMs: 0, queuedMs: 0, cause: stopping }

export function createReloadPipeline(deps: ReloadPipelineDeps): ReloadPipeline {
  const { store, scheduler } = deps
  const observe = neverThrowing(deps.observe)
  const stateSubject = new BehaviorSubject(initialState(store.current()))
  const requestSubject = new Subject<ReloadOrder>()
  const endedSubject = new Subject<Extract<ReloadStep, { kind: 'ended' }>>()
  const stop = new AbortController()
  const subscription = new Subscription()
  const first: ReloadRequest = { scope: 'both', depth: 'full', origin: 'start' }
  /** Requests from before the start. */
  const early: ReloadOrder[] = []
  let record: ReloadRecord | null = null

  const steps$ = merge(
    requestSubject,
    defer(() => from([orderOf(first), ...early])),
    triggersOf(deps.signals$, scheduler, observe),
    retriesOf(stateSubject, deps.alive$, scheduler, observe),
  ).pipe(
    tap(({ signal: { origin, scope, depth }, triggers: times }) => {
      observe({ kind: 'trigger', origin, scope, depth, times })
    }),
    conflateMap(
      (order, takeWaiting) => {
        const run = { order, state: stateSubject.value, takeWaiting, stop: stop.signal }
        return performReload(run, deps)
      },
      { merge: mergeOrders, throttleMs, isUrgent: isAwaited, scheduler },
    ),
  )

  function take(step: ReloadStep): void {
    const before = stateSubject.value
    const state = foldStep(before, step)
    const { generation } = before
    const isPublished = state.generation !== generation
    if (step.kind === 'loaded' && generation.snapshot !== null) runGuarded(deps.onReloaded)
    const publishStart = deps.stopwatch()
    if (isPublished) publish(state.generation, generation)
    const publishMs = isPublished ? deps.stopwatch() - publishStart : null
    const facts = { before: generation, after: state.generation, at: scheduler.now(), publishMs }
    record = foldRecord(record, step, facts)
    for (const observation of observationsOf(step, record)) observe(observation)
    if ('failure' in step && step.failure !== null) runGuarded(() => deps.onFailure(step.failure))
    stateSubject.next(state)
    if (step.kind !== 'ended') return
    endedSubject.next(step)
    runGuarded(() => deps.onEnded(step.order.signal.origin, step.outcome))
  }

  function publish(next: Generation, previous: Generation): void {
    store.publish(next)
    runGuarded(() => deps.onPublished(next, previous))
  }

  function runGuarded(effect: () => void): void {
    try {
      effect()
    } catch (failure) {
      observe(crash(failure))
    }
  }

  function orderOf(request: ReloadRequest): ReloadOrder {
    return reloadOrder({ ...request, at: scheduler.now() }, [request])
  }

  /**
   * The outcome of the reload that serves this very request; when the server stops first, a failure
   * that says so.
   */
  function outcomeOf(request: ReloadRequest): Promise<ReloadOutcome> {
    const outcome$ = endedSubject.pipe(
      filter(({ order }) => order.requests.includes(request)),
      map(({ outcome }) => outcome),
    )
    return firstValueFrom(outcome$, { defaultValue: stopped })
  }

  return {
    cacheState$: stateSubject.pipe(
      distinctUntilChanged(
        (a, b) => a.generation.snapshot === b.generation.snapshot && a.owed === b.owed,
      ),
      map(cacheStateOf),
    ),
    state: () => cacheStateOf(stateSubject.value),
    lastReload: () => stateSubject.value.last,
    requestReload(asked) {
      // a copy, since one caller may ask with the same object again
      const request = { ...asked }
      const outcome = outcomeOf(request)
      if (requestSubject.observed) requestSubject.next(orderOf(request))
      else early.push(orderOf(request))
      return outcome
    },
    start() {
      const outcome = outcomeOf(first)
      if (!stop.signal.aborted) subscription.add(steps$.subscribe(take))
      return outcome
    },
    stop() {
      subscription.unsubscribe()
      stop.abort(new LoadGivenUp(stopping))
      endedSubject.complete()
    },
  }
}

/** A source never fails; if one does all the same, the others must not fall silent with it. */
function triggersOf(
  signals$: Observable<ReloadSignal>,
  scheduler: SchedulerLike,
  observe: Observe,
): Observable<ReloadOrder> {
  return signals$.pipe(
    retry({
      delay: (failure) => {
        observe(crash(failure))
        return timer(backoffMs(1), scheduler)
      },
    }),
    map((signal) => reloadOrder(signal)),
  )
}
