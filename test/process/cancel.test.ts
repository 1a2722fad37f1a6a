/**
 * Clients that leave while their query runs: nobody is left to read its result, so it ends.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { ask, eventually } from '../support/http-client.ts'
import { callNap, createNapDatabase, type NapDatabase } from '../support/nap-database.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

let database: NapDatabase
beforeAll(async () => {
  database = await createNapDatabase('create table films (id int primary key)')
})
afterAll(() => database.drop())

test('a query of PostgreSQL is cancelled when its client leaves', async () => {
  const server = await serve({ env: { ...database.env, DBREST_DB_POOL: '1' } })
  const leaving = new AbortController()
  void callNap(server.url, leaving.signal)
  await database.untilNapping(1)
  leaving.abort()
  await database.untilNapping(0)
  // its connection, the only one, serves again
  expect((await ask(`${server.url}/films`)).status).toBe(200)
  // and nothing has failed
  expect(server.stderr.filter((line) => /"code":/.test(line))).toEqual([])
  await server.line(/"POST \/rpc\/nap HTTP\/1\.1" 499 - /, { on: 'stdout' })
})

test('a client that waits for a connection gives up its place when it leaves', async () => {
  const server = await serve({ env: { ...database.env, DBREST_DB_POOL: '1' } })
  const leaving = new AbortController()
  const call = (target: string) => {
    const reply = ask(`${server.url}${target}`, { signal: leaving.signal })
    reply.catch(() => undefined)
    return reply
  }
  void callNap(server.url, leaving.signal)
  await database.untilNapping(1)
  const waiting = async () => {
    const { text } = await ask(`${server.adminUrl}/metrics`)
    return Number(/^pgrst_db_pool_waiting (\S+)$/m.exec(text)?.[1])
  }
  for (let i = 0; i < 5; i += 1) void call('/films')
  await eventually(waiting, (count) => expect(count).toBe(5))
  leaving.abort()
  await eventually(waiting, (count) => expect(count).toBe(0))
  expect((await ask(`${server.url}/films`)).status).toBe(200)
})

test('a runaway query of SQLite is ended when its client leaves', async () => {
  const file = createSqliteFile(`
    create table films (id integer primary key);
    create view forever as
      with recursive n(i) as (select 1 union all select 1 from n) select count(*) as total from n;`)
  onTestFinished(() => file.drop())
  const server = await serve({
    args: [file.path],
    env: { DBREST_DB_POOL: '1', DBREST_DB_STATEMENT_TIMEOUT: '0' },
  })
  const leaving = new AbortController()
  const left = ask(`${server.url}/forever`, { signal: leaving.signal })
  left.catch(() => undefined)
  await eventually(
    async () => (await ask(`${server.adminUrl}/metrics`)).text,
    (text) => expect(text).toContain('pgrst_db_pool_available 0.0\n'),
  )
  leaving.abort()
  expect((await ask(`${server.url}/films`)).status).toBe(200)
})
