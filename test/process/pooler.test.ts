/**
 * A server behind the real PgBouncer: in transaction mode, where prepared statements meet each other on
 * shared sessions and notifications get lost, with the configuration of docs/poolers.md and with nothing
 * told of it; and in session mode. What `/health` says is what that page shows.
 *
 * Rule  PostgREST docs: connection_pool (Using External Connection Poolers)
 */
import { Agent } from 'node:http'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type ApiDatabase,
  createApiDatabase,
  loginRole,
  serverEnv,
} from '../support/api-database.ts'
import { cachedColumns } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { hasPgbouncer, type Pgbouncer, poolerBlocks, startPgbouncer } from '../support/pgbouncer.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import { serve } from '../support/test-server.ts'

const isGivenUp = /Running without prepared statements from now on/

/** What the page sets in dbrest, by variable: with a way past the pooler, and without. */
function optionsOfPage(hasWayPast: boolean): Readonly<Record<string, string>> {
  const block = poolerBlocks()[hasWayPast ? 1 : 2] ?? ''
  const lines = [...block.matchAll(/^(db-[a-z-]+) = (.+)$/gm)]
  return Object.fromEntries(
    lines.map(([, name = '', value = '']) => [
      `DBREST_${name.toUpperCase().replaceAll('-', '_')}`,
      value,
    ]),
  )
}

const listensPastPooler = 'DBREST_DB_CHANNEL_URI'

/** Waits until the listener is up, with the poll switched off. */
async function untilHeard(server: RunningServer): Promise<void> {
  await eventually(
    async () => (await ask(`${server.adminUrl}/health`)).body,
    (body) =>
      expect(body).toMatchObject({
        status: 'ok',
        sources: [
          { name: 'notify', state: 'up' },
          { name: 'poll', state: 'off' },
        ],
      }),
  )
}

/** Waits until films has the column in the schema that is served. */
async function untilServed(server: RunningServer, column: string): Promise<void> {
  await eventually(
    () => cachedColumns(server, 'films'),
    (columns) => expect(columns).toHaveProperty(column),
  )
}

describe.skipIf(!hasPgbouncer())('behind PgBouncer', () => {
  let database: ApiDatabase
  let pooler: Pgbouncer

  beforeAll(async () => {
    database = await createApiDatabase(`
      create table films (id int primary key, title text);
      insert into films select n, 'Film ' || n from generate_series(1, 64) n;
      create table visits (id int generated always as identity, n int);`)
    pooler = await startPgbouncer(database.port, [loginRole])
  })
  afterAll(async () => {
    await pooler.stop()
    await database.drop()
  })

  function env(more: Readonly<Record<string, string>> = {}) {
    const uri = `postgresql://${loginRole}@127.0.0.1:${pooler.port}/${database.name}`
    return { ...serverEnv(uri), ...more }
  }

  test('requests that meet statements of others are answered, and told of once', async () => {
    const server = await serve({ env: env() })
    const agent = new Agent({ keepAlive: true })
    onTestFinished(() => agent.destroy())
    for (let round = 0; round < 4; round += 1) {
      const requests = Array.from({ length: 64 }, (_, at) =>
        ask(`${server.url}/films?select=title&id=eq.${at + 1}`, { agent }),
      )
      const replies = await Promise.all(requests)
      expect(replies.map(({ body }) => body)).toEqual(
        replies.map((_, at) => [{ title: `Film ${at + 1}` }]),
      )
    }
    const warnings = server.stderr.filter((line) => isGivenUp.test(line))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/db-prepared-statements=false/)
    // the root document reads privileges on a path of its own
    expect((await ask(`${server.url}/`)).status).toBe(200)
  })

  test('writes that meet statements of others are done, each of them once', async () => {
    await database.query('truncate visits')
    const server = await serve({ env: env() })
    const writes = Array.from({ length: 64 }, (_, n) =>
      ask(`${server.url}/visits`, {
        method: 'POST',
        // rows that are judged before they may stay take a second batch
        headers: {
          'Content-Type': 'application/json',
          Accept: 'application/vnd.pgrst.object+json',
          Prefer: 'return=representation',
        },
        body: JSON.stringify({ n }),
      }),
    )
    const statuses = (await Promise.all(writes)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([201]))
    expect(server.stderr.some((line) => isGivenUp.test(line))).toBe(true)
    expect(
      await database.query('select count(*)::int, count(distinct n)::int as n from visits'),
    ).toEqual([{ count: 64, n: 64 }])
  })

  test('told of it, the server prepares nothing and warns of nothing', async () => {
    const { DBREST_DB_URI: _page, ...options } = optionsOfPage(false)
    expect(Object.keys(options)).toHaveLength(2)
    const server = await serve({ env: env(options) })
    const requests = Array.from({ length: 64 }, () => ask(`${server.url}/films?limit=1`))
    const statuses = (await Promise.all(requests)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(200)
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      status: 'ok',
      sources: [
        { name: 'notify', state: 'off' },
        { name: 'poll', state: 'up' },
      ],
    })
    expect((await ask(`${server.adminUrl}/metrics`)).text).not.toContain('{source="notify"}')
    expect(server.stderr.filter((line) => /prepared|Failed/.test(line))).toEqual([])
    await database.query('alter table films add column told int')
    await untilServed(server, 'told')
  })

  test('a listener past it hears a migration, requests go through it', async () => {
    const { DBREST_DB_URI: _page, ...options } = optionsOfPage(true)
    expect(Object.keys(options)).toEqual([listensPastPooler, 'DBREST_DB_PREPARED_STATEMENTS'])
    const direct = database.env['DBREST_DB_URI'] ?? ''
    const server = await serve({
      // the poll is off: what is seen was heard
      env: env({ ...options, [listensPastPooler]: direct, DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }),
    })
    const requests = Array.from({ length: 64 }, () => ask(`${server.url}/films?limit=1`))
    const statuses = (await Promise.all(requests)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([200]))
    await untilHeard(server)
    await server.line(new RegExp(`Listener connected to .*127\\.0\\.0\\.1:${database.port}`))
    await database.query("alter table films add column past int; notify pgrst, 'reload schema'")
    await untilServed(server, 'past')
    const rows = await database.query(
      `select count(*)::int as listening from pg_stat_activity
       where datname = '${database.name}' and query = 'LISTEN "pgrst"' and client_port is not null`,
    )
    expect(rows).toEqual([{ listening: 1 }])
  })

  test('a listener in another database is told so, and the poll stands in', async () => {
    const { DBREST_DB_URI: _page, ...options } = optionsOfPage(true)
    const elsewhere = new URL(database.env['DBREST_DB_URI'] ?? '')
    elsewhere.pathname = '/postgres'
    const server = await serve({
      env: env({
        ...options,
        [listensPastPooler]: elsewhere.href,
        // what would be looked for without a listener that is down
        DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
      }),
    })
    await server.line(
      /Failed listening .* db-channel-uri: it leads to another database than db-uri/,
    )
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      status: 'degraded',
      sources: [
        { name: 'notify', state: 'down', cause: expect.stringContaining('another database') },
        { name: 'poll', state: 'up' },
      ],
    })
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(200)
    await database.query('alter table films add column elsewhere int')
    await untilServed(server, 'elsewhere')
    expect(elsewhere.password).not.toBe('')
    expect(server.stderr.join('\n')).not.toContain(elsewhere.password)
  })

  test('a listener that hears nothing holds nothing up: polling stands in for it', async () => {
    const server = await serve({ env: env() })
    await askUntil(200, `${server.adminUrl}/ready`)
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      sources: [
        { name: 'notify', state: 'unproven' },
        { name: 'poll', state: 'up' },
      ],
    })
    await database.query('alter table films add column unheard int')
    await untilServed(server, 'unheard')
    await server.line(/Failed listening .* a notification of our own did not come back/)
    const at = (pattern: RegExp) => server.stderr.findIndex((line) => pattern.test(line))
    expect(at(/API server listening/)).toBeLessThan(at(/Failed listening/))
    expect(server.stderr.some((line) => /Listener connected/.test(line))).toBe(false)
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(200)
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({
      status: 'degraded',
      sources: [
        { name: 'notify', state: 'unproven', cause: expect.stringContaining('did not come back') },
        { name: 'poll', state: 'up' },
      ],
    })
  })

  test('--check tells what comes through it, past it, and where it leads elsewhere', async () => {
    const direct = new URL(database.env['DBREST_DB_URI'] ?? '')
    const elsewhere = new URL(direct)
    elsewhere.pathname = '/postgres'
    const check = (channelUri?: URL) => {
      const more = channelUri === undefined ? {} : { [listensPastPooler]: channelUri.href }
      return runCommand(['--check'], env({ DBREST_DB_PREPARED_STATEMENTS: 'false', ...more }))
    }
    const through = await check()
    expect(through.code).toBe(0)
    expect(through.stdout).toMatch(
      /^Warnings: 1\n {2}schema changes are polled, none is heard on the "pgrst" channel: a notification of our own did not come back/m,
    )
    const past = await check(direct)
    expect(past.code).toBe(0)
    expect(past.stdout).toMatch(/^Schema changes: heard on the "pgrst" channel\nWarnings: 0$/m)
    const astray = await check(elsewhere)
    expect(astray.code).toBe(1)
    expect(astray.stdout).toMatch(
      /^Problems: 1\n {2}schema changes are polled, .*: db-channel-uri: it leads to another database than db-uri\nWarnings: 0$/m,
    )
  })

  test('in session mode nothing is to be set, and a migration is heard', async () => {
    const bySession = await startPgbouncer(database.port, [loginRole], 'session')
    onTestFinished(() => bySession.stop())
    const uri = `postgresql://${loginRole}@127.0.0.1:${bySession.port}/${database.name}`
    // the poll is off: what is seen was heard
    const server = await serve({
      env: { ...serverEnv(uri), DBREST_DB_SCHEMA_POLL_INTERVAL: '0' },
    })
    const requests = Array.from({ length: 64 }, () => ask(`${server.url}/films?limit=1`))
    expect(new Set((await Promise.all(requests)).map(({ status }) => status))).toEqual(
      new Set([200]),
    )
    await untilHeard(server)
    await database.query("alter table films add column heard int; notify pgrst, 'reload schema'")
    await untilServed(server, 'heard')
    expect((await ask(`${server.adminUrl}/metrics`)).text).toContain(
      'dbrest_source_up{source="notify"} 1',
    )
    expect(server.stderr.filter((line) => isGivenUp.test(line))).toEqual([])
  })

  test('without its database the pooler refuses, and the server says so', async () => {
    const alone = await startPgbouncer(1, [loginRole])
    onTestFinished(() => alone.stop())
    const uri = `postgresql://${loginRole}@127.0.0.1:${alone.port}/${database.name}`
    const server = await serve({ env: serverEnv(uri), until: /Failed/ })
    expect(await ask(`${server.adminUrl}/health`)).toMatchObject({
      status: 503,
      body: { status: 'unavailable' },
    })
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(503)
    expect((await ask(`${server.url}/films`)).status).toBe(503)
  })
})
