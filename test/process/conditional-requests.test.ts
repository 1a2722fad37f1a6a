/**
 * Conditional requests over HTTP: tags of reads, 304, and writes that depend on nobody having changed
 * the row. The same on each engine that can keep it.
 */
import { Agent } from 'node:http'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  type ApiDatabase,
  anonRole,
  createApiDatabase,
  loginRole,
} from '../support/api-database.ts'
import { type AskOptions, ask, eventually, type HttpReply } from '../support/http-client.ts'
import { createMongodbDatabase, isMongodbHere, type MongodbDatabase } from '../support/mongodb.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { serve, serveForAll } from '../support/test-server.ts'

const tables = `
  create table counters (id integer primary key, n integer not null, note text);
  insert into counters values (1, 0, 'ü'), (2, 0, null), (3, 0, null);
  create table unnamed (n integer);
  insert into unnamed values (1);
  create view shown as select * from counters;`

let postgres: ApiDatabase
let sqlite: SqliteFile
let mongodb: MongodbDatabase
beforeAll(async () => {
  sqlite = createSqliteFile(`pragma journal_mode = wal; ${tables}`)
  postgres = await createApiDatabase(tables)
  if (isMongodbHere) {
    mongodb = await createMongodbDatabase()
    await mongodb.db
      .collection<{ _id: number; n: number; note: string | null }>('counters')
      .insertMany([
        { _id: 1, n: 0, note: 'ü' },
        { _id: 2, n: 0, note: null },
        { _id: 3, n: 0, note: null },
      ])
    await mongodb.db.collection('unnamed').insertOne({ n: 1 })
    await mongodb.db.createCollection('shown', { viewOn: 'counters', pipeline: [] })
  }
})
afterAll(async () => {
  sqlite.drop()
  await postgres.drop()
  if (isMongodbHere) await mongodb.drop()
})

/** `id`: what a document is known by has another name. */
const places = [
  ['SQLite', () => ({ args: [sqlite.path], env: {} }), 'id'],
  ['PostgreSQL', () => ({ args: [], env: postgres.env }), 'id'],
  ...(isMongodbHere ? [['MongoDB', () => ({ args: [mongodb.uri], env: {} }), '_id'] as const] : []),
] as const

const json = { 'content-type': 'application/json' }

function tagOf({ status, headers }: HttpReply): string {
  expect(status).toBe(200)
  expect(headers.etag).toMatch(/^"[\w-]{43}"$/)
  return headers.etag ?? ''
}

describe.each(places)('on %s', (engine, place, id) => {
  const running = serveForAll(() => {
    const { args, env } = place()
    return { args, env: { ...env, DBREST_ETAG_ENABLED: 'true', DBREST_DB_PLAN_ENABLED: 'true' } }
  })
  const get = (path: string, options: AskOptions = {}) => ask(running().url + path, options)

  function patch(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    const options = { method: 'PATCH', body: JSON.stringify(body) }
    return get(path, { ...options, headers: { ...json, ...headers } })
  }

  describe('a read', () => {
    test('has one tag for one representation, by GET and HEAD', async () => {
      const tag = tagOf(await get(`/counters?${id}=eq.1`))
      expect(tagOf(await get(`/counters?${id}=eq.1`))).toBe(tag)
      const head = await get(`/counters?${id}=eq.1`, { method: 'HEAD' })
      expect(tagOf(head)).toBe(tag)
      expect(head.text).toBe('')
      expect(head.headers).not.toHaveProperty('content-length')
    })

    test.each([
      ['rows', `/counters?${id}=eq.2`, {}],
      ['columns', `/counters?${id}=eq.1&select=${id}`, {}],
      ['media type', `/counters?${id}=eq.1`, { accept: 'text/csv' }],
      ['form', `/counters?${id}=eq.1`, { accept: 'application/vnd.pgrst.object+json' }],
      ['number of all rows', `/counters?${id}=eq.1`, { prefer: 'count=exact' }],
    ])('has another tag for other %s', async (_, path, headers) => {
      const tag = tagOf(await get(`/counters?${id}=eq.1`))
      expect(tagOf(await get(path, { headers }))).not.toBe(tag)
    })

    test('that the client has already is answered without a body', async () => {
      const tag = tagOf(await get(`/counters?${id}=eq.1`))
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
        for (const method of ['GET', 'HEAD']) {
          const headers = { 'if-none-match': known, origin: 'http://a.b' }
          const reply = await get(`/counters?${id}=eq.1`, { method, headers })
          expect(reply).toMatchObject({
            status: 304,
            text: '',
            headers: {
              etag: tag,
              vary: 'Accept, Prefer, Range',
              'content-location': `/counters?${id}=eq.1`,
              'access-control-expose-headers': expect.stringContaining(', ETag'),
            },
          })
          expect(reply.headers).not.toHaveProperty('content-type')
          expect(reply.headers).not.toHaveProperty('content-length')
        }
      }
      const other = await get(`/counters?${id}=eq.1`, { headers: { 'if-none-match': '"other"' } })
      expect(other).toMatchObject({ status: 200, body: [{ [id]: 1 }] })
    })

    test('may be refused unless it is what the client names', async () => {
      const tag = tagOf(await get(`/counters?${id}=eq.1`))
      const asking = (value: string) =>
        get(`/counters?${id}=eq.1`, { headers: { 'if-match': value } })
      expect((await asking(tag)).status).toBe(200)
      expect((await asking('"other"')).body).toMatchObject({ code: 'PGRSTX12' })
    })

    test('that shows how it would be run has no tag', async () => {
      const accept = 'application/vnd.pgrst.plan+json'
      const headers = { accept, 'if-none-match': '*', 'if-match': '"other"' }
      const plan = await get(`/counters?${id}=eq.1`, { headers })
      expect(plan.headers).not.toHaveProperty('etag')
      if (engine === 'MongoDB') {
        // which shows no plan
        expect(plan).toMatchObject({ status: 400, body: { code: 'PGRST127' } })
      } else {
        expect(plan.status).toBe(200)
        expect(plan.headers['content-type']).toContain(accept)
      }
    })

    test('that failed has no tag', async () => {
      const reply = await get('/nothing', { headers: { 'if-none-match': '*' } })
      expect(reply.status).toBe(404)
      expect(reply.headers).not.toHaveProperty('etag')
    })
  })

  describe('a write with If-Match', () => {
    const row = `/counters?${id}=eq.2`

    test('happens while the row is as the client knows it, and once', async () => {
      const tag = tagOf(await get(row))
      const first = await patch(row, { note: `after ${tag}` }, { 'if-match': `"other", ${tag}` })
      expect(first.status).toBe(204)
      const second = await patch(row, { note: 'lost' }, { 'if-match': tag })
      expect(second).toMatchObject({
        status: 412,
        headers: { 'proxy-status': 'PostgREST; error=PGRSTX12' },
        body: { code: 'PGRSTX12', message: 'Precondition failed' },
      })
      expect((await get(row)).body).toMatchObject([{ note: `after ${tag}` }])
    })

    test.each([
      ['the columns that were read', '&select=n,note', {}],
      ['the type that was read', '', { accept: 'application/vnd.pgrst.object+json' }],
    ])('compares %s', async (_, select, headers) => {
      const tag = tagOf(await get(row + select, { headers }))
      const back = { ...headers, prefer: 'return=representation' }
      expect((await patch(row, { n: 5 }, { ...back, 'if-match': tag })).status).toBe(
        select === '' ? 200 : 412,
      )
      const again = tagOf(await get(row + select, { headers }))
      expect((await patch(row + select, { n: 6 }, { ...back, 'if-match': again })).status).toBe(200)
    })

    test('takes the tag of a read that counted', async () => {
      const tag = tagOf(await get(row, { headers: { prefer: 'count=exact' } }))
      expect((await patch(row, { n: 7 }, { 'if-match': tag })).status).toBe(204)
    })

    test.each([
      ['an object, then an array', '&columns=n', [{ n: 11 }, [{ n: 12 }]]],
      ['an array, then an object', '&columns=n,note', [[{ n: 13 }], { n: 14 }]],
    ])('takes %s of the same columns', async (_, columns, bodies) => {
      const path = row + columns
      for (const body of bodies) {
        const reply = await patch(path, body, { 'if-match': tagOf(await get(row)) })
        expect(reply.status, reply.text).toBe(204)
        expect((await get(row)).body).toMatchObject([{ n: [body].flat()[0]?.n }])
      }
    })

    test('takes any row that is there, and no weak tag', async () => {
      expect((await patch(row, { n: 8 }, { 'if-match': '*' })).status).toBe(204)
      const weak = `W/${tagOf(await get(row))}`
      expect((await patch(row, { n: 9 }, { 'if-match': weak })).status).toBe(412)
      expect((await patch(`/counters?${id}=eq.99`, { n: 9 }, { 'if-match': '*' })).status).toBe(412)
      expect((await get(row)).body).toMatchObject([{ n: 8 }])
    })

    test('replaces and deletes as well', async () => {
      const path = `/counters?${id}=eq.3`
      const put = (tag: string, n: number) =>
        get(path, {
          method: 'PUT',
          headers: { ...json, 'if-match': tag },
          body: JSON.stringify({ [id]: 3, n, note: null }),
        })
      const old = tagOf(await get(path))
      expect((await put(old, 1)).status).toBe(204)
      expect((await put(old, 2)).status).toBe(412)
      const remove = (tag: string) => get(path, { method: 'DELETE', headers: { 'if-match': tag } })
      expect((await remove(old)).status).toBe(412)
      expect((await remove(tagOf(await get(path)))).status).toBe(204)
      // there is nothing to replace any more
      expect((await put('*', 3)).status).toBe(412)
      expect((await get(path)).body).toEqual([])
      await get('/counters', {
        method: 'POST',
        headers: json,
        body: JSON.stringify({ [id]: 3, n: 0 }),
      })
    })

    test.each([
      ['PATCH', '/counters?n=gte.0', 'If-Match on other than one row'],
      ['PATCH', `/counters?${id}=gte.1`, 'If-Match on other than one row'],
      ['DELETE', '/unnamed?n=eq.1', 'If-Match on other than one row'],
      ['PATCH', `/shown?${id}=eq.1`, 'If-Match on a view'],
      ['POST', '/counters', 'If-Match on a POST'],
    ])('is refused where it cannot be kept: %s %s', async (method, path, feature) => {
      const headers = { ...json, 'if-match': '*' }
      const body = method === 'DELETE' ? {} : { body: '{"n":1}' }
      expect(await get(path, { method, headers, ...body })).toMatchObject({
        status: 400,
        body: { code: 'PGRST127', details: expect.stringContaining(feature) },
      })
    })

    test('is not taken for one that creates only', async () => {
      const headers = { ...json, 'if-none-match': '*' }
      const reply = await get(row, {
        method: 'PUT',
        headers,
        body: JSON.stringify({ [id]: 2, n: 1 }),
      })
      expect(reply).toMatchObject({ status: 400, body: { code: 'PGRST127' } })
    })

    test('loses none of a thousand increments by sixteen clients', {
      timeout: 240_000,
    }, async () => {
      const path = `/counters?${id}=eq.1&select=n`
      let left = 1000
      const before = Number(Reflect.get(Object((await get(path)).body), '0').n)
      const client = async () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        while (left > 0) {
          left -= 1
          for (let isDone = false; !isDone; ) {
            const read = await get(path, { agent })
            // a writer is in the way for longer than readers wait
            if (read.status === 503) continue
            const { n } = Reflect.get(Object(read.body), '0')
            const written = await get(path, {
              agent,
              method: 'PATCH',
              headers: { ...json, 'if-match': tagOf(read) },
              body: JSON.stringify({ n: n + 1 }),
            })
            expect([204, 412, 503]).toContain(written.status)
            isDone = written.status === 204
          }
        }
        agent.destroy()
      }
      await Promise.all(Array.from({ length: 16 }, client))
      expect((await get(path)).body).toEqual([{ n: before + 1000 }])
    })
  })
})

test('nothing is tagged or compared unless that is asked for', async () => {
  const file = createSqliteFile(tables)
  onTestFinished(() => file.drop())
  const server = await serve({ args: [file.path] })
  const url = `${server.url}/counters?id=eq.1`
  const read = await ask(url, { headers: { 'if-none-match': '*', 'if-match': '"other"' } })
  expect(read.status).toBe(200)
  expect(read.headers).not.toHaveProperty('etag')
  const headers = { ...json, 'if-match': '"other"' }
  expect((await ask(url, { method: 'PATCH', headers, body: '{"n":1}' })).status).toBe(204)
})

describe('on PostgreSQL alone', () => {
  test('a tag takes the place of one that the database sets', async () => {
    const database = await createApiDatabase(`
      create table notes (id integer primary key);
      insert into notes values (1);
      create function tag_all() returns void language sql as
        $$ select set_config('response.headers', '[{"eTAG":"\\"mine\\""},{"X-A":"1"}]', true) $$`)
    onTestFinished(() => database.drop())
    const env = { ...database.env, DBREST_ETAG_ENABLED: 'true', DBREST_DB_PRE_REQUEST: 'tag_all' }
    const { url } = await serve({ env })
    const first = await ask(`${url}/notes`)
    expect(first.headers['x-a']).toBe('1')
    const tag = tagOf(first)
    const again = await ask(`${url}/notes`, { headers: { 'if-none-match': tag } })
    expect(again).toMatchObject({ status: 304, headers: { etag: tag, 'x-a': '1' } })
  })

  test.each(['repeatable read', 'serializable'])(
    'at %s who is second is refused',
    async (level) => {
      const role = `conditional_${level.replace(' ', '_')}`
      const database = await createApiDatabase(`
      create table notes (id integer primary key, n integer);
      insert into notes values (1, 0);
      create role ${role} nologin in role ${anonRole};
      alter role ${role} set default_transaction_isolation = '${level}';
      grant ${role} to ${loginRole};`)
      const first = new pg.Client(database.uri())
      await first.connect()
      onTestFinished(async () => {
        await first.end()
        await database.query(`drop role ${role}`)
        await database.drop()
      })
      const env = { ...database.env, DBREST_ETAG_ENABLED: 'true', DBREST_DB_ANON_ROLE: role }
      const { url } = await serve({ env })
      const target = `${url}/notes?id=eq.1`
      const headers = { ...json, 'if-match': tagOf(await ask(target)) }
      await first.query('begin; update notes set n = 1')
      const second = ask(target, { method: 'PATCH', headers, body: '{"n":2}' })
      await eventually(
        () =>
          database.query(
            "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
          ),
        (waiting) => expect(waiting).toHaveLength(1),
      )
      await first.query('commit')
      expect(await second).toMatchObject({ status: 412, body: { code: 'PGRSTX12' } })
      expect(await database.query('select n from notes')).toEqual([{ n: 1 }])
    },
  )
})
