/**
 * A stop with a query in flight that would never end: what drains is waited for, but not for ever.
 * Both engines at once, since the waiting is what takes the time.
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { startServer } from '../support/server.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create view forever as
      with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n;`)
})
afterAll(() => database.drop())

const running = `
  select from pg_stat_activity
  where datname = current_database() and state = 'active' and query like '%forever%'
    and pid <> pg_backend_pid()`

test('ends with 0, and the query with it', async () => {
  const file = createSqliteFile(`
    create view forever as
      with recursive n(i) as (select 1 union all select 1 from n) select count(*) from n;`)
  onTestFinished(() => file.drop())
  const servers = await Promise.all([
    startServer({ env: database.env }),
    startServer({ args: [file.path], env: { DBREST_DB_STATEMENT_TIMEOUT: '0' } }),
  ])
  onTestFinished(() => {
    for (const { child } of servers) child.kill('SIGKILL')
  })
  const replies = servers.map(({ url }) =>
    ask(`${url}/forever`).then(
      ({ status }) => status,
      () => 'cut',
    ),
  )
  await eventually(
    () => database.query(running),
    (rows) => expect(rows).toHaveLength(1),
  )
  for (const server of servers) server.signal('SIGTERM')
  expect(await Promise.all(servers.map(({ exited }) => exited))).toEqual([0, 0])
  expect(await Promise.all(replies)).toEqual(['cut', 'cut'])
  await eventually(
    () => database.query(running),
    (rows) => expect(rows).toHaveLength(0),
  )
})
