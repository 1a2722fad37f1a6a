/**
 * The SQLite processes that answer requests. A few are kept warm; more are started, up to
 * `db-pool`, when those that are there are held up by long queries, so that no request waits for
 * another one's. A query past its limit is ended with its process, and a fresh one takes its place.
 *
 * A reader is  starting → idle ⇄ busy → ended; a busy one that takes long counts as slow
 */
import { timerMs } from '../../../core/timer-ms.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../backend.ts'
import type { ChildRequest } from '../wire/sqlite-messages.ts'
import { ProcessEnded, type ProcessReply, type SqliteProcess } from './sqlite-process.ts'

export interface PoolLimits {
  readonly max: number
  readonly acquisitionTimeoutMs: number
  /** How long readers beyond the warm ones stay unused. */
  readonly maxIdleMs: number
  /** After which a reader is replaced when it comes back. */
  readonly maxLifetimeMs: number
}

export interface SqlitePoolDeps {
  readonly start: () => SqliteProcess
  readonly limits: () => PoolLimits
  /** Readers kept warm, at most `max`. */
  readonly warm: number
  readonly observe: Observe
}

export type PoolOutcome =
  | ({ readonly kind: 'answered' } & ProcessReply)
  /** No reader was free in time. */
  | { readonly kind: 'acquisition-timeout' }
  | { readonly kind: 'statement-timeout' }
  /** The client has gone, or the pool was closed. */
  | { readonly kind: 'cancelled' }
  /** The process ended so long after it was asked, or none could be started. */
  | { readonly kind: 'lost'; readonly cause: string; readonly afterMs: number | null }

export interface SqlitePool {
  /** `timeoutMs` counts from when a reader has it; 0: none. */
  run(request: ChildRequest, timeoutMs: number, signal: AbortSignal): Promise<PoolOutcome>
  /** Starts the warm readers. */
  warmUp(): void
  stats(): PoolStats
  /** Ends everything; resolves when no process is left. */
  close(): Promise<void>
}

/** Milliseconds after which a busy reader no longer counts when others are needed. */
const slowAfterMs = 25
/** Milliseconds after which a query has to leave the processor to others; its reader is used up. */
const demoteAfterMs = 500
/** Milliseconds that a query whose client has gone may take to end by itself. */
const cancelGraceMs = 100
/** Milliseconds without a new start after a process failed to start. */
const restartPauseMs = 1000
const endDeadlineMs = 2000

interface Reader {
  readonly process: SqliteProcess
  readonly startedAt: number
  state: 'starting' | 'idle' | 'busy'
  isSlow: boolean
  isDemoted: boolean
  idleTimer: NodeJS.Timeout | undefined
}

type Acquired = { readonly kind: 'acquired'; readonly reader: Reader } | PoolOutcome

interface Waiter {
  readonly settle: (acquired: Acquired) => void
}

export function createSqlitePool(deps: SqlitePoolDeps): SqlitePool {
  const { observe } = deps
  const readers = new Set<Reader>()
  const waiters = new Set<Waiter>()
  let isClosed = false
  let pausedUntil = 0
  let pauseTimer: NodeJS.Timeout | undefined

  const now = () => performance.now()
  const warm = () => Math.min(deps.warm, deps.limits().max)

  function connection(
    reader: Reader,
    status: 'connecting' | 'ready' | 'used' | 'released' | 'closed',
    reason = '',
  ): void {
    observe({ kind: 'connection', id: reader.process.id, status, reason })
  }

  function start(): void {
    const reader: Reader = {
      process: deps.start(),
      startedAt: now(),
      state: 'starting',
      isSlow: false,
      isDemoted: false,
      idleTimer: undefined,
    }
    readers.add(reader)
    connection(reader, 'connecting')
    const { ready, ended } = reader.process
    ready.then(
      () => {
        connection(reader, 'ready', 'start')
        rest(reader)
      },
      // `ended` tells
      () => undefined,
    )
    void ended.then((cause) => {
      if (!readers.has(reader)) return
      const neverWorked = reader.state === 'starting'
      drop(reader, cause)
      if (neverWorked) pausedUntil = now() + restartPauseMs
      if (neverWorked && readers.size === 0) failWaiters({ kind: 'lost', cause, afterMs: null })
      else staff()
    })
  }

  function drop(reader: Reader, reason: string): void {
    if (!readers.delete(reader)) return
    clearTimeout(reader.idleTimer)
    reader.process.kill()
    connection(reader, 'closed', reason)
  }

  function failWaiters(outcome: PoolOutcome): void {
    for (const waiter of [...waiters]) waiter.settle(outcome)
  }

  /** Starts what is missing, at the end of a pause for whoever waits then. */
  function staff(): void {
    if (isClosed) return
    const pauseMs = pausedUntil - now()
    if (pauseMs > 0) {
      if (waiters.size === 0) return
      pauseTimer ??= setTimeout(() => {
        pauseTimer = undefined
        if (waiters.size > 0) staff()
      }, pauseMs)
      return
    }
    const { max } = deps.limits()
    const responsive = [...readers].filter((reader) => !reader.isSlow).length
    const wanted = waiters.size > 0 ? warm() : 1
    if (readers.size < warm() || (responsive < wanted && readers.size < max)) {
      start()
      staff()
    }
  }

  /** The reader has nothing to do: it takes the next request, retires, or waits. */
  function rest(reader: Reader): void {
    if (!readers.has(reader)) return
    reader.state = 'idle'
    reader.isSlow = false
    const { maxIdleMs } = deps.limits()
    const [next] = waiters
    if (next !== undefined) {
      next.settle({ kind: 'acquired', reader })
    } else if (readers.size > warm()) {
      reader.idleTimer = setTimeout(() => drop(reader, 'idle'), timerMs(maxIdleMs))
      reader.idleTimer.unref()
    }
  }

  /** A reader comes back from a request. */
  function giveBack(reader: Reader): void {
    connection(reader, 'released', 'return')
    const { max, maxLifetimeMs } = deps.limits()
    const isOld = now() - reader.startedAt > maxLifetimeMs
    if (isOld || reader.isDemoted || readers.size > max) {
      drop(reader, 'retired')
      staff()
    } else {
      rest(reader)
    }
  }

  /** The one used last: its caches are the warmest, and the others may retire. */
  function idleReader(): Reader | undefined {
    return [...readers].findLast((reader) => reader.state === 'idle' && !reader.process.hasEnded)
  }

  function acquire(signal: AbortSignal): Promise<Acquired> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        settle(acquired) {
          waiters.delete(waiter)
          clearTimeout(timer)
          signal.removeEventListener('abort', abandon)
          if (acquired.kind === 'acquired') {
            acquired.reader.state = 'busy'
            clearTimeout(acquired.reader.idleTimer)
          }
          resolve(acquired)
        },
      }
      const abandon = () => waiter.settle({ kind: 'cancelled' })
      let timer: NodeJS.Timeout | undefined
      const reader = idleReader()
      if (isClosed || signal.aborted) return abandon()
      if (reader !== undefined) return waiter.settle({ kind: 'acquired', reader })
      waiters.add(waiter)
      signal.addEventListener('abort', abandon)
      timer = setTimeout(
        () => waiter.settle({ kind: 'acquisition-timeout' }),
        timerMs(deps.limits().acquisitionTimeoutMs),
      )
      staff()
      if (readers.size === 0) {
        waiter.settle({ kind: 'lost', cause: 'SQLite processes end at their start', afterMs: null })
      }
    })
  }

  function use(
    reader: Reader,
    request: ChildRequest,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PoolOutcome> {
    if (signal.aborted) {
      rest(reader)
      return Promise.resolve({ kind: 'cancelled' })
    }
    return new Promise((resolve) => {
      const kill = (outcome: PoolOutcome, reason: string) => {
        resolve(outcome)
        drop(reader, reason)
        staff()
      }
      const timers = [
        setTimeout(() => {
          reader.isSlow = true
          staff()
        }, slowAfterMs),
        setTimeout(() => {
          reader.isDemoted = reader.process.demote()
        }, demoteAfterMs),
      ]
      if (timeoutMs > 0) {
        const expire = () => kill({ kind: 'statement-timeout' }, 'statement timeout')
        timers.push(setTimeout(expire, timeoutMs))
      }
      const abandon = () => {
        // the client need not wait; most queries are over before a new process would be up
        resolve({ kind: 'cancelled' })
        timers.push(setTimeout(() => kill({ kind: 'cancelled' }, 'client gone'), cancelGraceMs))
      }
      signal.addEventListener('abort', abandon, { once: true })
      const finish = () => {
        for (const timer of timers) clearTimeout(timer)
        signal.removeEventListener('abort', abandon)
      }
      connection(reader, 'used')
      const askedAt = now()
      reader.process.ask(request).then(
        (reply) => {
          finish()
          resolve({ kind: 'answered', ...reply })
          giveBack(reader)
        },
        (error: unknown) => {
          finish()
          const cause = error instanceof ProcessEnded ? error.message : String(error)
          // a kill has resolved before it rejects
          const afterMs = now() - askedAt
          resolve(isClosed ? { kind: 'cancelled' } : { kind: 'lost', cause, afterMs })
        },
      )
    })
  }

  return {
    async run(request, timeoutMs, signal) {
      observe({ kind: 'pool-request' })
      const acquired = await acquire(signal)
      observe({ kind: 'pool-request-fulfilled' })
      if (acquired.kind === 'acquisition-timeout') observe({ kind: 'pool-timeout' })
      if (acquired.kind !== 'acquired') return acquired
      return use(acquired.reader, request, timeoutMs, signal)
    },
    warmUp() {
      staff()
    },
    stats() {
      const { max } = deps.limits()
      const busy = [...readers].filter((reader) => reader.state === 'busy').length
      return { max, available: Math.max(0, max - busy), waiting: waiters.size }
    },
    async close() {
      isClosed = true
      clearTimeout(pauseTimer)
      const ends = [...readers].map((reader) => reader.process.ended)
      for (const reader of [...readers]) drop(reader, 'closing')
      failWaiters({ kind: 'cancelled' })
      await Promise.race([
        Promise.all(ends),
        new Promise((resolve) => setTimeout(resolve, endDeadlineMs).unref()),
      ])
    },
  }
}
