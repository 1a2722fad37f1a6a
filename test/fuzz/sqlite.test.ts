/**
 * The fuzzer on a SQLite file: a slice in every run, more by hand.
 *
 *   FUZZ_REQUESTS=30000 FUZZ_SEED=7 npx vitest run test/fuzz/sqlite.test.ts
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { connectionsFor, printTurns, watchLoop } from '../support/watch-loop.ts'
import { campaignSize } from './campaign-size.ts'
import { printFailures, printReport, runCampaign } from './fuzz-campaign.ts'
import { modelOfDump } from './fuzz-model.ts'
import { createLogWatch } from './watch-log.ts'
import { canaryRows, wordCanary } from './word-canaries.ts'

const [schema = '', rows = ''] = readFileSync(
  join(import.meta.dirname, 'fixtures/sqlite.sql'),
  'utf8',
).split(/^-- Rows: .*$/m)
const tables = [...schema.matchAll(/^create (?:virtual )?table (\w+|"(?:""|[^"])+")/gm)]
  .map(([, name = '']) => name)
  .filter((name) => name !== 'canaries' && name !== 'notes_search')

const size = campaignSize(8)
const log = createLogWatch()
const loop = watchLoop()
let file: SqliteFile
let server: RunningServer

beforeAll(async () => {
  // before there is a trigger that keeps rows out
  const [before = '', after = ''] = schema.split(/^(?=create trigger canaries_insert)/m)
  file = createSqliteFile(
    `${before}; insert into canaries values ${canaryRows()}; ${after}; ${rows}`,
  )
  server = await startServer({
    args: [file.path],
    nodeArguments: loop.nodeArguments,
    env: {
      ...loop.env,
      DBREST_DB_AGGREGATES_ENABLED: 'true',
      DBREST_DB_TX_END: 'rollback-allow-override',
      // a canary waits its turn, however busy the machine is
      DBREST_DB_POOL_ACQUISITION_TIMEOUT: '600',
      DBREST_DB_STATEMENT_TIMEOUT: '5000',
      DBREST_LOG_QUERY: 'true',
    },
    onLine: log.onLine,
  })
})

afterAll(async () => {
  await server.stop()
  loop.drop()
  file.drop()
})

/** What no request may change. */
function untouched(): unknown {
  const database = new Database(file.path, { readonly: true })
  try {
    const look = (sql: string) => database.prepare(sql).all()
    return [look('select * from canaries'), look('select type, name, sql from sqlite_schema')]
  } finally {
    database.close()
  }
}

function integrity(): unknown {
  const database = new Database(file.path)
  try {
    return database.pragma('integrity_check')
  } finally {
    database.close()
  }
}

/** Beside requests, as another program. */
async function refill(): Promise<void> {
  const empty = tables.map((table) => `delete from ${table};`).join('\n')
  file.exec(`pragma foreign_keys = off; begin immediate; ${empty} ${rows} commit`)
}

test(`requests from seed ${size.seed}`, { timeout: 3_600_000 }, async () => {
  const model = modelOfDump(await (await fetch(`${server.adminUrl}/schema_cache`)).text())
  const before = untouched()
  log.watch(true)
  const report = await runCampaign({
    ...size,
    port: server.port,
    generator: { model, seed: size.seed, authorizations: [], writes: true },
    connections: connectionsFor(50),
    canary: wordCanary,
    refill,
    refillEvery: 2_000,
  })
  log.watch(false)
  console.log(printReport(`SQLite, seed ${size.seed}`, report), `\n${printTurns(loop.turns())}`)
  expect(printFailures(report.failures)).toBe('')
  expect(log.problems).toEqual([])
  expect(loop.tooLong()).toEqual([])
  expect(loop.turns()).not.toEqual([])
  expect(untouched()).toEqual(before)
  expect(integrity()).toEqual([{ integrity_check: 'ok' }])
  expect((await fetch(`${server.adminUrl}/live`)).status).toBe(200)
  expect(report.played).toBeGreaterThan(100)
})
