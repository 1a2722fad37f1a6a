/**
 * MongoDB as ratios, in one interleaved run: dbrest against `mongodb-floor.ts`, which runs the same
 * pipelines through the driver alone. The server is the one that tests run on, or the one at
 * `TEST_MONGODB_URI` (hosts alone, no path). It shares the machine with both contenders.
 *
 *   npm run bench:mongodb [-- --rounds 5 --seconds 3 --only 'read by key' --connections 20]
 */
import { parseArgs } from 'node:util'
import { BSON, MongoClient } from 'mongodb'
import { startMongodb } from '../test/support/mongodb-engine.ts'
import { freePort } from '../test/support/postgres.ts'
import {
  compareContenders,
  type Request,
  startDbrest,
  startFloorScript,
} from './compare-contenders.ts'
import type { MongodbFloorInput } from './mongodb-floor.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    connections: { type: 'string', default: '20' },
  },
})
const rounds = {
  rounds: Number(options.rounds),
  connections: Number(options.connections),
  durationMs: Number(options.seconds) * 1000,
}

interface MongodbScenario extends Request {
  readonly collection: string
  /** What dbrest runs for it; null: an insert. */
  readonly pipeline: object[] | null
}

const fifty = new BSON.Long(50)

const scenarios: readonly MongodbScenario[] = [
  {
    name: 'read by key',
    target: '/tasks?_id=eq.4711',
    collection: 'tasks',
    pipeline: [{ $match: { _id: { $eq: new BSON.Long(4711) } } }],
  },
  {
    name: '100 rows, filtered and ordered',
    target: '/tasks?project_id=lte.200&order=_id.desc&limit=100',
    collection: 'tasks',
    pipeline: [
      { $match: { project_id: { $lte: new BSON.Long(200) } } },
      { $sort: { _id: -1 } },
      { $limit: new BSON.Long(100) },
    ],
  },
  {
    name: 'one-level embed',
    target: '/projects?select=_id,name,clients(name)&_id=lte.50',
    collection: 'projects',
    pipeline: [
      { $match: { _id: { $lte: fifty } } },
      {
        $lookup: {
          from: 'clients',
          localField: 'client_id',
          foreignField: '_id',
          as: 'clients',
          pipeline: [{ $match: { _id: { $ne: null } } }, { $project: { _id: 0, name: 1 } }],
        },
      },
      { $project: { _id: 1, name: 1, clients: 1 } },
    ],
  },
  { name: '10,000 rows', target: '/tasks', collection: 'tasks', pipeline: [] },
  {
    name: 'insert',
    target: '/notes',
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"task_id":4711,"body":"a note of some words","stars":4}',
    collection: 'notes',
    pipeline: null,
  },
]

async function fill(uri: string): Promise<void> {
  const client = await MongoClient.connect(uri)
  const db = client.db()
  const count = (n: number) => Array.from({ length: n }, (_, index) => index + 1)
  const insert = (name: string, documents: readonly object[]) =>
    db.collection(name).insertMany([...documents])
  await insert(
    'clients',
    count(100).map((i) => ({ _id: i, name: `client ${i}` })),
  )
  await insert(
    'projects',
    count(1000).map((i) => ({
      _id: i,
      name: `project ${i}`,
      client_id: (i % 100) + 1,
      budget: i * 10,
      started: new Date(Date.UTC(2020, 0, i)),
    })),
  )
  await insert(
    'tasks',
    count(10_000).map((i) => ({
      _id: i,
      name: `task ${i}`,
      project_id: (i % 1000) + 1,
      done: i % 3 === 0,
    })),
  )
  await db.createCollection('notes')
  await db.collection('projects').createIndex({ client_id: 1 })
  await db.collection('tasks').createIndex({ project_id: 1 })
  await client.close()
}

async function drop(uri: string): Promise<void> {
  const client = await MongoClient.connect(uri)
  await client.db().dropDatabase()
  await client.close()
}

async function compare(uri: string, scenario: MongodbScenario): Promise<void> {
  const { collection, pipeline, ...request } = scenario
  const input: MongodbFloorInput = {
    uri,
    port: await freePort(),
    collection,
    pipeline: pipeline === null ? null : BSON.EJSON.stringify(pipeline, { relaxed: false }),
  }
  const contenders = [
    await startDbrest([uri], { DBREST_DB_STATEMENT_TIMEOUT: '0' }, '/tasks?limit=1'),
    await startFloorScript('mongodb-floor.js', input),
  ]
  await compareContenders(contenders, request, rounds)
}

const { TEST_MONGODB_URI: named } = process.env
const engine = named === undefined ? await startMongodb() : null
const uri = `${named ?? `mongodb://127.0.0.1:${engine?.port}`}/dbrest_bench?directConnection=true`
try {
  await fill(uri)
  for (const scenario of scenarios) {
    if (scenario.name.includes(options.only)) await compare(uri, scenario)
  }
} finally {
  if (engine === null) await drop(uri)
  else await engine.destroy()
}
