/**
 * What requests notice of a reload: nothing. They are answered while it runs, finish on what they
 * began with, and never wait for it, however long it takes or how it ends.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import { heldLoadsOf } from '../support/held-loads.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { callNap, createNapDatabase, type NapDatabase } from '../support/nap-database.ts'
import type { RunningServer } from '../support/server.ts'
import { serve } from '../support/test-server.ts'

let database: NapDatabase
beforeAll(async () => {
  database = await createNapDatabase(`
    create table films (id int primary key);
    insert into films values (1);
    create function pid() returns int language sql as 'select pg_backend_pid()';`)
})
afterAll(() => database.drop())

async function serveReady(env: Readonly<Record<string, string>> = {}): Promise<RunningServer> {
  const server = await serve({ env: { ...database.env, ...env } })
  await askUntil(200, `${server.adminUrl}/ready`)
  return server
}

/** A reload that has to wait, as one of a huge schema takes long: for what no request reads. */
async function holdUpReloads(): Promise<{ readonly letGo: () => Promise<unknown> }> {
  const session = await database.connect()
  onTestFinished(() => session.end())
  await session.query('begin; lock table pg_catalog.pg_description')
  return { letGo: () => session.query('commit') }
}

function reloadsThatWait() {
  return database.query(
    `select from pg_locks where not granted and relation = 'pg_catalog.pg_description'::regclass
       and database = (select oid from pg_database where datname = current_database())`,
  )
}

test('requests are answered while a reload runs', async () => {
  const loads = await heldLoadsOf(database)
  const server = await serveReady(loads.env)
  const { begun, letGo } = loads.hold()
  const reload = ask(`${server.adminUrl}/reload`, { method: 'POST' })
  await begun
  for (let i = 0; i < 20; i += 1) {
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(200)
  }
  expect(await countLoads(server, 'SUCCESS')).toBe(1)
  letGo()
  expect(await reload).toMatchObject({ status: 200, body: { outcome: 'unchanged' } })
  expect(await countLoads(server, 'SUCCESS')).toBe(2)
})

test('a request that runs while a schema is published finishes, its connection is then replaced', async () => {
  const server = await serveReady({ DBREST_DB_POOL: '1' })
  const pid = async () => (await ask(`${server.url}/rpc/pid`)).body
  const before = await pid()
  const nap = callNap(server.url)
  await database.untilNapping(1)
  const reload = await ask(`${server.adminUrl}/reload`, { method: 'POST' })
  expect(reload.status).toBe(200)
  await database.wakeNaps()
  expect((await nap).status).toBe(204)
  expect(await pid()).not.toBe(before)
})

test('idle connections are replaced after a reload', async () => {
  const server = await serveReady()
  const pids = async () =>
    new Set(
      (await Promise.all(Array.from({ length: 5 }, () => ask(`${server.url}/rpc/pid`)))).map(
        ({ body }) => body,
      ),
    )
  const before = await pids()
  await ask(`${server.adminUrl}/reload`, { method: 'POST' })
  for (const pid of await pids()) expect(before).not.toContain(pid)
})

test('a load that hangs is given up at its deadline, and tried again', async () => {
  const server = await serveReady({ DBREST_DB_SCHEMA_LOAD_TIMEOUT: '3000' })
  const { letGo } = await holdUpReloads()
  expect(await ask(`${server.adminUrl}/reload`, { method: 'POST' })).toMatchObject({
    status: 503,
    body: { code: 'PGRSTX02', details: expect.any(String) },
  })
  expect((await ask(`${server.adminUrl}/ready`)).status).toBe(503)
  expect((await ask(`${server.url}/films`)).status).toBe(200)
  await letGo()
  await askUntil(200, `${server.adminUrl}/ready`)
})

test('a name that is missed while a load hangs is answered', async () => {
  const server = await serveReady()
  await holdUpReloads()
  await database.query('notify pgrst')
  await eventually(reloadsThatWait, (rows) => expect(rows).not.toEqual([]))
  expect(await ask(`${server.url}/unknown`)).toMatchObject({
    status: 404,
    body: { code: 'PGRST205' },
  })
})

test.each(['Mixed Case', 'with "quotes"', 'a'.repeat(63)])(
  'the channel %s is listened to',
  async (channel) => {
    const server = await serveReady({ DBREST_DB_CHANNEL: channel })
    const table = `heard_${channel.length}`
    await database.query(
      `create table ${table} (id int); select pg_notify('${channel}', 'reload schema')`,
    )
    await eventually(
      () => cachedColumns(server, table),
      (columns) => expect(columns).not.toBeNull(),
    )
  },
)
