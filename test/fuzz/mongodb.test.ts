/**
 * The fuzzer on MongoDB: a slice in every run, more by hand.
 *
 *   FUZZ_REQUESTS=30000 FUZZ_SEED=7 npx vitest run test/fuzz/mongodb.test.ts
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMongodbDatabase, describeMongodb, type MongodbDatabase } from '../support/mongodb.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { connectionsFor, printTurns, watchLoop } from '../support/watch-loop.ts'
import { campaignSize } from './campaign-size.ts'
import { type Canary, printFailures, printReport, runCampaign } from './fuzz-campaign.ts'
import { modelOfDump } from './fuzz-model.ts'
import {
  createCollections,
  declaredRelationships,
  declaredSchema,
  functions,
  refillCollections,
} from './mongodb-collections.ts'
import { createLogWatch } from './watch-log.ts'
import { canaryWords, getRequest, wordCanary } from './word-canaries.ts'

const size = campaignSize(8)
const log = createLogWatch()
const loop = watchLoop()

/** A word found again, or handed back by a function. */
function canary(index: number): Canary {
  if (index % 4 !== 0) return wordCanary(index)
  const word = `word ${canaryWords[index % canaryWords.length] ?? ''}`
  return {
    name: 'echo',
    request: getRequest(`/rpc/echo?value=${encodeURIComponent(word)}`),
    status: 200,
    body: JSON.stringify(word),
  }
}

describeMongodb('on MongoDB', () => {
  let database: MongodbDatabase
  let server: RunningServer

  beforeAll(async () => {
    database = await createMongodbDatabase()
    await createCollections(database.db)
    server = await startServer({
      args: [database.uri],
      nodeArguments: loop.nodeArguments,
      env: {
        ...loop.env,
        DBREST_DB_AGGREGATES_ENABLED: 'true',
        DBREST_DB_TX_END: 'rollback-allow-override',
        // a canary waits its turn, however busy the machine is
        DBREST_DB_POOL_ACQUISITION_TIMEOUT: '600',
        DBREST_DB_STATEMENT_TIMEOUT: '5000',
        DBREST_LOG_QUERY: 'true',
        DBREST_DECLARED_SCHEMA: JSON.stringify(declaredSchema),
        DBREST_DECLARED_RELATIONSHIPS: JSON.stringify(declaredRelationships),
        DBREST_FUNCTION_REGISTRY: JSON.stringify(functions),
      },
      onLine: log.onLine,
    })
    await server.line(/Listener connected to MongoDB/)
  })

  afterAll(async () => {
    await server.stop()
    loop.drop()
    await database.drop()
  })

  /** What no request may change. */
  async function untouched(): Promise<unknown> {
    const { db, client } = database
    const collections = await db.listCollections().toArray()
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true })
    return {
      canaries: await db.collection('canaries').find().sort({ _id: 1 }).toArray(),
      collections: collections.toSorted(byName),
      own: databases.map(({ name }) => name).filter((name) => name.startsWith(database.name)),
    }
  }

  test(`requests from seed ${size.seed}`, { timeout: 3_600_000 }, async () => {
    const model = modelOfDump(await (await fetch(`${server.adminUrl}/schema_cache`)).text())
    const before = await untouched()
    log.watch(true)
    const report = await runCampaign({
      ...size,
      port: server.port,
      generator: { model, seed: size.seed, authorizations: [], writes: true },
      connections: connectionsFor(50),
      canary,
      refill: () => refillCollections(database.db),
      refillEvery: 2_000,
    })
    log.watch(false)
    console.log(printReport(`MongoDB, seed ${size.seed}`, report), `\n${printTurns(loop.turns())}`)
    expect(printFailures(report.failures)).toBe('')
    expect(log.problems).toEqual([])
    expect(loop.tooLong()).toEqual([])
    expect(loop.turns()).not.toEqual([])
    expect(await untouched()).toEqual(before)
    expect((await fetch(`${server.adminUrl}/live`)).status).toBe(200)
    expect(report.played).toBeGreaterThan(100)
  })
})

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
