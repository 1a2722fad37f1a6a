/**
 * The pause before a retry, which evidence of life cuts short: once a connection to the database
 * was made, by whomever, waiting longer would only keep back what works again.
 */
import { combineLatest, merge, type Observable, type SchedulerLike, take, timer } from 'rxjs'
import { backoffMs } from '../core/backoff.ts'

/**
 * Emits once and completes. The first pause of a series is kept to in any case, so that a database
 * that accepts one and refuses another is not asked without end.
 *
 * Units   milliseconds
 */
export function retryPause(
  pauseMs: number,
  alive$: Observable<unknown>,
  scheduler: SchedulerLike,
): Observable<unknown> {
  const leastMs = Math.min(pauseMs, backoffMs(1))
  return merge(timer(pauseMs, scheduler), combineLatest([timer(leastMs, scheduler), alive$])).pipe(
    take(1),
  )
}
