/**
 * The database file as the outside world treats it: changed by others, replaced, removed, damaged,
 * left behind by a writer that crashed. The server never makes one, and never serves an old one.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { plainSchemaOptions } from '../../support/plain-schema-options.ts'
import {
  createSqliteFile,
  openSqliteApi,
  type SqliteApi,
  type SqliteFile,
} from '../../support/sqlite-database.ts'

const items = `
  create table items (id integer primary key, name text not null);
  insert into items values (1, 'one');
`

const releases: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

function file(sql = items): SqliteFile {
  const made = createSqliteFile(sql)
  releases.push(made.drop)
  return made
}

function open(uri: string, options: Partial<Config> = {}): SqliteApi {
  const api = openSqliteApi(uri, options)
  releases.push(api.close)
  return api
}

async function serve(made: SqliteFile, options: Partial<Config> = {}): Promise<SqliteApi> {
  const api = open(made.path, options)
  await api.load()
  return api
}

const signal = new AbortController().signal
const options = plainSchemaOptions({ dbSchemas: ['main'] })

describe('db-uri', () => {
  test.each([
    ['a path', (path: string) => path],
    ['a relative path', (path: string) => relative(process.cwd(), path)],
    ['a file: URI', (path: string) => `file:${path}`],
    ['a file: URI with slashes', (path: string) => `file://${path}`],
    ['a file: URI that asks to write', (path: string) => `file:${path}?mode=rwc&cache=shared`],
    ['a file: URI of a file that nobody changes', (path: string) => `file:${path}?immutable=1`],
    ['a sqlite: URI', (path: string) => `sqlite:${path}`],
    ['a sqlite: URI with slashes', (path: string) => `sqlite://${path}`],
    ['a sqlite: URI of SQLAlchemy', (path: string) => `sqlite:///${relative(process.cwd(), path)}`],
    ['a sqlite3: URI', (path: string) => `sqlite3:${relative(process.cwd(), path)}`],
  ])('is %s', async (_, uriOf) => {
    const api = open(uriOf(file().path))
    await api.load()
    expect((await api.get('/items')).body).toEqual([{ id: 1, name: 'one' }])
  })

  test('may hold blanks and percent signs', async () => {
    const made = file()
    const odd = join(made.folder, 'a b%20c?#.db')
    copyFileSync(made.path, odd)
    for (const uri of [odd, `file:${encodeURIComponent(odd).replaceAll('%2F', '/')}?mode=ro`]) {
      const api = open(uri)
      await api.load()
      expect((await api.get('/items')).status).toBe(200)
    }
  })

  test.each(['', ':memory:', 'file::memory:', 'file:x?mode=memory', 'file:?cache=shared'])(
    'is refused when it names memory: %s',
    (uri) => {
      expect(() => openSqliteApi(uri)).toThrow(/in memory cannot be served/)
    },
  )
})

describe('a file that is not there', () => {
  test('is a failed load, is not made, and is served once it is there', async () => {
    const made = file()
    const path = join(made.folder, 'later.db')
    const api = open(path)
    const failure = await api.load().then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(BackendFailure)
    expect(failure).toMatchObject({
      message: `database file ${path} does not exist`,
      isFatal: false,
      error: { kind: 'connection' },
    })
    expect(existsSync(path)).toBe(false)
    copyFileSync(made.path, path)
    await api.load()
    expect((await api.get('/items')).status).toBe(200)
  })

  test('is a 503 when it has been removed, and 200 when it is back', async () => {
    const made = file()
    const api = await serve(made)
    expect((await api.get('/items')).status).toBe(200)
    const kept = `${made.path}.kept`
    renameSync(made.path, kept)
    expect(await api.get('/items')).toMatchObject({
      status: 503,
      body: { code: 'PGRST000', details: 'database file does not exist' },
    })
    await expect(api.backend.ping(signal)).rejects.toThrow(/does not exist/)
    await expect(api.backend.schemaVersion(options, signal)).rejects.toThrow(/does not exist/)
    expect(existsSync(made.path)).toBe(false)
    renameSync(kept, made.path)
    expect((await api.get('/items')).status).toBe(200)
    await expect(api.backend.ping(signal)).resolves.toBeUndefined()
  })

  test('may not be a folder', () => {
    const made = file()
    expect(() => openSqliteApi(made.folder)).toThrow('the file that it names is not a file')
  })
})

describe('a file that is no database', () => {
  test('is refused before it is opened', () => {
    const made = file()
    writeFileSync(
      made.path,
      'just some text, and quite a bit of it, so that it is a header\n'.repeat(100),
    )
    expect(() => openSqliteApi(made.path)).toThrow(
      'db-uri: the file that it names is not a SQLite database',
    )
  })

  test('is a 503 for requests, until it is one again', async () => {
    const made = file()
    const api = await serve(made)
    const good = `${made.path}.good`
    copyFileSync(made.path, good)
    writeFileSync(made.path, Buffer.alloc(statSync(made.path).size, 'x'))
    expect(await api.get('/items')).toMatchObject({ status: 503, body: { code: 'PGRST000' } })
    renameSync(good, made.path)
    expect((await api.get('/items')).status).toBe(200)
  })

  test('is a 503 where single pages are damaged', async () => {
    const made = file(`
      create table items (id integer primary key, name text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)
      insert into items select i, hex(randomblob(50)) from n;`)
    const api = await serve(made)
    const db = readDatabase(made.path)
    db.fill(0xff, 5 * 4096, 60 * 4096)
    writeFileSync(made.path, db)
    expect(await api.get('/items?select=name')).toMatchObject({
      status: 503,
      body: { code: 'PGRST000', details: 'database disk image is malformed' },
    })
  })

  test('may be empty: a database without relations', async () => {
    const made = file()
    rmSync(made.path)
    writeFileSync(made.path, '')
    const api = await serve(made)
    expect(api.snapshot().relations.size).toBe(0)
    expect((await api.get('/items')).status).toBe(404)
  })
})

function readDatabase(path: string): Buffer {
  const db = new Database(path)
  const bytes = db.serialize()
  db.close()
  return bytes
}

describe('a schema change by somebody else', () => {
  test.each(['delete', 'wal'])('is served by the next request (%s journal)', async (mode) => {
    const made = file(`pragma journal_mode = ${mode}; ${items}`)
    const api = await serve(made)
    await api.get('/items')
    made.exec(`alter table items add column size integer default 5`)
    expect((await api.get('/items')).body).toEqual([{ id: 1, name: 'one', size: 5 }])
    made.exec(`alter table items rename column name to label`)
    expect((await api.get('/items?select=label')).body).toEqual([{ label: 'one' }])
    expect((await api.get('/items?select=name')).body).toMatchObject({ code: '42703' })
    made.exec(`create table more (id integer primary key, item_id integer references items(id))`)
    expect((await api.get('/more?select=id,items(label)')).body).toEqual([])
    made.exec(`drop table items`)
    expect((await api.get('/items')).status).toBe(404)
  })

  test('turns a refusal into an answer without a reload in between', async () => {
    const made = file()
    const api = await serve(made)
    expect((await api.get('/items?size=eq.1')).body).toMatchObject({ code: '42703' })
    made.exec(`alter table items add column size text default 'x'`)
    expect((await api.get('/items?size=eq.x&select=id')).body).toEqual([{ id: 1 }])
  })

  test('changes how operands are read', async () => {
    const made = file()
    const api = await serve(made)
    expect((await api.get('/items?id=eq.x')).body).toMatchObject({ code: '22P02' })
    made.exec(
      `drop table items; create table items (id text primary key); insert into items values ('x')`,
    )
    expect((await api.get('/items?id=eq.x')).body).toEqual([{ id: 'x' }])
  })

  test('moves the version, and changes of rows do not', async () => {
    const made = file()
    const api = await serve(made)
    const { schemaVersion } = api.snapshot()
    made.exec(`insert into items values (2, 'two')`)
    expect(await api.backend.schemaVersion(options, signal)).toBe(schemaVersion)
    made.exec(`create index items_name on items (name)`)
    expect(await api.backend.schemaVersion(options, signal)).not.toBe(schemaVersion)
  })
})

describe('another file under the same name', () => {
  test('is served at once, with its own schema', async () => {
    const made = file()
    const other = file(`create table items (id integer primary key, title text);
      insert into items values (7, 'seven');`)
    const api = await serve(made)
    await api.get('/items')
    const { schemaVersion } = api.snapshot()
    renameSync(other.path, made.path)
    expect((await api.get('/items')).body).toEqual([{ id: 7, title: 'seven' }])
    expect(api.snapshot().schemaVersion).not.toBe(schemaVersion)
  })

  test('is noticed by its version although it was written over the old one', async () => {
    const made = file()
    // as many schema changes: SQLite's own counter is the same
    const other = file(`create table things (id integer primary key, title text);
      insert into things values (7, 'seven');`)
    const api = await serve(made)
    await api.get('/items')
    const { schemaVersion } = api.snapshot()
    copyFileSync(other.path, made.path)
    expect(await api.backend.schemaVersion(options, signal)).not.toBe(schemaVersion)
    await api.load()
    expect((await api.get('/things')).body).toEqual([{ id: 7, title: 'seven' }])
    expect((await api.get('/items')).status).toBe(404)
  })
})

describe('a writer at work', () => {
  test('is not waited for in WAL mode, and not seen before it commits', async () => {
    const made = file(`pragma journal_mode = wal; ${items}`)
    const api = await serve(made)
    const writer = new Database(made.path)
    releases.push(() => void writer.close())
    writer.exec(`begin immediate; insert into items values (2, 'two')`)
    expect((await api.get('/items?select=id')).body).toEqual([{ id: 1 }])
    writer.exec('commit')
    expect((await api.get('/items?select=id')).body).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('holds up readers in other modes: till its commit, or a 57014 at db-statement-timeout', async () => {
    const made = file()
    const [patient, hasty] = [await serve(made), await serve(made, { dbStatementTimeout: 300 })]
    for (const api of [patient, hasty]) await api.get('/items')
    const writer = new Database(made.path)
    releases.push(() => void writer.close())
    writer.exec(`begin exclusive; insert into items values (2, 'two')`)
    const reply = patient.get('/items?select=id')
    // asked later, and has waited until its own limit
    expect(await hasty.get('/items')).toMatchObject({ status: 500, body: { code: '57014' } })
    writer.exec('commit')
    expect((await reply).body).toEqual([{ id: 1 }, { id: 2 }])
  })
})

describe('a lock that another program does not give back', () => {
  test('is a 503 that may be tried again, for as long as it is held', async () => {
    const made = file()
    const api = await serve(made)
    await api.get('/items')
    const writer = new Database(made.path)
    releases.push(() => void writer.close())
    writer.exec('begin exclusive')
    const reply = await api.get('/items')
    expect(reply).toMatchObject({ status: 503, body: { code: '55P03' } })
    expect(reply.headers.get('retry-after')).toBe('1')
    writer.exec('commit')
    expect((await api.get('/items')).status).toBe(200)
  })
})

describe('a writer that crashed', () => {
  test.each(['delete', 'wal'])('leaves what was committed (%s journal)', async (mode) => {
    const made = file(`pragma journal_mode = ${mode};
      create table items (id integer primary key, name text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
      insert into items select i, 'old' from n;`)
    crashWhileWriting(made.path)
    const left = mode === 'wal' ? '-wal' : '-journal'
    expect(existsSync(`${made.path}${left}`), basename(left)).toBe(true)
    const api = await serve(made)
    expect((await api.get('/items?select=count()&name=eq.old')).body).toEqual([{ count: 2000 }])
    expect((await api.get('/items?select=count()&name=neq.old')).body).toEqual([{ count: 0 }])
  })

  test('is no obstacle to a server that has been running', async () => {
    const made = file(`create table items (id integer primary key, name text);
      with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
      insert into items select i, 'old' from n;`)
    const api = await serve(made)
    await api.get('/items?limit=1')
    crashWhileWriting(made.path)
    expect((await api.get('/items?select=count()&name=eq.old')).body).toEqual([{ count: 2000 }])
  })
})

/** Another process that changes all rows, far enough for the file to be written, and is gone. */
function crashWhileWriting(path: string): void {
  const script = `
    const Database = require(${JSON.stringify(join(process.cwd(), 'node_modules/better-sqlite3'))})
    const db = new Database(${JSON.stringify(path)})
    db.pragma('cache_size = 1')
    db.exec("begin immediate; update items set name = hex(randomblob(200))")
    process.kill(process.pid, 'SIGKILL')`
  expect(spawnSync(process.execPath, ['-e', script]).signal).toBe('SIGKILL')
}
