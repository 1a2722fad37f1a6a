/**
 * The fuzzer on PostgreSQL: a slice in every run, 100,000 requests by hand.
 *
 *   FUZZ_REQUESTS=100000 FUZZ_SEED=7 npx vitest run test/fuzz/postgres.test.ts
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { createTestDatabase, type TestDatabase } from '../support/shared-cluster.ts'
import { signJwt, signWithHeader, testSecret } from '../support/sign-jwt.ts'
import { connectionsFor, printTurns, watchLoop } from '../support/watch-loop.ts'
import { campaignSize } from './campaign-size.ts'
import { type Canary, printFailures, printReport, runCampaign } from './fuzz-campaign.ts'
import { modelOfDump } from './fuzz-model.ts'
import { createLogWatch } from './watch-log.ts'
import { canaryRows, canaryWords, getRequest, wordCanary } from './word-canaries.ts'

const size = campaignSize(12)
const log = createLogWatch()
const loop = watchLoop()
let database: TestDatabase
let server: RunningServer

beforeAll(async () => {
  const fixture = readFileSync(join(import.meta.dirname, 'fixtures/postgres.sql'), 'utf8')
  database = await createTestDatabase(fixture)
  await database.query(`insert into api.canaries values ${canaryRows()}`)
  server = await startServer({
    nodeArguments: loop.nodeArguments,
    env: {
      ...loop.env,
      DBREST_DB_URI: database.uri('fuzz_login', 'fuzz-pass@word'),
      DBREST_DB_SCHEMAS: 'api,extra',
      DBREST_DB_ANON_ROLE: 'fuzz_anon',
      DBREST_DB_AGGREGATES_ENABLED: 'true',
      DBREST_DB_PLAN_ENABLED: 'true',
      DBREST_DB_TX_END: 'rollback-allow-override',
      DBREST_JWT_SECRET: testSecret,
      // a canary waits its turn, however busy the machine is
      DBREST_DB_POOL_ACQUISITION_TIMEOUT: '600',
      DBREST_LOG_QUERY: 'true',
    },
    onLine: log.onLine,
  })
})

afterAll(async () => {
  await server.stop()
  loop.drop()
  await database.drop()
})

/** A word found again, or handed back by a function; and who is asking, in which transaction. */
function canary(index: number): Canary {
  const word = `word ${canaryWords[index % canaryWords.length] ?? ''}`
  const echoed = { status: 200, body: JSON.stringify(word) }
  switch (index % 4) {
    case 0:
      return {
        name: 'echo by GET',
        request: getRequest(`/rpc/echo?value=${encodeURIComponent(word)}`),
        ...echoed,
      }
    case 1:
      return {
        name: 'echo by POST',
        request: {
          ...getRequest('/rpc/echo'),
          method: 'POST',
          headers: [['Content-Type', 'application/json']],
          body: Buffer.from(JSON.stringify({ value: word })),
        },
        ...echoed,
      }
    case 2:
      return {
        name: 'who',
        request: getRequest('/rpc/who'),
        status: 200,
        body: '{"role" : "fuzz_anon", "search_path" : "\\"api\\", \\"public\\"", "read_only" : "on"}',
      }
    default:
      return wordCanary(Math.floor(index / 4))
  }
}

/** What no request may change. */
async function untouched(): Promise<unknown> {
  return database.query(
    `select (select md5(string_agg(c::text, '|' order by id)) from api.canaries c) as canaries,
      (select md5(string_agg(v::text, '|' order by id)) from api.vault v) as vault,
      (select md5(string_agg(t::text, '|' order by id)) from hidden.things t) as things,
      (select md5(string_agg(g::text, '|' order by id)) from api.guarded g where owner = 'root')
        as guarded,
      (select count(*) from pg_class where relnamespace <> 'pg_toast'::regnamespace) as relations,
      (select count(*) from pg_proc) as routines, (select count(*) from pg_authid) as roles`,
  )
}

/** Requests in flight may deadlock with it: then it is asked for once more. */
async function refill(triesLeft = 10): Promise<void> {
  try {
    await database.query("set lock_timeout = '2s'; select hidden.refill()")
  } catch (failure) {
    if (triesLeft === 0) throw failure
    await refill(triesLeft - 1)
  }
}

test(`requests from seed ${size.seed}`, { timeout: 3_600_000 }, async () => {
  const dump = await (await fetch(`${server.adminUrl}/schema_cache`)).text()
  const model = modelOfDump(dump, { books: ['title_length', 'loud'] })
  const inAnHour = Math.floor(Date.now() / 1000) + 3600
  const bearer = async (claims: unknown) => `Bearer ${await signJwt(claims)}`
  const authorizations = [
    ...Array<string>(12).fill(await bearer({ role: 'fuzz_writer', exp: inAnHour })),
    await bearer({ role: 'fuzz_anon' }),
    await bearer({ role: 'postgres' }),
    await bearer({ role: 'x"; drop table canaries; --' }),
    await bearer({ role: 'fuzz_writer', exp: 1 }),
    `Bearer ${signWithHeader({ alg: 'none' })}`,
    'Bearer ',
    'Bearer a.b.c',
    'Basic YTpi',
  ]
  const before = await untouched()
  log.watch(true)
  const report = await runCampaign({
    ...size,
    port: server.port,
    generator: { model, seed: size.seed, authorizations, writes: true },
    connections: connectionsFor(100),
    canary,
    refill,
    refillEvery: 2_000,
  })
  log.watch(false)
  console.log(printReport(`PostgreSQL, seed ${size.seed}`, report), `\n${printTurns(loop.turns())}`)
  expect(printFailures(report.failures)).toBe('')
  expect(log.problems).toEqual([])
  expect(loop.tooLong()).toEqual([])
  expect(loop.turns()).not.toEqual([])
  expect(await untouched()).toEqual(before)
  expect((await fetch(`${server.adminUrl}/live`)).status).toBe(200)
  expect(report.played).toBeGreaterThan(100)
})
