/**
 * Two servers on one PostgreSQL database: one of them asks for the version of the schema, and tells
 * the other; when it dies the other asks. What they say is heard on their channel.
 */
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { cachedColumns } from '../support/cached-schema.ts'
import { ask, askUntil, eventually } from '../support/http-client.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { endServer } from '../support/test-server.ts'

let database: ApiDatabase
let listener: pg.Client
/** `<word> <process> …`, in the order of their commits. */
const words: string[] = []
let servers: readonly RunningServer[] = []

const speakers = (heard: readonly string[]) => new Set(heard.map((word) => word.split(' ')[1]))

/** Who is the next to say that it has looked. */
async function nextToLook(): Promise<string | undefined> {
  const from = words.length
  const look = () => words.slice(from).find((word) => word.startsWith('checked'))
  return (await eventually(look, (word) => expect(word).toBeDefined()))?.split(' ')[1]
}

async function isServedByAll(column: string): Promise<void> {
  for (const server of servers) {
    await eventually(
      () => cachedColumns(server, 'films'),
      (columns) => expect(columns).toHaveProperty(column),
    )
  }
}

let processOfFirst: string | undefined

/** What the asked server is called on the channel. */
async function reloadAll(server: RunningServer | undefined): Promise<string | undefined> {
  const from = words.length
  const answer = await ask(`${server?.adminUrl}/reload?fleet=true`, { method: 'POST' })
  expect(answer).toMatchObject({ status: 200 })
  const reload = () => words.slice(from).find((word) => word.startsWith('reload'))
  return (await eventually(reload, (word) => expect(word).toBeDefined()))?.split(' ')[1]
}

beforeAll(async () => {
  database = await createApiDatabase('create table films (id int primary key)')
  listener = await database.connect()
  listener.on('notification', ({ payload }) => words.push(payload ?? ''))
  await listener.query('listen dbrest_schema')
  const env = { ...database.env, DBREST_DB_SCHEMA_POLL_INTERVAL: '1000' }
  servers = [await startServer({ env }), await startServer({ env })]
  for (const { adminUrl } of servers) await askUntil(200, `${adminUrl}/ready`)
})
afterAll(async () => {
  await Promise.all(servers.map(endServer))
  await listener.end()
  await database.drop()
})

describe('two servers', () => {
  test('share one look', async () => {
    // on a busy machine their looks may cross now and then; without what they say all would
    const lastLooks = () => words.filter((word) => word.startsWith('checked')).slice(-4)
    await eventually(lastLooks, (looks) => {
      expect(looks).toHaveLength(4)
      expect(speakers(looks).size).toBe(1)
    })
  })

  test('both serve what nobody announces, which one of them has found', async () => {
    const from = words.length
    await database.query('alter table films add column rating real')
    await isServedByAll('rating')
    await eventually(
      () => words.slice(from),
      (said) => expect(said.some((word) => word.startsWith('moved'))).toBe(true),
    )
  })

  test('reload together when one is asked to', async () => {
    const [asked, told] = servers
    processOfFirst = await reloadAll(asked)
    await eventually(
      async () => (await ask(`${told?.adminUrl}/health`)).body,
      (health) =>
        expect(health).toMatchObject({ fleet: { others: 1 }, lastReload: { origin: 'fleet' } }),
    )
  })

  test('are one when the other dies, and that one looks', async () => {
    const leader = await nextToLook()
    const [first, second] = servers
    const [killed, left] = leader === processOfFirst ? [first, second] : [second, first]
    killed?.signal('SIGKILL')
    await killed?.exited
    servers = left === undefined ? [] : [left]
    const from = words.length
    // what the killed one said last may be heard now
    const ofTheOther = (word: string) => word.startsWith('checked') && !word.includes(` ${leader}`)
    await eventually(
      () => words.slice(from).filter(ofTheOther),
      (looks) => expect(looks.length).toBeGreaterThanOrEqual(2),
    )
    await database.query('alter table films add column late boolean')
    await isServedByAll('late')
  })
})
