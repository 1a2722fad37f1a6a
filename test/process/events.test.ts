/**
 * `GET /events`: what happens, live, to whoever may see it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mostClients } from '../../src/admin/event-stream.ts'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { type ReadEvent, readEvents } from '../support/event-reader.ts'
import { ask, askUntil } from '../support/http-client.ts'
import { serve } from '../support/test-server.ts'
import { registerSecret } from '../support/trace.ts'

let database: ApiDatabase
beforeAll(async () => {
  database = await createApiDatabase('create table films (id int primary key)')
})
afterAll(() => database.drop())

const readyServer = async (env: Readonly<Record<string, string>> = {}) => {
  const server = await serve({ env: { ...database.env, ...env } })
  await askUntil(200, `${server.adminUrl}/ready`)
  return server
}

const isHello = ({ name }: ReadEvent) => name === 'hello'
/** The end of a reload that added this relation. */
const added = (relation: string) => (event: ReadEvent) =>
  event.name === 'reload-ended' && JSON.stringify(event.data).includes(relation)

describe('GET /events', () => {
  test('tells of a reload at its beginning and at its end, as /reloads has it', async () => {
    const server = await readyServer()
    const reader = await readEvents(`${server.adminUrl}/events`)
    expect(reader.status).toBe(200)
    expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    await reader.next(isHello)
    await database.query("create table told (id int); notify pgrst, 'reload schema'")
    const { data: record } = await reader.next(added('public.told'))
    expect(reader.events.map(({ name }) => name)).toContain('reload-began')
    const { body } = await ask(`${server.adminUrl}/reloads`)
    expect(Reflect.get(Object(body), 'reloads')).toContainEqual(record)
  })

  test('tells of sources, and each second in figures of requests, triggers and the pool', async () => {
    const server = await readyServer()
    const reader = await readEvents(`${server.adminUrl}/events`, { 'last-event-id': 'other-1' })
    expect((await reader.next(({ name }) => name === 'source')).data).toMatchObject({
      name: expect.any(String),
      state: expect.stringMatching(/^(up|down|unproven|off)$/),
    })
    await ask(`${server.url}/films`)
    const { data } = await reader.next(
      ({ name, data }) => name === 'figures' && Object(data).requests.count > 0,
    )
    expect(data).toMatchObject({
      requests: { count: 1, failed: 0 },
      triggers: { start: 1 },
      pool: { max: 10, waiting: 0 },
      sources: expect.arrayContaining([expect.objectContaining({ name: 'notify', state: 'up' })]),
    })
  })

  test('goes on where a client was cut off', async () => {
    const server = await readyServer()
    const first = await readEvents(`${server.adminUrl}/events`)
    const { id } = await first.next(isHello)
    first.close()
    await database.query('create table missed (id int)')
    await ask(`${server.adminUrl}/reload`, { method: 'POST' })
    const headers = { 'last-event-id': String(id) }
    const second = await readEvents(`${server.adminUrl}/events`, headers)
    await second.next(added('public.missed'))
    await second.next(isHello)
    expect(second.events.map(({ name }) => name)).not.toContain('missed')
  })

  test('tells a client of the process before it that it missed something', async () => {
    const server = await readyServer()
    const headers = { 'last-event-id': '0123456789ab-7' }
    const reader = await readEvents(`${server.adminUrl}/events`, headers)
    expect(await reader.next(({ name }) => name === 'missed')).toMatchObject({
      data: { reason: 'server-restarted' },
    })
  })

  test('has so many clients and no more', async () => {
    const server = await readyServer()
    const url = `${server.adminUrl}/events`
    await Promise.all(Array.from({ length: mostClients }, () => readEvents(url)))
    expect(await ask(url)).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { code: 'PGRSTX07' },
    })
    expect((await ask(`${server.adminUrl}/health`)).status).toBe(200)
  })

  test('does not hold up the end of the server', async () => {
    const server = await readyServer()
    const reader = await readEvents(`${server.adminUrl}/events`)
    await reader.next(isHello)
    expect(await server.stop()).toBe(0)
    await reader.ended
  })

  test('is for GET, of no other origin', async () => {
    const server = await readyServer()
    const url = `${server.adminUrl}/events`
    for (const method of ['HEAD', 'POST']) {
      expect(await ask(url, { method })).toMatchObject({ status: 405, headers: { allow: 'GET' } })
    }
    const foreign = await ask(url, { headers: { 'sec-fetch-site': 'cross-site' } })
    expect(foreign).toMatchObject({ status: 403, body: { code: 'PGRSTX03' } })
    const rebound = await ask(url, { headers: { host: 'rebound.example.com' } })
    expect(rebound).toMatchObject({ status: 403, body: { code: 'PGRSTX05' } })
  })

  test('wants the token where there is one, and the history does too', async () => {
    const token = 'token-of-the-events'
    registerSecret(token)
    const server = await readyServer({ DBREST_ADMIN_SERVER_TOKEN: token })
    for (const path of ['/events', '/reloads']) {
      expect((await ask(`${server.adminUrl}${path}`)).status).toBe(401)
      // a URL is written down in many places: it is no place for a token
      expect((await ask(`${server.adminUrl}${path}?token=${token}`)).status).toBe(401)
    }
    const headers = { authorization: `Bearer ${token}` }
    const reader = await readEvents(`${server.adminUrl}/events`, headers)
    expect(reader.status).toBe(200)
    await reader.next(isHello)
  })
})
