/**
 * What a MongoDB deployment says of itself: its version and how it is built, which decide what it can
 * be asked. Servers that lack what every request needs are refused.
 */
import type { Document } from 'mongodb'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import { controlFailure } from './map-mongodb-error.ts'
import type { MongodbClient } from './mongodb-client.ts'

export interface ServerFacts {
  /** `8.0.4` */
  readonly version: string
  /** Transactions and change streams need a replica set, or a router to several. */
  readonly topology: 'replica-set' | 'sharded' | 'standalone'
  /** Streams tell of collections that are created and changed: from 6.0 on. */
  readonly hasExpandedEvents: boolean
}

/** Versions of the wire protocol. */
const oldestWireVersion = 13
const oldestVersion = '5.0'
const expandedEventsWireVersion = 17

/**
 * Asks a server for its facts.
 *
 * Errors  rejects with BackendFailure: fatal for a server that is too old
 */
export async function readServerFacts(
  { client, ready }: Pick<MongodbClient, 'client' | 'ready'>,
  signal: AbortSignal,
): Promise<ServerFacts> {
  const ask = (command: Document) => client.db('admin').command(command, { signal })
  try {
    await ready(signal)
    const [hello, build] = [await ask({ hello: 1 }), await ask({ buildInfo: 1 })]
    const version = String(build['version'])
    const wireVersion = Number(hello['maxWireVersion'])
    if (wireVersion < oldestWireVersion) throw tooOld(version)
    return {
      version,
      topology: topologyOf(hello),
      hasExpandedEvents: wireVersion >= expandedEventsWireVersion,
    }
  } catch (error) {
    throw controlFailure(error, signal)
  }
}

/**
 * How the deployment is built now: who restarts a server can make a replica set of it, or none.
 *
 * Errors  rejects with what the driver says
 */
export async function readTopology(
  { client }: Pick<MongodbClient, 'client'>,
  signal: AbortSignal,
): Promise<ServerFacts['topology']> {
  return topologyOf(await client.db('admin').command({ hello: 1 }, { signal }))
}

function topologyOf(hello: Document): ServerFacts['topology'] {
  if (hello['msg'] === 'isdbgrid') return 'sharded'
  return hello['setName'] === undefined ? 'standalone' : 'replica-set'
}

function tooOld(version: string): BackendFailure {
  const message = `Cannot run in this MongoDB version, dbrest needs at least ${oldestVersion}. Current version: ${version}.`
  return new BackendFailure({ kind: 'connection', details: `${message}\n` }, message, {
    isFatal: true,
  })
}
