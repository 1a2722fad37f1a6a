/**
 * The connections that requests run on. At most `max` at any moment, those being opened and closed
 * included; opened when a request needs one and none is free, given to waiting requests first come
 * first served, closed when idle or old.
 *
 * A connection is in one place at a time:
 *   opening → idle ⇄ used → closing → gone
 *   idle → stale → closing, when a new schema was published: stale ones serve nobody and are
 *   closed one after the other; used ones are closed when they come back
 * A connection that dies leaves from wherever it is.
 */
import { randomUUID } from 'node:crypto'
import { timerMs } from '../../../core/timer-ms.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../backend.ts'
import { connectFailure } from '../protocol/map-postgres-error.ts'
import type { PostgresConnection } from '../protocol/postgres-connection.ts'

export interface PoolLimits {
  readonly max: number
  readonly acquisitionTimeoutMs: number
  readonly maxIdleMs: number
  readonly maxLifetimeMs: number
}

export type Acquisition =
  | { readonly kind: 'acquired'; readonly connection: PostgresConnection }
  | { readonly kind: 'timeout' }
  /** The request's client left while it waited. */
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'failed'; readonly failure: BackendFailure }

export interface PostgresPool {
  acquire(signal: AbortSignal): Promise<Acquisition>
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

interface Pooled {
  readonly connection: PostgresConnection
  readonly bornAt: number
  readonly generation: number
  idleSince: number
}

interface Waiter {
  readonly settle: (acquisition: Acquisition) => void
}

export function createPostgresPool(deps: PostgresPoolDeps): PostgresPool {
  const { limits, observe, connectTimeoutMs = 5000, staggerMs = 20, closeGraceMs = 1000 } = deps
  const waiters = new Set<Waiter>()
  const members = new Map<PostgresConnection, Pooled>()
  // the last one used is given out first, so that those not needed grow idle
  const idle: Pooled[] = []
  const stale: Pooled[] = []
  const used = new Set<PostgresConnection>()
  const opening = new Set<AbortController>()
  const leaving = new Set<PostgresConnection>()
  let generation = 0
  let lossToldAt = 0
  let sweepTimer: NodeJS.Timeout | undefined
  let staggerTimer: NodeJS.Timeout | undefined
  let closed: Promise<void> | null = null
  let onEmpty = () => {}

  const total = () => members.size + opening.size + leaving.size

  function report(
    connection: PostgresConnection,
    status: 'ready' | 'used' | 'released',
    reason: string,
  ) {
    observe({ kind: 'connection', id: connection.id, status, reason })
  }

  function lend(pooled: Pooled): Acquisition {
    used.add(pooled.connection)
    report(pooled.connection, 'used', '')
    return { kind: 'acquired', connection: pooled.connection }
  }

  /** To the request that waits longest, else to the idle ones. */
  function offer(pooled: Pooled): void {
    for (const waiter of waiters) {
      waiters.delete(waiter)
      waiter.settle(lend(pooled))
      return
    }
    pooled.idleSince = Date.now()
    idle.push(pooled)
    scheduleSweep()
  }

  /** Called whenever something left or someone came. Opens as many as are waited for and may be. */
  function grow(): void {
    if (closed !== null) {
      if (total() === 0) onEmpty()
      return
    }
    while (opening.size < waiters.size && total() < limits.max) void open()
    // room that is being made counts
    while (opening.size + leaving.size < waiters.size) {
      const spare = stale.shift()
      if (spare === undefined) return
      dismiss(spare, 'release')
    }
  }

  async function open(): Promise<void> {
    const id = randomUUID()
    const attempt = new AbortController()
    const born = generation
    opening.add(attempt)
    observe({ kind: 'connection', id, status: 'connecting', reason: '' })
    const timer = setTimeout(() => attempt.abort(), connectTimeoutMs)
    let connection: PostgresConnection
    try {
      connection = await deps.connect(id, attempt.signal)
    } catch (failure) {
      clearTimeout(timer)
      opening.delete(attempt)
      observe({ kind: 'connection', id, status: 'closed', reason: 'network error' })
      fail(failure)
      grow()
      return
    }
    clearTimeout(timer)
    opening.delete(attempt)
    const pooled = { connection, bornAt: Date.now(), generation: born, idleSince: Date.now() }
    members.set(connection, pooled)
    connection.onLost((cause) => lose(pooled, cause))
    report(connection, 'ready', 'connection establishment')
    if (closed !== null || born !== generation) {
      dismiss(pooled, 'release')
      grow()
    } else {
      offer(pooled)
    }
  }

  /** One attempt failed: the request that waits longest is told. */
  function fail(cause: unknown): void {
    const failure = cause instanceof BackendFailure ? cause : connectFailure(`${String(cause)}\n`)
    for (const waiter of waiters) {
      waiters.delete(waiter)
      waiter.settle({ kind: 'failed', failure })
      return
    }
  }

  function lose(pooled: Pooled, cause: string): void {
    // whoever uses it learns it from its batch, and gives it back
    if (used.has(pooled.connection) || !members.delete(pooled.connection)) return
    remove(idle, pooled)
    remove(stale, pooled)
    reportClosed(pooled.connection, 'network error')
    // a server that goes takes all of them at once: said once
    if (Date.now() - lossToldAt >= 1000) {
      lossToldAt = Date.now()
      observe({ kind: 'connection-lost', error: { kind: 'connection-lost', details: cause } })
    }
    grow()
  }

  function reportClosed(connection: PostgresConnection, reason: string): void {
    observe({ kind: 'connection', id: connection.id, status: 'closed', reason })
  }

  /** The caller has taken it from where it was. */
  function dismiss(pooled: Pooled, reason: string): void {
    members.delete(pooled.connection)
    reportClosed(pooled.connection, reason)
    leaving.add(pooled.connection)
    void pooled.connection.end().finally(() => {
      leaving.delete(pooled.connection)
      grow()
    })
  }

  function scheduleSweep(): void {
    if (sweepTimer !== undefined || idle.length === 0) return
    const due = Math.min(...idle.map(expiry))
    sweepTimer = setTimeout(sweep, timerMs(Math.max(due - Date.now(), 1)))
    sweepTimer.unref()
  }

  function expiry(pooled: Pooled): number {
    return Math.min(pooled.idleSince + limits.maxIdleMs, pooled.bornAt + limits.maxLifetimeMs)
  }

  function sweep(): void {
    sweepTimer = undefined
    const now = Date.now()
    for (const pooled of idle.filter((candidate) => expiry(candidate) <= now)) {
      remove(idle, pooled)
      const isOld = pooled.bornAt + limits.maxLifetimeMs <= now
      dismiss(pooled, isOld ? 'max lifetime' : 'max idletime')
    }
    scheduleSweep()
  }

  function closeStale(): void {
    staggerTimer = undefined
    const next = stale.shift()
    if (next === undefined) return
    dismiss(next, 'release')
    staggerTimer = setTimeout(closeStale, staggerMs)
    staggerTimer.unref()
  }

  function wait(signal: AbortSignal): Promise<Acquisition> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        settle(acquisition) {
          clearTimeout(timer)
          signal.removeEventListener('abort', leave)
          resolve(acquisition)
        },
      }
      const giveUp = (kind: 'timeout' | 'abandoned') => {
        waiters.delete(waiter)
        waiter.settle({ kind })
      }
      const leave = () => giveUp('abandoned')
      const timer = setTimeout(() => giveUp('timeout'), timerMs(limits.acquisitionTimeoutMs))
      signal.addEventListener('abort', leave, { once: true })
      waiters.add(waiter)
      grow()
    })
  }

  /** Whoever uses them gets their batches back as lost; nobody is waited for any longer. */
  function cutUsed(): void {
    for (const connection of used) {
      connection.destroy()
      members.delete(connection)
      reportClosed(connection, 'release')
    }
    used.clear()
    grow()
  }

  async function closeAll(): Promise<void> {
    clearTimeout(sweepTimer)
    clearTimeout(staggerTimer)
    const failure = connectFailure(stopping)
    for (const waiter of waiters) waiter.settle({ kind: 'failed', failure })
    waiters.clear()
    for (const attempt of opening) attempt.abort()
    for (const pooled of [...idle.splice(0), ...stale.splice(0)]) dismiss(pooled, 'release')
    // what is used comes back through `release`, what is being opened through `open`
    for (const connection of used) void connection.cancel()
    const cut = setTimeout(cutUsed, closeGraceMs)
    if (total() > 0) {
      await new Promise<void>((resolve) => {
        onEmpty = resolve
      })
    }
    clearTimeout(cut)
  }

  return {
    acquire(signal) {
      if (closed !== null) {
        return Promise.resolve({
          kind: 'failed',
          failure: connectFailure(stopping),
        })
      }
      if (signal.aborted) return Promise.resolve({ kind: 'abandoned' })
      const pooled = idle.pop()
      return pooled === undefined ? wait(signal) : Promise.resolve(lend(pooled))
    },
    release(connection, isFit) {
      const pooled = members.get(connection)
      if (pooled === undefined || !used.delete(connection)) {
        if (closed !== null) return
        throw new Error('a connection came back that was not lent')
      }
      if (!connection.isAlive) {
        members.delete(connection)
        reportClosed(connection, 'network error')
        grow()
        return
      }
      report(connection, 'released', isFit ? 'session success' : 'session failure')
      if (!isFit || closed !== null || pooled.generation !== generation) {
        dismiss(pooled, 'release')
      } else if (pooled.bornAt + limits.maxLifetimeMs <= Date.now()) {
        dismiss(pooled, 'max lifetime')
      } else {
        offer(pooled)
      }
    },
    recycle() {
      generation += 1
      stale.push(...idle.splice(0))
      if (staggerTimer === undefined) closeStale()
    },
    stats: () => ({ max: limits.max, available: idle.length, waiting: waiters.size }),
    close() {
      closed ??= Promise.resolve().then(closeAll)
      return closed
    },
  }
}

const stopping = 'the server is stopping\n'

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item)
  if (at >= 0) list.splice(at, 1)
}
