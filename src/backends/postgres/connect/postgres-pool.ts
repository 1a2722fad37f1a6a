/**
 * The connections that requests run on. At most `max` at any moment, those being opened and closed
 * included; opened when a request needs one and none is free, lent to waiting requests first come
 * first served, closed when idle or old.
 *
 * A connection is in one state at a time, and each state has its collection:
 *   opening → idle ⇄ used → closing → gone
 *   idle → stale → closing, when a new schema was published: stale ones serve nobody and are
 *   closed one after the other; used ones are closed when they come back
 * A connection that dies is taken out of whichever collection holds it.
 */
import { randomUUID } from 'node:crypto'
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { timerMs } from '../../../core/timer-ms.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import type { Observation, Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'
import type { PoolLimits } from '../../pool/pool-limits.ts'
import { type GivenUp, WaitQueue } from '../../pool/wait-queue.ts'
import { connectFailure } from '../protocol/map-postgres-error.ts'
import type { PostgresConnection } from '../protocol/postgres-connection.ts'

type Served =
  | { readonly kind: 'acquired'; readonly connection: PostgresConnection }
  | { readonly kind: 'failed'; readonly failure: BackendFailure }

export type Acquisition = Served | GivenUp

export interface PostgresPool {
  acquire(signal: CancelSignal): Promise<Acquisition>
  /** `isFit`: its session can serve anyone; otherwise it is closed. */
  release(connection: PostgresConnection, isFit: boolean): void
  /** A new schema was published: no connection from before serves another request. */
  recycle(): void
  stats(): PoolStats
  /** Cancels what runs, closes everything; resolves when nothing is left. */
  close(): Promise<void>
}

export interface PostgresPoolDeps {
  /** Rejects with BackendFailure. */
  readonly connect: (id: string, signal: AbortSignal) => Promise<PostgresConnection>
  readonly limits: PoolLimits
  readonly observe: Observe
  /** Milliseconds for opening a connection: a server that never answers must not keep its place. */
  readonly connectTimeoutMs?: number
  /** Milliseconds between two closings of stale connections. */
  readonly staggerMs?: number
  /** Milliseconds that cancelled queries get at `close` before their sockets are cut. */
  readonly closeGraceMs?: number
}

export function createPostgresPool(deps: PostgresPoolDeps): PostgresPool {
  return new ConnectionPool({
    connectTimeoutMs: 5000,
    staggerMs: 20,
    closeGraceMs: 1000,
    ...deps,
  })
}

/** A connection that is open, with what decides how long it stays so. */
interface Member {
  readonly connection: PostgresConnection
  readonly bornAt: number
  /** The pool's epoch when it began to be opened. */
  readonly epoch: number
  idleSince: number
}

type Status = Extract<Observation, { readonly kind: 'connection' }>['status']

class ConnectionPool implements PostgresPool {
  readonly #deps: Required<PostgresPoolDeps>
  readonly #waiting = new WaitQueue<Served>()
  readonly #opening = new Set<AbortController>()
  // the last one used is lent first, so that those not needed grow idle
  readonly #idle: Member[] = []
  readonly #used = new Map<PostgresConnection, Member>()
  readonly #stale: Member[] = []
  readonly #closing = new Set<Member>()
  /** Counts the publishes; a connection of an earlier epoch is not lent any more. */
  #epoch = 0
  #lossToldAt = 0
  #sweepTimer: NodeJS.Timeout | undefined
  #staggerTimer: NodeJS.Timeout | undefined
  #closed: Promise<void> | null = null
  #onEmpty = () => {}

  constructor(deps: Required<PostgresPoolDeps>) {
    this.#deps = deps
  }

  acquire(signal: CancelSignal): Promise<Acquisition> {
    if (this.#closed !== null) return Promise.resolve(stopping())
    if (signal.aborted) return Promise.resolve({ kind: 'abandoned' })
    const member = this.#idle.pop()
    if (member !== undefined) return Promise.resolve(this.#lend(member))
    const turn = this.#waiting.join(this.#deps.limits.acquisitionTimeoutMs, signal)
    this.#grow()
    return turn
  }

  release(connection: PostgresConnection, isFit: boolean): void {
    const member = this.#used.get(connection)
    if (member === undefined) {
      // `close` has cut this connection already
      if (this.#closed !== null) return
      throw new Error('a connection came back that was not lent')
    }
    this.#used.delete(connection)
    if (!connection.isAlive) {
      this.#report(connection.id, 'closed', 'network error')
      this.#grow()
      return
    }
    this.#report(connection.id, 'released', isFit ? 'session success' : 'session failure')
    if (!isFit || !this.#isCurrent(member)) this.#dismiss(member, 'release')
    else if (this.#isTooOld(member)) this.#dismiss(member, 'max lifetime')
    else this.#offer(member)
  }

  recycle(): void {
    this.#epoch += 1
    this.#stale.push(...this.#idle.splice(0))
    if (this.#staggerTimer === undefined) this.#closeStale()
  }

  stats(): PoolStats {
    const { max } = this.#deps.limits
    return {
      max,
      available: this.#idle.length,
      used: this.#used.size,
      waiting: this.#waiting.length,
    }
  }

  close(): Promise<void> {
    this.#closed ??= Promise.resolve().then(() => this.#closeAll())
    return this.#closed
  }

  /** idle or just opened or given back → used. */
  #lend(member: Member): Served {
    this.#used.set(member.connection, member)
    this.#report(member.connection.id, 'used', '')
    return { kind: 'acquired', connection: member.connection }
  }

  /** Just opened or given back → used by the request that waits longest, else idle. */
  #offer(member: Member): void {
    if (this.#waiting.length > 0) {
      this.#waiting.answerFirst(this.#lend(member))
      return
    }
    member.idleSince = Date.now()
    this.#idle.push(member)
    this.#scheduleSweep()
  }

  /** → closing. The caller has taken it from where it was. */
  #dismiss(member: Member, reason: string): void {
    this.#report(member.connection.id, 'closed', reason)
    this.#closing.add(member)
    void member.connection.end().finally(() => {
      this.#closing.delete(member)
      this.#grow()
    })
  }

  /** idle or stale → gone, because the connection has died. */
  #lose(member: Member, cause: string): void {
    // a used connection stays: its request learns of the loss from the batch, and gives it back
    if (!remove(this.#idle, member) && !remove(this.#stale, member)) return
    this.#report(member.connection.id, 'closed', 'network error')
    // a server that goes down takes all connections at once, which is reported once
    if (Date.now() - this.#lossToldAt >= 1000) {
      this.#lossToldAt = Date.now()
      const error = { kind: 'connection-lost', details: cause } as const
      this.#deps.observe({ kind: 'connection-lost', error })
    }
    this.#grow()
  }

  /**
   * Opens as many connections as requests wait for, up to the limit. Called whenever a connection
   * has left or a request has come.
   */
  #grow(): void {
    if (this.#closed !== null) {
      if (this.#total() === 0) this.#onEmpty()
      return
    }
    while (this.#opening.size < this.#waiting.length && this.#total() < this.#deps.limits.max) {
      void this.#open()
    }
    // connections that are being closed make room, too
    while (this.#opening.size + this.#closing.size < this.#waiting.length) {
      const spare = this.#stale.shift()
      if (spare === undefined) return
      this.#dismiss(spare, 'release')
    }
  }

  #total(): number {
    const open = this.#idle.length + this.#used.size + this.#stale.length
    return this.#opening.size + open + this.#closing.size
  }

  /** → opening, and what comes of it. */
  async #open(): Promise<void> {
    const id = randomUUID()
    const epoch = this.#epoch
    const attempt = new AbortController()
    this.#opening.add(attempt)
    this.#report(id, 'connecting', '')
    const timer = setTimeout(() => attempt.abort(), this.#deps.connectTimeoutMs)
    const opened = await this.#deps.connect(id, attempt.signal).catch(asFailure)
    clearTimeout(timer)
    this.#opening.delete(attempt)
    if (opened instanceof BackendFailure) this.#fail(id, opened)
    else this.#admit(opened, epoch)
  }

  /** opening → gone: the request that waits longest is told why. */
  #fail(id: string, failure: BackendFailure): void {
    this.#report(id, 'closed', 'network error')
    this.#waiting.answerFirst({ kind: 'failed', failure })
    this.#grow()
  }

  /** opening → used or idle; closing, when it comes too late to be lent. */
  #admit(connection: PostgresConnection, epoch: number): void {
    const now = Date.now()
    const member: Member = { connection, bornAt: now, epoch, idleSince: now }
    connection.onLost((cause) => this.#lose(member, cause))
    this.#report(connection.id, 'ready', 'connection establishment')
    if (this.#isCurrent(member)) {
      this.#offer(member)
    } else {
      this.#dismiss(member, 'release')
      this.#grow()
    }
  }

  #isCurrent(member: Member): boolean {
    return this.#closed === null && member.epoch === this.#epoch
  }

  #isTooOld(member: Member): boolean {
    return member.bornAt + this.#deps.limits.maxLifetimeMs <= Date.now()
  }

  /** When an idle connection is to be closed. */
  #expiry({ idleSince, bornAt }: Member): number {
    const { maxIdleMs, maxLifetimeMs } = this.#deps.limits
    return Math.min(idleSince + maxIdleMs, bornAt + maxLifetimeMs)
  }

  #scheduleSweep(): void {
    if (this.#sweepTimer !== undefined || this.#idle.length === 0) return
    const due = Math.min(...this.#idle.map((member) => this.#expiry(member)))
    const sweep = () => this.#sweep()
    this.#sweepTimer = setTimeout(sweep, timerMs(Math.max(due - Date.now(), 1)))
    this.#sweepTimer.unref()
  }

  /** idle → closing, for connections that were idle for too long or are too old. */
  #sweep(): void {
    this.#sweepTimer = undefined
    const now = Date.now()
    for (const member of this.#idle.filter((candidate) => this.#expiry(candidate) <= now)) {
      remove(this.#idle, member)
      this.#dismiss(member, this.#isTooOld(member) ? 'max lifetime' : 'max idletime')
    }
    this.#scheduleSweep()
  }

  /** stale → closing, for one connection; the next one follows after a pause. */
  #closeStale(): void {
    this.#staggerTimer = undefined
    const next = this.#stale.shift()
    if (next === undefined) return
    this.#dismiss(next, 'release')
    this.#staggerTimer = setTimeout(() => this.#closeStale(), this.#deps.staggerMs)
    this.#staggerTimer.unref()
  }

  async #closeAll(): Promise<void> {
    clearTimeout(this.#sweepTimer)
    clearTimeout(this.#staggerTimer)
    this.#waiting.answerAll(stopping())
    for (const attempt of this.#opening) attempt.abort()
    for (const member of [...this.#idle.splice(0), ...this.#stale.splice(0)]) {
      this.#dismiss(member, 'release')
    }
    // what is used comes back through `release`, what is being opened through `#admit`
    for (const connection of this.#used.keys()) void connection.cancel()
    const cut = setTimeout(() => this.#cutUsed(), this.#deps.closeGraceMs)
    if (this.#total() > 0) {
      await new Promise<void>((resolve) => {
        this.#onEmpty = resolve
      })
    }
    clearTimeout(cut)
  }

  /** used → gone: requests get their batches back as lost, and are not waited for. */
  #cutUsed(): void {
    for (const connection of this.#used.keys()) {
      connection.destroy()
      this.#report(connection.id, 'closed', 'release')
    }
    this.#used.clear()
    this.#grow()
  }

  #report(id: string, status: Status, reason: string): void {
    this.#deps.observe({ kind: 'connection', id, status, reason })
  }
}

function stopping(): Served {
  return { kind: 'failed', failure: connectFailure('the server is stopping\n') }
}

function asFailure(cause: unknown): BackendFailure {
  return cause instanceof BackendFailure ? cause : connectFailure(`${String(cause)}\n`)
}

/** Takes the item out of the list; false when it was not there. */
function remove<T>(list: T[], item: T): boolean {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}
