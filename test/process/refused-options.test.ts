/**
 * Options that the engine cannot honour: they refuse the start, and on a reload the configuration
 * that is served stays.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFilmsFile } from '../support/films-database.ts'
import { ask } from '../support/http-client.ts'
import { runCommand } from '../support/server.ts'
import type { SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'

let films: SqliteFile
beforeAll(() => {
  films = createFilmsFile()
})
afterAll(() => films.drop())

const preConfig = 'db-pre-config is set, but SQLite holds no settings of the server: unset it'

describe('the start is refused', () => {
  test('with db-pre-config in the environment, which nothing would call', async () => {
    const refused = { code: 1, stdout: '', stderr: `${preConfig}\n` }
    expect(await runCommand([films.path], { DBREST_DB_PRE_CONFIG: 'x' })).toEqual(refused)
    expect(await runCommand([films.path], { PGRST_DB_PRE_CONFIG: 'x' })).toEqual(refused)
  })

  test('with options in a file, each named', async () => {
    const path = join(films.folder, 'dbrest.conf')
    writeFileSync(
      path,
      `db-uri = "${films.path}"\ndb-pre-config = "y"\ndb-config = true\ndb-channel = "z"\nserver-port = 1\nadmin-server-port = 1`,
    )
    const { code, stderr } = await runCommand([path])
    expect(code).toBe(1)
    expect(stderr.trimEnd().split('\n')).toEqual([
      'admin-server-port cannot be the same as server-port',
      'db-config is set, but SQLite holds no settings of the server: unset it',
      preConfig,
      'db-channel is set, but SQLite sends no notifications: unset it',
    ])
  })
})

test('a reload with such an option is refused, and the configuration before it stays', async () => {
  const path = join(films.folder, 'reloaded.conf')
  const write = (text: string) => writeFileSync(path, text)
  write('db-max-rows = 2\n')
  const server = await serve({ args: [path], env: { DBREST_DB_URI: films.path } })
  const rows = async () => (await ask(`${server.url}/films`)).headers['content-range']
  expect(await rows()).toBe('0-1/*')

  write('db-max-rows = 1\ndb-pre-config = "configure"\n')
  server.signal('SIGUSR2')
  await server.line(new RegExp(preConfig))
  expect(await rows()).toBe('0-1/*')

  write('db-max-rows = 1\n')
  server.signal('SIGUSR2')
  await server.line(/Config reloaded$/, { from: server.stderr.length })
  expect(await rows()).toBe('0-0/*')
})
