/**
 * Events of the driver's connection pools → how busy they are, and what the log says of connections.
 * A client has one pool for each server of its deployment; they are counted together.
 */
import type { MongoClient } from 'mongodb'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'

/** Connections to one server by number, and requests that wait for one. */
interface Pool {
  readonly open: Set<number | '<monitor>'>
  readonly used: Set<number | '<monitor>'>
  waiting: number
}

interface PoolCounter {
  stats(max: number): PoolStats
}

/** Counts from now on: call it before the client is used. */
export function createPoolCounter(client: MongoClient, observe: Observe): PoolCounter {
  const pools = new Map<string, Pool>()
  const poolOf = ({ address }: { readonly address: string }): Pool => {
    const pool = pools.get(address) ?? { open: new Set(), used: new Set(), waiting: 0 }
    pools.set(address, pool)
    return pool
  }
  const tell = (
    id: number | '<monitor>',
    status: 'connecting' | 'ready' | 'used' | 'released' | 'closed',
    reason = '',
  ) => observe({ kind: 'connection', id: String(id), status, reason })

  client.on('connectionCreated', ({ connectionId }) => tell(connectionId, 'connecting'))
  client.on('connectionReady', (event) => {
    poolOf(event).open.add(event.connectionId)
    tell(event.connectionId, 'ready')
  })
  client.on('connectionClosed', (event) => {
    const { open, used } = poolOf(event)
    open.delete(event.connectionId)
    used.delete(event.connectionId)
    tell(event.connectionId, 'closed', event.reason)
  })
  client.on('connectionCheckOutStarted', (event) => {
    poolOf(event).waiting += 1
    observe({ kind: 'pool-request' })
  })
  client.on('connectionCheckedOut', (event) => {
    const pool = poolOf(event)
    pool.waiting -= 1
    pool.used.add(event.connectionId)
    observe({ kind: 'pool-request-fulfilled' })
    tell(event.connectionId, 'used')
  })
  client.on('connectionCheckOutFailed', (event) => {
    poolOf(event).waiting -= 1
    if (event.reason === 'timeout') observe({ kind: 'pool-timeout' })
    else observe({ kind: 'pool-request-fulfilled' })
  })
  client.on('connectionCheckedIn', (event) => {
    const pool = poolOf(event)
    pool.used.delete(event.connectionId)
    tell(event.connectionId, 'released')
    if (pool.waiting > 0) setImmediate(() => forgetGone(pool))
  })

  /**
   * A client that leaves while it waits is taken off the driver's queue without an event. Once the
   * queue has been served and a connection is left over, nobody waits any more.
   */
  function forgetGone(pool: Pool): void {
    if (pool.used.size >= pool.open.size) return
    for (; pool.waiting > 0; pool.waiting -= 1) observe({ kind: 'pool-request-fulfilled' })
  }

  return {
    stats(max) {
      const all = [...pools.values()]
      const idle = all.map(({ open, used }) => open.size - used.size)
      return {
        max,
        available: Math.max(0, sum(idle)),
        used: sum(all.map(({ used }) => used.size)),
        waiting: sum(all.map(({ waiting }) => waiting)),
      }
    },
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
