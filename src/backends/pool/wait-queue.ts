/**
 * Those who wait for a place that is taken: first come, first served, each up to a time limit and
 * for as long as its client is there. What a place is, and when one is free, the pools know:
 * `postgres-pool.ts` lends connections, `sqlite-pool.ts` processes.
 */
import { timerMs } from '../../core/timer-ms.ts'

/** Why nobody was served: the limit has passed, or the client has left. */
export type GivenUp = { readonly kind: 'timeout' } | { readonly kind: 'abandoned' }

/** `Answer`: what those in the queue are told, a place or the reason why there is none. */
export class WaitQueue<Answer> {
  readonly #waiting = new Set<(answer: Answer | GivenUp) => void>()

  /** How many wait. */
  get length(): number {
    return this.#waiting.size
  }

  /**
   * Takes the last place in the queue. The signal must not be aborted yet.
   *
   * Units   milliseconds
   * Errors  never rejects
   */
  join(limitMs: number, signal: AbortSignal): Promise<Answer | GivenUp> {
    return new Promise((resolve) => {
      const settle = (answer: Answer | GivenUp) => {
        this.#waiting.delete(settle)
        clearTimeout(timer)
        signal.removeEventListener('abort', abandon)
        resolve(answer)
      }
      const abandon = () => settle({ kind: 'abandoned' })
      const timer = setTimeout(() => settle({ kind: 'timeout' }), timerMs(limitMs))
      signal.addEventListener('abort', abandon, { once: true })
      this.#waiting.add(settle)
    })
  }

  /** Tells the one who waits longest. Where nobody waits, nothing happens. */
  answerFirst(answer: Answer): void {
    const [settle] = this.#waiting
    settle?.(answer)
  }

  answerAll(answer: Answer): void {
    for (const settle of [...this.#waiting]) settle(answer)
  }
}
