import { Socket } from 'node:net'
import pg from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openListeningConnection } from '../../../src/backends/postgres/connect/listening-connection.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

let database: TestDatabase
let sender: pg.Client

beforeEach(async () => {
  database = await createTestDatabase()
  sender = new pg.Client(database.uri())
  await sender.connect()
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await sender.end()
  await database.drop()
})

interface Heard {
  readonly payloads: readonly string[]
  /** How many pieces the connection was read in. */
  pieces(): number
  close(): void
}

async function listen(): Promise<Heard> {
  const payloads: string[] = []
  const lookAtPieces = vi.spyOn(Socket.prototype, 'push')
  const connection = openListeningConnection(
    { connectionString: database.uri() },
    { signal: 'told', fleet: 'fleet', probe: 'probe' },
    {
      onSignal: (payload) => payloads.push(payload),
      onFleet: () => undefined,
      onProbe: () => undefined,
      onLost: (cause) => payloads.push(cause),
    },
  )
  await connection.ready
  const own = lookAtPieces.mock.contexts.at(-1)
  lookAtPieces.mockClear()
  return {
    payloads,
    pieces: () => lookAtPieces.mock.contexts.filter((socket) => socket === own).length,
    close: () => connection.close(),
  }
}

test('a storm is heard in the order in which it was sent, and read in few pieces', async () => {
  const { payloads, pieces, close } = await listen()
  // by this clock the reader's first rest lasts until all has been sent, however long that takes
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const sent: string[] = []
  for (let at = 0; at < 2000; at += 1) {
    await sender.query(`notify told, '${at}'`)
    sent.push(String(at))
  }
  // one that wakes the process, one before the rest, one that waits for its end; more only if they are large
  expect(pieces()).toBeLessThan(10)
  // each look moves the clock
  await vi.waitFor(() => expect(payloads).toHaveLength(sent.length), 60_000)
  expect(payloads).toEqual(sent)
  await sender.query("notify told, 'afterwards'")
  await vi.waitFor(() => expect(payloads.at(-1)).toBe('afterwards'), 60_000)
  vi.useRealTimers()
  close()
})

test('long payloads by the hundred all come, in their order', async () => {
  const { payloads, close } = await listen()
  // of one transaction, and so all at once: 8 MB
  await sender.query(
    "select pg_notify('told', i || repeat('x', 7900)) from generate_series(1, 1000) i",
  )
  await vi.waitFor(() => expect(payloads).toHaveLength(1000), 60_000)
  expect(payloads.map(Number.parseFloat)).toEqual(Array.from({ length: 1000 }, (_, at) => at + 1))
  close()
})
