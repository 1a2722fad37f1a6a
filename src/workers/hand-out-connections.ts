/**
 * Accepted connections → workers, one after the other. A worker is handed the next connection when it
 * has taken the one before, so that one which is busy for long is passed over; what nobody can take
 * yet waits.
 *
 * Until a worker has said that it took a connection, that stays open here. One whose worker ends before
 * is closed: what its client has sent may have been read.
 */
import type { Socket } from 'node:net'

export interface Taker {
  /** Hands it over. */
  offer(id: number, connection: Socket): void
}

export interface ConnectionHandout {
  take(connection: Socket): void
  /** From now on, connections go to it too; to one that has left, again. */
  join(taker: Taker): void
  /** No more go to it. `hasEnded`: its process has, and with it what it was handed last. */
  leave(taker: Taker, hasEnded: boolean): void
  took(taker: Taker, id: number): void
  /** It has not touched the connection: it is leaving, or was not reached. */
  refused(taker: Taker, id: number): void
  /**
   * Takes no more, and hands out what waits for as long as workers take it, `limitMs` at most; then it
   * closes the rest. A second call may shorten the first. Never rejects.
   */
  close(limitMs: number): Promise<void>
}

/** Connections that wait at most, as many as the system keeps for us; more are closed. */
const mostWaiting = 2048

interface Handing {
  readonly id: number
  readonly connection: Socket
}

export function handOutConnections(): ConnectionHandout {
  /** In the order in which they became free. */
  const free = new Set<Taker>()
  const handing = new Map<Taker, Handing>()
  const members = new Set<Taker>()
  let waiting: Socket[] = []
  let lastId = 0
  let isClosed = false
  let isCut = false
  /** Called when there is nobody who waits, or nobody to wait for. */
  let onNoneWaiting: () => void = () => undefined

  function proceed(): void {
    for (const taker of free) {
      const connection = waiting.shift()
      if (connection === undefined) break
      free.delete(taker)
      lastId += 1
      handing.set(taker, { id: lastId, connection })
      taker.offer(lastId, connection)
    }
    if (waiting.length === 0 || members.size === 0) onNoneWaiting()
  }

  /** The connection that was being handed over, if it is this one. */
  function settle(taker: Taker, id: number): Socket | null {
    const current = handing.get(taker)
    if (current?.id !== id) return null
    handing.delete(taker)
    if (members.has(taker)) free.add(taker)
    return current.connection
  }

  return {
    take(connection) {
      if (isClosed || waiting.length >= mostWaiting) connection.destroy()
      else waiting.push(connection)
      proceed()
    },
    join(taker) {
      members.add(taker)
      if (!handing.has(taker)) free.add(taker)
      proceed()
    },
    leave(taker, hasEnded) {
      members.delete(taker)
      free.delete(taker)
      if (hasEnded) {
        handing.get(taker)?.connection.destroy()
        handing.delete(taker)
      }
      proceed()
    },
    took(taker, id) {
      // the worker's own stays open
      settle(taker, id)?.destroy()
      proceed()
    },
    refused(taker, id) {
      const connection = settle(taker, id)
      if (connection === null) return
      if (isCut) connection.destroy()
      else waiting.unshift(connection)
      proceed()
    },
    async close(limitMs) {
      isClosed = true
      await new Promise<void>((resolve) => {
        const before = onNoneWaiting
        const limit = setTimeout(() => onNoneWaiting(), limitMs)
        onNoneWaiting = () => {
          clearTimeout(limit)
          before()
          resolve()
        }
        proceed()
      })
      isCut = true
      for (const connection of waiting) connection.destroy()
      waiting = []
    },
  }
}
