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
import { allListen } from '../support/worker-processes.ts'

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

test('a program in strict TypeScript imports it, and runs', async () => {
  writeFileSync(
    join(folder, 'program.ts'),
    `import type { RequestListener } from 'node:http'
    import { type DbrestEvent, DbrestOptionsError, openDbrest, type ReloadRecord } from 'dbrest'
    import { Hono } from 'hono'

    const dbrest = await openDbrest({ dbUri: 'shop.db', dbSchemas: ['main'], dbPool: 2, jwtAud: undefined })
    const reloads: ReloadRecord[] = []
    dbrest.subscribe((event: DbrestEvent) => {
      if (event.kind === 'reload-ended') reloads.push(event.reload)
    })
    const app = new Hono().mount('/api', dbrest.fetch).mount('/admin', dbrest.admin.fetch)
    export const listener: RequestListener = dbrest.listener
    const response = await app.request('/api/items?select=name')
    const { kind } = await dbrest.reload('schema')
    console.log(JSON.stringify([await response.json(), kind, reloads.length]))
    await dbrest.close({ deadlineMs: 1000 })
    // @ts-expect-error
    await openDbrest({ dbUrl: 'shop.db' }).catch((failure: unknown) => {
      if (failure instanceof DbrestOptionsError) console.log(failure.problems.join())
    })
    // @ts-expect-error
    await openDbrest({ dbUri: 'shop.db', dbPool: 'many' }).catch((failure: Error) => console.log(failure.message))`,
  )
  const compilerOptions = {
    target: 'ES2023',
    module: 'NodeNext',
    types: ['node'],
    typeRoots: [join(root, 'node_modules', '@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    // hono's own need the web's types
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['program.ts'] }),
  )
  const file = createSqliteFile(sql, 'shop.db')
  onTestFinished(() => file.drop())
  cpSync(file.path, join(folder, 'shop.db'))
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const compiled = await run(process.execPath, [compiler, '-p', folder]).catch(
    (failure: { readonly stdout: string }) => failure,
  )
  expect(compiled.stdout).toBe('')
  const { stdout, stderr } = await run(process.execPath, ['program.js'], { cwd: folder })
  expect({ lines: stdout.trimEnd().split('\n'), stderr }).toEqual({
    lines: [
      '[[{"name":"A"}],"unchanged",1]',
      'dbUrl: is no option: is dbUri meant?',
      'db-pool is "many" (dbPool): it should be a whole number, 1 or more',
    ],
    stderr: '',
  })
})

test('the command serves PostgreSQL, also by several processes, and prints the schema mark', async () => {
  const database = await createApiDatabase(sql)
  onTestFinished(() => database.drop())
  const own = { ...env, ...database.env, DBREST_SERVER_WORKERS: '1' }
  const alone = await serve({ command: command(), env: own })
  const several = await serve({ command: command(), env: { ...own, DBREST_SERVER_WORKERS: '2' } })
  await allListen(several, 2)
  for (const server of [alone, several]) {
    const reply = await ask(`${server.url}/items`)
    expect(reply.body).toEqual([{ id: 1, name: 'A' }])
  }
  const { stdout } = await run(command(), ['schema-mark', 'print'], { env: own })
  await database.query(stdout)
  expect(await database.query('select evtname from pg_event_trigger order by 1')).toEqual([
    { evtname: 'dbrest_ddl' },
    { evtname: 'dbrest_drop' },
  ])
})
