/**
 * A SQLite file that another process changes, with and without the poll; a file that is missing,
 * vanishes, breaks or becomes another one; a query that would never end.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { cachedColumns, countLoads } from '../support/cached-schema.ts'
import { createFilmsFile } from '../support/films-database.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import type { RunningServer } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

const withoutPoll = { DBREST_DB_SCHEMA_POLL_INTERVAL: '0' }

let films: SqliteFile
beforeEach(() => {
  films = createFilmsFile()
  onTestFinished(() => films.drop())
})

test('serves the sample database as the README says', async () => {
  const server = await serve({ args: [films.path] })
  await askUntil(200, `${server.adminUrl}/ready`)
  const reply = await ask(
    `${server.url}/films?select=title,directors(name)&year=gte.2021&order=year.desc,title`,
  )
  expect(reply).toMatchObject({ status: 200, headers: { 'content-range': '0-4/*' } })
  expect(reply.body).toEqual([
    { title: 'Barbie', directors: { name: 'Greta Gerwig' } },
    { title: 'The Boy and the Heron', directors: { name: 'Hayao Miyazaki' } },
    { title: 'Nope', directors: { name: 'Jordan Peele' } },
    { title: 'Dune', directors: { name: 'Denis Villeneuve' } },
    { title: 'Petite Maman', directors: { name: 'Céline Sciamma' } },
  ])
})

describe('ALTER TABLE by another process', () => {
  test('is noticed by the poll', async () => {
    const server = await serve({ args: [films.path] })
    films.exec(`alter table films add column stars integer default 5`)
    await eventually(
      () => cachedColumns(server, 'films'),
      (columns) => expect(columns).toHaveProperty('stars'),
    )
    expect((await ask(`${server.url}/films?select=stars&limit=1`)).body).toEqual([{ stars: 5 }])
  })

  test('is served by the very next request without the poll', async () => {
    const server = await serve({ args: [films.path], env: withoutPoll })
    films.exec(`alter table films add column stars integer default 5`)
    expect(await ask(`${server.url}/films?select=stars&limit=1`)).toMatchObject({
      status: 200,
      body: [{ stars: 5 }],
    })
    films.exec(`create table critics (id integer primary key, film_id integer references films (id));
      insert into critics values (1, 18)`)
    expect((await ask(`${server.url}/critics?select=id,films(title)`)).body).toEqual([
      { id: 1, films: { title: 'Spirited Away' } },
    ])
    expect((await ask(`${server.url}/nobody`)).status).toBe(404)
  })

  test('that changes nothing of the schema is followed without a new number for it', async () => {
    const server = await serve({ args: [films.path], env: withoutPoll })
    const version = async () =>
      Object(Reflect.get(Object((await ask(`${server.adminUrl}/health`)).body), 'schemaCache'))
        .version
    const before = await version()
    films.exec(`create index films_by_year on films (year)`)
    for (let i = 0; i < 3; i += 1) {
      expect((await ask(`${server.url}/films?year=eq.2021&limit=1`)).status).toBe(200)
    }
    expect(await version()).toBe(before)
    // found by the first request alone
    expect(await countLoads(server, 'SUCCESS')).toBe(2)
  })

  test.each([
    ['SIGUSR1', (server: RunningServer) => server.signal('SIGUSR1')],
    [
      'POST /reload',
      async (server: RunningServer) => {
        await ask(`${server.adminUrl}/reload`, { method: 'POST' })
      },
    ],
  ])('is loaded on %s without the poll', async (_, trigger) => {
    const server = await serve({ args: [films.path], env: withoutPoll })
    films.exec(`create table critics (id integer primary key)`)
    expect(await cachedColumns(server, 'critics')).toBeNull()
    await trigger(server)
    await eventually(
      () => cachedColumns(server, 'critics'),
      (columns) => expect(columns).not.toBeNull(),
    )
  })

  test.each([
    [
      'a dropped column',
      'alter table films drop column runtime',
      '/films?select=runtime',
      { status: 400, body: { code: '42703', message: 'column films.runtime does not exist' } },
    ],
    [
      'a dropped column that nobody names',
      'alter table directors drop column country',
      '/directors?id=eq.1',
      { status: 200, body: [{ id: 1, name: 'Greta Gerwig', born: '1983-08-04' }] },
    ],
    [
      'a dropped table',
      'drop table budgets',
      '/budgets',
      { status: 404, body: { code: 'PGRST205' } },
    ],
    [
      'a renamed column',
      'alter table directors rename column name to full_name',
      '/directors?id=eq.1&select=*',
      { status: 200, body: [expect.objectContaining({ full_name: 'Greta Gerwig' })] },
    ],
    [
      'a relationship that is gone',
      `create table n (id integer primary key); drop table nominations; alter table n rename to nominations`,
      '/nominations?select=films(title)',
      { status: 400, body: { code: 'PGRST200' } },
    ],
    [
      'a table made anew under its name',
      `drop table competitions; create table competitions (a text); insert into competitions values ('b')`,
      '/competitions',
      { status: 200, body: [{ a: 'b' }] },
    ],
  ])(
    'under warm statements gives the answer of the new schema: %s',
    async (_, sql, target, expected) => {
      const server = await serve({ args: [films.path], env: withoutPoll })
      const often = () =>
        Promise.all(Array.from({ length: 8 }, () => ask(`${server.url}${target}`)))
      for (const reply of await often()) expect(reply.status).toBe(200)
      films.exec(`pragma foreign_keys = off; ${sql}`)
      expect(await ask(`${server.url}${target}`)).toMatchObject(expected)
      for (const reply of await often()) expect(reply).toMatchObject(expected)
    },
  )
})

describe('a database file', () => {
  const unreachable = (details: string) => ({
    status: 503,
    body: { code: 'PGRST000', message: 'Database connection error.', details },
  })

  async function refused(server: RunningServer): Promise<void> {
    await askUntil(503, `${server.adminUrl}/ready`)
    expect((await ask(`${server.adminUrl}/live`)).status).toBe(200)
  }

  async function recovers(server: RunningServer): Promise<void> {
    await askUntil(200, `${server.adminUrl}/ready`)
    await askUntil(200, `${server.url}/films?limit=1`)
    expect((await ask(`${server.adminUrl}/health`)).body).toMatchObject({ status: 'ok' })
  }

  test('that is missing at the start is waited for, and never made', async () => {
    const path = join(films.folder, 'later.db')
    const server = await serve({ env: { DBREST_DB_URI: path } })
    await server.line(new RegExp(`database file ${path} does not exist`))
    expect(await ask(`${server.url}/films`)).toMatchObject({
      status: 503,
      body: { code: 'PGRST002' },
    })
    await refused(server)
    expect(existsSync(path)).toBe(false)
    copyFileSync(films.path, path)
    await recovers(server)
    expect(await countLoads(server, 'SUCCESS')).toBe(1)
  })

  test.each([
    ['with the poll', {}],
    ['without the poll', withoutPoll],
  ])('that vanishes is named, and served again when it is back (%s)', async (_, env) => {
    const server = await serve({ args: [films.path], env })
    await askUntil(200, `${server.url}/films?limit=1`)
    const away = join(films.folder, 'away.db')
    for (const end of ['', '-wal', '-shm']) {
      if (existsSync(films.path + end)) renameSync(films.path + end, away + end)
    }
    expect(await ask(`${server.url}/films?limit=1`)).toMatchObject(
      unreachable('database file does not exist'),
    )
    await refused(server)
    expect(existsSync(films.path)).toBe(false)
    renameSync(away, films.path)
    await recovers(server)
  })

  test.each([
    ['garbage', (bytes: Buffer) => bytes.fill('nonsense'), 'file is not a database'],
    [
      'damaged behind its header',
      (bytes: Buffer) => bytes.fill(0xff, 100),
      'database disk image is malformed',
    ],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, 5000), 'database disk image is malformed'],
  ])('that is %s is told from one that is not there', async (_, damage, text) => {
    const good = readFileSync(films.path)
    const server = await serve({ args: [films.path] })
    await askUntil(200, `${server.url}/films?limit=1`)
    // written over in place, SQLite would go on with the pages that it knows
    const put = (bytes: Buffer) => {
      const beside = join(films.folder, 'beside')
      writeFileSync(beside, bytes)
      renameSync(beside, films.path)
    }
    put(damage(Buffer.from(good)))
    expect(await ask(`${server.url}/films`)).toMatchObject(unreachable(text))
    await refused(server)
    put(good)
    await recovers(server)
  })

  test('that may not be read is told with the reason', async () => {
    // root may read everything
    const uid = process.getuid?.() === 0 ? { uid: 65_534 } : {}
    chmodSync(films.folder, 0o755)
    chmodSync(films.path, 0)
    const server = await serve({ args: [films.path], ...uid })
    await server.line(
      new RegExp(`database file ${films.path} cannot be opened: permission denied \\(EACCES\\)`),
    )
    chmodSync(films.folder, 0)
    const before = server.stderr.length
    await server.line(
      new RegExp(`database file ${films.path} cannot be reached: permission denied \\(EACCES\\)`),
      { from: before },
    )
    chmodSync(films.folder, 0o777)
    chmodSync(films.path, 0o666)
    await recovers(server)
  })

  test('that is damaged is not served, and served when it is repaired', async () => {
    const good = readFileSync(films.path)
    writeFileSync(films.path, Buffer.from(good).fill(0xff, 100))
    const server = await serve({ args: [films.path] })
    await server.line(/Failed to load the schema cache .*database disk image is malformed/)
    await refused(server)
    expect(await ask(`${server.url}/films`)).toMatchObject({
      status: 503,
      body: { code: 'PGRST002' },
    })
    writeFileSync(films.path, good)
    await recovers(server)
  })

  test.each([
    ['renamed over it', (from: string, to: string) => renameSync(from, to)],
    ['copied into it', (from: string, to: string) => copyFileSync(from, to)],
  ])('another one, %s, is served', async (_, replace) => {
    const other = createSqliteFile(
      `create table films (id integer primary key, name text); insert into films values (1, 'Other')`,
    )
    onTestFinished(() => other.drop())
    const server = await serve({ args: [films.path], env: withoutPoll })
    await askUntil(200, `${server.url}/films?limit=1`)
    for (const end of ['-wal', '-shm']) rmSync(films.path + end, { force: true })
    replace(other.path, films.path)
    // copying is not atomic: until it is read anew the file is a mix of both
    const reply = await eventually(
      () => ask(`${server.url}/films`),
      ({ status, body }) => {
        if (status !== 200) expect(body).toMatchObject({ code: expect.stringMatching(/^PGRST00/) })
        expect(status).toBe(200)
      },
    )
    expect(reply.body).toEqual([{ id: 1, name: 'Other' }])
    expect((await ask(`${server.url}/directors`)).status).toBe(404)
    expect((await ask(`${server.url}/films?select=name`)).body).toEqual([{ name: 'Other' }])
  })
})

describe('a view over a table that is gone', () => {
  test('is named by the log and by /health while it cannot be read', async () => {
    films.exec(`create table made (id integer); create view remade as select id from made`)
    films.exec(`drop table made`)
    const server = await serve({ args: [films.path], env: { DBREST_LOG_LEVEL: 'error' } })
    await server.line(
      /Not served, since it cannot be read: main\.remade: no such table: main\.made$/,
    )
    const health = async () => {
      const { body } = await ask(`${server.adminUrl}/health`)
      return Object(Reflect.get(Object(body), 'schemaCache')).unreadable
    }
    expect(await health()).toEqual([{ relation: 'main.remade', cause: 'no such table: main.made' }])
    expect((await ask(`${server.url}/remade`)).status).toBe(404)
    films.exec(`create table made (id integer)`)
    await eventually(health, (found) => expect(found).toEqual([]))
    expect((await ask(`${server.url}/remade`)).body).toEqual([])
    await server.line(/Reload by poll: \+main\.made, \+main\.remade, ~unreadable relations, in /)
  })
})

describe('a query that would never end', () => {
  const forever = `create view forever as
    with recursive n(i) as (select 1 union all select 1 from n) select count(*) as total from n`

  test('is ended at db-statement-timeout, and holds up nobody', async () => {
    films.exec(forever)
    const server = await serve({
      args: [films.path],
      env: { DBREST_DB_STATEMENT_TIMEOUT: '3000', DBREST_DB_POOL: '4' },
    })
    let isOver = false
    const runaways = [1, 2].map(() =>
      ask(`${server.url}/forever`).finally(() => {
        isOver = true
      }),
    )
    let answered = 0
    while (!isOver) {
      expect((await ask(`${server.url}/films?select=id&limit=1`)).status).toBe(200)
      if (!isOver) answered += 1
    }
    for (const reply of await Promise.all(runaways)) {
      expect(reply).toMatchObject({
        status: 500,
        headers: { 'proxy-status': 'PostgREST; error=57014' },
        body: {
          code: '57014',
          details: null,
          hint: null,
          message: 'canceling statement due to statement timeout',
        },
      })
    }
    expect(answered).toBeGreaterThan(0)
    expect((await ask(`${server.url}/films?select=id&limit=1`)).status).toBe(200)
  })

  test('holds up no reload', async () => {
    films.exec(forever)
    const server = await serve({
      args: [films.path],
      env: { DBREST_DB_STATEMENT_TIMEOUT: '300000', DBREST_DB_POOL: '1' },
    })
    const leaving = new AbortController()
    const runaway = ask(`${server.url}/forever`, { signal: leaving.signal })
    runaway.catch(() => undefined)
    await eventually(
      async () => (await ask(`${server.adminUrl}/metrics`)).text,
      (text) => expect(text).toContain('pgrst_db_pool_available 0.0\n'),
    )
    films.exec('create table meanwhile (id integer)')
    await eventually(
      () => cachedColumns(server, 'meanwhile'),
      (columns) => expect(columns).not.toBeNull(),
    )
    // on a busy machine a probe may be late, which is no word on reloads
    await askUntil(200, `${server.adminUrl}/ready`)
    // its client leaves, and the only reader serves others
    leaving.abort()
    await askUntil(200, `${server.url}/meanwhile`)
  })
})
