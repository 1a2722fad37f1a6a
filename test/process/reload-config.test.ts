/**
 * The configuration read anew by a running server: on SIGUSR2, with the schema on SIGUSR1, on
 * NOTIFY and on request, from file, read files and database.
 *
 * Rule  PostgREST docs: configuration (Reloading), schema_cache
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import {
  type ApiDatabase,
  authorRole,
  createApiDatabase,
  loginRole,
} from '../support/api-database.ts'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import type { RunningServer, ServerOptions } from '../support/server.ts'
import { signJwt, testSecret } from '../support/sign-jwt.ts'
import { serve } from '../support/test-server.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create table items as select n as id from generate_series(1, 5) n;
    create schema other;
    create table other.things (id int);
    insert into other.things values (42);
    grant usage on schema other to public;
    grant all on other.things to public`)
})
afterAll(() => database.drop())

interface Configured {
  readonly server: RunningServer
  readonly folder: string
  /** Replaces what the configuration file holds beside the database. */
  write(text: string): void
  /** Sends the signal and waits for this line. */
  signal(name: 'SIGUSR1' | 'SIGUSR2', until: RegExp): Promise<void>
}

async function serveConfigured(text: string, env: ServerOptions['env'] = {}): Promise<Configured> {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-config-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'dbrest.conf')
  const write = (more: string) => writeFileSync(path, more)
  write(text)
  const server = await serve({ args: [path], env: { ...database.env, ...env } })
  await askUntil(200, `${server.adminUrl}/ready`)
  return {
    server,
    folder,
    write,
    async signal(name, until) {
      const from = server.stderr.length
      server.signal(name)
      await server.line(until, { from })
    },
  }
}

const configRead = /Config reloaded$/
const schemaLoaded = /Schema cache loaded in/

test('SIGUSR2 makes a new db-max-rows effective, and loads no schema', async () => {
  const { server, write, signal } = await serveConfigured('')
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-4/*')
  write('db-max-rows = 1\n')
  await signal('SIGUSR2', configRead)
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-0/*')
  expect(await countLoads(server, 'SUCCESS')).toBe(1)
})

test('SIGUSR2 makes a new log-level effective', async () => {
  const { server, write, signal } = await serveConfigured('log-level = "error"\n', {
    DBREST_LOG_LEVEL: undefined,
  })
  await ask(`${server.url}/items?id=eq.1`)
  write('log-level = "info"\n')
  await signal('SIGUSR2', configRead)
  await ask(`${server.url}/items?id=eq.2`)
  await server.line(/id=eq\.2/, { on: 'stdout' })
  expect(server.stdout).toHaveLength(1)
})

test('SIGUSR2 reads the file of jwt-secret again, and forgets tokens of the old one', async () => {
  const secret = 'another-secret-of-more-than-32-bytes'
  const { server, folder, write, signal } = await serveConfigured('')
  const path = join(folder, 'secret')
  writeFileSync(path, `${testSecret}\n`)
  write(`jwt-secret = "@${path}"\n`)
  await signal('SIGUSR2', configRead)
  const statusWith = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` }
    return (await ask(`${server.url}/items`, { headers })).status
  }
  const before = await signJwt({ role: authorRole })
  const after = await signJwt({ role: authorRole }, Buffer.from(secret))
  expect([await statusWith(before), await statusWith(after)]).toEqual([200, 401])
  writeFileSync(path, secret)
  await signal('SIGUSR2', configRead)
  expect([await statusWith(before), await statusWith(after)]).toEqual([401, 200])
})

test('new db-schemas take effect only with the schema', async () => {
  // a listener that has just begun asks for a check of its own, which may act on them as well
  const { server, write, signal } = await serveConfigured('db-schemas = "public"\n', {
    DBREST_DB_CHANNEL_ENABLED: 'false',
    DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
  })
  write('db-schemas = "other"\n')
  await signal('SIGUSR2', configRead)
  expect((await ask(`${server.url}/items`)).status).toBe(200)
  expect((await ask(`${server.url}/things`)).status).toBe(404)
  await signal('SIGUSR1', schemaLoaded)
  expect(await ask(`${server.url}/things`)).toMatchObject({ status: 200, body: [{ id: 42 }] })
  expect((await ask(`${server.url}/items`)).status).toBe(404)
})

test('SIGUSR1 loads the schema, and with db-config off reads no file', async () => {
  const { server, write, signal } = await serveConfigured('', {
    DBREST_DB_CONFIG: 'false',
    DBREST_DB_CHANNEL_ENABLED: 'false',
  })
  await database.query('create table signalled (id int)')
  write('db-max-rows = 1\n')
  const before = server.stderr.length
  await signal('SIGUSR1', schemaLoaded)
  expect(await cachedColumns(server, 'signalled')).not.toBeNull()
  expect(server.stderr.slice(before).filter((line) => configRead.test(line))).toEqual([])
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-4/*')
})

/** Everything that has the configuration read again. */
const triggers = [
  ['SIGUSR1', 'signal'],
  ['SIGUSR2', 'signal'],
  ['reload schema', 'notify'],
  ['reload config', 'notify'],
  ['/reload?scope=config', 'request'],
  ['/reload?scope=both', 'request'],
] as const

async function trigger(
  server: RunningServer,
  [what, kind]: readonly [what: string, kind: string],
): Promise<void> {
  const from = server.stderr.length
  if (kind === 'notify') await database.query(`notify pgrst, '${what}'`)
  else if (kind === 'request') await ask(`${server.adminUrl}${what}`, { method: 'POST' })
  else server.signal(what === 'SIGUSR1' ? 'SIGUSR1' : 'SIGUSR2')
  await server.line(configRead, { from })
}

test.each(triggers)('%s reads the settings in the database', async (what, kind) => {
  const set = (rows: number) =>
    database.query(
      `alter role ${loginRole} in database ${database.name} set pgrst.db_max_rows = '${rows}'`,
    )
  await set(2)
  onTestFinished(async () => {
    await database.query(
      `alter role ${loginRole} in database ${database.name} reset pgrst.db_max_rows`,
    )
  })
  const { server } = await serveConfigured('db-max-rows = 4\n')
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-1/*')
  await set(3)
  await trigger(server, [what, kind])
  await eventually(
    () => ask(`${server.url}/items`),
    ({ headers }) => expect(headers['content-range']).toBe('0-2/*'),
  )
})

test('an invalid configuration is told in full and changes nothing', async () => {
  const { server, write, signal } = await serveConfigured('db-max-rows = 2\n')
  write('db-max-rows = 1\njwt-role-claim-key = "role.other"\nopenapi-mode = "maybe"\n')
  const from = server.stderr.length
  await signal('SIGUSR2', /openapi-mode/)
  const said = server.stderr.slice(from).join('\n')
  expect(said).toMatch(
    /Failed reloading config: jwt-role-claim-key is "role\.other" \(\S+, line 2\): failed to parse role-claim-key value \(role\.other\)/,
  )
  expect(said).toMatch(
    /Failed reloading config: openapi-mode is "maybe" \(\S+, line 3\): Invalid openapi-mode\. Check your configuration\. Allowed: follow-privileges, /,
  )
  expect(said).not.toContain('Config reloaded')
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-1/*')
  expect(await ask(`${server.adminUrl}/reload?scope=config`, { method: 'POST' })).toMatchObject({
    status: 503,
    body: { code: 'PGRSTX02', details: expect.stringContaining('role.other') },
  })
  rmSync(join(server.child.spawnargs.at(-1) ?? ''))
  await signal(
    'SIGUSR2',
    /Failed reloading config: \S+ cannot be read: no such file or directory \(ENOENT\)/,
  )
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-1/*')
})

test('a misspelt option is told at the start and at the reload that brings it, once', async () => {
  const { server, write, signal } = await serveConfigured('db-max-rows = 2\ndb-shemas = "x"\n')
  const warnings = () => server.stderr.filter((line) => line.includes('WARNING'))
  const told = (name: string, line: number, meant: string) =>
    expect.stringMatching(
      new RegExp(
        `WARNING: ${name} \\(\\S+, line ${line}\\) is no option and is ignored: is ${meant} meant\\?$`,
      ),
    )
  const first = told('db-shemas', 2, 'db-schemas')
  await signal('SIGUSR2', /Config reloaded/)
  expect(warnings()).toEqual([first])

  write('db-max-rows = 1\nlog-qery = true\n')
  await signal('SIGUSR2', /log-qery/)
  await signal('SIGUSR2', /Config reloaded/)
  expect(warnings()).toEqual([first, told('log-qery', 2, 'log-query')])
})

test('a misspelt setting of the database is told by the reload that brings it', async () => {
  const { server, signal } = await serveConfigured('')
  const set = (what: string) =>
    database.query(`alter role ${loginRole} in database ${database.name} ${what}`)
  onTestFinished(() => set('reset all').then(() => undefined))
  await set("set pgrst.db_max_rwos = '1'")
  await signal('SIGUSR2', /is no option/)
  expect(server.stderr.filter((line) => line.includes('WARNING'))).toEqual([
    expect.stringMatching(
      /WARNING: pgrst\.db_max_rwos in the database is no option and is ignored: is pgrst\.db_max_rows meant\?$/,
    ),
  ])
  expect((await ask(`${server.url}/items`)).headers['content-range']).toBe('0-4/*')
})

test('options that need a restart are named', async () => {
  const { server, write, signal } = await serveConfigured('')
  write('db-pool = 3\nserver-unix-socket-mode = "600"\n')
  await signal('SIGUSR2', /These options take effect at the next start: /)
  const line = server.stderr.findLast((text) => text.includes('next start')) ?? ''
  expect(line).toContain('db-pool')
  expect(line).toContain('server-unix-socket-mode')
})

test('db-channel-enabled stops and starts the listener', async () => {
  const { server, write, signal } = await serveConfigured('db-channel-enabled = false\n')
  const listeners = () =>
    database.query(
      `select 1 from pg_stat_activity where datname = current_database() and query like 'LISTEN%'`,
    )
  expect(await listeners()).toHaveLength(0)
  write('db-channel-enabled = true\n')
  await signal('SIGUSR2', /Listener connected to/)
  expect(await listeners()).toHaveLength(1)
  write('db-channel-enabled = true\ndb-channel = "other"\n')
  await signal('SIGUSR2', /listening for database notifications on the "other" channel/)
  write('db-channel-enabled = false\n')
  await signal('SIGUSR2', configRead)
  await eventually(listeners, (rows) => expect(rows).toHaveLength(0))
  await askUntil(200, `${server.adminUrl}/ready`)
})

test('a deprecated role claim key is warned of at the start and at each reload', async () => {
  const { server, write, signal } = await serveConfigured(
    'jwt-role-claim-key = ".roles.user_role"\n',
  )
  const warnings = () => server.stderr.filter((line) => line.includes('is using the deprecated'))
  expect(warnings()[0]).toContain(
    'WARNING: The config `jwt-role-claim-key=."roles"."user_role"` is using the deprecated JSPath syntax.',
  )
  const count = warnings().length
  await signal('SIGUSR2', /Update `jwt-role-claim-key/)
  expect(warnings()).toHaveLength(count + 1)
  write('jwt-role-claim-key = "$$.roles.user_role"\n')
  await signal('SIGUSR2', configRead)
  expect(warnings()).toHaveLength(count + 1)
})

test('settings of roles are those of the last reload', async () => {
  const role = `${database.name}_hurried`
  await database.query(`create role ${role}; grant ${role} to ${loginRole};
    grant usage on schema public to ${role};
    create function nap() returns void language sql as 'select pg_sleep(20)'`)
  onTestFinished(async () => {
    await database.query(`drop owned by ${role}; drop role ${role}`)
  })
  const { server, signal } = await serveConfigured(`jwt-secret = "${testSecret}"\n`)
  await database.query(`alter role ${role} set statement_timeout = '50ms'`)
  await signal('SIGUSR1', schemaLoaded)
  const headers = { authorization: `Bearer ${await signJwt({ role })}` }
  expect(await ask(`${server.url}/rpc/nap`, { headers, method: 'POST' })).toMatchObject({
    status: 500,
    headers: { 'proxy-status': 'PostgREST; error=57014' },
    body: { code: '57014', message: 'canceling statement due to statement timeout' },
  })
})

test.each(triggers)('%s reads what roles have set', async (what, kind) => {
  const role = `${database.name}_patient`
  await database.query(`create role ${role}; grant ${role} to ${loginRole};
    grant usage on schema public to ${role};
    create or replace function patience() returns text language sql
      as 'select current_setting(''statement_timeout'')'`)
  onTestFinished(async () => {
    await database.query(`drop owned by ${role}; drop role ${role}`)
  })
  const { server } = await serveConfigured(`jwt-secret = "${testSecret}"\n`)
  await database.query(`alter role ${role} set statement_timeout = '7s'`)
  await trigger(server, [what, kind])
  const headers = { authorization: `Bearer ${await signJwt({ role })}` }
  await eventually(
    () => ask(`${server.url}/rpc/patience`, { headers }),
    ({ body }) => expect(body).toBe('7s'),
  )
})
