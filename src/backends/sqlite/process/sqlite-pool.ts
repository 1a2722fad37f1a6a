/**
 * The SQLite processes that answer requests. A few are kept warm; more are started, up to
 * `db-pool`, when those that are there are held up by long queries, so that no request waits for
 * another one's. A query past its limit is ended with its process, and a fresh one takes its place.
 *
 * A reader is  starting → idle ⇄ busy → ended; a busy one that takes long counts as slow
 */
import { assertNever } from '../../../core/assert-never.ts'
import { timerMs } from '../../../core/timer-ms.ts'
import type { Observation, Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'
import type { PoolLimits } from '../../pool/pool-limits.ts'
import { type GivenUp, WaitQueue } from '../../pool/wait-queue.ts'
import type { ChildRequest } from '../wire/sqlite-messages.ts'
import { ProcessEnded, type ProcessReply, type SqliteProcess } from './sqlite-process.ts'

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

type Served =
  | { readonly kind: 'acquired'; readonly reader: Reader }
  | Extract<PoolOutcome, { readonly kind: 'cancelled' | 'lost' }>

const noneStarts: Served = {
  kind: 'lost',
  cause: 'SQLite processes end at their start',
  afterMs: null,
}

type Status = Extract<Observation, { readonly kind: 'connection' }>['status']

export function createSqlitePool(deps: SqlitePoolDeps): SqlitePool {
  return new ReaderPool(deps)
}

class ReaderPool implements SqlitePool {
  readonly #deps: SqlitePoolDeps
  readonly #readers = new Set<Reader>()
  readonly #waiting = new WaitQueue<Served>()
  #isClosed = false
  /** No process is started before this time, because one has just failed to start. */
  #pausedUntil = 0
  #pauseTimer: NodeJS.Timeout | undefined

  constructor(deps: SqlitePoolDeps) {
    this.#deps = deps
  }

  async run(request: ChildRequest, timeoutMs: number, signal: AbortSignal): Promise<PoolOutcome> {
    this.#deps.observe({ kind: 'pool-request' })
    const acquired = await this.#acquire(signal)
    this.#deps.observe({ kind: 'pool-request-fulfilled' })
    switch (acquired.kind) {
      case 'acquired':
        return this.#use(acquired.reader, request, timeoutMs, signal)
      case 'timeout':
        this.#deps.observe({ kind: 'pool-timeout' })
        return { kind: 'acquisition-timeout' }
      case 'abandoned':
        return { kind: 'cancelled' }
      case 'cancelled':
      case 'lost':
        return acquired
      default:
        return assertNever(acquired)
    }
  }

  warmUp(): void {
    this.#startMissing()
  }

  stats(): PoolStats {
    const { max } = this.#deps.limits()
    const busy = [...this.#readers].filter((reader) => reader.state === 'busy').length
    return { max, available: Math.max(0, max - busy), waiting: this.#waiting.length }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#pauseTimer)
    const ends = [...this.#readers].map((reader) => reader.process.ended)
    for (const reader of [...this.#readers]) this.#drop(reader, 'closing')
    this.#waiting.answerAll({ kind: 'cancelled' })
    await Promise.race([
      Promise.all(ends),
      new Promise((resolve) => setTimeout(resolve, endDeadlineMs).unref()),
    ])
  }

  #acquire(signal: AbortSignal): Promise<Served | GivenUp> {
    if (this.#isClosed || signal.aborted) return Promise.resolve({ kind: 'cancelled' })
    const reader = this.#idleReader()
    if (reader !== undefined) return Promise.resolve(this.#lend(reader))
    // where no process can be started, a request that waited would wait in vain
    if (this.#readers.size === 0) this.#startMissing()
    if (this.#readers.size === 0) return Promise.resolve(noneStarts)
    const turn = this.#waiting.join(this.#deps.limits().acquisitionTimeoutMs, signal)
    this.#startMissing()
    return turn
  }

  /** The reader used last: its caches are the warmest, and the others may retire. */
  #idleReader(): Reader | undefined {
    return [...this.#readers].findLast(
      (reader) => reader.state === 'idle' && !reader.process.hasEnded,
    )
  }

  /** Starts the readers that are missing; during a pause, at its end, if requests wait then. */
  #startMissing(): void {
    if (this.#isClosed) return
    if (this.#pauseMs() > 0) {
      if (this.#waiting.length > 0) this.#startMissingAfterPause()
      return
    }
    while (this.#isShort()) this.#start()
  }

  #startMissingAfterPause(): void {
    this.#pauseTimer ??= setTimeout(() => {
      this.#pauseTimer = undefined
      if (this.#waiting.length > 0) this.#startMissing()
    }, this.#pauseMs())
  }

  #pauseMs(): number {
    return this.#pausedUntil - performance.now()
  }

  /** Whether another reader is to be started, for requests that wait or for the next ones. */
  #isShort(): boolean {
    const warm = this.#warm()
    if (this.#readers.size < warm) return true
    const responsive = [...this.#readers].filter((reader) => !reader.isSlow).length
    const wanted = this.#waiting.length > 0 ? warm : 1
    return responsive < wanted && this.#readers.size < this.#deps.limits().max
  }

  /** Readers that are kept whether they are used or not. */
  #warm(): number {
    return Math.min(this.#deps.warm, this.#deps.limits().max)
  }

  /** → starting, and idle once the process is ready. */
  #start(): void {
    const reader: Reader = {
      process: this.#deps.start(),
      startedAt: performance.now(),
      state: 'starting',
      isSlow: false,
      isDemoted: false,
      idleTimer: undefined,
    }
    this.#readers.add(reader)
    this.#report(reader, 'connecting')
    const { ready, ended } = reader.process
    ready.then(
      () => {
        this.#report(reader, 'ready', 'start')
        this.#makeIdle(reader)
      },
      // a process that fails to start ends, and the handler of `ended` below deals with it
      () => undefined,
    )
    void ended.then((cause) => this.#onEnded(reader, cause))
  }

  /** starting, idle or busy → ended, because the process has ended by itself. */
  #onEnded(reader: Reader, cause: string): void {
    if (!this.#readers.has(reader)) return
    const neverWorked = reader.state === 'starting'
    this.#drop(reader, cause)
    if (neverWorked) this.#pausedUntil = performance.now() + restartPauseMs
    if (neverWorked && this.#readers.size === 0) {
      this.#waiting.answerAll({ kind: 'lost', cause, afterMs: null })
    } else {
      this.#startMissing()
    }
  }

  /** → ended. Nothing happens where it is already. */
  #drop(reader: Reader, reason: string): void {
    if (!this.#readers.delete(reader)) return
    clearTimeout(reader.idleTimer)
    reader.process.kill()
    this.#report(reader, 'closed', reason)
  }

  /** idle → busy. */
  #lend(reader: Reader): Served {
    reader.state = 'busy'
    clearTimeout(reader.idleTimer)
    return { kind: 'acquired', reader }
  }

  /** starting or busy → idle: it takes the next request, or waits, or retires. */
  #makeIdle(reader: Reader): void {
    if (!this.#readers.has(reader)) return
    reader.state = 'idle'
    reader.isSlow = false
    if (this.#waiting.length > 0) {
      this.#waiting.answerFirst(this.#lend(reader))
    } else if (this.#readers.size > this.#warm()) {
      const retire = () => this.#drop(reader, 'idle')
      reader.idleTimer = setTimeout(retire, timerMs(this.#deps.limits().maxIdleMs))
      reader.idleTimer.unref()
    }
  }

  /** busy → idle, or ended when it is used up. */
  #giveBack(reader: Reader): void {
    this.#report(reader, 'released', 'return')
    const { max, maxLifetimeMs } = this.#deps.limits()
    const isOld = performance.now() - reader.startedAt > maxLifetimeMs
    if (isOld || reader.isDemoted || this.#readers.size > max) this.#replace(reader, 'retired')
    else this.#makeIdle(reader)
  }

  #replace(reader: Reader, reason: string): void {
    this.#drop(reader, reason)
    this.#startMissing()
  }

  /** One request with a reader that was lent for it. */
  #use(
    reader: Reader,
    request: ChildRequest,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<PoolOutcome> {
    if (signal.aborted) {
      this.#makeIdle(reader)
      return Promise.resolve({ kind: 'cancelled' })
    }
    return new Promise((resolve) => {
      const unwatch = this.#watch(reader, timeoutMs, signal, resolve)
      this.#report(reader, 'used')
      const askedAt = performance.now()
      reader.process.ask(request).then(
        (reply) => {
          unwatch()
          resolve({ kind: 'answered', ...reply })
          this.#giveBack(reader)
        },
        (error: unknown) => {
          unwatch()
          const cause = error instanceof ProcessEnded ? error.message : String(error)
          // where the reader was killed, the promise has been resolved before this
          const afterMs = performance.now() - askedAt
          resolve(this.#isClosed ? { kind: 'cancelled' } : { kind: 'lost', cause, afterMs })
        },
      )
    })
  }

  /**
   * Watches a busy reader: a long query makes it slow, then demoted, then ended at its limit; a
   * query whose client has gone ends it too. Returns the function that ends the watch.
   */
  #watch(
    reader: Reader,
    timeoutMs: number,
    signal: AbortSignal,
    resolve: (outcome: PoolOutcome) => void,
  ): () => void {
    const slow = () => {
      reader.isSlow = true
      this.#startMissing()
    }
    const demote = () => {
      reader.isDemoted = reader.process.demote()
    }
    const expire = () => {
      resolve({ kind: 'statement-timeout' })
      this.#replace(reader, 'statement timeout')
    }
    const abandon = () => {
      // the client need not wait; most queries are over before a new process would be up
      resolve({ kind: 'cancelled' })
      timers.push(setTimeout(() => this.#replace(reader, 'client gone'), cancelGraceMs))
    }
    const timers = [setTimeout(slow, slowAfterMs), setTimeout(demote, demoteAfterMs)]
    if (timeoutMs > 0) timers.push(setTimeout(expire, timeoutMs))
    signal.addEventListener('abort', abandon, { once: true })
    return () => {
      for (const timer of timers) clearTimeout(timer)
      signal.removeEventListener('abort', abandon)
    }
  }

  #report(reader: Reader, status: Status, reason = ''): void {
    this.#deps.observe({ kind: 'connection', id: reader.process.id, status, reason })
  }
}
