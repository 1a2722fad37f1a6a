/**
 * Proofs of life of one connection of a feed, one after the other: now and then, and at once when a
 * change was found that the feed did not tell of. Such doubt leaves a proof less time, so that a
 * connection which died without a word is noticed while it matters.
 */
import {
  delay,
  exhaustMap,
  from,
  map,
  merge,
  type Observable,
  type SchedulerLike,
  take,
  timer,
} from 'rxjs'
import type { FeedConnection } from '../cache/schema-feed.ts'

/** A proof did not come back in time: what is opened and says nothing is not known to hear. */
export class LateProof extends Error {
  constructor(unproven: string, limitMs: number) {
    super(`${unproven} within ${limitMs} ms`)
    this.name = 'LateProof'
  }
}

export interface ProofRules {
  /** What a late proof means, in the words of the feed. */
  readonly unproven: string
  /** Emits each time that a change is found which the feed did not tell of. */
  readonly unheard$: Observable<unknown>
  /** Milliseconds between two proofs. */
  readonly intervalMs: number
  /** Milliseconds in which a proof has to come back. */
  readonly limitMs: number
  /** The same once there is doubt, also for a proof that is under way then. */
  readonly doubtLimitMs: number
  readonly scheduler: SchedulerLike
}

/**
 * Emits at each proof that came back. Never completes.
 *
 * Errors  LateProof; what `prove` rejected with
 */
export function proveLife(
  connection: Pick<FeedConnection, 'prove'>,
  { unproven, unheard$, intervalMs, limitMs, doubtLimitMs, scheduler }: ProofRules,
): Observable<void> {
  function prove(leftMs: number): Observable<void> {
    const ends$ = merge(
      timer(leftMs, scheduler).pipe(map(() => leftMs)),
      unheard$.pipe(
        delay(doubtLimitMs, scheduler),
        map(() => doubtLimitMs),
      ),
    )
    const late$ = ends$.pipe(
      map((ms): never => {
        throw new LateProof(unproven, ms)
      }),
    )
    return merge(from(connection.prove()), late$).pipe(take(1))
  }
  return merge(
    timer(0, intervalMs, scheduler).pipe(map(() => limitMs)),
    unheard$.pipe(map(() => doubtLimitMs)),
  ).pipe(exhaustMap(prove))
}
