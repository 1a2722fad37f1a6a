/**
 * The processes that there are: started as `reader-count.ts` says, retired when they are old or not
 * needed, told of in the log. What they run, `reader-scheduler.ts` decides.
 */
import type { Observation, Observe } from '../../../observe/observation.ts'
import type { PoolLimits } from '../../pool/pool-limits.ts'
import { Reader } from './reader.ts'
import { type Demand, needsAnother } from './reader-count.ts'
import type { ReaderEvents, ReaderProcess } from './reader-process.ts'

export interface ReaderSetDeps<Request, Reply> {
  readonly start: (events: ReaderEvents<Reply>) => ReaderProcess<Request>
  readonly limits: () => PoolLimits
  /** Kept whether they are used or not, where `db-pool` lets them. */
  readonly warm: number
  /** Those that answer soon, at most. */
  readonly working: number
  readonly observe: Observe
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

/** What the processes tell. */
export interface ReaderSetEvents<Request, Reply> {
  readonly ready: () => void
  readonly replied: (
    reader: Reader<Request, Reply>,
    id: number,
    micros: number,
    reply: Reply,
  ) => void
  /** A process has ended by itself. It is not in the set any more. */
  readonly lost: (reader: Reader<Request, Reply>, cause: string) => void
}

/** Without a new start after a process failed to start. */
const restartPauseMs = 1000

type Status = Extract<Observation, { readonly kind: 'connection' }>['status']

export class ReaderSet<Request, Reply> {
  readonly #deps: ReaderSetDeps<Request, Reply>
  readonly #events: ReaderSetEvents<Request, Reply>
  readonly #readers = new Set<Reader<Request, Reply>>()
  #isClosed = false
  /** No process is started before it: one has just failed to. */
  #pausedUntilMs = Number.NEGATIVE_INFINITY
  /** Why there may be none. */
  startFailure = 'SQLite processes end at their start'

  constructor(deps: ReaderSetDeps<Request, Reply>, events: ReaderSetEvents<Request, Reply>) {
    this.#deps = deps
    this.#events = events
  }

  /** Those that are there or being started, oldest first. */
  get all(): ReadonlySet<Reader<Request, Reply>> {
    return this.#readers
  }

  get warm(): number {
    return Math.min(this.#deps.warm, this.#deps.limits().max)
  }

  /** Starts what is missing. */
  startMissing(demand: Demand): void {
    while (this.needsAnother(demand)) this.#start()
  }

  /** Whether another one is started or about to be. */
  isMoreComing(demand: Demand): boolean {
    return [...this.#readers].some((reader) => !reader.isReady) || this.needsAnother(demand)
  }

  needsAnother(demand: Demand): boolean {
    if (this.#isClosed || this.#deps.now() < this.#pausedUntilMs) return false
    const { warm, working, limits } = this.#deps
    return needsAnother([...this.#readers], demand, { max: limits().max, warm, working })
  }

  /** The reader has nothing to do: it stays, unless it is old, demoted or one too many. */
  makeIdle(reader: Reader<Request, Reply>): void {
    this.report(reader, 'released', 'return')
    const { max, maxLifetimeMs } = this.#deps.limits()
    const isOld = this.#deps.now() - reader.startedAtMs > maxLifetimeMs
    if (isOld || reader.isDemoted || this.#readers.size > max) this.end(reader, 'retired')
  }

  retireIdle(): void {
    const { maxIdleMs } = this.#deps.limits()
    for (const reader of this.#readers) {
      if (this.#readers.size <= this.warm) return
      const isDone = reader.isIdle && this.#deps.now() - reader.idleSinceMs >= maxIdleMs
      if (isDone) this.end(reader, 'idle')
    }
  }

  /** Until an idle one retires; null where none will. */
  retireInMs(): number | null {
    const idle = [...this.#readers].filter((reader) => reader.isIdle)
    if (this.#readers.size <= this.warm || idle.length === 0) return null
    const oldestMs = Math.min(...idle.map((reader) => reader.idleSinceMs))
    return Math.max(0, oldestMs + this.#deps.limits().maxIdleMs - this.#deps.now())
  }

  /** Whatever the reader runs ends with it. False where it is not in the set. */
  end(reader: Reader<Request, Reply>, reason: string): boolean {
    if (!this.#readers.delete(reader)) return false
    reader.process.kill()
    this.report(reader, 'closed', reason)
    return true
  }

  /** None is started any more. */
  close(): void {
    this.#isClosed = true
    for (const reader of [...this.#readers]) this.end(reader, 'closing')
  }

  report(reader: Reader<Request, Reply>, status: Status, reason = ''): void {
    this.#deps.observe({ kind: 'connection', id: reader.process.id, status, reason })
  }

  #start(): void {
    const process = this.#deps.start({
      ready: () => {
        if (!this.#readers.has(reader)) return
        reader.isReady = true
        reader.idleSinceMs = this.#deps.now()
        this.report(reader, 'ready', 'start')
        this.#events.ready()
      },
      replied: (id, micros, reply) => {
        if (this.#readers.has(reader)) this.#events.replied(reader, id, micros, reply)
      },
      ended: (cause) => {
        if (!this.end(reader, cause)) return
        if (!reader.isReady) {
          this.#pausedUntilMs = this.#deps.now() + restartPauseMs
          this.startFailure = cause
        }
        this.#events.lost(reader, cause)
      },
    })
    const reader = new Reader<Request, Reply>(process, this.#deps.now())
    this.#readers.add(reader)
    this.report(reader, 'connecting')
  }
}
