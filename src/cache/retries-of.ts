/**
 * The retries of loads that failed, derived from the state: a reload that takes the owed load in
 * hand, or makes it good, cancels the one that was due. Where the load failed since the database was
 * silent, a connection that anyone makes is worth a try at once.
 */
import {
  distinctUntilChanged,
  EMPTY,
  filter,
  map,
  type Observable,
  type SchedulerLike,
  switchMap,
  withLatestFrom,
} from 'rxjs'
import { backoffMs } from '../core/backoff.ts'
import type { Observe } from '../observe/observation.ts'
import { type ReloadOrder, reloadOrder } from './reload-order.ts'
import type { ReloadState } from './reload-state.ts'
import { retryPause } from './retry-pause.ts'

export function retriesOf(
  state$: Observable<ReloadState>,
  alive$: Observable<unknown>,
  scheduler: SchedulerLike,
  observe: Observe,
): Observable<ReloadOrder> {
  const aliveAgain$ = alive$.pipe(
    withLatestFrom(state$),
    filter(([, { owed }]) => owed?.isSilent === true),
  )
  return state$.pipe(
    distinctUntilChanged((before, after) => before.retryAt === after.retryAt),
    switchMap(({ owed, retryAt }) => {
      if (owed === null || retryAt === null) return EMPTY
      const { scope, depth } = owed
      // told without the jitter: 1, 2, 4 … is what PostgREST's users know
      observe({ kind: 'reload-retry', retryInMs: backoffMs(owed.attempt) })
      return retryPause(retryAt - scheduler.now(), aliveAgain$, scheduler).pipe(
        map(() => reloadOrder({ scope, depth, origin: 'retry', at: scheduler.now() })),
      )
    }),
  )
}
