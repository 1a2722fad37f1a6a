/**
 * `GET /reloads`: what each of the last reloads did, and that the log and the metrics say the same.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask, askUntil, askUntilSettled, eventually } from '../support/http-client.ts'
import { serve } from '../support/test-server.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase('create table films (id int primary key, title text)')
})
afterAll(() => database.drop())

async function reloadsOf(adminUrl: string): Promise<readonly Record<string, unknown>[]> {
  const { status, body } = await ask(`${adminUrl}/reloads`)
  expect(status).toBe(200)
  const reloads: unknown = Reflect.get(Object(body), 'reloads')
  return Array.isArray(reloads) ? reloads : []
}

describe('GET /reloads', () => {
  test('has the request that found the schema behind, by names alone', async () => {
    // nothing but the request can tell of the change
    const env = { ...database.env, DBREST_DB_CHANNEL_ENABLED: 'false' }
    const server = await serve({ env: { ...env, DBREST_DB_SCHEMA_POLL_INTERVAL: '0' } })
    await database.query('create table seen_late (id int, secret text)')
    expect((await ask(`${server.url}/seen_late?secret=eq.hunter2`)).status).toBe(200)
    const [last, first] = await reloadsOf(server.adminUrl)
    expect(last).toMatchObject({
      id: 2,
      outcome: 'published',
      trigger: {
        origin: 'stale-name',
        depth: 'check',
        asked: 1,
        request: { method: 'GET', path: '/seen_late', names: 'public.seen_late' },
      },
      before: { number: 1 },
      after: { number: 2, label: expect.any(String) },
      changes: { added: 1, isCut: false },
      timings: { checkMs: expect.any(Number), queryMs: expect.any(Number) },
    })
    expect(first).toMatchObject({ id: 1, trigger: { origin: 'start' }, before: null })
    expect(JSON.stringify(last)).not.toContain('hunter2')
  })

  test('has a load that failed, with its cause and the retry that is due', async () => {
    await database.query('create schema gone')
    const server = await serve({ env: { ...database.env, DBREST_DB_SCHEMAS: 'public,gone' } })
    await askUntil(200, `${server.adminUrl}/ready`)
    await database.query('drop schema gone')
    expect((await ask(`${server.adminUrl}/reload`, { method: 'POST' })).status).toBe(503)
    const failed = (await reloadsOf(server.adminUrl)).find(({ outcome }) => outcome === 'failed')
    expect(failed).toMatchObject({
      cause: expect.stringContaining('gone'),
      retry: { attempt: expect.any(Number), retryInMs: expect.any(Number) },
      before: { number: 1 },
      after: { number: 1 },
    })
  })

  test('is for GET alone', async () => {
    const server = await serve({ env: database.env })
    expect(await ask(`${server.adminUrl}/reloads`, { method: 'POST' })).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
  })
})

test('log, metrics and history say the same of a reload', async () => {
  const server = await serve({ env: { ...database.env, DBREST_LOG_FORMAT: 'json' } })
  await askUntilSettled(server.adminUrl)
  await database.query("alter table films add column seen int; notify pgrst, 'reload schema'")
  await server.line(/"event":"schema-changed"/)
  const record = await eventually(
    async () => (await reloadsOf(server.adminUrl))[0] ?? {},
    ({ outcome, trigger }) => {
      expect([outcome, trigger]).toMatchObject(['published', { origin: 'notify' }])
    },
  )
  const logged = server.stderr
    .map((line) => JSON.parse(line))
    .filter((line) => line.reload === record['id'])
  const [published, changed] = ['reload-published', 'schema-changed'].map((event) =>
    logged.find((line) => line.event === event),
  )
  const { durationMs } = record
  const tenths = (ms: unknown) => Math.round(Number(ms) * 10) / 10
  for (const line of [published, changed]) {
    expect(line).toMatchObject({ origin: 'notify', version: Object(record['after']).number })
    expect(tenths(line.durationMs)).toBe(durationMs)
  }
  const { added, removed, changed: altered } = Object(changed.changes)
  expect(record['changes']).toMatchObject({
    added: added.length,
    removed: removed.length,
    changed: altered.length,
  })
  const { text } = await ask(`${server.adminUrl}/metrics`)
  expect(text).toContain(`\ndbrest_schema_version ${Object(record['after']).number}\n`)
  const publishing = (await reloadsOf(server.adminUrl)).filter(
    ({ outcome }) => outcome === 'published',
  )
  const sum = /^dbrest_reload_duration_seconds_sum\{outcome="published"\} (\S+)$/m.exec(text)?.[1]
  const total = publishing.reduce((ms, each) => ms + Number(each['durationMs']), 0)
  expect(Math.abs(Number(sum) * 1000 - total)).toBeLessThan(0.1 * publishing.length)
})
