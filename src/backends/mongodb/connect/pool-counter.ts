/**
 * Events of the driver's connection pools → how busy they are, and what the log says of connections.
 * A client has one pool for each server of its deployment; they are counted together.
 */
import type { MongoClient } from 'mongodb'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'

interface PoolCounter {
  stats(max: number): PoolStats
}

/** Counts from now on: call it before the client is used. */
export function createPoolCounter(client: MongoClient, observe: Observe): PoolCounter {
  /** Connections that are open, and those of them in use: by server and number. */
  const open = new Set<string>()
  const used = new Set<string>()
  let waiting = 0
  const nameOf = (event: { address: string; connectionId: number | '<monitor>' }) =>
    `${event.address}/${event.connectionId}`
  const tell = (
    id: number | '<monitor>',
    status: 'connecting' | 'ready' | 'used' | 'released' | 'closed',
    reason = '',
  ) => observe({ kind: 'connection', id: String(id), status, reason })

  client.on('connectionCreated', ({ connectionId }) => tell(connectionId, 'connecting'))
  client.on('connectionReady', (event) => {
    open.add(nameOf(event))
    tell(event.connectionId, 'ready')
  })
  client.on('connectionClosed', (event) => {
    open.delete(nameOf(event))
    used.delete(nameOf(event))
    tell(event.connectionId, 'closed', event.reason)
  })
  client.on('connectionCheckOutStarted', () => {
    waiting += 1
    observe({ kind: 'pool-request' })
  })
  client.on('connectionCheckedOut', (event) => {
    waiting -= 1
    used.add(nameOf(event))
    observe({ kind: 'pool-request-fulfilled' })
    tell(event.connectionId, 'used')
  })
  client.on('connectionCheckOutFailed', ({ reason }) => {
    waiting -= 1
    if (reason === 'timeout') observe({ kind: 'pool-timeout' })
    else observe({ kind: 'pool-request-fulfilled' })
  })
  client.on('connectionCheckedIn', (event) => {
    used.delete(nameOf(event))
    tell(event.connectionId, 'released')
  })
  return {
    stats: (max) => ({ max, available: Math.max(0, open.size - used.size), waiting }),
  }
}
