/**
 * Strict mode: servers that nothing tells of a change, and whose answers are of the schema that there
 * is all the same. Migrations are interleaved with requests by locks, so that each order of events is
 * had for certain.
 */
import type { Agent } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { maxAttempts } from '../../src/http/try-while-stale.ts'
import { anonRole, createApiDatabaseIn, loginRole } from '../support/api-database.ts'
import { ask, eventually, type HttpReply } from '../support/http-client.ts'
import { type Cluster, startCluster } from '../support/postgres.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import { serve, serveForAll } from '../support/test-server.ts'
import { connectToEach } from '../support/worker-processes.ts'

/** Nothing tells this server of a change: no channel, no poll. */
const deaf = {
  DBREST_DB_CHANNEL_ENABLED: 'false',
  DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
  DBREST_DB_SCHEMA_STRICT: 'true',
}

const fixture = `
  create table directors (id int primary key, name text);
  create table films (id int primary key, title text, director int,
    constraint films_director foreign key (director) references directors (id));
  insert into directors values (1, 'Villeneuve');
  insert into films values (1, 'Arrival', 1);`

const embedded = '/films?select=title,directors(name)&id=eq.1'
const dropKey = 'alter table films drop constraint films_director'
const addKey = `alter table films
  add constraint films_director foreign key (director) references directors (id)`

let cluster: Cluster
let database: Database
beforeAll(async () => {
  // of its own: the settings of its roles are changed
  cluster = await startCluster()
  database = await databaseIn(cluster)
  await database.query(`
    create function make_table(name text) returns void language plpgsql volatile as $$
      begin execute format('create table %I (id int)', name); end $$;
    grant create on schema public to ${anonRole}`)
  expect(
    (await runCommand(['schema-mark', 'install'], { DBREST_DB_URI: database.superuserUri })).code,
  ).toBe(0)
})
afterAll(() => cluster?.destroy())

interface Database {
  readonly env: Readonly<Record<string, string>>
  readonly superuserUri: string
  query(sql: string): Promise<readonly Record<string, unknown>[]>
}

async function databaseIn(place: Cluster): Promise<Database> {
  const { name, env } = await createApiDatabaseIn(place, fixture)
  return { env, superuserUri: place.uri(name), query: (sql) => place.query(sql, name) }
}

/** A session that a migration leaves open. */
async function openSession(): Promise<pg.Client> {
  const client = new pg.Client(database.superuserUri)
  await client.connect()
  return client
}

function codeOf({ body }: HttpReply): unknown {
  return typeof body === 'object' && body !== null && 'code' in body ? body.code : null
}

/** Resolves once a request waits for a lock in the database. */
async function untilSomebodyWaits(): Promise<void> {
  await eventually(
    () =>
      database.query(`select count(*)::int as n from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`),
    ([row]) => expect(row?.['n']).toBeGreaterThan(0),
  )
}

describe('a strict server with workers', () => {
  test('is strict on each of them: they prove by what the primary has seen', async () => {
    const server = await serve({ env: { ...database.env, ...deaf, DBREST_SERVER_WORKERS: '2' } })
    const agents = await connectToEach(server, 2)
    const get = (agent: Agent) => ask(`${server.url}${embedded}`, { agent })
    for (const order of [agents, agents.toReversed(), agents]) {
      await database.query(dropKey)
      for (const agent of order) expect(codeOf(await get(agent))).toBe('PGRST200')
      await database.query(addKey)
      for (const agent of order) expect((await get(agent)).status).toBe(200)
      // the mark moves, and the schema is the same
      await database.query('select dbrest.move_mark()')
      for (const agent of order) expect((await get(agent)).status).toBe(200)
    }
  })
})

describe('a strict server that nothing tells of changes', () => {
  const running = serveForAll(() => ({ env: { ...database.env, ...deaf } }))
  beforeEach(async () => {
    await database.query(`
      alter table films drop constraint if exists films_director; ${addKey};
      delete from films where id > 1;
      alter role ${anonRole} reset all`)
    await ask(`${running().url}${embedded}`)
  })

  const get = (path: string) => ask(`${running().url}${path}`)

  test('answers by the key while it is there, and refuses at once when it is not', async () => {
    expect((await get(embedded)).body).toEqual([
      { title: 'Arrival', directors: { name: 'Villeneuve' } },
    ])
    await database.query(dropKey)
    expect(codeOf(await get(embedded))).toBe('PGRST200')
    await database.query(addKey)
    expect((await get(embedded)).status).toBe(200)
    await database.query(`alter table films add column second int references directors (id)`)
    expect(codeOf(await get(embedded))).toBe('PGRST201')
    await database.query('alter table films drop column second')
    expect((await get(embedded)).status).toBe(200)
  })

  test('shows the document of the schema that there is', async () => {
    const columns = async () => {
      const { body } = await get('/')
      return JSON.stringify(body)
    }
    expect(await columns()).not.toContain('budget')
    await database.query('alter table films add column budget int')
    expect(await columns()).toContain('budget')
    await database.query('alter table films drop column budget')
    expect(await columns()).not.toContain('budget')
  })

  test('answers what no transaction is made for by the schema that there is', async () => {
    await database.query('create table passing (id int)')
    const options = () => ask(`${running().url}/passing`, { method: 'OPTIONS' })
    expect((await options()).status).toBe(200)
    await database.query('drop table passing')
    expect((await options()).status).toBe(404)
    expect((await get('/passing')).status).toBe(404)
    await database.query('create view passing as select 1 as one')
    expect((await options()).headers['allow']).not.toContain('DELETE')
  })

  test('goes on through changes that mean nothing to it', async () => {
    for (let n = 0; n < 20; n += 1) {
      await database.query(`grant select on films to ${anonRole}`)
      expect((await get(embedded)).status).toBe(200)
    }
  })

  test('lets a function change the schema, and the next request sees it', async () => {
    const call = await ask(`${running().url}/rpc/make_table`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'made_by_call' }),
    })
    expect(call.status).toBe(204)
    expect((await get('/made_by_call')).status).toBe(200)
    await database.query('drop table made_by_call')
  })

  const levels = ['read committed', 'repeatable read', 'serializable']
  const post = (prefer: string) =>
    ask(`${running().url}/films?select=title,directors(name)`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Prefer: prefer },
      body: JSON.stringify({ id: 2, title: 'Dune', director: 1 }),
    })
  const patch = (prefer: string) =>
    ask(`${running().url}/films?id=eq.1&select=title,directors(name)`, {
      method: 'PATCH',
      headers: {
        'Content-Type': 'application/json',
        Prefer: prefer,
        // judged before it may stay
        Accept: 'application/vnd.pgrst.object+json',
      },
      body: JSON.stringify({ title: 'changed' }),
    })
  const requests: readonly (readonly [string, () => Promise<HttpReply>])[] = [
    ['a read', () => get(embedded)],
    ['a write', () => post('return=representation')],
    ['a judged write', () => patch('return=representation')],
  ]
  describe.each(levels)('in %s', (level) => {
    test.each(requests)(
      '%s that began before a migration is answered by what it made',
      async (_, send) => {
        await database.query(
          `alter role ${anonRole} set default_transaction_isolation = '${level}'`,
        )
        // role settings are part of what a load reads, which only a reload looks for
        await ask(`${running().adminUrl}/reload`, { method: 'POST' })
        const migration = await openSession()
        await migration.query(`begin; ${dropKey}`)
        const reply = send()
        await untilSomebodyWaits()
        await migration.query('commit')
        await migration.end()
        expect(codeOf(await reply)).toBe('PGRST200')
        expect(await database.query('select id, title from films')).toEqual([
          { id: 1, title: 'Arrival' },
        ])
      },
    )

    test('writes are done once while nothing changes', async () => {
      await database.query(`alter role ${anonRole} set default_transaction_isolation = '${level}'`)
      await ask(`${running().adminUrl}/reload`, { method: 'POST' })
      expect((await post('return=representation')).body).toEqual([
        { title: 'Dune', directors: { name: 'Villeneuve' } },
      ])
      expect(codeOf(await post('return=representation'))).toBe('23505')
      expect((await patch('return=representation')).body).toMatchObject({ title: 'changed' })
      await database.query(`update films set title = 'Arrival' where id = 1`)
    })
  })

  test('a write that is rolled back on request is proven as well', async () => {
    const server = await serve({
      env: { ...database.env, ...deaf, DBREST_DB_TX_END: 'commit-allow-override' },
    })
    const send = () =>
      ask(`${server.url}/films?select=title,directors(name)`, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Prefer: 'return=representation, tx=rollback',
        },
        body: JSON.stringify({ id: 2, title: 'Dune', director: 1 }),
      })
    expect((await send()).status).toBe(201)
    await database.query(dropKey)
    expect(codeOf(await send())).toBe('PGRST200')
    expect(await database.query('select count(*)::int as n from films')).toEqual([{ n: 1 }])
  })

  describe('when the mark moves in the middle of each attempt', () => {
    let mover: pg.Client
    let isOver = false
    let moving: Promise<void>
    beforeAll(async () => {
      // attempts are counted by a sequence, since their transactions are rolled back
      await database.query(`
        create sequence attempts;
        create table held ();
        create function moved_meanwhile(most int) returns bigint
        language plpgsql volatile security definer as $$
          declare
            -- read before the attempt is counted, since the mark may move as soon as it is
            before bigint := (select bit_xor(mark) from dbrest.schema_mark);
            attempt bigint := nextval('attempts');
          begin
            lock table held in access share mode;
            while attempt <= most and before = (select bit_xor(mark) from dbrest.schema_mark) loop
              perform pg_sleep(0.002);
            end loop;
            return attempt;
          end $$`)
      mover = await openSession()
      moving = moveAtEachAttempt()
    })
    afterAll(async () => {
      isOver = true
      await moving
      await mover.end()
    })

    async function moveAtEachAttempt(): Promise<void> {
      let seen = '0'
      while (!isOver) {
        const { rows } = await mover.query(
          'select case when is_called then last_value else 0 end as attempts from attempts',
        )
        const attempts = String(rows[0]?.attempts)
        if (attempts !== seen) {
          await mover.query('select dbrest.move_mark()')
          // an attempt that is out of date holds no lock while the next one is made
          await mover.query('begin; lock table held in access exclusive mode; commit')
        }
        seen = attempts
      }
    }

    function callUntil(most: number): Promise<HttpReply> {
      return ask(`${running().url}/rpc/moved_meanwhile`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ most }),
      })
    }

    test('tries again until it is proven', async () => {
      // more than there are without strict mode
      const reply = await callUntil(maxAttempts)
      expect({ status: reply.status, isLater: Number(reply.body) > maxAttempts }).toEqual({
        status: 200,
        isLater: true,
      })
    })

    test('refuses what cannot be proven in time', async () => {
      const reply = await callUntil(1_000_000)
      expect(reply.status).toBe(503)
      expect(reply.headers).toMatchObject({ 'retry-after': '0' })
      expect(reply.body).toMatchObject({
        code: 'PGRST002',
        message: 'Could not prove that the schema cache is current. Retrying.',
        details: 'The schema changed again and again while the request was run.',
      })
      expect((await get(embedded)).status).toBe(200)
    })
  })
})

describe('without a mark that can be relied on', () => {
  let own: Database
  beforeAll(async () => {
    own = await databaseIn(cluster)
  })

  async function statusOf(server: RunningServer, path: string): Promise<number> {
    return (await ask(`${server.url}${path}`)).status
  }

  test('nothing is answered, the log says why, and it ends with the installation', async () => {
    const server = await serve({ env: { ...own.env, ...deaf } })
    await server.line(/ERROR: The database has no schema mark: with db-schema-strict no request/)
    for (const path of ['/films', '/', '/nothing', '/films?select=nothing()']) {
      const reply = await ask(`${server.url}${path}`)
      expect({ path, status: reply.status, code: codeOf(reply) }).toEqual({
        path,
        status: 503,
        code: 'PGRST002',
      })
    }
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      schemaMark: { state: 'absent', cause: null, isNeeded: true },
    })
    const env = { DBREST_DB_URI: own.superuserUri }
    expect((await runCommand(['schema-mark', 'install'], env)).code).toBe(0)
    expect(await statusOf(server, '/films')).toBe(200)
    expect(await statusOf(server, '/nothing')).toBe(404)
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      schemaMark: { state: 'found', cause: null, isNeeded: true },
    })
    expect((await runCommand(['schema-mark', 'remove'], env)).code).toBe(0)
    expect(await statusOf(server, '/films')).toBe(503)
    const write = await ask(`${server.url}/films`, { method: 'POST', body: '{"id":9}' })
    expect(write.status).toBe(503)
    expect(await own.query('select count(*)::int as n from films')).toEqual([{ n: 1 }])
    const refused = /^dbrest_strict_refusals_total 6$/m
    expect((await ask(`${server.adminUrl}/metrics`)).text).toMatch(refused)
  })

  test('a mark that must not be read is none', async () => {
    expect(
      (await runCommand(['schema-mark', 'install'], { DBREST_DB_URI: own.superuserUri })).code,
    ).toBe(0)
    const server = await serve({ env: { ...own.env, ...deaf } })
    expect(await statusOf(server, '/films')).toBe(200)
    await own.query('revoke usage on schema dbrest from public')
    onTestFinished(async () => {
      await own.query('grant usage on schema dbrest to public')
    })
    expect(await statusOf(server, '/films')).toBe(503)
    // a transaction is proven as the role of the request
    await own.query(`grant usage on schema dbrest to ${loginRole}, ${anonRole}`)
    expect(await statusOf(server, '/films')).toBe(200)
  })
})
