/**
 * A db-uri that leads nowhere, whatever is waited for: the server ends at once with 1 and says why,
 * without a part of the text, since a password that is not escaped can be any part of it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
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

const password = 'unguessable-pass'

describe('a text that is not understood', () => {
  test.each([
    [`mysql://u:${password}@h/x`, 'mysql: is no scheme that is served'],
    [`http://u:${password}@h/x`, 'http: is no scheme that is served'],
    [`jdbc:postgresql://h/x?user=u&password=${password}`, 'jdbc: is no scheme that is served'],
    [`${password}://h/x`, 'its scheme is none that is served'],
    [`u:${password}@h/x`, 'it has no scheme before user and password'],
    [`postgresql://u:${password}%zz@h/db`, 'the password in db-uri has a "%"'],
    [`postgresql://u:p/${password}@h/db`, 'db-uri has an "@" behind user and password'],
    [`postgresql://u:1/${password}@h/db`, 'db-uri has an "@" behind user and password'],
    [`postgresql://u:first-part-of@${password}@h/db`, 'db-uri has an "@" behind user and password'],
    [`postgresql://u:${password}/db`, 'port, in db-uri or PGPORT, is not a whole number'],
    [
      `postgresql://h/db?user=u&password=first-part-of&${password}=b`,
      'query parameter 3 of db-uri is none',
    ],
    [`postgresql://h/db?passwort=${password}`, 'query parameter 1 of db-uri is none'],
    [`host=h user=u password=first-part-of ${password}`, 'db-uri has no "=" behind keyword 4'],
    [`host=h user=u password='${password}`, 'db-uri has a quoted value without end'],
    [`host=h sslmode=${password}`, 'sslmode, in db-uri or PGSSLMODE, is none of'],
    [password, 'db-uri is neither a URI'],
    [`@${password}`, 'the file behind its @ cannot be read: no such file or directory'],
    [`file://u:${password}@h/films.db`, 'the file: URI in db-uri names another host'],
    [
      `mongodb://u:${password}@p@h/db`,
      'db-uri is not understood as a connection string of MongoDB',
    ],
  ])('%s', async (uri, reason) => {
    const configured = await runCommand([], { DBREST_DB_URI: uri })
    expect(configured.stderr).toContain(reason)
    // a bare word is the name of a configuration file
    const named = uri === password ? configured : await runCommand([uri])
    for (const { code, stdout, stderr } of [configured, named]) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).not.toContain(password)
    }
  })

  test.each([
    ['PGSSLMODE', 'sslmode, in db-uri or PGSSLMODE, is none of'],
    ['PGPORT', 'port, in db-uri or PGPORT, is not a whole number'],
    ['PGSERVICE', 'service, in db-uri or PGSERVICE, has no definition in the service file'],
  ])('in %s, which completes it', async (variable, reason) => {
    const env = { DBREST_DB_URI: 'postgresql://h', [variable]: 'x' }
    const { code, stderr } = await runCommand([], env)
    expect(code).toBe(1)
    expect(stderr).toContain(reason)
  })
})

describe('what is no database', () => {
  test.each([
    ['a file of another kind', 'notes.db', 'is not a SQLite database'],
    ['a folder', 'folder.db', 'is not a file'],
  ])('%s', async (_, name, reason) => {
    const path = join(films.folder, name)
    if (name.startsWith('notes')) writeFileSync(path, 'no database, but longer than its header')
    else mkdirSync(path)
    const stderr = `db-uri: the file that it names ${reason}\n`
    const refused = { code: 1, stdout: '', stderr: expect.stringContaining(stderr) }
    expect(await runCommand([], { DBREST_DB_URI: path })).toEqual(refused)
  })
})

test('a backend that contradicts the URI', async () => {
  const env = { DBREST_DB_URI: `postgresql://u:${password}@h`, DBREST_DB_BACKEND: 'sqlite' }
  expect(await runCommand([], env)).toEqual({
    code: 1,
    stdout: '',
    stderr:
      'db-backend (DBREST_DB_BACKEND) is sqlite, but db-uri names a database of postgres: change or unset one of them\n',
  })
})

test('a backend without its URI', async () => {
  const { code, stderr } = await runCommand([], { DBREST_DB_BACKEND: 'sqlite' })
  expect(code).toBe(1)
  expect(stderr).toContain('db-uri is not set to a SQLite file')
})

test('a file that goes while it is served is no longer named to clients, but in the log', async () => {
  const gone = createFilmsFile()
  const server = await serve({ env: { DBREST_DB_URI: gone.path } })
  gone.drop()
  const reply = await ask(`${server.url}/films`)
  expect(reply).toMatchObject({
    status: 503,
    body: { code: 'PGRST000', details: 'database file does not exist' },
  })
  expect(reply.text).not.toContain(gone.folder)
  await server.line(new RegExp(`PGRST000.*${gone.path} does not exist`))
})
