/**
 * What is asked of the database at each request and what is not: GET / shows grants and the
 * schema's comment as they are now, on a server that nobody tells of changes; OPTIONS is answered
 * from the snapshot while no connection can be had.
 *
 * Rule  PostgREST docs: openapi, options
 */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, anonRole, createApiDatabase } from '../support/api-database.ts'
import { countLoads } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { serve, serveForAll } from '../support/test-server.ts'

const gate = 77

const schemaSql = `
  create table films (id int primary key, title text);
  create table logs (line text);
  create view titles as select title from films;
  create view years as select 2020 + i as year from generate_series(1, 3) i;
  create view inbox as select 1 as id;
  create function take() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger take instead of insert on inbox for each row execute function take();
  create function read_only() returns int language sql stable as 'select 1';
  create function writing() returns int language sql as 'select 1';
  create function pass_gate() returns int language sql as
    'select pg_advisory_xact_lock_shared(${gate}); select 1';
  revoke execute on all functions in schema public from public;`

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(schemaSql)
  await database.query(`
    revoke all on all tables in schema public from ${anonRole};
    grant execute on function read_only(), writing(), pass_gate() to ${anonRole}`)
})
afterAll(() => database.drop())

const deaf = { DBREST_DB_CHANNEL_ENABLED: 'false', DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }
const running = serveForAll(() => ({ env: { ...database.env, ...deaf } }))

interface Document {
  readonly info: { readonly title: string; readonly description: string }
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly definitions: Readonly<Record<string, unknown>>
}

async function readDocument(): Promise<Document> {
  const { status, body } = await ask(`${running().url}/`)
  expect(status).toBe(200)
  // our own document, whose shape test/unit/http/build-openapi.test.ts holds
  return body as Document
}

test('a GRANT shows in GET / at once, and so does its end', async () => {
  const loads = await countLoads(running(), 'SUCCESS')
  expect(Object.keys((await readDocument()).paths)).not.toContain('/films')
  await database.query(`grant select on films to ${anonRole}`)
  const granted = await readDocument()
  expect(Object.keys(granted.paths)).toContain('/films')
  expect(Object.keys(granted.definitions)).toEqual(['films'])
  await database.query(`revoke select on films from ${anonRole}`)
  expect(Object.keys((await readDocument()).paths)).not.toContain('/films')
  await database.query(`grant select (title) on films to ${anonRole}`)
  expect(Object.keys((await readDocument()).paths)).toContain('/films')

  expect(Object.keys((await readDocument()).paths)).toContain('/rpc/writing')
  await database.query(`revoke execute on function writing() from ${anonRole}`)
  expect(Object.keys((await readDocument()).paths)).not.toContain('/rpc/writing')
  await database.query(`grant execute on function writing() to ${anonRole}`)
  expect(Object.keys((await readDocument()).paths)).toContain('/rpc/writing')
  expect(await countLoads(running(), 'SUCCESS')).toBe(loads)
})

test('COMMENT ON SCHEMA shows in GET / at once', async () => {
  const loads = await countLoads(running(), 'SUCCESS')
  await database.query(`comment on schema public is e'Film archive\\nAll of it'`)
  expect((await readDocument()).info).toMatchObject({
    title: 'Film archive',
    description: 'All of it',
  })
  await database.query(`comment on schema public is 'Reels'`)
  expect((await readDocument()).info).toMatchObject({ title: 'Reels' })
  await database.query('comment on schema public is null')
  expect((await readDocument()).info.title).toBe('PostgREST API')
  expect(await countLoads(running(), 'SUCCESS')).toBe(loads)
})

test('OPTIONS is answered while every connection is in use', async () => {
  const server = await serve({
    env: {
      ...database.env,
      ...deaf,
      DBREST_DB_POOL: '1',
      DBREST_DB_POOL_ACQUISITION_TIMEOUT: '5',
    },
  })
  const holder = await database.connect()
  onTestFinished(() => holder.end())
  await holder.query(`select pg_advisory_lock(${gate})`)
  const busy = ask(`${server.url}/rpc/pass_gate`, { method: 'POST' })
  await eventually(
    () =>
      database.query(`select from pg_stat_activity where datname = current_database()
        and wait_event_type = 'Lock' and wait_event = 'advisory'`),
    (waiting) => expect(waiting).toHaveLength(1),
  )
  const allowed = async (target: string) => {
    const { status, headers } = await ask(`${server.url}${target}`, { method: 'OPTIONS' })
    return [status, headers.allow]
  }
  expect({
    root: await allowed('/'),
    'a table with a key': await allowed('/films'),
    'a table without': await allowed('/logs'),
    'an updatable view': await allowed('/titles'),
    'a view that is not': await allowed('/years'),
    'a view with a trigger for inserts': await allowed('/inbox'),
    'a function that reads': await allowed('/rpc/read_only'),
    'a function that writes': await allowed('/rpc/writing'),
  }).toEqual({
    root: [200, 'OPTIONS,GET,HEAD'],
    'a table with a key': [200, 'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE'],
    'a table without': [200, 'OPTIONS,GET,HEAD,POST,PATCH,DELETE'],
    'an updatable view': [200, 'OPTIONS,GET,HEAD,POST,PATCH,DELETE'],
    'a view that is not': [200, 'OPTIONS,GET,HEAD'],
    'a view with a trigger for inserts': [200, 'OPTIONS,GET,HEAD,POST'],
    'a function that reads': [200, 'OPTIONS,GET,HEAD,POST'],
    'a function that writes': [200, 'OPTIONS,POST'],
  })
  // whatever asks the database has to wait, and in vain
  expect((await ask(`${server.url}/`)).status).toBe(504)
  await holder.query(`select pg_advisory_unlock(${gate})`)
  expect((await busy).status).toBe(200)
  await askUntil(200, `${server.url}/`)
})
