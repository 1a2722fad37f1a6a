/**
 * Assembles the MongoDB backend: a client for requests, and one for loads, checks and the change
 * stream. Nothing is connected before it is needed.
 */
import type { Config } from '../../config/config.ts'
import type { BackendFailure } from '../../errors/backend-failure.ts'
import type { Observe } from '../../observe/observation.ts'
import type { Backend } from '../backend.ts'
import { createRelationBuilder } from './catalog/build-relation.ts'
import { adoptFacts, introspectMongodb } from './catalog/introspect-mongodb.ts'
import { mongodbAbilities } from './catalog/mongodb-capabilities.ts'
import { sentMongodbFacts } from './catalog/mongodb-facts.ts'
import { createSchemaVersionReader, wholeVersion } from './catalog/mongodb-schema-version.ts'
import { createSampleRefresh } from './catalog/sample-refresh.ts'
import { createChangeStreamFeed } from './connect/change-stream-feed.ts'
import { controlFailure } from './connect/map-mongodb-error.ts'
import { createMongodbClient, type MongodbClientDeps } from './connect/mongodb-client.ts'
import { readServerFacts, readTopology, type ServerFacts } from './connect/server-facts.ts'
import { createMongodbExecutor } from './execute/execute-mongodb.ts'
import { ruleProblem } from './mongodb-rule-problem.ts'

export interface OpenMongodbDeps {
  /** The configuration now in force. Connection options count as they were at the start. */
  readonly config: () => Config
  readonly observe: Observe
  /** Called when a request finds that the database cannot be reached. */
  readonly onUnreachable: (failure: BackendFailure) => void
  /** Called when a server of the deployment answers that did not before. */
  readonly onConnected: () => void
}

/** Throws  an Error whose message a user understands, when `db-uri` is not understood */
export function openMongodb(deps: OpenMongodbDeps): Backend {
  const { config, observe, onUnreachable, onConnected } = deps
  const clientFor = (purpose: MongodbClientDeps['purpose']) =>
    createMongodbClient({ config: config(), purpose, observe, onConnected })
  const requests = clientFor('requests')
  const control = clientFor('control')
  const versions = createSchemaVersionReader()
  const buildRelation = createRelationBuilder()
  const refresh = createSampleRefresh(control.db)
  const serverFacts = (signal: AbortSignal) => readServerFacts(control, signal)
  let told: ServerFacts['topology'] | null = null
  const tellTopology = (topology: ServerFacts['topology']) => {
    if (topology === 'standalone' && told !== topology) observe({ kind: 'transactions-absent' })
    told = topology
  }

  return {
    abilities: mongodbAbilities,
    feed: createChangeStreamFeed({
      control,
      serverFacts,
      onTold: versions.expectChange,
      newFields: refresh.listen,
    }),
    async serverVersion(signal) {
      const { version } = await serverFacts(signal)
      return `MongoDB ${version}`
    },
    schemaVersion: ({ dbSchemas }, signal) =>
      asControl(signal, async () => {
        await control.ready(signal)
        const { count } = refresh.found()
        const topology = await readTopology(control, signal)
        return wholeVersion(await versions.read(dbSchemas.map(control.db), signal), topology, count)
      }),
    introspect: (request) =>
      asControl(request.signal, async () => {
        const { version, topology } = await serverFacts(request.signal)
        tellTopology(topology)
        const source = {
          database: control.db,
          collections: versions.readAll,
          buildRelation,
          refresh,
          serverVersion: version,
          topology,
          isReadOnly: config().dbReadOnly,
        }
        return introspectMongodb(source, request)
      }),
    sendFacts: (facts) => ({ ...sentMongodbFacts(facts) }),
    adoptFacts: async (...load) => adoptFacts(...load),
    databaseSettings: () => Promise.resolve(new Map()),
    execute: createMongodbExecutor({ client: requests, onUnreachable }),
    ruleProblem,
    // everybody sees all that the snapshot has
    inspect: ({ schema }) =>
      Promise.resolve({
        kind: 'done',
        relations: null,
        routines: null,
        schemaDescription: null,
        databaseName: schema,
        statements: [],
      }),
    // there is nothing to replace: connections keep nothing of a schema
    recycle: () => 'statements',
    async ping(signal) {
      await asControl(signal, async () => {
        await requests.ready(signal)
        await requests.db('admin').command({ ping: 1 }, { signal })
      })
    },
    poolStats: requests.stats,
    async close() {
      refresh.stop()
      await Promise.all([requests.close(), control.close()])
    },
  }
}

/** Rejects with BackendFailure, whatever the driver rejects with. */
async function asControl<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw controlFailure(error, signal)
  }
}
