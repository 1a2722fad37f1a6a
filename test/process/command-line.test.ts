/**
 * The command line for people: flags in place of options, what `--check` finds, the URLs to open, and what
 * is said where nothing is configured.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { anonRole, createApiDatabase, loginRole } from '../support/api-database.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, eventually } from '../support/http-client.ts'
import { createMongodbDatabase, isMongodbHere } from '../support/mongodb.ts'
import { freePort } from '../support/postgres.ts'
import { runCommand } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

function filmsFile(): SqliteFile {
  const file = createFilmsFile()
  onTestFinished(() => file.drop())
  return file
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-command-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('flags are stronger than the environment', async () => {
  const [port, adminPort] = [await freePort(), await freePort()]
  const flags = ['--port', String(port), '--admin-port', String(adminPort), '--host', '127.0.0.2']
  const server = await serve({ args: [filmsFile().path, ...flags, '--read-only'] })
  await server.line(new RegExp(` API server listening on 127.0.0.2:${port}$`))
  const reply = await ask(`http://127.0.0.2:${port}/films?id=eq.1`, { method: 'DELETE' })
  expect(reply.status).toBe(405)
  expect((await ask(`http://127.0.0.1:${adminPort}/live`)).status).toBe(200)
})

test('flags are stronger than what the database holds', async () => {
  const database = await createApiDatabase(`
    create schema api;
    create table api.films (id int primary key);
    grant usage on schema api to ${anonRole};
    grant select on api.films to ${anonRole};
    do $$ begin
      execute format('alter role ${loginRole} in database %I set pgrst.db_schemas = ''public''', current_database());
      execute format('alter role ${loginRole} in database %I set pgrst.db_anon_role = ''nobody''', current_database());
    end $$`)
  onTestFinished(() => database.drop())
  const uri = database.env['DBREST_DB_URI'] ?? ''
  const server = await serve({ args: [uri, '--schema', 'api', '--anon-role', anonRole] })
  expect((await ask(`${server.url}/films`)).body).toEqual([])
})

test('an option that is wrong is named by its flag', async () => {
  const { code, stderr } = await runCommand([filmsFile().path, '--port', 'http'])
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringContaining('(--port): it should be a whole number'),
  })
})

test('the start of a database that is named ends with the URLs to open', async () => {
  const env = { DBREST_SERVER_BASE_PATH: '/rest/v1' }
  const server = await serve({ args: [filmsFile().path, '--host', '0.0.0.0'], env })
  const line = await server.line(/ Open /)
  expect(line.replace(/^.*Open /, '')).toBe(
    `http://localhost:${server.port}/rest/v1/ (API) or ${server.adminUrl}/ (dashboard)`,
  )
  expect(server.stderr.at(-1)).toBe(line)
})

test('--open has a browser show the dashboard, or else the API', async () => {
  const folder = temporaryFolder()
  const shown = join(folder, 'shown')
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(folder, name), `#!/bin/sh\nprintf '%s\\n' "$1" >> '${shown}'\n`)
    chmodSync(join(folder, name), 0o755)
  }
  const PATH = [folder, process.env['PATH']].join(delimiter)
  const file = filmsFile()
  const all = await serve({ args: [file.path, '--open'], env: { PATH } })
  const read = () => (existsIn(shown) ? readFileSync(shown, 'utf8') : '')
  await eventually(read, (text) => expect(text).toBe(`${all.adminUrl}/\n`))
  const api = await serve({
    args: [file.path, '--open'],
    env: { PATH, DBREST_ADMIN_SERVER_PORT: undefined },
  })
  await eventually(read, (text) => expect(text).toBe(`${all.adminUrl}/\n${api.url}/\n`))
})

function existsIn(path: string): boolean {
  try {
    return readFileSync(path).length > 0
  } catch {
    return false
  }
}

test('--open without a program for it serves all the same', async () => {
  const server = await serve({
    args: [filmsFile().path, '--open'],
    env: { PATH: temporaryFolder() },
  })
  await server.line(/No browser could be opened/)
  expect((await ask(`${server.url}/films?limit=1`)).status).toBe(200)
})

/** In a folder, with nothing in the environment. */
async function runBare(cwd: string, args: readonly string[] = []) {
  const server = await serve({
    args,
    cwd,
    until: null,
    env: Object.fromEntries(
      ['HOST', 'PORT', 'ADMIN_SERVER_HOST', 'ADMIN_SERVER_PORT']
        .map((name) => `DBREST_${name.replace(/^(HOST|PORT)$/, 'SERVER_$1')}`)
        .concat('DBREST_LOG_LEVEL', 'DBREST_SERVER_WORKERS')
        .map((name) => [name, undefined]),
    ),
  })
  return { code: await server.exited, said: server.stderr.join('\n') }
}

test('where nothing is configured, it says what to do next', async () => {
  const folder = temporaryFolder()
  const { code, said } = await runBare(folder)
  expect(code).toBe(1)
  expect(said).toMatch(
    /nothing is configured[\s\S]*dbrest films\.db[\s\S]*dbrest --example > dbrest/,
  )
  expect((await runBare(folder, ['--check', '--port', '80'])).said).toContain(
    'nothing is configured',
  )
  writeFileSync(join(folder, 'orders.sqlite'), '')
  expect((await runBare(folder)).said).toContain('dbrest orders.sqlite\n')
})

test('--check prints what would be served of a SQLite file', async () => {
  const file = createSqliteFile(`
    create table films (id integer primary key);
    create table notes (text text);
    create view list as select * from films;
    create view broken as select * from gone`)
  onTestFinished(() => file.drop())
  const functions = JSON.stringify([
    { name: 'add', params: [{ name: 'a', type: 'integer' }], sql: 'select :a + 1' },
  ])
  const env = {
    DBREST_DB_TABLES: '*, ghosts',
    DBREST_DB_EXCLUDE_TABLES: 'notes',
    DBREST_FUNCTION_REGISTRY: functions,
    DBREST_SERVER_PROT: '80',
  }
  const { code, stdout, stderr } = await runCommand([file.path, '--check'], env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^dbrest \S+ would serve SQLite \S+, schemas: main$/)
  expect(lines).toEqual(
    expect.arrayContaining([
      'Relations: 2',
      '  films (table)',
      '  list (view, read only)',
      'Functions: 1',
      '  add(a integer)',
      'Warnings: 3',
    ]),
  )
  expect(stdout).toMatch(/DBREST_SERVER_PROT is no option/)
  expect(stdout).toMatch(/"ghosts" of db-tables/)
  expect(stdout).toMatch(/broken is not served, since it cannot be read/)
})

test('--check fails for a name to be left out that nothing has: what was meant is served', async () => {
  const file = createSqliteFile('create table notes (text text)')
  onTestFinished(() => file.drop())
  const env = { DBREST_DB_EXCLUDE_TABLES: 'ghosts' }
  const { code, stdout } = await runCommand([file.path, '--check'], env)
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^Problems: 1\n {2}no relation has the name "ghosts" of db-exclude-tables$/m,
  )
})

test('--check prints what would be served of PostgreSQL', async () => {
  const database = await createApiDatabase(`
    create table films (id int primary key);
    create function add(a int, b int) returns int language sql as 'select a + b'`)
  onTestFinished(() => database.drop())
  const { code, stdout, stderr } = await runCommand(['--check'], database.env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout.split('\n').slice(1)).toEqual([
    'Relations: 1',
    '  films (table)',
    'Functions: 1',
    '  add(a integer, b integer)',
    'Schema changes: heard on the "pgrst" channel',
    'Warnings: 0',
    '',
  ])
})

test('--check ends with 1 where db-channel-uri leads nowhere, and says why in one line', async () => {
  const database = await createApiDatabase('create table films (id int primary key)')
  onTestFinished(() => database.drop())
  const way = `postgresql://${loginRole}@127.0.0.1:${await freePort()}/${database.name}`
  const { code, stdout } = await runCommand(['--check'], {
    ...database.env,
    DBREST_DB_CHANNEL_URI: way,
  })
  expect(code).toBe(1)
  expect(stdout).toMatch(
    /^Problems: 1\n {2}schema changes are polled, none is heard on the "pgrst" channel: db-channel-uri: connection to server .* failed: Connection refused[ \t]+Is the server running .*\nWarnings: 0\n$/m,
  )
})

test.skipIf(!isMongodbHere)('--check prints what would be served of MongoDB', async () => {
  const database = await createMongodbDatabase()
  onTestFinished(() => database.drop())
  await database.db.collection('films').insertOne({ title: 'A' })
  const { code, stdout } = await runCommand([database.uri, '--check'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^Relations: 1\n {2}films \(table\)$/m)
  expect(stdout).toMatch(/^Schema changes: heard in the change stream of "[^"]+"$/m)
})

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['an option is wrong', { DBREST_SERVER_PORT: 'http' }, /server-port .*it should be/],
  [
    'a policy does not fit',
    {
      DBREST_POLICY_REGISTRY: JSON.stringify({
        roles: { anon: {} },
        policies: [{ name: 'own', role: 'anon', relation: 'films', using: 'gone=eq.1' }],
      }),
    },
    /Problems: 1\n.*films is denied to everybody, since the policy "own" does not fit/,
  ],
])('--check ends with 1 where %s', async (_, env, said) => {
  const { code, stdout, stderr } = await runCommand([filmsFile().path, '--check'], env)
  expect(stdout + stderr).toMatch(said)
  expect(code).toBe(1)
})

test('--check ends with 1 without its database', async () => {
  const uri = `postgresql://nobody@127.0.0.1:${await freePort()}/gone`
  const { code, stdout } = await runCommand(['--check', uri])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
})
