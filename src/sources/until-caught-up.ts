/**
 * Where reads lag behind what a feed tells, as on a replica, a reload may come too early: asks until
 * reads have got to where the database stood when the feed told.
 */
import {
  catchError,
  defer,
  EMPTY,
  expand,
  from,
  map,
  type Observable,
  of,
  retry,
  type SchedulerLike,
  switchMap,
  timer,
} from 'rxjs'
import type { CatchUp } from '../cache/schema-feed.ts'
import { backoffMs } from '../core/backoff.ts'

/**
 * Milliseconds until the position is asked for: the reload that the news ask for goes first, by the
 * same connection. A later position is one that the change is in all the same.
 */
const headStartMs = 20

/** Between two questions, in milliseconds: doubling. */
const firstWaitMs = 100
const mostWaitMs = 1000

/**
 * Emits false each time that reads have not got there yet, then true, and completes; nothing where
 * reads do not lag. A question that fails counts as not yet.
 */
export function untilCaughtUp(catchUp: CatchUp, scheduler: SchedulerLike): Observable<boolean> {
  const ask = (position: string, waitMs: number) =>
    timer(waitMs, scheduler).pipe(
      switchMap(() => from(catchUp.isReached(position))),
      catchError(() => of(false)),
      map((isReached) => ({ isReached, waitMs })),
    )
  const position$ = defer(() => from(catchUp.position())).pipe(
    retry({ delay: (_, count) => timer(backoffMs(count), scheduler) }),
  )
  return timer(headStartMs, scheduler).pipe(
    switchMap(() => position$),
    switchMap((position) =>
      position === null
        ? EMPTY
        : ask(position, firstWaitMs).pipe(
            expand(({ isReached, waitMs }) =>
              isReached ? EMPTY : ask(position, Math.min(waitMs * 2, mostWaitMs)),
            ),
            map(({ isReached }) => isReached),
          ),
    ),
  )
}
