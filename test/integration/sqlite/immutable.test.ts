/**
 * `immutable=1` in `db-uri`: the file is served from a copy, and nothing is needed or made beside it.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
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
const never = new AbortController().signal
const releases: (() => void | Promise<void>)[] = []
/** Where copies go. */
let temporary = ''

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'dbrest-immutable-'))
  vi.stubEnv('TMPDIR', temporary)
})

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
  vi.unstubAllEnvs()
  rmSync(temporary, { recursive: true, force: true })
})

function file(mode: string): SqliteFile {
  const made = createSqliteFile(`pragma journal_mode = ${mode}; ${items}`)
  releases.push(made.drop)
  return made
}

function open(made: SqliteFile): SqliteApi {
  const api = openSqliteApi(`file:${made.path}?immutable=1`)
  releases.push(api.close)
  return api
}

function copies(): readonly string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('dbrest-copy-'))
}

/** A change whose time is another one, however coarse the clock of files is. */
function change(made: SqliteFile, sql: string): void {
  made.exec(sql)
  const later = new Date(Date.now() + 10_000)
  utimesSync(made.path, later, later)
}

function version(api: SqliteApi): Promise<string> {
  return api.backend.schemaVersion(api.snapshot().options, never)
}

test.each(['wal', 'delete'])(
  'serves a file (%s journal), and leaves its folder alone',
  async (mode) => {
    const made = file(mode)
    const api = open(made)
    await api.load()
    expect((await api.get('/items')).body).toEqual([{ id: 1, name: 'one' }])
    expect(readdirSync(made.folder)).toEqual(['test.db'])
    expect(copies()).toHaveLength(1)
    const options = await api.get('/items', {}, { method: 'OPTIONS' })
    expect(options.headers.get('allow')).toBe('OPTIONS,GET,HEAD')
    await api.close()
    expect(copies()).toEqual([])
  },
)

test('a file that changes all the same is copied again', async () => {
  const made = file('wal')
  const api = open(made)
  await api.load()
  const before = await version(api)
  change(made, `insert into items values (2, 'two')`)
  expect(await version(api)).not.toBe(before)
  expect((await api.get('/items?select=id')).body).toEqual([{ id: 1 }, { id: 2 }])
  change(made, 'alter table items add column year int')
  await version(api)
  expect((await api.get('/items?select=year&id=eq.1')).body).toEqual([{ year: null }])
  expect(copies()).toHaveLength(1)
})

test('a file with transactions beside it is not served without them', async () => {
  const made = file('wal')
  const writer = new Database(made.path)
  releases.push(() => void writer.close())
  writer.exec(`insert into items values (2, 'two')`)
  const failure = await open(made)
    .load()
    .catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(BackendFailure)
  expect(failure).toMatchObject({
    message: expect.stringMatching(/cannot be copied: the file -wal beside it is not empty/),
    error: { kind: 'connection', clientDetails: expect.not.stringContaining(made.path) },
  })
})

test('what killed servers left behind is removed, and nothing else', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid
  const host = hostname().replaceAll(/[^\w.]/g, '_')
  const left = [`dbrest-copy-${host}-${dead}-1-abc`, `dbrest-copy-${host}-${process.pid}-1-abc`]
  const kept = [
    `dbrest-copy-${host}-${process.ppid}-1-abc`,
    `dbrest-copy-other.host-${dead}-1-abc`,
    'x',
  ]
  for (const name of [...left, ...kept]) {
    mkdirSync(join(temporary, name))
    writeFileSync(join(temporary, name, 'database'), '')
  }
  const api = open(file('delete'))
  await api.load()
  for (const name of left) expect(existsSync(join(temporary, name)), name).toBe(false)
  for (const name of kept) expect(existsSync(join(temporary, name)), name).toBe(true)
})

test('behind a link, transactions are looked for beside the file', async () => {
  const made = file('wal')
  const link = join(temporary, 'link.db')
  symlinkSync(made.path, link)
  const writer = new Database(made.path)
  writer.exec(`insert into items values (2, 'two')`)
  const api = openSqliteApi(`file:${link}?immutable=1`)
  releases.push(api.close)
  await expect(api.load()).rejects.toThrow(/the file -wal beside it is not empty/)
  writer.close()
  await api.load()
  expect((await api.get('/items?select=id')).body).toEqual([{ id: 1 }, { id: 2 }])
})

// the superuser may write to any folder
test.skipIf(process.getuid?.() === 0)(
  'serves a WAL file in a folder that is read-only',
  async () => {
    const made = file('wal')
    chmodSync(made.path, 0o444)
    chmodSync(made.folder, 0o555)
    releases.push(() => chmodSync(made.folder, 0o755))
    const api = open(made)
    await api.load()
    expect((await api.get('/items')).body).toEqual([{ id: 1, name: 'one' }])
    await expect(openSqliteApi(made.path).load()).rejects.toThrow(/folder must be writable/)
  },
)
