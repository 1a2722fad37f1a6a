/**
 * The fuzzer on a SQLite file: a slice in every run, more by hand.
 *
 *   FUZZ_REQUESTS=30000 FUZZ_SEED=7 npx vitest run test/fuzz/sqlite.test.ts
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { campaignSize } from './campaign-size.ts'
import { printFailures, printReport, runCampaign } from './fuzz-campaign.ts'
import { modelOfDump } from './fuzz-model.ts'
import { createLogWatch } from './watch-log.ts'
import { canaryRows, wordCanary } from './word-canaries.ts'

const size = campaignSize(8)
const log = createLogWatch()
let file: SqliteFile
let server: RunningServer

beforeAll(async () => {
  const fixture = readFileSync(join(import.meta.dirname, 'fixtures/sqlite.sql'), 'utf8')
  file = createSqliteFile(`${fixture}; insert into canaries values ${canaryRows()}`)
  server = await startServer({
    args: [file.path],
    env: {
      DBREST_DB_AGGREGATES_ENABLED: 'true',
      DBREST_DB_TX_END: 'rollback-allow-override',
      DBREST_DB_STATEMENT_TIMEOUT: '5000',
      DBREST_LOG_QUERY: 'true',
    },
    onLine: log.onLine,
  })
})

afterAll(async () => {
  await server.stop()
  file.drop()
})

test(`requests from seed ${size.seed}`, { timeout: 3_600_000 }, async () => {
  const model = modelOfDump(await (await fetch(`${server.adminUrl}/schema_cache`)).text())
  log.watch(true)
  const report = await runCampaign({
    ...size,
    port: server.port,
    // writes are refused until the engine has them
    generator: { model, seed: size.seed, authorizations: [], writes: false },
    connections: 50,
    canary: wordCanary,
    refill: async () => {},
    refillEvery: 100_000,
  })
  log.watch(false)
  console.log(printReport(`SQLite, seed ${size.seed}`, report))
  expect(printFailures(report.failures)).toBe('')
  expect(log.problems).toEqual([])
  expect((await fetch(`${server.adminUrl}/live`)).status).toBe(200)
  expect(report.played).toBeGreaterThan(100)
})
