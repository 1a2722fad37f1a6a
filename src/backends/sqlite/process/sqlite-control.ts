/**
 * The SQLite process for everything that is not a request: versions and loads, one at a time, so
 * that they never wait behind requests. Started when needed; a deadline ends it like any other.
 */
import { setMaxListeners } from 'node:events'
import type { ChildReply, ChildRequest } from '../wire/sqlite-messages.ts'
import { ProcessEnded, type SqliteProcess } from './sqlite-process.ts'

export interface SqliteControl {
  /** Rejects with ProcessEnded: the process ended, the signal was aborted, or it is closed. */
  ask(request: ChildRequest, signal: AbortSignal): Promise<ChildReply>
  close(): Promise<void>
}

const deadlinePassed = 'the SQLite process did not answer in time'

export function createSqliteControl(start: () => SqliteProcess): SqliteControl {
  const closing = new AbortController()
  // each question that waits listens to it
  setMaxListeners(0, closing.signal)
  let current: SqliteProcess | null = null
  // settled when the work before has its answer
  let turn: Promise<unknown> = Promise.resolve()

  async function askNow(request: ChildRequest, stop: AbortSignal): Promise<ChildReply> {
    if (stop.aborted) throw new ProcessEnded(deadlinePassed)
    if (current === null || current.hasEnded) current = start()
    const process = current
    const kill = () => process.kill()
    stop.addEventListener('abort', kill, { once: true })
    try {
      await process.ready
      const { reply } = await process.ask(request)
      return reply
    } catch (error) {
      throw stop.aborted ? new ProcessEnded(deadlinePassed) : error
    } finally {
      stop.removeEventListener('abort', kill)
    }
  }

  return {
    async ask(request, signal) {
      // no AbortSignal.any: the signal that it makes for each question would live as long as
      // `closing`
      const stop = new AbortController()
      const abort = () => stop.abort()
      signal.addEventListener('abort', abort, { once: true })
      closing.signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted || closing.signal.aborted) abort()
      const answer = turn.then(() => askNow(request, stop.signal))
      turn = answer.catch(() => undefined)
      try {
        return await Promise.race([answer, rejectWhen(stop.signal)])
      } finally {
        signal.removeEventListener('abort', abort)
        closing.signal.removeEventListener('abort', abort)
      }
    },
    async close() {
      closing.abort()
      const process = current
      process?.kill()
      await process?.ended
    },
  }
}

/**
 * Rejects when `stop` is aborted, so that a question which waits behind a hanging process is given
 * up in time.
 */
function rejectWhen(stop: AbortSignal): Promise<never> {
  const rejection = new Promise<never>((_, reject) => {
    const fail = () => reject(new ProcessEnded(deadlinePassed))
    if (stop.aborted) fail()
    else stop.addEventListener('abort', fail, { once: true })
  })
  rejection.catch(() => undefined)
  return rejection
}
