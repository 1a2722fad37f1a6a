/** A database in virtual time that listens, answers and loses connections as its variables say. */
import type { FeedHandlers, PushFeed } from '../../../src/cache/schema-feed.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'

export interface FakeConnection {
  readonly channel: string
  readonly handlers: FeedHandlers
  isClosed: boolean
}

export interface FakeServer {
  /** Why nobody can connect. */
  refusal: Error | null
  readyMs: number
  /** How long a proof takes. */
  proofMs: number
  /** Why no proof can be sent. */
  proofFailure: Error | null
  /** Proofs come back to who sent them. */
  delivers: boolean
  position: string | null
  positionFailures: number
  reachedAt: number
  readonly hasOwnWay: boolean
}

export interface FakeFeed {
  readonly server: FakeServer
  readonly feed: PushFeed
  readonly connections: readonly FakeConnection[]
  /** `<ms> <number of the connection>` of each proof that was asked for. */
  readonly proofs: readonly string[]
  last(): FakeConnection
}

export function createFakeFeed(clock: VirtualClock, initial: Partial<FakeServer> = {}): FakeFeed {
  const server: FakeServer = {
    refusal: null,
    readyMs: 5,
    proofMs: 1,
    proofFailure: null,
    delivers: true,
    position: null,
    positionFailures: 0,
    reachedAt: 0,
    hasOwnWay: false,
    ...initial,
  }
  const connections: FakeConnection[] = []
  const proofs: string[] = []
  const never = new Promise<never>(() => undefined)

  const feed: PushFeed = {
    kind: 'push',
    hasOwnWay: server.hasOwnWay,
    name: 'notify',
    channel: ({ dbChannel, dbChannelEnabled }) => (dbChannelEnabled ? dbChannel : null),
    unproven: 'nothing came back',
    open(channel, handlers) {
      const connection = { channel, handlers, isClosed: false }
      connections.push(connection)
      const number = connections.length
      async function begin() {
        await clock.delay(server.readyMs)
        if (server.refusal !== null) throw server.refusal
        return { address: '/tmp:5432', serverVersion: 'PostgreSQL 18.1' }
      }
      return {
        ready: begin(),
        async prove() {
          proofs.push(`${clock.now()} ${number}`)
          await clock.delay(server.proofMs)
          if (server.proofFailure !== null) throw server.proofFailure
          if (!server.delivers) await never
        },
        close() {
          connection.isClosed = true
        },
      }
    },
    restMs: () => null,
    peers: null,
    catchUp: {
      async position() {
        if (server.positionFailures > 0) {
          server.positionFailures -= 1
          throw new Error('no answer')
        }
        return server.position
      },
      isReached: async () => clock.now() >= server.reachedAt,
    },
  }

  return {
    server,
    feed,
    connections,
    proofs,
    last() {
      const connection = connections.at(-1)
      if (connection === undefined) throw new Error('nothing was opened')
      return connection
    },
  }
}
