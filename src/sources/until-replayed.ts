/**
 * Where reads go to a replica, a notification from the primary comes before reads see what it tells
 * of: asks the replica whether it has replayed what the primary had written by then.
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
import { backoffMs } from '../core/backoff.ts'

export interface ReplicaPosition {
  /** Where the primary's log stands now; null when reads go to the primary itself. */
  readonly primaryPosition: () => Promise<string | null>
  readonly hasReplayed: (position: string) => Promise<boolean>
}

/** Between two questions, in milliseconds: doubling. */
const firstWaitMs = 100
const mostWaitMs = 1000

/**
 * Emits false each time that the replica has not got there yet, then true, and completes; nothing
 * where there is no replica. A question that fails counts as not yet.
 */
export function untilReplayed(
  replica: ReplicaPosition,
  scheduler: SchedulerLike,
): Observable<boolean> {
  const ask = (position: string, waitMs: number) =>
    timer(waitMs, scheduler).pipe(
      switchMap(() => from(replica.hasReplayed(position))),
      catchError(() => of(false)),
      map((isReplayed) => ({ isReplayed, waitMs })),
    )
  return defer(() => from(replica.primaryPosition())).pipe(
    retry({ delay: (_, count) => timer(backoffMs(count), scheduler) }),
    switchMap((position) =>
      position === null
        ? EMPTY
        : ask(position, firstWaitMs).pipe(
            expand(({ isReplayed, waitMs }) =>
              isReplayed ? EMPTY : ask(position, Math.min(waitMs * 2, mostWaitMs)),
            ),
            map(({ isReplayed }) => isReplayed),
          ),
    ),
  )
}
