/**
 * The time that one load may take. What is awaited under it is given up when the time is over, and
 * the signal tells whoever works on it to stop: a load that hangs is cancelled and counts as failed.
 */
import type { SchedulerLike } from 'rxjs'

export interface LoadDeadline {
  readonly signal: AbortSignal
  /** Settles as `work` does, or rejects when the time is over or the server stops. */
  guard<T>(work: Promise<T>): Promise<T>
  /** The work is over: the time no longer counts. */
  end(): void
}

/** What a load that was given up fails with. */
export class LoadGivenUp extends Error {
  override readonly name = 'LoadGivenUp'
}

/**
 * @param stop aborted when the server stops; waiting work rejects with its reason
 *
 * Units   milliseconds on the scheduler's clock
 */
export function startDeadline(
  limitMs: number,
  scheduler: SchedulerLike,
  stop?: AbortSignal,
): LoadDeadline {
  const controller = new AbortController()
  const { signal } = controller
  const givenUp = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  // marked as handled: nobody may be awaiting it when the time is over
  givenUp.catch(() => undefined)
  const timer = scheduler.schedule(() => {
    controller.abort(
      new LoadGivenUp(`The database did not answer within ${limitMs} ms (db-schema-load-timeout).`),
    )
  }, limitMs)
  const giveUp = () => {
    timer.unsubscribe()
    controller.abort(stop?.reason)
  }
  stop?.addEventListener('abort', giveUp, { once: true })
  return {
    signal,
    guard: (work) => Promise.race([work, givenUp]),
    end() {
      timer.unsubscribe()
      stop?.removeEventListener('abort', giveUp)
    },
  }
}
