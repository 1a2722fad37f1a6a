/**
 * The queue of requests that wait for a connection: first come, first served, each up to a time limit
 * and for as long as its client is there. The pool says when one is free: `postgres-pool.ts` lends
 * connections.
 */
import type { CancelSignal } from '../../core/cancel-signal.ts'
import { LinkedList } from '../../core/linked-list.ts'
import { timerMs } from '../../core/timer-ms.ts'

/** Why a request was not served: its limit has passed, or its client has left. */
export type GivenUp = { readonly kind: 'timeout' } | { readonly kind: 'abandoned' }

/** `Answer`: what a waiting request is told: its connection or process, or why there is none. */
export class WaitQueue<Answer> {
  readonly #waiting = new LinkedList<(answer: Answer | GivenUp) => void>()

  /** Number of waiting requests. */
  get length(): number {
    return this.#waiting.size
  }

  /**
   * Takes the last place in the queue. The signal must not be aborted yet.
   *
   * Units   milliseconds
   * Errors  never rejects
   */
  join(limitMs: number, signal: CancelSignal): Promise<Answer | GivenUp> {
    return new Promise((resolve) => {
      const settle = (answer: Answer | GivenUp) => {
        this.#waiting.remove(place)
        clearTimeout(timer)
        signal.removeEventListener('abort', abandon)
        resolve(answer)
      }
      const abandon = () => settle({ kind: 'abandoned' })
      const timer = setTimeout(() => settle({ kind: 'timeout' }), timerMs(limitMs))
      signal.addEventListener('abort', abandon, { once: true })
      const place = this.#waiting.append(settle)
    })
  }

  /** Answers the request that waits longest, if there is one. */
  answerFirst(answer: Answer): void {
    this.#waiting.first?.(answer)
  }

  answerAll(answer: Answer): void {
    for (const settle of this.#waiting.values()) settle(answer)
  }
}
