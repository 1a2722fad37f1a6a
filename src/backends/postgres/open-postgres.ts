/**
 * Assembles the PostgreSQL backend: the pool that requests run on, a control connection for loads
 * and checks where the pool reads, and one on a writable server for the listener's sake, which may have
 * a way of its own (`db-channel-uri`). Nothing is connected before it is needed.
 */
import { randomUUID } from 'node:crypto'
import type { Config } from '../../config/config.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import type { Observe } from '../../observe/observation.ts'
import type { Backend } from '../backend.ts'
import { poolLimits } from '../pool/pool-limits.ts'
import { createSchemaFollower } from './catalog/follow-schema.ts'
import { postgresAbilities } from './catalog/postgres-capabilities.ts'
import { adoptPostgresFacts, postgresFacts } from './catalog/postgres-facts.ts'
import { readDatabaseSettings } from './catalog/read-database-settings.ts'
import { createPlanCompiler } from './compile/compile-postgres.ts'
import {
  type ControlConnection,
  type ControlQuery,
  createControlConnection,
} from './connect/control-connection.ts'
import { readIdentity } from './connect/database-identity.ts'
import { createNotifyFeed } from './connect/notify-feed.ts'
import { createPostgresPool, type PostgresPool } from './connect/postgres-pool.ts'
import { createExecutor } from './execute/execute-postgres.ts'
import { createInspector } from './execute/inspect-postgres.ts'
import { createPreparation } from './execute/preparation.ts'
import { createSchemaGuards } from './execute/schema-guard.ts'
import { createSchemaMark } from './mark/schema-mark.ts'
import { createSchemaProofs } from './mark/schema-proofs.ts'
import { openConnector } from './open-connector.ts'
import { outcomeFailure } from './protocol/map-postgres-error.ts'

export interface PostgresDeps {
  /** The configuration now in force. Connection options count as they were at the start. */
  readonly config: () => Config
  /** libpq's variables are read from it. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly observe: Observe
  /** Called when a request finds that the database cannot be reached. */
  readonly onUnreachable: (failure: BackendFailure) => void
  /** Called when a connection to the database was made. */
  readonly onConnected: () => void
}

/** The oldest version served. */
const oldestVersion = 140_000

/**
 * Throws  an Error whose message a user understands, when `db-uri` or `db-channel-uri` is not understood
 */
export function openPostgres(deps: PostgresDeps): Backend {
  const { config, env, observe, onUnreachable, onConnected } = deps
  const connector = openConnector({
    option: 'db-uri',
    uri: () => config().dbUri,
    env,
    onConnected,
  })
  const { dbChannelUri } = config()
  const channelConnector =
    dbChannelUri === null
      ? connector
      : openConnector({
          option: 'db-channel-uri',
          uri: () => dbChannelUri,
          env,
          // where requests and loads go may still be out of reach
          onConnected: () => undefined,
        })
  const epochs = countEpochs()
  const pool = createPostgresPool({
    connect: (id, signal) => connector.connect({ id, epoch: epochs.current, signal }),
    limits: poolLimits(config()),
    observe,
  })
  const preparation = createPreparation(observe)
  const loads = createControlConnection({
    connect: (signal) => connector.connect({ id: 'control', signal }),
    preparation: {
      ...preparation,
      stepsToSend: (steps) =>
        config().dbPreparedStatements
          ? preparation.stepsToSend(steps)
          : steps.map((step) => ({ ...step, isPrepared: false })),
    },
    idleMs: 60_000,
  })
  const follower = createSchemaFollower()
  // apart from loads, so that a long one does not silence the listener's proof of life
  const primary = createControlConnection({
    connect: (signal) => channelConnector.connect({ id: 'control', target: 'read-write', signal }),
    // longer than the pause between two proofs of life, so that each finds the session still open
    idleMs: 30_000,
  })

  const onPrimary =
    dbChannelUri === null
      ? primary.run
      : onSameDatabase(primary.run, async () => follower.identity() ?? askIdentity(loads.run))

  const mark = createSchemaMark({
    onPrimary,
    onReads: loads.run,
    isNeeded: () => config().dbSchemaStrict,
    observe,
    now: () => performance.now(),
  })

  const proofs = createSchemaProofs({
    mark,
    connect: (signal, target) =>
      connector.connect({ id: 'proof', signal, ...(target === null ? {} : { target }) }),
  })
  const guards = createSchemaGuards({ mark, ...proofs })

  const requests = { pool, preparation, observe, onUnreachable, guards }

  return {
    abilities: postgresAbilities,
    feed: createNotifyFeed({
      config,
      onPrimary,
      onReads: loads.run,
      isMarked: mark.isThere,
      hasOwnWay: dbChannelUri !== null,
      clientConfig: () => ({ ...channelConnector.clientConfig('read-write') }),
    }),
    serverVersion: (signal) => loads.run(readServerVersion, signal),
    schemaVersion: (options, signal, look = 'whole') =>
      loads.run(
        (query, _address, batch) =>
          mark.version(query, options, look, () =>
            follower.readVersion({ query, batch }, options, config().dbSchemaLoadTimeout),
          ),
        signal,
      ),
    loadsWhatChanged: true,
    introspect: (request) => {
      const now = config()
      const full = {
        ...request,
        readRoleSettings: now.dbConfig,
        statementTimeoutMs: now.dbSchemaLoadTimeout,
        sleepMs: {
          beforeQueries: now.internalSchemaCacheQuerySleepBeforeQueries,
          afterQueries: now.internalSchemaCacheQuerySleep,
        },
      }
      return loads.run(
        (query, _address, batch) =>
          mark.label(query, request, () => follower.load({ query, batch }, full)),
        request.signal,
      )
    },
    sendFacts(facts) {
      const { roles } = postgresFacts(facts)
      return { roles }
    },
    adoptFacts: async (sent) => adoptPostgresFacts(sent),
    databaseSettings: ({ dbConfig, dbPreConfig }, signal) =>
      dbConfig
        ? loads.run((_query, _address, batch) => readDatabaseSettings(batch, dbPreConfig), signal)
        : Promise.resolve(new Map()),
    execute: createExecutor({ ...requests, compile: createPlanCompiler() }),
    // its policies are its own
    ruleProblem: () => null,
    inspect: createInspector(requests),
    proveSchema: proofs.look,
    proofBasis: mark.basis,
    markStatus: mark.status,
    recycle(told) {
      const { hasOtherSettings, outlived } = follower.takeOutlived()
      const recycled = told ?? outlived
      epochs.begin()
      if (recycled === 'sessions') pool.recycle()
      if (hasOtherSettings) {
        // a warm one loads faster, and minds no settings of the login role but those it began with
        loads.renew()
        primary.renew()
      }
      return recycled
    },
    ping: (signal) => pingThrough(pool, signal),
    poolStats: () => pool.stats(),
    async close() {
      await Promise.all([pool.close(), loads.close(), primary.close(), proofs.close()])
    },
  }
}

/** Milliseconds: the connection for loads may be busy with one. */
const identityLimitMs = 1000

/** Which database is read; null: the answer would take too long. */
function askIdentity(run: ControlConnection['run']): Promise<string | null> {
  return run(readIdentity, AbortSignal.timeout(identityLimitMs)).catch(() => null)
}

/**
 * Runs work unless it is known that another database is `expected`. There a listener would be proven by its
 * own notifications and hear none that matters, and the schema mark would be somebody else's.
 */
function onSameDatabase(
  run: ControlConnection['run'],
  expected: () => Promise<string | null>,
): ControlConnection['run'] {
  return (work, signal) =>
    run(async (query, ...session) => {
      const [own, other] = await Promise.all([readIdentity(query), expected()])
      if (other !== null && own !== other) {
        throw new Error('it leads to another database than db-uri')
      }
      return work(query, ...session)
    }, signal)
}

/**
 * Epochs of the schema, one after each load. Their names are like those of no other process, which may
 * be behind the same pooler.
 */
function countEpochs() {
  const own = randomUUID().slice(0, 8)
  let count = 0
  return {
    current: () => `${own}.${count}`,
    begin() {
      count += 1
    },
  }
}

const pingStep = {
  text: 'SELECT 1',
  params: [],
  types: [],
  isPrepared: false,
  keep: 'nothing',
} as const

/** Rejects with BackendFailure when no connection answers before the signal is aborted. */
async function pingThrough(pool: PostgresPool, signal: AbortSignal): Promise<void> {
  const acquired = await pool.acquire(signal)
  switch (acquired.kind) {
    case 'failed':
      throw acquired.failure
    case 'timeout':
    case 'abandoned':
      throw new BackendFailure(
        { kind: 'acquisition-timeout' },
        'Timed out acquiring connection from connection pool.',
      )
    case 'acquired': {
      const { connection } = acquired
      const cut = () => connection.destroy()
      signal.addEventListener('abort', cut, { once: true })
      const outcome = await connection.run([pingStep])
      signal.removeEventListener('abort', cut)
      pool.release(connection, outcome.kind === 'done')
      if (outcome.kind !== 'done') throw outcomeFailure(outcome)
    }
  }
}

async function readServerVersion(query: ControlQuery): Promise<string> {
  const [row] = await query("select version(), current_setting('server_version_num') as number")
  const version = row?.['version'] ?? ''
  if (Number(row?.['number']) < oldestVersion) {
    const message = `Cannot run in this PostgreSQL version, dbrest needs at least ${oldestVersion / 10_000}. Current version: ${version}.`
    throw new BackendFailure({ kind: 'connection', details: `${message}\n` }, message, {
      isFatal: true,
    })
  }
  return version
}
