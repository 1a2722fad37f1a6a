/**
 * The admin server: probes, metrics, the schema cache, and reloads on request.
 *
 * Rule  PostgREST docs: admin_server, observability (Metrics); /health, /ok and /reload are ours
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { cachedColumns } from '../support/cached-schema.ts'
import { heldLoadsOf } from '../support/held-loads.ts'
import { ask, askUntil, eventually, type HttpReply } from '../support/http-client.ts'
import { serve, serveForAll } from '../support/test-server.ts'
import { registerSecret } from '../support/trace.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase(`
    create table authors (id int primary key, name text);
    create table books (id int primary key, author int references authors);
    create table authors_only (id int);`)
})
afterAll(() => database.drop())

const running = serveForAll(() => ({ env: database.env }))
const admin = (path: string, method = 'GET') => ask(`${running().adminUrl}${path}`, { method })

describe('the probes', () => {
  test('say yes when there is all that they ask for', async () => {
    await askUntil(200, `${running().adminUrl}/ready`)
    expect(await admin('/ready')).toMatchObject({ status: 200, text: '' })
    expect(await admin('/live')).toMatchObject({ status: 200, text: '' })
    expect(await admin('/ok')).toMatchObject({ status: 200, body: { status: 'ok' } })
    expect((await admin('/ready', 'HEAD')).status).toBe(200)
  })

  test('/health tells what the server is made of', async () => {
    expect(await admin('/health')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        status: 'ok',
        server: { name: 'dbrest', listening: true },
        database: { reachable: true, engine: 'PostgreSQL', version: expect.stringMatching(/^18/) },
        schemaCache: { state: 'ready', version: expect.any(Number), relations: expect.any(Number) },
        sources: expect.arrayContaining([
          {
            name: 'notify',
            state: 'up',
            since: expect.any(String),
            provenAt: expect.any(String),
            cause: null,
          },
        ]),
        lastReload: { outcome: 'published' },
      },
    })
  })

  test.each(['/films', '/reload/x', '/liveness', '/dashboard/nothing.js'])(
    '%s is 404',
    async (path) => {
      expect((await admin(path)).status).toBe(404)
    },
  )
})

describe('POST /reload', () => {
  const post = (query = '') => admin(`/reload${query}`, 'POST')
  const versionOf = ({ body }: HttpReply) => Number(Reflect.get(Object(body), 'version'))

  test('loads, waits, and tells what has changed', async () => {
    const first = await post()
    expect(first.status).toBe(200)
    await database.query(
      'create table fresh (id int); alter table books add column title text; drop table authors_only',
    )
    const second = await post('?scope=schema')
    expect(second).toMatchObject({
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        outcome: 'published',
        version: versionOf(first) + 1,
        durationMs: expect.any(Number),
        queuedMs: expect.any(Number),
        changes: {
          added: ['public.fresh'],
          removed: ['public.authors_only'],
          changed: ['public.books(columns)'],
        },
      },
    })
    expect(await cachedColumns(running(), 'fresh')).not.toBeNull()
    await database.query('create table authors_only (id int)')
    await post()
  })

  test('of the configuration alone loads no schema', async () => {
    const before = versionOf(await post())
    expect((await post('?scope=config')).body).toMatchObject({
      outcome: 'unchanged',
      version: before,
      changes: { added: [], removed: [], changed: [] },
    })
    expect(versionOf(await post('?scope=both'))).toBe(before)
  })

  test('that finds nothing new is told so, and gives the schema no new number', async () => {
    const before = await post()
    const version = versionOf(before)
    const { body: health } = await admin('/health')
    // of no consequence to a snapshot, but another row of a catalog
    await database.query('alter table books rename column author to writer')
    await database.query('alter table books rename column writer to author')
    expect((await post()).body).toMatchObject({
      outcome: 'unchanged',
      version,
      changes: { added: [], removed: [], changed: [] },
    })
    expect((await admin('/metrics')).text).toContain(`\ndbrest_schema_version ${version}\n`)
    const { loadedAt } = Object(Reflect.get(Object(health), 'schemaCache'))
    expect((await admin('/health')).body).toMatchObject({
      schemaCache: { version, loadedAt },
      lastReload: { outcome: 'unchanged', origin: 'admin' },
    })
  })

  test('tells how long it waited for another reload, apart from its work', async () => {
    const loads = await heldLoadsOf(database)
    const server = await serve({
      env: { ...loads.env, DBREST_INTERNAL_SCHEMA_CACHE_QUERY_SLEEP: '200' },
    })
    await askUntil(200, `${server.adminUrl}/ready`)
    const { begun, letGo } = loads.hold()
    const reload = () => ask(`${server.adminUrl}/reload`, { method: 'POST' })
    const asked = /Reload asked for by admin: schema, full$/
    const first = reload()
    await begun
    await server.line(asked)
    const from = server.stderr.length
    const second = reload()
    await server.line(asked, { from })
    letGo()
    expect((await first).status).toBe(200)
    const { durationMs, queuedMs } = Object((await second).body)
    expect(durationMs).toBeGreaterThanOrEqual(200)
    expect(queuedMs).toBeGreaterThan(0)
  })

  test('with wait=false is accepted at once and done later', async () => {
    await database.query('create table soon (id int)')
    expect(await post('?wait=false')).toMatchObject({ status: 202, body: { outcome: 'accepted' } })
    await eventually(
      () => cachedColumns(running(), 'soon'),
      (columns) => expect(columns).not.toBeNull(),
    )
  })

  test.each([
    ['?scope=everything', 'scope must be one of schema, config, both'],
    ['?wait=maybe', 'wait must be true or false'],
  ])('%s is 400', async (query, details) => {
    expect(await post(query)).toMatchObject({
      status: 400,
      headers: { 'proxy-status': 'PostgREST; error=PGRSTX00' },
      body: { code: 'PGRSTX00', details },
    })
  })

  test.each(['GET', 'PUT', 'DELETE'])('by %s is 405', async (method) => {
    expect(await admin('/reload', method)).toMatchObject({
      status: 405,
      headers: { allow: 'POST' },
      body: { code: 'PGRST117' },
    })
  })

  test('sees what was there before it was asked for, however many ask', async () => {
    const server = await serve({
      env: { ...database.env, DBREST_INTERNAL_SCHEMA_CACHE_QUERY_SLEEP: '200' },
    })
    const reload = () => ask(`${server.adminUrl}/reload`, { method: 'POST' })
    const early = reload()
    for (const name of ['late_1', 'late_2', 'late_3']) {
      await database.query(`create table ${name} (id int)`)
      const replies = await Promise.all([reload(), reload(), reload()])
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
      expect(await cachedColumns(server, name)).not.toBeNull()
    }
    expect((await early).status).toBe(200)
  })
})

test('a form on another site’s page does not reload', async () => {
  const { adminUrl } = running()
  const post = (headers: Readonly<Record<string, string>>) =>
    ask(`${adminUrl}/reload`, { method: 'POST', headers })
  expect(await post({ origin: 'https://example.com' })).toMatchObject({
    status: 403,
    body: { code: 'PGRSTX03' },
  })
  expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403)
  expect((await post({ origin: adminUrl })).status).toBe(200)
})

test('a page whose name was made to lead to this machine is told nothing', async () => {
  const { adminUrl } = running()
  const get = (path: string, host: string) => ask(`${adminUrl}${path}`, { headers: { host } })
  const foreign = 'rebound.example.com'
  expect(await get('/metrics', foreign)).toMatchObject({ status: 403, body: { code: 'PGRSTX05' } })
  expect((await get('/ready', foreign)).status).toBe(200)
  expect((await get('/health', foreign)).body).not.toHaveProperty('sources.0.since')
  expect((await get('/metrics', 'localhost:3001')).status).toBe(200)
})

test('admin-server-token guards all but probes, and is read again from its file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dbrest-token-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  registerSecret('first-admin-token')
  registerSecret('second-admin-token')
  writeFileSync(file, 'first-admin-token\n')
  const env = { ...database.env, DBREST_ADMIN_SERVER_TOKEN: `@${file}` }
  const server = await serve({ env })
  const get = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return (await ask(`${server.adminUrl}${path}`, { headers })).status
  }
  await askUntil(200, `${server.adminUrl}/ready`)
  for (const path of ['/live', '/ok', '/health']) expect(await get(path)).toBe(200)
  for (const path of ['/metrics', '/schema_cache', '/anything']) expect(await get(path)).toBe(401)
  expect(await get('/metrics', 'first-admin-token')).toBe(200)
  expect((await ask(`${server.adminUrl}/health`)).body).not.toHaveProperty('sources')

  writeFileSync(file, 'second-admin-token\n')
  server.signal('SIGUSR2')
  await eventually(
    () => get('/metrics', 'second-admin-token'),
    (status) => expect(status).toBe(200),
  )
  expect(await get('/metrics', 'first-admin-token')).toBe(401)
  await server.stop()
  expect([...server.stderr, ...server.stdout].join('\n')).not.toMatch(/(first|second)-admin-token/)
})

describe('/metrics', () => {
  test('has PostgREST’s names and floats, in the text format', async () => {
    const { status, headers, text } = await admin('/metrics')
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/plain; charset=utf-8')
    for (const shape of [
      /^pgrst_schema_cache_query_time_seconds \d+\.\d+$/m,
      /^pgrst_schema_cache_loads_total\{status="SUCCESS"\} \d+\.0$/m,
      /^pgrst_db_pool_max 10\.0$/m,
      /^pgrst_db_pool_waiting 0\.0$/m,
      /^pgrst_db_pool_available \d+\.0$/m,
      /^pgrst_db_pool_timeouts_total 0\.0$/m,
      /^pgrst_jwt_cache_requests_total 0\.0$/m,
    ]) {
      expect(text).toMatch(shape)
    }
    expect(text).not.toMatch(/^ghc_/m)
  })

  test('counts triggers, sources, reloads and requests', async () => {
    await ask(`${running().url}/books`)
    await ask(`${running().url}/nothing`)
    const { text } = await admin('/metrics')
    for (const shape of [
      /^dbrest_reload_triggers_total\{origin="start"\} 1$/m,
      /^dbrest_reload_triggers_total\{origin="admin"\} [1-9]\d*$/m,
      /^dbrest_source_up\{source="notify"\} 1$/m,
      /^dbrest_reload_duration_seconds_count\{outcome="published"\} [1-9]\d*$/m,
      /^dbrest_schema_version [1-9]\d*$/m,
      /^dbrest_http_request_duration_seconds_count\{method="GET",status="200"\} [1-9]\d*$/m,
      /^dbrest_http_request_duration_seconds_count\{method="GET",status="404"\} [1-9]\d*$/m,
    ]) {
      expect(text).toMatch(shape)
    }
  })
})

test('/schema_cache is compact JSON, its tables in the order of their names', async () => {
  const { status, headers, text } = await admin('/schema_cache')
  expect(status).toBe(200)
  expect(headers['content-type']).toBe('application/json; charset=utf-8')
  expect(JSON.stringify(JSON.parse(text))).toBe(text)
  const keys: unknown = JSON.parse(text)
  expect(Object.keys(Object(keys)).sort()).toEqual([
    'dbMediaHandlers',
    'dbRelationships',
    'dbRepresentations',
    'dbRoutines',
    'dbTables',
  ])
  const names = [...text.matchAll(/\[\{"qiName":"(\w+)","qiSchema":"public"\},\{/g)].map(
    ([, name]) => name,
  )
  expect(names.length).toBeGreaterThan(2)
  expect([...names].sort()).toEqual(names)
})
