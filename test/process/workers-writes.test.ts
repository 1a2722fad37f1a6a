/**
 * Writes through several processes that answer requests: what one worker has tagged another one compares,
 * and whoever is killed in the middle, a write that was answered is there, and each is there as a whole or
 * not at all.
 */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type ApiDatabase, createApiDatabase } from '../support/api-database.ts'
import { ask, askUntil, eventually, type HttpReply } from '../support/http-client.ts'
import { type RunningServer, startServer } from '../support/server.ts'
import { createSqliteFile, type SqliteFile } from '../support/sqlite-database.ts'
import { serve } from '../support/test-server.ts'
import {
  allListen,
  connectToEach,
  isRunning,
  processTree,
  workersOf,
} from '../support/worker-processes.ts'

const tables = `
  create table counters (id integer primary key, n integer not null);
  insert into counters values (1, 0);
  create table items (id integer primary key, write integer not null);`

/** The table of items in the database, read without a server. */
const itemsSql = 'select write, count(*) as n from items group by write'

const json = { 'content-type': 'application/json' }

interface Place {
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly items: () => Promise<readonly Readonly<Record<string, unknown>>[]>
}

let postgres: ApiDatabase
let sqlite: SqliteFile
beforeAll(async () => {
  sqlite = createSqliteFile(`pragma journal_mode = wal; ${tables}`)
  postgres = await createApiDatabase(tables)
})
afterAll(async () => {
  sqlite.drop()
  await postgres.drop()
})

const places: readonly (readonly [string, () => Place])[] = [
  ['PostgreSQL', () => ({ args: [], env: postgres.env, items: () => postgres.query(itemsSql) })],
  [
    'SQLite',
    () => ({
      args: [sqlite.path],
      env: {},
      items: async () => {
        const db = new Database(sqlite.path)
        try {
          return db.prepare<[], Record<string, unknown>>(itemsSql).all()
        } finally {
          db.close()
        }
      },
    }),
  ],
]

let lastWrite = 0

/** What became of a write; `unanswered`: its connection was cut, or could not be made. */
type Fate = 'answered' | 'refused' | 'unanswered'

/** Clients that write without a rest, each write two rows. */
function startWriting(server: Pick<RunningServer, 'url'>) {
  const fates = new Map<number, Fate>()
  let isDone = false
  onTestFinished(() => {
    isDone = true
  })
  const client = async () => {
    while (!isDone) {
      lastWrite += 1
      const write = lastWrite
      const rows = [2 * write, 2 * write + 1].map((id) => ({ id, write }))
      const reply = await ask(`${server.url}/items`, {
        method: 'POST',
        headers: json,
        body: JSON.stringify(rows),
      }).catch(() => null)
      // on SQLite the other worker's writer may be in the way for longer than is waited
      if (reply !== null) expect([201, 503]).toContain(reply.status)
      if (reply === null) fates.set(write, 'unanswered')
      else fates.set(write, reply.status === 201 ? 'answered' : 'refused')
    }
  }
  const clients = Array.from({ length: 6 }, client)
  const count = (fate: Fate) => [...fates.values()].filter((each) => each === fate).length
  return {
    count,
    /** Resolves when `more` writes from now on were answered. */
    answers: (more: number) => {
      const wanted = count('answered') + more
      return eventually(
        () => count('answered'),
        (answered) => expect(answered).toBeGreaterThanOrEqual(wanted),
        { timeout: 60_000 },
      )
    },
    async stop(): Promise<ReadonlyMap<number, Fate>> {
      isDone = true
      await Promise.all(clients)
      return fates
    },
  }
}

async function expectWhole(place: Place, fates: ReadonlyMap<number, Fate>): Promise<void> {
  const rows = new Map((await place.items()).map(({ write, n }) => [Number(write), Number(n)]))
  const found = [...fates].map(([write, fate]) => ({ write, fate, rows: rows.get(write) ?? 0 }))
  const wrong = found.filter(({ fate, rows: count }) => {
    if (fate === 'answered') return count !== 2
    return fate === 'refused' ? count !== 0 : count !== 0 && count !== 2
  })
  expect(wrong).toEqual([])
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) process.kill(pid, 'SIGKILL')
}

describe.each(places)('on %s', (_, placeOf) => {
  const options = (env: Readonly<Record<string, string>> = {}) => {
    const place = placeOf()
    return { args: place.args, env: { ...place.env, DBREST_SERVER_WORKERS: '2', ...env } }
  }

  test('a tag of one worker is compared by the other, and who is second is told', async () => {
    const server = await serve(options({ DBREST_ETAG_ENABLED: 'true' }))
    await askUntil(200, `${server.adminUrl}/ready`)
    const [one, other] = await connectToEach(server, 2)
    if (one === undefined || other === undefined) throw new Error('there are two workers')
    const url = `${server.url}/counters?id=eq.1`
    const patch = (agent: typeof one, tag: string, n: number) =>
      ask(url, {
        agent,
        method: 'PATCH',
        headers: { ...json, 'if-match': tag },
        body: JSON.stringify({ n }),
      })
    const tagOf = ({ headers }: HttpReply) => String(headers.etag)
    for (const [reader, writer] of [[one, other] as const, [other, one] as const]) {
      const tag = tagOf(await ask(url, { agent: reader }))
      expect(tag).toMatch(/^"[\w-]{43}"$/)
      expect(tagOf(await ask(url, { agent: writer }))).toBe(tag)
      const known = { agent: writer, headers: { 'if-none-match': tag } }
      expect((await ask(url, known)).status).toBe(304)
      const { body } = await ask(url, { agent: reader })
      const { n } = Reflect.get(Object(body), '0')
      expect((await patch(writer, tag, n + 1)).status).toBe(204)
      expect((await patch(reader, tag, n + 2)).status).toBe(412)
      expect((await ask(url, { agent: reader })).body).toEqual([{ id: 1, n: n + 1 }])
    }
    // both at once by the same tag: one of them
    for (let round = 0; round < 20; round += 1) {
      const read = await ask(url, { agent: one })
      const { n } = Reflect.get(Object(read.body), '0')
      const replies = await Promise.all(
        [one, other].map((agent) => patch(agent, tagOf(read), n + 1)),
      )
      expect(replies.map(({ status }) => status).toSorted()).toEqual([204, 412])
    }
  })

  test('a worker killed in the middle of writes fails only what it had in hand', async () => {
    const server = await serve(options())
    await askUntil(200, `${server.adminUrl}/ready`)
    const writing = startWriting(server)
    await writing.answers(20)
    const [one] = await workersOf(server)
    if (one === undefined) throw new Error('there is no worker')
    kill([one.pid])
    await server.line(/Worker 1 .* ended by SIGKILL/)
    expect(await allListen(server, 2)).toMatchObject([{ ended: 1 }, { ended: 0 }])
    await writing.answers(20)
    const unanswered = writing.count('unanswered')
    // at most what each client had in flight, and the connection that was being handed over
    expect(unanswered).toBeLessThanOrEqual(7)
    await expectWhole(placeOf(), await writing.stop())
    expect(writing.count('unanswered')).toBe(unanswered)
  })

  test.each([
    ['the primary', (_workers: readonly number[], primary: number) => [primary]],
    [
      'the primary with all workers',
      (workers: readonly number[], primary: number) => [primary, ...workers],
    ],
  ])(
    '%s killed in the middle of writes leaves whole ones, and no process',
    async (_name, victims) => {
      const server = await startServer(options())
      const tree = processTree(server.child.pid ?? 0)
      onTestFinished(() => kill(tree.filter(isRunning)))
      const workers = (await allListen(server, 2)).map(({ pid }) => pid)
      const writing = startWriting(server)
      await writing.answers(20)
      const started = processTree(server.child.pid ?? 0)
      kill(victims(workers, server.child.pid ?? 0))
      // all processes have its output, so that its end is that of the last one
      expect(await server.exited).toBe('SIGKILL')
      const fates = await writing.stop()
      await eventually(
        () => started.filter(isRunning),
        (left) => expect(left).toEqual([]),
      )
      await expectWhole(placeOf(), fates)
      // the next one needs nothing mended
      const next = await serve(options())
      await askUntil(200, `${next.adminUrl}/ready`)
      const again = startWriting(next)
      await again.answers(20)
      await expectWhole(placeOf(), await again.stop())
    },
  )
})
