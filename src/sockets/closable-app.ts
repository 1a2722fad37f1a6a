/**
 * An app that can be closed: what is in hand is answered first, for so long, and then cancelled. A
 * server's socket does that for its app; here there is none.
 */
import { Cancellation } from '../core/cancel-signal.ts'
import type { Answer, App, Body, ReadBody } from '../core/http-exchange.ts'
import { LinkedList } from '../core/linked-list.ts'
import { err } from '../core/result.ts'
import { timerMs } from '../core/timer-ms.ts'

export interface ClosableApp {
  /** Rejects once it is closed. */
  readonly app: App
  /** Resolves when nothing is in hand. A shorter deadline may follow; Infinity is none. */
  close(deadlineMs: number): Promise<void>
}

interface InHand {
  readonly answer: Promise<Answer>
  readonly leaving: Cancellation
}

export function closableApp(app: App, problem: string): ClosableApp {
  const inHand = new LinkedList<InHand>()
  let isClosed = false

  return {
    app(request) {
      if (isClosed) return Promise.reject(new Error(problem))
      const leaving = new Cancellation()
      const leave = () => leaving.abort()
      if (request.signal.aborted) leave()
      request.signal.addEventListener('abort', leave, { once: true })
      const readBody = readUnlessCancelled(request.readBody, leaving)
      const answer = app({ ...request, readBody, signal: leaving }).finally(() => {
        request.signal.removeEventListener('abort', leave)
        inHand.remove(place)
      })
      const place = inHand.append({ answer, leaving })
      return answer
    },
    async close(deadlineMs) {
      isClosed = true
      const timer = setTimeout(() => {
        for (const { leaving } of inHand.values()) leaving.abort()
      }, timerMs(deadlineMs))
      await Promise.allSettled(inHand.values().map(({ answer }) => answer))
      clearTimeout(timer)
    },
  }
}

/** A body that does not come keeps nobody waiting beyond the cancellation. */
function readUnlessCancelled(readBody: ReadBody, signal: Cancellation): ReadBody {
  return async (limitBytes) => {
    let giveUp = (): void => undefined
    const cancelled = new Promise<Body>((resolve) => {
      giveUp = () => resolve(endedEarly)
    })
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    const body = await Promise.race([readBody(limitBytes), cancelled])
    signal.removeEventListener('abort', giveUp)
    return body
  }
}

const endedEarly: Body = err({ kind: 'malformed-request', details: 'the body ended early' })
