/**
 * Reloads that cannot succeed, migrations that are still open, and a database that comes and goes:
 * what was loaded is served on, no answer is wrong, and nobody has to restart anything.
 */
import { Agent } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type ApiDatabase,
  createApiDatabase,
  createApiDatabaseIn,
} from '../support/api-database.ts'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { type Cluster, startCluster } from '../support/postgres.ts'
import { clusterVersions } from '../support/shared-cluster.ts'
import { serve } from '../support/test-server.ts'

describe('an exposed schema that is dropped', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase(`
      create table films (id int primary key);
      insert into films values (1);
      create schema extra`)
  })
  afterAll(() => database.drop())

  test('leaves the old cache in service, and its return is noticed', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_DB_SCHEMAS: 'public,extra' },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    await database.query(`drop schema extra; create table later (id int); notify pgrst`)
    await server.line(
      /Failed to load the schema cache using db-schemas=public,extra and db-extra-search-path=public\. \{"code":"3F000"/,
    )
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(503)
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
    expect(await ask(`${server.adminUrl}/health`)).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        database: { reachable: true },
        schemaCache: { state: 'retrying', version: 1, failure: expect.stringContaining('extra') },
        lastReload: { outcome: 'failed', cause: expect.stringContaining('extra') },
      },
    })
    expect(await ask(`${server.url}/films`)).toMatchObject({ status: 200, body: [{ id: 1 }] })
    // the schema cannot be loaded, so nobody knows whether there is such a table
    expect(await ask(`${server.url}/later`)).toMatchObject({
      status: 404,
      body: { code: 'PGRST205' },
    })
    expect(await ask(`${server.adminUrl}/reload`, { method: 'POST' })).toMatchObject({
      status: 503,
      body: {
        code: 'PGRSTX02',
        message: 'Reload failed',
        details: expect.stringContaining('extra'),
      },
    })
    expect(await countLoads(server, 'FAIL')).toBeGreaterThanOrEqual(2)
    expect(await countLoads(server, 'SUCCESS')).toBe(1)

    await database.query('create schema extra')
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(await ask(`${server.adminUrl}/health`)).toMatchObject({
      status: 200,
      body: { status: 'ok', schemaCache: { state: 'ready', failure: null } },
    })
    expect((await ask(`${server.url}/later`)).status).toBe(200)
  })
})

describe.each(clusterVersions())(
  'a migration that is not committed, on PostgreSQL %s',
  (version) => {
    let database: ApiDatabase
    beforeAll(async () => {
      database = await createApiDatabase(
        `create table films (id int primary key, title text default 'x' || 'y', check (id > 0));
       create table roles (id int primary key, film int references films);
       create view titles as select id, title from films;
       create function film() returns films language sql stable as 'select * from films limit 1';`,
        version,
      )
    })
    afterAll(() => database.drop())

    test('holds up no reload, and shows when it is committed', async () => {
      const server = await serve({ env: database.env })
      await askUntil(200, `${server.adminUrl}/ready`)
      const migration = await database.connect()
      onTestFinished(() => migration.end())
      await migration.query(`
      begin;
      alter table films add column year int;
      alter table roles rename column film to film_id;
      create or replace view titles as select id, title, year from films;
      create table unseen (id int)`)

      await database.query('create table meanwhile (id int primary key, film int)')
      expect(await ask(`${server.adminUrl}/reload`, { method: 'POST' })).toMatchObject({
        status: 200,
        body: { outcome: 'published' },
      })
      expect(await cachedColumns(server, 'meanwhile')).not.toBeNull()
      expect(await cachedColumns(server, 'films')).toEqual({ id: 'integer', title: 'text' })
      expect(await cachedColumns(server, 'titles')).toEqual({ id: 'integer', title: 'text' })
      expect(await cachedColumns(server, 'unseen')).toBeNull()
      // what names something unknown is checked, and nothing waits for the migration's locks
      expect((await ask(`${server.url}/unseen`)).status).toBe(404)
      expect((await ask(`${server.url}/films?select=nope(id)`)).status).toBe(400)
      expect((await ask(`${server.url}/meanwhile`)).status).toBe(200)

      await migration.query('notify pgrst; commit')
      await eventually(
        () => cachedColumns(server, 'titles'),
        (columns) => expect(columns).toHaveProperty('year'),
      )
      expect(await cachedColumns(server, 'roles')).toHaveProperty('film_id')
      expect(await cachedColumns(server, 'unseen')).not.toBeNull()
    })

    test('holds up no start', async () => {
      const migration = await database.connect()
      onTestFinished(() => migration.end())
      await migration.query('begin; alter table films add column length int')
      const server = await serve({ env: database.env })
      await askUntil(200, `${server.adminUrl}/ready`)
      expect(await cachedColumns(server, 'films')).not.toHaveProperty('length')
      await migration.query('commit')
      expect((await ask(`${server.url}/films?select=length`)).status).toBe(200)
    })
  },
)

describe('a database', () => {
  const filmsSql = `create table films (id int primary key); insert into films values (1)`

  /** Runs SQL beside the database, as its owner would. */
  async function administer(database: ApiDatabase, ...statements: readonly string[]) {
    const client = new pg.Client(`postgresql://postgres@127.0.0.1:${database.port}/postgres`)
    await client.connect()
    for (const statement of statements) await client.query(statement)
    await client.end()
  }

  test('that is dropped is answered with 503, and served again when it is made anew', async () => {
    const database = await createApiDatabase(filmsSql)
    onTestFinished(() => database.drop())
    const server = await serve({ env: database.env })
    await askUntil(200, `${server.adminUrl}/ready`)
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    await database.drop()
    const reply = await ask(`${server.url}/films`)
    expect(reply).toMatchObject({
      status: 503,
      body: { code: expect.stringMatching(/^PGRST00[01]$/) },
    })
    await askUntil(503, `${server.adminUrl}/ready`)
    await administer(database, `create database ${database.name}`)
    await database.query(
      `create table films (id int primary key, title text default 'anew');
       insert into films values (2);
       grant select on films to public`,
    )
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(await ask(`${server.url}/films?select=id,title`)).toMatchObject({
      status: 200,
      body: [{ id: 2, title: 'anew' }],
    })
  })

  test('that takes no more connections is answered with 503, and then served', async () => {
    const database = await createApiDatabase(filmsSql)
    onTestFinished(() => database.drop())
    const server = await serve({ env: database.env })
    await askUntil(200, `${server.adminUrl}/ready`)
    await administer(database, `alter database ${database.name} connection limit 0`)
    expect(await ask(`${server.url}/films`)).toMatchObject({
      status: 503,
      body: { code: 'PGRST000', details: expect.stringContaining('too many connections') },
    })
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
    await administer(database, `alter database ${database.name} connection limit -1`)
    expect((await ask(`${server.url}/films`)).status).toBe(200)
  })
})

describe('a database that is restarted under load', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster.destroy())

  interface Answers {
    right: number
    refused: number
    readonly wrong: string[]
  }

  /** Clients that ask without a pause until they are told to stop. */
  function hammer(url: string, answers: Answers): { readonly stop: () => Promise<void> } {
    const agent = new Agent({ keepAlive: true })
    let isOver = false
    onTestFinished(() => {
      isOver = true
    })
    async function client(seed: number): Promise<void> {
      for (let i = seed; !isOver; i += 1) {
        const id = 1 + (i % 50)
        const reply = await ask(`${url}/items?select=id,label&id=eq.${id}`, { agent })
        const { status, text } = reply
        const code = Reflect.get(Object(reply.body), 'code')
        if (status === 200 && text === `[{"id":${id},"label":"item ${id}"}]`) answers.right += 1
        else if (status === 503 && /^PGRST00[0-3]$/.test(String(code))) answers.refused += 1
        else answers.wrong.push(`${status} ${text}`)
      }
    }
    const clients = Array.from({ length: 8 }, (_, seed) => client(seed * 7))
    return {
      async stop() {
        isOver = true
        await Promise.all(clients)
        agent.destroy()
      },
    }
  }

  test.each(['stop', 'kill'] as const)(
    'by %s gives no wrong answer, and serves again',
    async (way) => {
      const { name, env } = await createApiDatabaseIn(
        cluster,
        `create table items (id int primary key, label text);
       insert into items select n, 'item ' || n from generate_series(1, 50) n`,
      )
      const server = await serve({
        env: { ...env, DBREST_LOG_LEVEL: 'error', DBREST_DB_POOL: '4' },
      })
      await askUntil(200, `${server.adminUrl}/ready`)
      const answers: Answers = { right: 0, refused: 0, wrong: [] }
      const load = hammer(server.url, answers)
      await eventually(
        () => answers,
        ({ right }) => expect(right).toBeGreaterThan(100),
      )

      await cluster[way]()
      await eventually(
        () => answers,
        ({ refused }) => expect(refused).toBeGreaterThan(20),
      )
      await askUntil(503, `${server.adminUrl}/ready`)
      await cluster.start()
      await cluster.query('alter table items add column after_all int', name)
      const before = answers.right
      await eventually(
        () => answers,
        ({ right }) => expect(right).toBeGreaterThan(before + 100),
      )
      await askUntil(200, `${server.adminUrl}/ready`)
      await load.stop()
      expect(answers.wrong).toEqual([])
      // told by nobody: the listener was away
      await eventually(
        () => cachedColumns(server, 'items'),
        (columns) => expect(columns).toHaveProperty('after_all'),
      )
      expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({ status: 'ok' })
    },
  )
})
