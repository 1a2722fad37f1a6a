/**
 * The package as users have it: packed, installed in an empty folder, started by its command.
 * Its dependencies are those of the lock file, which npm has in its cache since they were installed
 * here, and SQLite's binding is the one compiled here, since compiling takes a minute. Nothing is
 * built: `dist` is in use by other tests.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { productVersion } from '../../src/core/product.ts'
import { createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { createSqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const sql = `create table items (id int primary key, name text); insert into items values (1, 'A')`

let folder: string
/** What a shell finds `node` in. */
const env = { PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) }
const command = () => join(folder, 'node_modules', '.bin', 'dbrest')

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>
}

/** Our lock file without what is there for development only. */
function runtimeLock(): string {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as Lock
  const kept = Object.entries(packages).filter(([path, { dev }]) => path !== '' && dev !== true)
  return JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...Object.fromEntries(kept) } })
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dbrest-packed-'))
  const packing = ['pack', '--ignore-scripts', '--pack-destination', folder]
  await run('npm', packing, { cwd: root })
  writeFileSync(join(folder, 'package.json'), '{}')
  writeFileSync(join(folder, 'package-lock.json'), runtimeLock())
  const quietly = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  await run('npm', ['install', ...quietly, `./dbrest-${productVersion}.tgz`], { cwd: folder })
  const binding = join('node_modules', 'better-sqlite3', 'build', 'Release', 'better_sqlite3.node')
  cpSync(join(root, binding), join(folder, binding))
}, 300_000)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('npx finds the command', async () => {
  const { stdout } = await run('npx', ['--no', '--', 'dbrest', '--version'], { cwd: folder })
  expect(stdout).toContain(`dbrest ${productVersion}`)
})

test('the command serves a SQLite file', async () => {
  const file = createSqliteFile(sql, 'shop.db')
  onTestFinished(() => file.drop())
  const server = await serve({ command: command(), args: [file.path], env })
  const reply = await ask(`${server.url}/items`)
  expect(reply.body).toEqual([{ id: 1, name: 'A' }])
  for (const path of ['/', '/dashboard/main.js', '/dashboard/dashboard.css']) {
    expect((await ask(`${server.adminUrl}${path}`)).status).toBe(200)
  }
})

test('the command serves PostgreSQL', async () => {
  const database = await createApiDatabase(sql)
  onTestFinished(() => database.drop())
  const server = await serve({ command: command(), env: { ...env, ...database.env } })
  const reply = await ask(`${server.url}/items`)
  expect(reply.body).toEqual([{ id: 1, name: 'A' }])
})
