/**
 * The configuration → clients of the driver: one that requests run on, whose pool is `db-pool`, and
 * one for loads, checks and change streams, so that neither waits for the other. What the connection
 * string says wins over what an option would make of it. Nothing is connected before it is needed.
 */
import { type Db, MongoClient, type MongoClientOptions, MongoError } from 'mongodb'
import type { Config } from '../../../config/config.ts'
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'
import { poolLimits } from '../../pool/pool-limits.ts'
import { createPoolCounter } from './pool-counter.ts'

export interface MongodbClientDeps {
  readonly config: Pick<
    Config,
    'dbUri' | 'dbPool' | 'dbPoolAcquisitionTimeout' | 'dbPoolMaxIdletime' | 'dbPoolMaxLifetime'
  >
  readonly purpose: 'requests' | 'control'
  readonly observe: Observe
  /** Called when a server of the deployment answers that did not before. */
  readonly onConnected: () => void
}

export interface MongodbClient {
  readonly client: MongoClient
  /**
   * Resolves once a server was found, and at once from then on: call it before anything is asked. A
   * client whose first server was not found is connected anew. Rejects with what the driver says, or
   * as soon as nobody waits any more.
   */
  ready(signal: CancelSignal): Promise<void>
  /** A handle: nothing is sent, and no database is created. */
  db(name: string): Db
  stats(): PoolStats
  /** Ends what runs and closes every connection. */
  close(): Promise<void>
}

/** Milliseconds in which a server has to be found, be connected to, and give a sign of life. */
const selectionLimitMs = 5000
const connectLimitMs = 5000
const heartbeatMs = 5000
/** The shorter one finds a server that is back: what waits for it then tries at once. */
const controlHeartbeatMs = 1000
/** Streams keep a connection each, loads use several at a time. */
const controlConnections = 100
/** Milliseconds for the farewell to a server that may not answer any more. */
const farewellLimitMs = 1000

/**
 * Throws  an Error whose message a user understands, when `db-uri` is no connection string of
 *         MongoDB's. It quotes nothing of it: any part may be a password that was not escaped
 */
export function createMongodbClient(deps: MongodbClientDeps): MongodbClient {
  const { config, purpose, observe, onConnected } = deps
  const given = optionsIn(config.dbUri)
  const client = makeClient(config.dbUri, clientOptions(config, purpose, given))
  const counter = createPoolCounter(client, purpose === 'requests' ? observe : () => undefined)
  client.on('serverDescriptionChanged', ({ previousDescription, newDescription }) => {
    if (previousDescription.type === 'Unknown' && newDescription.type !== 'Unknown') onConnected()
  })
  // making a handle costs as much as a quarter of a command
  const databases = new Map<string, Db>()
  let isReady = false
  return {
    client,
    async ready(signal) {
      if (isReady) return
      await unlessCancelled(client.connect(), signal)
      isReady = true
    },
    db(name) {
      const known = databases.get(name) ?? client.db(name)
      databases.set(name, known)
      return known
    },
    stats: () => counter.stats(client.options.maxPoolSize),
    async close() {
      const limit = new AbortController()
      const timer = setTimeout(() => limit.abort(), farewellLimitMs)
      const late = new Promise<void>((resolve) => {
        limit.signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([client.close(), late])
      clearTimeout(timer)
    },
  }
}

/** The driver goes on looking for a server, for those who ask next. */
function unlessCancelled(work: Promise<unknown>, signal: CancelSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = () => reject(new MongoError('cancelled while a server was looked for'))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    work.then(() => resolve(), reject).finally(() => signal.removeEventListener('abort', cancel))
  })
}

function clientOptions(
  config: MongodbClientDeps['config'],
  purpose: MongodbClientDeps['purpose'],
  given: ReadonlySet<string>,
): MongoClientOptions {
  const limits = poolLimits(config)
  const always: MongoClientOptions =
    purpose === 'control'
      ? { maxPoolSize: controlConnections, minPoolSize: 0, readPreference: 'primary' }
      : {}
  const unlessGiven: MongoClientOptions = {
    maxPoolSize: limits.max,
    waitQueueTimeoutMS: limits.acquisitionTimeoutMs,
    maxIdleTimeMS: limits.maxIdleMs,
    serverSelectionTimeoutMS: selectionLimitMs,
    connectTimeoutMS: connectLimitMs,
    heartbeatFrequencyMS: purpose === 'control' ? controlHeartbeatMs : heartbeatMs,
    appName: 'dbrest',
    retryReads: true,
    retryWrites: true,
  }
  const free = Object.entries(unlessGiven).filter(([name]) => !given.has(name.toLowerCase()))
  return { ...Object.fromEntries(free), ...always }
}

/** Names of the options that a connection string gives, in lower case: it may spell them anyhow. */
function optionsIn(uri: string): ReadonlySet<string> {
  const at = uri.indexOf('?')
  if (at === -1) return new Set()
  return new Set([...new URLSearchParams(uri.slice(at)).keys()].map((name) => name.toLowerCase()))
}

function makeClient(uri: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri, options)
  } catch (error) {
    if (error instanceof Error && plainComplaints.has(error.message)) {
      throw new Error(`db-uri: ${error.message}`)
    }
    throw new Error(
      'db-uri is not understood as a connection string of MongoDB: an option or its value is not known, or special characters of a password are not percent-encoded',
    )
  }
}

/** What the driver says of a connection string without quoting it. */
const plainComplaints: ReadonlySet<string> = new Set([
  'Protocol and host list are required in the uri',
  'Username contains unescaped characters',
  'Password contains unescaped characters',
  'URI contained empty userinfo section',
  'mongodb+srv URI cannot have port number',
  'directConnection option requires exactly one host',
  'loadBalanced option only supported with a single host in the URI',
])
