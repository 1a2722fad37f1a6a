/**
 * Migrations seen by a running server on PostgreSQL: told by NOTIFY or a signal, or told by nobody
 * and found by the request that meets them.
 *
 * Rule  PostgREST docs: schema_cache, listener
 */
import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import {
  ask,
  askUntil,
  askUntilSettled,
  eventually,
  type HttpReply,
} from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import { serve, serveForAll } from '../support/test-server.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create table films (id int primary key, title text, year int);
    insert into films values (1, 'Arrival', 2016), (2, 'Dune', 2021);`)
})
afterAll(() => database.drop())

/** Nothing tells this server of a change: no channel, no poll. */
const deaf = { DBREST_DB_CHANNEL_ENABLED: 'false', DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }

describe('NOTIFY', () => {
  const running = serveForAll(() => ({ env: database.env }))

  test('in the transaction of a migration makes it visible', async () => {
    const server = running()
    await database.query(`
      begin;
      alter table films add column rating real;
      notify pgrst, 'reload schema';
      commit`)
    await server.line(/Received a schema cache reload message on the "pgrst" channel$/)
    await eventually(
      () => cachedColumns(server, 'films'),
      (columns) => expect(columns).toMatchObject({ rating: 'real' }),
    )
  })

  test('of a transaction that is rolled back is never heard', async () => {
    const server = running()
    const before = server.stderr.length
    await database.query(`begin; create table ghosts (id int); notify pgrst; rollback`)
    // notifications arrive in the order of their commits
    await database.query(`create table real_ones (id int); notify pgrst`)
    await eventually(
      () => cachedColumns(server, 'real_ones'),
      (columns) => expect(columns).not.toBeNull(),
    )
    const received = server.stderr.slice(before).filter((line) => line.includes('Received a'))
    expect(received).toHaveLength(1)
    expect(await cachedColumns(server, 'ghosts')).toBeNull()
  })

  test('after which nothing has changed costs a check, and no load', async () => {
    const server = running()
    const before = await countLoads(server, 'SUCCESS')
    const unchanged = async () => {
      const { text } = await ask(`${server.adminUrl}/metrics`)
      const shape = /^dbrest_reload_duration_seconds_count\{outcome="unchanged"\} (\d+)$/m
      return Number(shape.exec(text)?.[1] ?? 0)
    }
    const checks = await unchanged()
    await database.query(`create temp table gone (id int); notify pgrst, 'reload schema'`)
    await eventually(unchanged, (count) => expect(count).toBeGreaterThan(checks))
    expect(await countLoads(server, 'SUCCESS')).toBe(before)
  })

  test('makes what sessions begin with act, though no schema has changed', async () => {
    const own = await createApiDatabase('')
    try {
      const server = await serve({ env: own.env })
      await askUntil(200, `${server.adminUrl}/ready`)
      const setting = async () => (await ask(`${server.url}/rpc/work_mem`)).body
      await own.query(`create function work_mem() returns text language sql stable as
        $$select current_setting('work_mem')$$`)
      const before = await setting()
      await own.query(`alter database ${own.name} set work_mem = '4321kB'; notify pgrst`)
      await eventually(setting, (found) => expect(found).toBe('4321kB'))
      expect(before).not.toBe('4321kB')
    } finally {
      await own.drop()
    }
  })

  test('is told at the default level by what it changed', async () => {
    const server = await serve({ env: { ...database.env, DBREST_LOG_LEVEL: 'error' } })
    await askUntilSettled(server.adminUrl)
    await database.query(
      `begin; create table birds (id int); alter table films add column length int; notify pgrst; commit`,
    )
    await server.line(
      /: Reload by notify: \+public\.birds, ~public\.films\(columns\), in \d+\.\d milliseconds$/,
    )
    expect(server.stderr.filter((line) => line.includes('Reload by'))).toHaveLength(1)
  })

  test.each(['crit', 'error'])('with another payload is told from error on (%s)', async (level) => {
    const server = await serve({ env: { ...database.env, DBREST_LOG_LEVEL: level } })
    await askUntil(200, `${server.adminUrl}/ready`)
    const before = server.stderr.length
    await database.query(`notify pgrst, 'reload everything'; notify pgrst, 'reload config'`)
    await server.line(/Config reloaded$/, { from: before })
    const told = server.stderr.slice(before).filter((line) => line.includes('everything'))
    expect(told).toEqual(
      level === 'crit'
        ? []
        : [
            expect.stringContaining(
              'Received a message on the "pgrst" channel that asks for nothing: "reload everything" is neither "reload schema" nor "reload config"',
            ),
          ],
    )
  })

  test('on another channel prints nothing', async () => {
    const server = running()
    // what other tests have sent comes before it
    await database.query(`notify pgrst, 'so far'`)
    await server.line(/asks for nothing: "so far"/)
    const before = server.stderr.length
    await database.query(`notify other, 'reload schema'`)
    await database.query(`notify pgrst, 'reload config'`)
    await server.line(/Received a config reload message/, { from: before })
    const told = server.stderr.slice(before).filter((line) => line.includes('channel'))
    expect(told).toEqual([
      expect.stringContaining('Received a config reload message on the "pgrst" channel'),
    ])
  })

  test('listens last of all on its connection', async () => {
    await askUntil(200, `${running().adminUrl}/ready`)
    const rows = await database.query(
      `select query from pg_stat_activity where datname = current_database() and query like 'LISTEN%'`,
    )
    expect(rows).toEqual([{ query: 'LISTEN "pgrst"' }])
  })

  test('two thousand times from separate transactions costs far fewer loads', async () => {
    const server = running()
    const before = await countLoads(server, 'SUCCESS')
    const session = await database.connect()
    const began = performance.now()
    for (let i = 0; i < 2000; i += 1) {
      await session.query(
        i === 1000 ? 'create table stormy (id int); notify pgrst' : 'notify pgrst',
      )
    }
    await session.query('alter table stormy add column at_last int; notify pgrst')
    await session.end()
    await eventually(
      () => cachedColumns(server, 'stormy'),
      (columns) => expect(columns).toHaveProperty('at_last'),
    )
    const loads = (await countLoads(server, 'SUCCESS')) - before
    expect(loads).toBeGreaterThan(0)
    // ten a second at the most
    expect(loads).toBeLessThanOrEqual(1 + (performance.now() - began) / 100)
  })

  test('is heard again after the listening backend was killed, and what it missed is found', async () => {
    const server = running()
    await askUntil(200, `${server.adminUrl}/ready`)
    const before = server.stderr.length
    await database.query(`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and query = 'LISTEN "pgrst"';
      create table missed (id int); notify pgrst`)
    await server.line(
      /Failed listening for database notifications on the "pgrst" channel\. FATAL: {2}terminating connection due to administrator command/,
      { from: before },
    )
    await server.line(/Retrying listening for database notifications in 1 seconds\.\.\.$/, {
      from: before,
    })
    await server.line(/Listener connected to PostgreSQL/, { from: before })
    await eventually(
      () => cachedColumns(server, 'missed'),
      (columns) => expect(columns).not.toBeNull(),
    )
    await askUntil(200, `${server.adminUrl}/ready`)
    await database.query(`alter table missed add column heard int; notify pgrst`)
    await eventually(
      () => cachedColumns(server, 'missed'),
      (columns) => expect(columns).toHaveProperty('heard'),
    )
  })
})

describe('a name that the cache lacks', () => {
  const running = serveForAll(() => ({ env: { ...database.env, ...deaf } }))

  test('is served by the very next request after the migration', async () => {
    const { url } = running()
    await database.query(`alter table films add column stars int default 5`)
    expect(await ask(`${url}/films?select=stars&id=eq.1`)).toMatchObject({
      status: 200,
      body: [{ stars: 5 }],
    })
    await database.query(`create table people (id int primary key, name text);
      insert into people values (7, 'Villeneuve')`)
    expect((await ask(`${url}/people`)).body).toEqual([{ id: 7, name: 'Villeneuve' }])
    await database.query(`alter table films add column director int references people default 7`)
    expect((await ask(`${url}/films?select=people(name)&id=eq.1`)).body).toEqual([
      { people: { name: 'Villeneuve' } },
    ])
    await database.query(
      `create function best() returns text language sql stable as $$select 'Dune'$$`,
    )
    expect((await ask(`${url}/rpc/best`)).body).toBe('Dune')
    await database.query(`alter table films add column seen boolean`)
    const patched = await ask(`${url}/films?id=eq.1&select=seen`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', prefer: 'return=representation' },
      body: '{"seen": true}',
    })
    expect(patched).toMatchObject({ status: 200, body: [{ seen: true }] })
  })

  test('costs scanners their patience and the database a bounded number of checks', async () => {
    const { url, adminUrl } = running()
    const before = await countLoads({ adminUrl }, 'SUCCESS')
    const misses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => ask(`${url}/nothing_${i}`)),
    )
    expect(new Set(misses.map(({ status }) => status))).toEqual(new Set([404]))
    expect(misses[0]?.body).toMatchObject({ code: 'PGRST205' })
    expect(await countLoads({ adminUrl }, 'SUCCESS')).toBe(before)
  })
})

describe('a change under warm statements', () => {
  const running = serveForAll(() => ({ env: { ...database.env, ...deaf, DBREST_DB_POOL: '2' } }))
  const agent = new Agent({ keepAlive: true, maxSockets: 2 })
  afterAll(() => agent.destroy())

  function askOften(times: number, target: string, body?: string): Promise<readonly HttpReply[]> {
    const write = {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', prefer: 'return=representation' },
      body: body ?? '',
    }
    const options = { agent, ...(body === undefined ? {} : write) }
    const once = () => ask(`${running().url}${target}`, options)
    return Promise.all(Array.from({ length: times }, once))
  }

  const base = `
    create table stock (id int primary key, item text, amount int);
    insert into stock values (1, 'nails', 10), (2, 'screws', 20);`

  test.each([
    {
      change: 'a dropped column',
      sql: 'alter table stock drop column item',
      target: '/stock?select=id,item',
      expected: {
        status: 400,
        body: { code: '42703', message: 'column stock.item does not exist' },
      },
    },
    {
      change: 'a dropped column that nobody names',
      sql: 'alter table stock drop column item',
      target: '/stock?order=id&limit=1',
      expected: { status: 200, body: [{ id: 1, amount: 10 }] },
    },
    {
      change: 'a dropped table',
      sql: 'drop table stock',
      target: '/stock',
      expected: {
        status: 404,
        body: {
          code: 'PGRST205',
          message: "Could not find the table 'public.stock' in the schema cache",
        },
      },
    },
    {
      change: 'a renamed column',
      sql: 'alter table stock rename column item to name',
      target: '/stock?id=eq.1',
      expected: { status: 200, body: [{ id: 1, name: 'nails', amount: 10 }] },
    },
    {
      change: 'another type under a filter',
      sql: `alter table stock alter column amount type text using amount || ' boxes'`,
      target: '/stock?amount=eq.10&select=id',
      expected: { status: 200, body: [] },
    },
    {
      change: 'another type of a result',
      sql: `alter table stock alter column amount type text using amount || ' boxes'`,
      target: '/stock?select=amount&order=id',
      expected: { status: 200, body: [{ amount: '10 boxes' }, { amount: '20 boxes' }] },
    },
    {
      change: 'a type that takes no such value',
      sql: `alter table stock alter column item type int using length(item)`,
      target: '/stock?item=eq.nails',
      expected: { status: 400, body: { code: '22P02' } },
    },
    {
      change: 'swapped columns',
      sql: `alter table stock rename column amount to spare;
            alter table stock rename column item to amount;
            alter table stock rename column spare to item`,
      target: '/stock?select=item,amount&id=eq.1',
      expected: { status: 200, body: [{ item: 10, amount: 'nails' }] },
    },
    {
      change: 'a table in place of a view',
      sql: `drop view shelf; create table shelf (id int, note text); insert into shelf values (9, 'new')`,
      before: 'create view shelf as select id, item from stock',
      target: '/shelf',
      expected: { status: 200, body: [{ id: 9, note: 'new' }] },
    },
    {
      change: 'another result of a function',
      sql: `drop function pick(int);
            create function pick(n int) returns text language sql stable as $$select 'no ' || n$$`,
      before: 'create function pick(n int) returns int language sql stable as $$select n$$',
      target: '/rpc/pick?n=3',
      expected: { status: 200, body: 'no 3' },
    },
    {
      change: 'another parameter type of a function',
      sql: `drop function pick(int);
            create function pick(n text) returns text language sql stable as $$select n || '!'$$`,
      before: 'create function pick(n int) returns int language sql stable as $$select n$$',
      target: '/rpc/pick?n=3',
      expected: { status: 200, body: '3!' },
    },
    {
      change: 'a write to a dropped column',
      sql: 'alter table stock drop column item',
      target: '/stock?id=eq.1&select=item',
      body: '{"item": "tacks"}',
      expected: { status: 400, body: { code: 'PGRST204' } },
    },
    {
      change: 'a write to a column of another type',
      sql: 'alter table stock alter column item type jsonb using to_jsonb(item)',
      target: '/stock?id=eq.1&select=item',
      body: '{"item": ["tacks"]}',
      expected: { status: 200, body: [{ item: ['tacks'] }] },
    },
    {
      change: 'a table made anew under its name',
      sql: `drop table stock; create table stock (id text, note text); insert into stock values ('a', 'b')`,
      target: '/stock',
      expected: { status: 200, body: [{ id: 'a', note: 'b' }] },
    },
  ])(
    'gives the answer of the new schema: $change',
    async ({ sql, before = '', target, body, expected }) => {
      await database.query(`
        drop table if exists stock cascade;
        drop function if exists pick(int);
        drop function if exists pick(text);
        ${base} ${before}`)
      // enough for both connections to have the statement prepared
      const warm = await askOften(20, target, body)
      expect(warm.filter(({ status }) => status !== 200)).toEqual([])
      await database.query(sql)
      for (const reply of await askOften(1, target, body)) expect(reply).toMatchObject(expected)
      for (const reply of await askOften(8, target, body)) expect(reply).toMatchObject(expected)
    },
  )
})

describe('the schema mark', () => {
  test('tells of a migration that tells nobody, and is polled where nothing is heard', async () => {
    const own = await createApiDatabase('create table films (id int primary key)')
    onTestFinished(() => own.drop())
    const installed = await runCommand(['schema-mark', 'install'], { DBREST_DB_URI: own.uri() })
    expect(installed.code).toBe(0)
    const listening = await serve({
      env: { ...own.env, DBREST_DB_SCHEMA_POLL_INTERVAL: '0' },
    })
    const polling = await serve({
      env: {
        ...own.env,
        DBREST_DB_CHANNEL_ENABLED: 'false',
        DBREST_DB_SCHEMA_POLL_INTERVAL: '100',
      },
    })
    await listening.line(/The database has a schema mark/)
    await askUntil(200, `${listening.adminUrl}/ready`)
    await own.query('alter table films add column title text')
    await listening.line(/Received a schema cache reload message on the "dbrest_schema" channel$/)
    for (const server of [listening, polling]) {
      await eventually(
        () => cachedColumns(server, 'films'),
        (columns) => expect(columns).toHaveProperty('title'),
      )
    }
  })
})
