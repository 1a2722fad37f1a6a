/**
 * An app that can be closed: what is in hand is answered first, for so long, and then cancelled. A
 * server's socket does that for its app; here there is none.
 */
import { Cancellation } from '../core/cancel-signal.ts'
import type { Answer, App } from '../core/http-exchange.ts'

export interface ClosableApp {
  /** Rejects once it is closed. */
  readonly app: App
  /** Resolves when nothing is in hand. A shorter deadline may follow. */
  close(deadlineMs: number): Promise<void>
}

export function closableApp(app: App, problem: string): ClosableApp {
  const inHand = new Map<Promise<Answer>, Cancellation>()
  let isClosed = false

  return {
    app(request) {
      if (isClosed) return Promise.reject(new Error(problem))
      const leaving = new Cancellation()
      const leave = () => leaving.abort()
      if (request.signal.aborted) leave()
      request.signal.addEventListener('abort', leave, { once: true })
      const answer = app({ ...request, signal: leaving }).finally(() => {
        request.signal.removeEventListener('abort', leave)
        inHand.delete(answer)
      })
      inHand.set(answer, leaving)
      return answer
    },
    async close(deadlineMs) {
      isClosed = true
      const timer = setTimeout(() => {
        for (const leaving of inHand.values()) leaving.abort()
      }, deadlineMs)
      await Promise.allSettled(inHand.keys())
      clearTimeout(timer)
    },
  }
}
