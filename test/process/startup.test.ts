/**
 * Starting: what is said in which order, when requests are answered, and what happens when the
 * database is not there, not as configured, or not for us.
 *
 * Rule  PostgREST docs: observability, admin_server, schema_cache
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ApiDatabase,
  authorRole,
  createApiDatabase,
  createApiDatabaseIn,
  loginRole,
} from '../support/api-database.ts'
import { heldLoadsOf } from '../support/held-loads.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { type Cluster, freePort, startCluster } from '../support/postgres.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve } from '../support/test-server.ts'

const filmsSql = `
  create table films (id int primary key, title text);
  insert into films values (1, 'Arrival');`

const notLoaded = {
  code: 'PGRST002',
  details: null,
  hint: null,
  message: 'Could not query the database for the schema cache. Retrying.',
}

/** Of the login role, where the cluster asks for one. */
const rightPassword = 'the-right-password'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(filmsSql)
})
afterAll(() => database.drop())

/** The texts of log lines, which must each begin with a time. */
function texts(lines: readonly string[]): readonly string[] {
  return lines.map((line) => {
    expect(line).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}: /)
    return line.replace(/^\S+ \S+: /, '')
  })
}

async function statusOrNone(url: string): Promise<number | 'none'> {
  try {
    return (await ask(url)).status
  } catch {
    return 'none'
  }
}

describe('a start', () => {
  test('prints ten lines at level info, in this order, all before it is ready', async () => {
    const server = await serve({ env: database.env, until: null })
    await eventually(
      () => statusOrNone(`${server.adminUrl}/ready`),
      (status) => expect(status).toBe(200),
    )
    await server.line(/API server listening/)
    const lines = texts(server.stderr)
    const isListener = (line: string) => line.startsWith('Listener connected')
    // it is told once it has proven that it hears, which reading the configuration does not wait for
    expect(lines.findIndex(isListener)).toBeGreaterThanOrEqual(4)
    expect(lines.filter(isListener)).toEqual([
      expect.stringMatching(
        /^Listener connected to PostgreSQL 18\..* on "127\.0\.0\.1:\d+" and listening for database notifications on the "pgrst" channel$/,
      ),
    ])
    expect(lines.filter((line) => !isListener(line))).toEqual(
      [
        /^Starting dbrest \d+\.\d+\.\d+\S*\.\.\.$/,
        /^Admin server listening on 127\.0\.0\.1:\d+$/,
        /^Successfully connected to PostgreSQL 18\./,
        /^Connection Pool initialized with a maximum size of 10 connections$/,
        /^Config reloaded$/,
        /^Schema cache queried in \d+\.\d milliseconds$/,
        /^Schema cache loaded 1 Relations, 0 Relationships, 0 RPCs, 0 Domain Representations, 4 Media Type Handlers$/,
        /^Schema cache loaded in \d+\.\d milliseconds$/,
        /^API server listening on 127\.0\.0\.1:\d+$/,
      ].map((shape) => expect.stringMatching(shape)),
    )
    expect(server.stdout).toEqual([])
  })

  test('is ready with the listener switched off', async () => {
    const env = { ...database.env, DBREST_DB_CHANNEL_ENABLED: 'false' }
    const server = await serve({ env })
    await askUntil(200, `${server.adminUrl}/ready`)
    expect(texts(server.stderr).join('\n')).not.toContain('Listener')
  })

  test('is ready only when the API answers, and loads once however slowly', async () => {
    const loads = await heldLoadsOf(database)
    const { begun, letGo } = loads.hold()
    const server = await serve({ env: loads.env, until: /Admin server listening/ })
    await begun
    expect((await ask(`${server.adminUrl}/ready`)).status).toBe(503)
    letGo()
    await askUntil(200, `${server.adminUrl}/ready`)
    // no waiting here: whoever reads 200 may send requests
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    const { text } = await ask(`${server.adminUrl}/metrics`)
    expect(text).toContain('pgrst_schema_cache_loads_total{status="SUCCESS"} 1.0\n')
    // there from the start, so that the first failure shows as an increase
    expect(text).toContain('pgrst_schema_cache_loads_total{status="FAIL"} 0.0\n')
  })

  test('refuses connections to the API until the first load has ended', async () => {
    const loads = await heldLoadsOf(database)
    const { begun, letGo } = loads.hold()
    const server = await serve({ env: loads.env, until: /Admin server listening/ })
    await begun
    expect(await statusOrNone(`${server.adminUrl}/live`)).toBe(500)
    expect(await statusOrNone(`${server.adminUrl}/ok`)).toBe(200)
    expect(await statusOrNone(`${server.adminUrl}/health`)).toBe(503)
    expect(await statusOrNone(`${server.url}/films`)).toBe('none')
    letGo()
    await server.line(/API server listening/)
    expect(await statusOrNone(`${server.adminUrl}/live`)).toBe(200)
    expect(await statusOrNone(`${server.adminUrl}/health`)).toBe(200)
    expect(await statusOrNone(`${server.url}/films`)).toBe(200)
  })

  test('listens again by db-channel-uri while a load has not ended', async () => {
    const loads = await heldLoadsOf(database)
    const server = await serve({
      env: { ...loads.env, DBREST_DB_CHANNEL_URI: database.env['DBREST_DB_URI'] ?? '' },
    })
    await server.line(/Listener connected/)
    const { begun, letGo } = loads.hold()
    const reload = ask(`${server.adminUrl}/reload`, { method: 'POST' })
    await begun
    const from = server.stderr.length
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and query = 'LISTEN "pgrst"'`,
    )
    await server.line(/Failed listening/, { from })
    await server.line(/Listener connected/, { from })
    letGo()
    expect((await reload).status).toBe(200)
  })

  test('hears signals to reload from its first line on', async () => {
    const server = await serve({ env: database.env, until: /Starting dbrest/ })
    server.signal('SIGUSR1')
    server.signal('SIGUSR2')
    await eventually(
      () => statusOrNone(`${server.adminUrl}/ready`),
      (status) => expect(status).toBe(200),
    )
    // Node's inspector would say so
    expect(server.stderr.join('\n')).not.toContain('Debugger')
    expect((await ask(`${server.url}/films`)).status).toBe(200)
  })

  test('on the port of another instance fails, and is never ready', async () => {
    const first = await serve({ env: database.env })
    const env = { ...database.env, DBREST_SERVER_PORT: String(first.port) }
    const second = await serve({ env, until: null })
    const seen = new Set<number | 'none'>()
    while (second.child.exitCode === null) {
      seen.add(await statusOrNone(`${second.adminUrl}/ready`))
    }
    expect(await second.exited).toBe(1)
    expect(seen).not.toContain(200)
    const taken = `127.0.0.1:${first.port}`
    expect(second.stderr.at(-1)).toBe(
      `server-port: listen EADDRINUSE: address already in use ${taken}`,
    )
    expect((await ask(`${first.url}/films`)).status).toBe(200)
  })

  test('on the admin port of another instance fails', async () => {
    const first = await serve({ env: database.env })
    const env = { ...database.env, DBREST_ADMIN_SERVER_PORT: String(first.adminPort) }
    const second = await serve({ env, until: null })
    expect(await second.exited).toBe(1)
    const taken = `127.0.0.1:${first.adminPort}`
    expect(second.stderr.at(-1)).toBe(
      `admin-server-port: listen EADDRINUSE: address already in use ${taken}`,
    )
  })
})

describe('a schema that does not exist', () => {
  test.each([
    ['db-schemas', { DBREST_DB_SCHEMAS: 'later' }, 'later', 'public'],
    ['db-extra-search-path', { DBREST_DB_EXTRA_SEARCH_PATH: 'later' }, 'public', 'later'],
  ])(
    'in %s is told in the seventh line, answered with PGRST002, and waited for',
    async (_, env, schemas, path) => {
      const own = await createApiDatabase(filmsSql)
      try {
        const server = await serve({ env: { ...own.env, ...env } })
        expect(texts(server.stderr)[6]).toBe(
          `Failed to load the schema cache using db-schemas=${schemas} and db-extra-search-path=${path}. ` +
            '{"code":"3F000","details":null,"hint":null,"message":"schema \\"later\\" does not exist"}',
        )
        const reply = await ask(`${server.url}/films`)
        expect(reply).toMatchObject({ status: 503, body: notLoaded })
        expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(0)
        expect(await statusOrNone(`${server.adminUrl}/ready`)).toBe(503)
        expect(await statusOrNone(`${server.adminUrl}/live`)).toBe(200)

        const sql = 'create schema later; create table later.films as table public.films'
        await own.query(
          `${sql}; grant usage on schema later to public; grant select on later.films to public`,
        )
        await askUntil(200, `${server.adminUrl}/ready`)
        expect(await ask(`${server.url}/films`)).toMatchObject({
          status: 200,
          body: [{ id: 1, title: 'Arrival' }],
        })
      } finally {
        await own.drop()
      }
    },
  )
})

describe('a database that is not there', () => {
  let cluster: Cluster
  let name = ''
  const env = (password = rightPassword) => ({
    DBREST_DB_URI: cluster.uri(name, loginRole, password),
    DBREST_DB_ANON_ROLE: 'process_anon',
  })
  beforeAll(async () => {
    cluster = await startCluster({ auth: 'scram-sha-256' })
    ;({ name } = await createApiDatabaseIn(cluster, filmsSql))
    await cluster.query(`alter role ${loginRole} password '${rightPassword}'`)
  })
  afterAll(() => cluster.destroy())

  test('is answered with PGRST002 and retried until it comes, then loaded once', async () => {
    await cluster.stop()
    const server = await serve({ env: { ...env(), DBREST_JWT_SECRET: testSecret } })
    const log = texts(server.stderr).join('\n')
    expect(log).toContain(
      `Failed listening for database notifications on the "pgrst" channel. connection to server at "127.0.0.1", port ${cluster.port} failed: Connection refused`,
    )
    expect(log).toContain('Retrying listening for database notifications in 1 seconds...')
    expect(log).toContain(
      'Failed to load the schema cache using db-schemas=public and db-extra-search-path=public. {"code":"PGRST000"',
    )
    expect(log).toContain('Attempting to reconnect to the database in 1 seconds...')

    const token = await signJwt({ role: authorRole })
    const reply = await ask(`${server.url}/films?id=eq.1`, {
      headers: { authorization: `Bearer ${token}`, 'user-agent': 'probe' },
    })
    expect(reply).toMatchObject({ status: 503, body: notLoaded })
    expect(Number(reply.headers['retry-after'])).toBeGreaterThanOrEqual(0)
    expect(await server.line(/films/, { on: 'stdout' })).toMatch(
      new RegExp(
        `^127\\.0\\.0\\.1 - ${authorRole} \\[[^\\]]+\\] "GET /films\\?id=eq\\.1 HTTP/1\\.1" 503 \\d+ "" "probe"$`,
      ),
    )
    expect(await server.line(/PGRST002/)).toContain(JSON.stringify(notLoaded))
    expect(await statusOrNone(`${server.adminUrl}/live`)).toBe(200)
    expect(await statusOrNone(`${server.adminUrl}/ready`)).toBe(503)
    expect(await statusOrNone(`${server.adminUrl}/health`)).toBe(503)
    expect((await ask(`${server.adminUrl}/metrics`)).text).toMatch(
      /pgrst_schema_cache_loads_total\{status="FAIL"\} [1-9]/,
    )

    await cluster.start()
    await askUntil(200, `${server.adminUrl}/ready`)
    expect((await ask(`${server.url}/films`)).status).toBe(200)
    expect((await ask(`${server.adminUrl}/metrics`)).text).toContain(
      'pgrst_schema_cache_loads_total{status="SUCCESS"} 1.0\n',
    )
  })

  test.each([
    ['a wrong password', 'a-wrong-password', 'FATAL:  password authentication failed for user'],
    ['no password', undefined, 'fe_sendauth: no password supplied'],
  ])('asked with %s ends the server with 1, without a retry', async (_, password, text) => {
    const server = await serve({
      env: {
        ...env(),
        DBREST_DB_URI: cluster.uri(name, loginRole, password),
        HOME: '/nonexistent',
      },
      until: null,
    })
    expect(await server.exited).toBe(1)
    const log = texts(server.stderr)
    expect(log.slice(0, 8).join('\n')).toContain('"message":"Database connection error."')
    expect(log.join('\n')).toContain(text)
    expect(log.join('\n')).toContain('Failed to establish a connection. {"code":"PGRST000"')
    expect(log.join('\n')).not.toContain('Retrying')
  })

  test('a password that is changed while it serves ends the server with 1', async () => {
    const server = await serve({ env: env() })
    await askUntil(200, `${server.adminUrl}/ready`)
    try {
      await cluster.query(`alter role ${loginRole} password 'another'`)
      await cluster.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${loginRole}'`,
      )
      expect(await server.exited).toBe(1)
      expect(texts(server.stderr).join('\n')).toContain(
        'Failed to establish a connection. {"code":"PGRST000"',
      )
    } finally {
      await cluster.query(`alter role ${loginRole} password '${rightPassword}'`)
    }
  })

  test.each(['true', 'false'])(
    'one of db-channel-uri alone costs the listener, and no request (recovery: %s)',
    async (recovery) => {
      const listener = `listener_${recovery}`
      const secret = 'only:for@listening'
      await cluster.query(`create role ${listener} login password '${secret}'`)
      const server = await serve({
        env: {
          ...env(),
          DBREST_DB_CHANNEL_URI: cluster.uri(name, listener, secret),
          DBREST_DB_POOL_AUTOMATIC_RECOVERY: recovery,
        },
      })
      const health = async () => (await ask(`${server.adminUrl}/health`)).body
      const shows = (listening: object) => ({
        sources: [{ name: 'notify', ...listening }, { name: 'poll' }],
      })
      await eventually(health, (body) => expect(body).toMatchObject(shows({ state: 'up' })))
      await cluster.query(`alter role ${listener} password 'another'`)
      await cluster.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${listener}'`,
      )
      const cause = `db-channel-uri: connection to server at "127.0.0.1", port ${cluster.port} failed: FATAL:  password authentication failed for user "${listener}"`
      await server.line(/Failed listening .*db-channel-uri: .*password authentication/)
      const down = { state: 'down', cause: expect.stringContaining(cause) }
      expect(await health()).toMatchObject(shows(down))
      expect((await ask(`${server.url}/films`)).status).toBe(200)
      await cluster.query(`alter role ${listener} password '${secret}'`)
      await eventually(health, (body) => expect(body).toMatchObject(shows({ state: 'up' })))
      expect(server.stderr.join('\n')).not.toContain(secret)
    },
  )

  describe('with db-pool-automatic-recovery off', () => {
    const withoutRecovery = () => ({ ...env(), DBREST_DB_POOL_AUTOMATIC_RECOVERY: 'false' })

    test('ends the server with 1 at its start', async () => {
      const server = await serve({
        env: {
          ...withoutRecovery(),
          DBREST_DB_URI: `postgresql://nobody@127.0.0.1:${await freePort()}/none`,
        },
        until: null,
      })
      expect(await server.exited).toBe(1)
      expect(texts(server.stderr).join('\n')).toContain('Automatic recovery disabled, exiting.')
    })

    test('ends the server with 1 when its connections are killed, without a request', async () => {
      const server = await serve({ env: withoutRecovery() })
      await askUntil(200, `${server.adminUrl}/ready`)
      await cluster.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${loginRole}'`,
      )
      expect(await server.exited).toBe(1)
      expect(texts(server.stderr).join('\n')).toContain('Automatic recovery disabled, exiting.')
    })
  })
})
