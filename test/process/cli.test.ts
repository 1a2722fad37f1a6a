/**
 * The command line: what prints and ends, what asks a running server, which argument is a database,
 * and what a bad configuration is answered with.
 *
 * Rule  PostgREST docs: cli, configuration
 */
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase, loginRole } from '../support/api-database.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import { freePort } from '../support/postgres.ts'
import { type RunningServer, runCommand } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { endServer, serve } from '../support/test-server.ts'

/** Where the two servers listen, without the ports. */
function addressesOf(server: RunningServer): readonly string[] {
  return server.stderr.flatMap((line) => / server listening on (.*):\d+$/.exec(line)?.[1] ?? [])
}

let films: SqliteFile
beforeAll(() => {
  films = createFilmsFile()
})
afterAll(() => films.drop())

describe('a command that prints', () => {
  test.each([
    ['--help', /^dbrest \d+\.\d+\.\d+.*: a REST API[\s\S]*Usage: dbrest \[OPTIONS\]/],
    ['-h', /Usage: dbrest/],
    ['--version', /^dbrest \d+\.\d+\.\d+\S* \(PostgREST 16\.2\)\n$/],
    ['-v', /^dbrest /],
    ['--example', /db-uri = /],
    ['-e', /db-uri = /],
  ])('%s says so on stdout and ends with 0', async (flag, shape) => {
    const { code, stdout, stderr } = await runCommand([flag])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(shape)
  })

  test('an example is a configuration that is read', async () => {
    const { stdout } = await runCommand(['--example'])
    const path = join(films.folder, 'example.conf')
    writeFileSync(path, stdout)
    const env = { DBREST_DB_URI: films.path }
    const { code, stderr } = await runCommand(['--dump-config', path], env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })
})

describe('--dump-config', () => {
  test('prints what is in effect, sorted, and reads its own output back', async () => {
    const env = { PGRST_DB_URI: films.path, PGRST_SERVER_PORT: '4000', DBREST_SERVER_PORT: '5000' }
    const first = await runCommand(['--dump-config'], env)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const lines = first.stdout.trimEnd().split('\n')
    expect(lines).toContain('server-port = 5000')
    expect(lines).toContain('db-backend = "sqlite"')
    expect(lines).toContain('db-schema-poll-interval = 500')
    expect([...lines].sort()).toEqual(lines)
    const path = join(films.folder, 'dumped.conf')
    writeFileSync(path, first.stdout)
    expect(await runCommand(['--dump-config', path])).toEqual(first)
    expect(await runCommand(['-config', path, '--dump-config'])).toEqual(first)
  })

  test('prints the rest when the database cannot be reached, and says so on stderr', async () => {
    const port = await freePort()
    const env = { DBREST_DB_URI: `postgresql://nobody@127.0.0.1:${port}/none` }
    const { code, stdout, stderr } = await runCommand(['--dump-config'], env)
    expect(code).toBe(0)
    expect(stdout).toContain('db-schemas = "public"\n')
    expect(stderr).toContain(
      'Failed to query database settings for the config parameters. {"code":"PGRST000"',
    )
    expect(stderr).toContain('Connection refused')
  })
})

describe('--dump-config of a db-uri that leads nowhere', () => {
  test('prints the configuration all the same, and why', async () => {
    const env = { DBREST_DB_URI: 'tmp_db', DBREST_DB_POOL: '3' }
    const { code, stdout, stderr } = await runCommand(['--dump-config'], env)
    expect(code).toBe(0)
    expect(stdout).toContain('db-pool = 3\n')
    expect(stdout).toContain('db-uri = "tmp_db"\n')
    expect(stderr).toMatch(/^db-uri is neither a URI/)
  })

  test('prints secrets as they are: nothing else does', async () => {
    const secret = 'dumped-secret-of-32-characters---'
    const env = { DBREST_DB_URI: 'tmp_db', DBREST_JWT_SECRET: secret }
    const { stdout } = await runCommand(['--dump-config'], env, { mayPrintSecrets: true })
    expect(stdout).toContain(`jwt-secret = "${secret}"\n`)
  })

  test('has no secrets when it is redacted', async () => {
    const secret = 'redacted-secret-of-32-characters-'
    const password = 'redacted-password'
    const env = {
      DBREST_DB_URI: `postgresql://someone:${password}%@nowhere/films`,
      DBREST_JWT_SECRET: secret,
      DBREST_APP_SETTINGS_KEY: secret,
    }
    const { code, stdout, stderr } = await runCommand(['--dump-config', '--redact'], env)
    expect(code).toBe(0)
    expect(stdout).toContain('jwt-secret = "***"\n')
    expect(stdout).toContain('db-uri = "***"\n')
    expect(stdout).toContain('app.settings.KEY = "***"\n')
    expect(stdout + stderr).not.toContain(secret)
    expect(stdout + stderr).not.toContain(password)
    expect(stderr).toMatch(/^the password in db-uri has a "%"/)
  })
})

describe('on PostgreSQL', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase(`
      create table authors (id int primary key, name text);
      create table books (id int primary key, author_id int references authors);`)
    await database.query(
      `alter role ${loginRole} in database ${database.name} set pgrst.db_max_rows = '7'`,
    )
  })
  afterAll(() => database.drop())

  test('--dump-config holds the settings of the database', async () => {
    const asked = { mayPrintSecrets: true }
    const { stdout } = await runCommand(['--dump-config'], database.env, asked)
    expect(stdout).toContain('db-max-rows = 7\n')
  })

  test('--dump-schema prints what /schema_cache answers', async () => {
    const { code, stdout, stderr } = await runCommand(['--dump-schema'], database.env)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const dump: unknown = JSON.parse(stdout)
    expect(dump).toMatchObject({
      dbTables: [
        [{ qiName: 'authors', qiSchema: 'public' }, { tableName: 'authors' }],
        [{ qiName: 'books', qiSchema: 'public' }, { tableName: 'books' }],
      ],
    })
    const server = await serve({ env: database.env })
    expect((await ask(`${server.adminUrl}/schema_cache`)).body).toEqual(dump)
  })

  test('--dump-schema ends with 1 when there is no database', async () => {
    const env = { DBREST_DB_URI: `postgresql://nobody@127.0.0.1:${await freePort()}/none` }
    const { code, stdout, stderr } = await runCommand(['--dump-schema'], env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('Connection refused')
  })
})

describe('--ready and --health', () => {
  test('say what the admin server answers', async () => {
    const server = await serve({ args: [films.path] })
    const env = {
      DBREST_ADMIN_SERVER_HOST: '127.0.0.1',
      DBREST_ADMIN_SERVER_PORT: String(server.adminPort),
    }
    for (const name of ['ready', 'health']) {
      const url = `${server.adminUrl}/${name}`
      const said = { code: 0, stdout: `OK: ${url}\n`, stderr: '' }
      expect(await runCommand([`--${name}`], env)).toEqual(said)
    }
  })

  test('say no with the address while nothing is loaded', async () => {
    const server = await serve({ env: { DBREST_DB_URI: join(films.folder, 'later.db') } })
    const env = {
      DBREST_ADMIN_SERVER_HOST: '127.0.0.1',
      DBREST_ADMIN_SERVER_PORT: String(server.adminPort),
    }
    for (const name of ['ready', 'health']) {
      const said = { code: 1, stdout: '', stderr: `ERROR: ${server.adminUrl}/${name}\n` }
      expect(await runCommand([`--${name}`], env)).toEqual(said)
    }
  })

  test('--health asks a host that is none, and a unix socket', async () => {
    const socket = join(films.folder, 'admin.sock')
    const server = await serve({
      args: [films.path],
      env: { DBREST_ADMIN_SERVER_UNIX_SOCKET: socket },
    })
    expect((await ask('http://localhost/health', { socketPath: socket })).status).toBe(200)
    const { code } = await runCommand(['--health'], { DBREST_ADMIN_SERVER_UNIX_SOCKET: socket })
    expect(code).toBe(0)
    await endServer(server)
    const other = await serve({ args: [films.path], env: { DBREST_ADMIN_SERVER_HOST: '*4' } })
    const env = {
      DBREST_ADMIN_SERVER_HOST: '*4',
      DBREST_ADMIN_SERVER_PORT: String(other.adminPort),
    }
    expect((await runCommand(['--health'], env)).code).toBe(0)
  })

  test.each(['ready', 'health'])('--%s ends with 1 when nobody listens', async (name) => {
    const port = await freePort()
    const env = { DBREST_ADMIN_SERVER_HOST: 'localhost', DBREST_ADMIN_SERVER_PORT: String(port) }
    expect(await runCommand([`--${name}`], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: `ERROR: connection refused to http://localhost:${port}/${name}\n`,
    })
  })

  test.each([
    [{}, 'Admin server is not running. Please check admin-server-port config.'],
    [
      { DBREST_ADMIN_SERVER_PORT: '-1', DBREST_SERVER_HOST: 'localhost' },
      'invalid url - http://localhost:-1/ready',
    ],
    [
      { DBREST_ADMIN_SERVER_PORT: '3001', DBREST_SERVER_HOST: '*4' },
      'The `--ready` flag cannot be used when server-host is configured as "*4". Please update your server-host config to "localhost".',
    ],
  ])('--ready with %o names what is wrong', async (env, text) => {
    expect(await runCommand(['--ready'], env)).toEqual({
      code: 1,
      stdout: '',
      stderr: `ERROR: ${text}\n`,
    })
  })
})

describe('the argument', () => {
  test('that is a SQLite file is the database', async () => {
    const server = await serve({ args: [films.path] })
    const { body } = await ask(
      `${server.url}/films?select=title,directors(name)&year=gte.2017&order=year.desc,title.desc&limit=2`,
    )
    expect(body).toEqual([
      { title: 'The Boy and the Heron', directors: { name: 'Hayao Miyazaki' } },
      { title: 'Barbie', directors: { name: 'Greta Gerwig' } },
    ])
  })

  test('that is a database is served to this machine alone, unless a host is given', async () => {
    const free = { DBREST_SERVER_HOST: undefined, DBREST_ADMIN_SERVER_HOST: undefined }
    const alone = await serve({ args: [films.path], env: free })
    expect(addressesOf(alone)).toEqual(['127.0.0.1', '127.0.0.1'])
    const open = await serve({ args: [films.path], env: { ...free, DBREST_SERVER_HOST: '!4' } })
    expect(addressesOf(open)).toEqual(['0.0.0.0', '0.0.0.0'])
    const configured = await serve({ env: { ...free, DBREST_DB_URI: films.path } })
    expect(addressesOf(configured)).toEqual(['0.0.0.0', '0.0.0.0'])
  })

  test.each(['sqlite:', 'sqlite3:', 'sqlite://'])(
    'may be a URI as other tools write it: %s',
    async (scheme) => {
      const server = await serve({ args: [scheme + films.path] })
      expect((await ask(`${server.url}/directors?select=id&id=eq.1`)).body).toEqual([{ id: 1 }])
    },
  )

  test('that is a configuration file is read as one', async () => {
    const path = join(films.folder, 'films.conf')
    writeFileSync(path, `db-uri = "${films.path}"\ndb-max-rows = 1\n`)
    const server = await serve({ args: [path] })
    expect((await ask(`${server.url}/directors?select=id&order=id`)).body).toEqual([{ id: 1 }])
  })

  test.each([
    ['gone.db', "there is no database file 'gone.db'"],
    ['gone.sqlite3', "there is no database file 'gone.sqlite3'"],
    ['gone.conf', "there is no configuration file 'gone.conf'"],
  ])('%s that is missing is an error', async (name, text) => {
    const { code, stdout, stderr } = await runCommand([name])
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: `${text}\n` })
    expect(existsSync(name)).toBe(false)
  })

  test.each([
    [['--nonsense'], 'nonsense'],
    [['one.conf', 'two.conf'], "unexpected argument 'two.conf'"],
    [['--ready', '--health'], 'use one of --ready, --health'],
  ])('%j is refused', async (args, text) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(text)
  })
})

describe('a bad configuration', () => {
  test('is told in full, and the server does not start', async () => {
    const { code, stdout, stderr } = await runCommand([films.path], {
      DBREST_LOG_LEVEL: 'loud',
      DBREST_DB_TX_END: 'never',
      DBREST_JWT_SECRET: 'a-short-secret',
      DBREST_OPENAPI_MODE: 'maybe',
      DBREST_SERVER_PORT: '3000',
      DBREST_ADMIN_SERVER_PORT: '3000',
      PGRST_NOT_EXISTING: 'ignored',
    })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.trimEnd().split('\n').sort()).toEqual([
      'admin-server-port cannot be the same as server-port',
      'db-tx-end is "never" (DBREST_DB_TX_END): Invalid transaction termination. Check your configuration. Allowed: commit, commit-allow-override, rollback, rollback-allow-override',
      'jwt-secret (DBREST_JWT_SECRET): The JWT secret must be at least 32 characters long.',
      'log-level is "loud" (DBREST_LOG_LEVEL): Invalid logging level. Check your configuration. Allowed: crit, error, warn, info, debug',
      'openapi-mode is "maybe" (DBREST_OPENAPI_MODE): Invalid openapi-mode. Check your configuration. Allowed: follow-privileges, ignore-privileges, disabled',
    ])
  })

  test.each([
    ['server-port', 'abc', 'is "abc" (FILE, line 2): it should be a whole number from 0 to 65535'],
    [
      'server-port',
      '70000',
      'is 70000 (FILE, line 2): it should be a whole number from 0 to 65535',
    ],
    ['db-pool', '0', 'is "0" (FILE, line 2): it should be a whole number, 1 or more'],
  ])('in a file names the place: %s = %j', async (name, value, problem) => {
    const path = join(films.folder, 'wrong.conf')
    writeFileSync(path, `db-uri = "${films.path}"\n${name} = "${value}"\n`)
    expect(await runCommand([path])).toEqual({
      code: 1,
      stdout: '',
      stderr: `${name} ${problem.replace('FILE', path)}\n`,
    })
  })

  test('in a file that is not in its syntax names the place', async () => {
    const path = join(films.folder, 'broken.conf')
    writeFileSync(path, 'server-port = 3000\nserver-host = "open\n')
    const { code, stderr } = await runCommand([path])
    expect(code).toBe(1)
    expect(stderr).toBe(`${path}, line 2, column 15: this string has no end\n`)
  })
})

describe('schema-mark', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    database = await createApiDatabase('')
  })
  afterAll(() => database.drop())

  test('prints its SQL without a database', async () => {
    const printed = await runCommand(['schema-mark', 'print'], {
      DBREST_DB_URI: 'postgresql://nobody@127.0.0.1:1/none',
    })
    expect(printed).toMatchObject({ code: 0, stderr: '' })
    expect(printed.stdout).toMatch(/create event trigger dbrest_ddl on ddl_command_end/)
  })

  test('is installed and removed by who may', async () => {
    const env = { DBREST_DB_URI: database.uri() }
    const installed = await runCommand(['schema-mark', 'install'], env)
    expect(installed).toMatchObject({ code: 0, stderr: '' })
    expect(installed.stdout).toMatch(/^The schema mark is installed: .*\.\n$/)
    expect(await database.query('select count(*)::int as n from dbrest.schema_mark')).toEqual([
      { n: expect.any(Number) },
    ])
    const removed = await runCommand(['schema-mark', 'remove'], env)
    expect(removed).toEqual({ code: 0, stdout: 'The schema mark is removed.\n', stderr: '' })
  })

  test('is refused to the login role with 1, and why', async () => {
    await database.query(`grant create on database ${database.name} to ${loginRole}`)
    const refused = await runCommand(['schema-mark', 'install'], database.env)
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/\(42501\)\.\nPostgreSQL lets superusers alone/)
  })

  test('that cannot connect says so with 1', async () => {
    const port = await freePort()
    const env = { DBREST_DB_URI: `postgresql://nobody@127.0.0.1:${port}/none` }
    const { code, stderr } = await runCommand(['schema-mark', 'install'], env)
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/refused/) })
  })

  test('is for PostgreSQL alone', async () => {
    const { code, stderr } = await runCommand(['schema-mark', 'install', films.path])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^The schema mark is for PostgreSQL/),
    })
  })
})
