/**
 * `Location` and `Content-Location` are URIs, and lead back to what they are about: whatever
 * relations, key columns and values are named.
 *
 * Rule  PostgREST docs: tables_views (Insert), url_grammar; RFC 9110: 8.7, 10.2.2
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask } from '../support/http-client.ts'
import { serveForAll } from '../support/test-server.ts'

const names = [
  'plain',
  'Order Details',
  'a/b',
  'Größe',
  '映画',
  '50%',
  'what?#',
  'a;b&c=d+e',
  'a.b->c',
  'say "so"',
  "it's (*!)",
  '[x]',
  'order',
  'select',
]

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
const path = (name: string) => `/${encodeURIComponent(name)}`

/** RFC 3986: what may stand in a path and query. */
const uri = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-F]{2})*$/

async function followed(base: string, location: string | undefined) {
  expect(location).toMatch(uri)
  return ask(`${base}${location}`)
}

describe('on PostgreSQL', () => {
  let database: ApiDatabase
  beforeAll(async () => {
    const tables = names.map((name) => {
      const key = quoted(name)
      return `create table ${key} (${key} text, second int, primary key (${key}, second))`
    })
    database = await createApiDatabase(tables.join(';'))
  })
  afterAll(() => database?.drop())
  const server = serveForAll(() => ({
    env: { ...database.env, DBREST_DB_CHANNEL_ENABLED: 'false' },
  }))

  test.each(names)('Location leads to the new row of %j', async (name) => {
    const others = { [name]: 'another', second: 1 }
    const row = { [name]: `${name}=eq.1,&`, second: 1 }
    const headers = { 'Content-Type': 'application/json', Prefer: 'return=headers-only' }
    for (const each of [others, row]) {
      const body = JSON.stringify(each)
      const reply = await ask(`${server().url}${path(name)}`, { method: 'POST', headers, body })
      expect(reply).toMatchObject({ status: 201 })
      expect(await followed(server().url, reply.headers.location)).toMatchObject({ body: [each] })
    }
  })
})

describe('on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-locations-'))
  const file = join(folder, 'names.db')
  beforeAll(() => {
    const database = new Database(file)
    for (const name of names) {
      database.exec(`create table ${quoted(name)} (id integer primary key, ${quoted(name)} text)`)
      database.exec(`insert into ${quoted(name)} values (1, 'x'), (2, 'y'), (3, 'z'), (4, 'a b')`)
    }
    database.close()
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const server = serveForAll(() => ({ args: [file] }))

  test.each(names)('Content-Location leads to the rows read of %j', async (name) => {
    // PGRST100 without quotes; a key of its own for each of the names
    const column = encodeURIComponent(quoted(name).replaceAll('""', '\\"'))
    for (const query of [
      '',
      '?id=gt.1&id=lt.4&order=id.desc',
      `?select=id&${column}=in.(x,"a%20b")&order=id`,
      '?select&limit=2&unused',
      '?or=(id.eq.1,and(id.gt.2,id.lt.4))&order=id&select=*',
    ]) {
      const reply = await ask(`${server().url}${path(name)}${query}`)
      expect(reply).toMatchObject({ status: 200 })
      const again = await followed(server().url, reply.headers['content-location'])
      expect(again).toMatchObject({ status: 200, text: reply.text })
    }
  })
})
