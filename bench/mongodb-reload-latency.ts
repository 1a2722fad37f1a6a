/**
 * How long after a command that changes a MongoDB schema its change is served, while clients read
 * and write: collections are made, renamed and dropped, validators changed, indexes made, and
 * documents written with a new field. Until a snapshot that has the change is in force, and an answer
 * of the API shows it; nobody asks for what is new before, so that the change stream, or the poll of
 * a server that stands alone, is what brings it.
 *
 * The engine of the tests may list a collection again that was dropped while its collections were
 * listed: such a change is undone by the engine, and is made anew. A change that is never shown ends
 * the run.
 */
import { type Db, MongoClient } from 'mongodb'
import { startMongodb } from '../test/support/mongodb-engine.ts'
import { startServer } from '../test/support/server.ts'
import { runLoad } from './load.ts'

export interface MongodbReloadOptions {
  readonly isStandalone: boolean
  readonly collections: number
  /** Times that each change is made. */
  readonly rounds: number
  /** Connections that ask one request after the other; 0: nobody asks. */
  readonly connections: number
}

export interface ChangeLatencies {
  readonly change: string
  /** Milliseconds, sorted. */
  readonly latencies: readonly number[]
}

export interface MongodbReloadLatencies {
  readonly changes: readonly ChangeLatencies[]
  /** Of the clients, all together. */
  readonly perSecond: number
  readonly failures: number
}

interface Served {
  readonly url: string
  readonly adminUrl: string
}

/** One kind of change: makes it, and says what the API answers once it is served. */
interface Change {
  readonly name: string
  /** It is in each document that is read, and no snapshot has to be another. */
  readonly isInDocuments?: true
  readonly make: (db: Db, round: number) => Promise<unknown>
  readonly target: (round: number) => string
  readonly isShown: (status: number, body: string) => boolean
  /** Whether the database has it no more, though it had answered. */
  readonly isUndone?: (db: Db, round: number) => Promise<boolean>
}

const found = (status: number) => status === 200
const missing = (status: number) => status === 404

const validatorOf = (round: number) => ({
  $jsonSchema: { properties: { [`ruled${round}`]: { bsonType: 'int', description: 'ruled' } } },
})

/** In this order: each round begins and ends with the same collections. */
const changes: readonly Change[] = [
  {
    name: 'create a collection',
    make: (db, round) => db.createCollection(`fresh${round}`),
    target: (round) => `/fresh${round}`,
    isShown: found,
  },
  {
    name: 'change a validator',
    make: (db, round) => db.command({ collMod: `fresh${round}`, validator: validatorOf(round) }),
    target: (round) => `/fresh${round}?select=ruled${round}`,
    isShown: found,
  },
  {
    name: 'add an index',
    make: (db, round) => db.collection(`fresh${round}`).createIndex({ code: 1 }, { unique: true }),
    target: (round) => `/fresh${round}?select=code`,
    isShown: found,
  },
  {
    name: 'a document with a new field',
    isInDocuments: true,
    make: (db, round) => db.collection('probe').insertOne({ round, [`field${round}`]: round }),
    target: (round) => `/probe?select=field${round}&round=eq.${round}`,
    isShown: (status, body) => status === 200 && /"field\d+":\d/.test(body),
  },
  {
    name: 'rename a collection',
    make: (db, round) => db.renameCollection(`fresh${round}`, `renamed${round}`),
    target: (round) => `/renamed${round}`,
    isShown: found,
  },
  {
    name: 'drop a collection',
    make: (db, round) => db.dropCollection(`renamed${round}`),
    target: (round) => `/renamed${round}`,
    isShown: missing,
    isUndone: async (db, round) =>
      (await db.listCollections({ name: `renamed${round}` }).toArray()).length > 0,
  },
]

export async function measureMongodb(
  options: MongodbReloadOptions,
): Promise<MongodbReloadLatencies> {
  const engine = await startMongodb(options.isStandalone ? ['--standalone'] : [])
  const client = new MongoClient(engine.uri)
  const db = client.db('bench')
  try {
    await fill(db, options.collections)
    const uri = `mongodb://127.0.0.1:${engine.port}/bench?directConnection=true`
    const server = await startServer({
      args: [uri],
      env: { DBREST_LOG_LEVEL: 'crit' },
    })
    try {
      await until(async () => (await fetch(`${server.adminUrl}/ready`)).ok)
      return await measure(options, db, server)
    } finally {
      await server.stop()
    }
  } finally {
    await client.close()
    await engine.destroy()
  }
}

async function fill(db: Db, collections: number): Promise<void> {
  const items = Array.from({ length: 1000 }, (_, n) => ({
    _id: n,
    name: `item ${n}`,
    group: n % 10,
  }))
  for (let n = 0; n < collections; n += 1) {
    await db.collection<{ _id: number }>(`c${n}`).insertMany(n === 0 ? items : items.slice(0, 20))
  }
  await db.collection('probe').insertOne({ round: -1 })
  await db.collection('notes').insertOne({ text: 'first' })
}

async function measure(
  options: MongodbReloadOptions,
  db: Db,
  server: Served & { readonly port: number },
): Promise<MongodbReloadLatencies> {
  let isOver = false
  const load = runClients(server.port, options.connections, () => isOver)
  const latencies = new Map(changes.map(({ name }) => [name, [] as number[]]))
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const change of changes) {
        // a reload that follows another at once waits a little, which is not what is measured
        await pause(200 + Math.random() * 200)
        latencies.get(change.name)?.push(await latencyOf(change, round, db, server))
      }
    }
  } finally {
    isOver = true
  }
  return {
    changes: [...latencies].map(([change, all]) => ({
      change,
      latencies: all.sort((a, b) => a - b),
    })),
    ...(await load),
  }
}

/** Milliseconds after which a change that is not shown is looked for in the database itself. */
const patienceMs = 5000

async function latencyOf(change: Change, round: number, db: Db, server: Served): Promise<number> {
  for (;;) {
    const before = await versionOf(server)
    await change.make(db, round)
    const answeredAt = performance.now()
    const isOver = () => performance.now() - answeredAt > patienceMs
    const isPublished = async () => isOver() || (await versionOf(server)) !== before
    if (change.isInDocuments !== true) await until(isPublished)
    await until(async () => {
      const answer = await fetch(server.url + change.target(round))
      return change.isShown(answer.status, await answer.text()) || isOver()
    })
    if (!isOver()) return performance.now() - answeredAt
    if ((await change.isUndone?.(db, round)) !== true) {
      throw new Error(`not shown within ${patienceMs} ms: ${change.name}, round ${round}`)
    }
    console.log(`the engine has undone it, made again: ${change.name}, round ${round}`)
  }
}

async function versionOf({ adminUrl }: Served): Promise<unknown> {
  const health: unknown = await (await fetch(`${adminUrl}/health`)).json()
  return Object(Object(health).schemaCache).version
}

/** Asked every few milliseconds: what is measured is not to be slowed down by being asked for. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await pause(3)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Three of four clients read, one writes; in spells of a second, until it is over. */
async function runClients(
  port: number,
  connections: number,
  isOver: () => boolean,
): Promise<Pick<MongodbReloadLatencies, 'perSecond' | 'failures'>> {
  const writers = Math.ceil(connections / 4)
  const startedAt = performance.now()
  let requests = 0
  let failures = 0
  while (!isOver() && connections > 0) {
    const reads = { port, target: '/c0?group=eq.{lane}&limit=20', lanes: 9, durationMs: 1000 }
    const writes = {
      port,
      target: '/notes',
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"text":"note of {lane}"}',
      durationMs: 1000,
    }
    const results = await Promise.all([
      runLoad({ ...reads, connections: connections - writers }),
      runLoad({ ...writes, connections: writers, lanes: writers }),
    ])
    for (const result of results) {
      requests += result.requests
      failures += result.failures
    }
  }
  return { perSecond: (requests * 1000) / (performance.now() - startedAt), failures }
}
