/**
 * Writes whose server fails in the middle: what may go well is tried again, everything is stored once
 * or not at all, and where nobody can know, the client is told so. The server's own fail points make
 * the faults.
 */
import { type Document, MongoClient } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeStartedMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'
import { type MongodbWrites, openMongodbWrites } from '../../support/mongodb-writes.ts'

interface Row {
  readonly _id: number
  readonly n: number
}

describeStartedMongodb('writes on a server that fails', () => {
  let server: MongodbServer
  let database: MongodbDatabase
  let api: MongodbWrites
  let collection = ''
  let tests = 0

  beforeAll(async () => {
    server = await startMongodb()
    // a server that a fault makes unknown is found again by the next sign of its life
    const uri = `${server.uri}&serverMonitoringMode=poll&heartbeatFrequencyMS=500`
    database = await createMongodbDatabase(uri)
  })
  beforeEach(async () => {
    // what a commit without an answer has touched may be locked for as long as the server likes
    tests += 1
    collection = `rows${tests}`
    api = writesOf()
    await rows().insertMany([1, 2].map((_id) => ({ _id, n: 0 })))
  })
  afterEach(() => failPoint('off'))
  afterAll(async () => {
    await database?.client.close()
    await server?.destroy()
  })

  const rows = () => database.db.collection<Row>(collection)
  const stored = async () =>
    (
      await rows()
        .find({}, { sort: { _id: 1 } })
        .toArray()
    ).map(({ _id, n }) => [_id, n])
  const failPoint = (mode: Document | string, data: Document = {}) =>
    database.client.db('admin').command({ configureFailPoint: 'failCommand', mode, data })

  const writesOf = (dbStatementTimeout = 30_000, of = database) =>
    openMongodbWrites(
      of,
      {
        collections: { rows: { _id: 'int', n: 'int' }, series: { _id: 'int', n: 'int' } },
        facts: {
          rows: { collection, uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] },
          series: { collection, kind: 'time-series' },
        },
      },
      { config: { dbStatementTimeout } },
    )

  const transient = { errorLabels: ['TransientTransactionError'] }
  const unknown = { errorLabels: ['UnknownTransactionCommitResult'] }
  const before = [
    [1, 0],
    [2, 0],
  ]
  const updated = [
    [1, 7],
    [2, 7],
  ]
  const patch = (target = '/rows', headers = {}) => api.send('PATCH', target, { n: 7 }, headers)

  test.each([
    ['a write conflict', { failCommands: ['update'], errorCode: 112, ...transient }, 2],
    ['a transaction that is gone', { failCommands: ['update'], errorCode: 251, ...transient }, 2],
    ['a cut connection', { failCommands: ['update'], closeConnection: true }, 2],
    [
      'a commit of a gone transaction',
      { failCommands: ['commitTransaction'], errorCode: 251, ...transient },
      2,
    ],
    [
      'a commit while the server stops',
      { failCommands: ['commitTransaction'], errorCode: 91, ...unknown },
      3,
    ],
    [
      'a commit that waits for others',
      { failCommands: ['commitTransaction'], errorCode: 64, ...unknown },
      3,
    ],
    [
      'a commit on a cut connection',
      { failCommands: ['commitTransaction'], closeConnection: true },
      5,
    ],
  ])('%s is got over', async (_, data, times) => {
    await failPoint({ times }, data)
    const reply = await patch('/rows', { Prefer: 'count=exact' })
    expect([reply.status, reply.headers.get('content-range')]).toEqual([204, '0-1/2'])
    expect(await stored()).toEqual(updated)
  })

  test('a row is stored once although its transaction began several times', async () => {
    await failPoint(
      { times: 3 },
      { failCommands: ['commitTransaction'], errorCode: 251, ...transient },
    )
    const made = [3, 4].map((_id) => ({ _id, n: 1 }))
    const reply = await api.send('POST', '/rows', made, { Prefer: 'return=representation' })
    expect([reply.status, reply.body]).toEqual([201, made])
    expect(await stored()).toEqual([...before, [3, 1], [4, 1]])
  })

  test('a write conflict that does not end is told at the time limit', async () => {
    const quick = writesOf(200)
    await failPoint('alwaysOn', { failCommands: ['update'], errorCode: 112, ...transient })
    const reply = await quick.send('PATCH', '/rows', { n: 7 })
    expect([reply.status, Object(reply.body).code]).toEqual([500, '40001'])
    await failPoint('off')
    expect(await stored()).toEqual(before)
  })

  test('a commit that never answers leaves it open', async () => {
    const quick = writesOf(200)
    await failPoint('alwaysOn', { failCommands: ['commitTransaction'], errorCode: 91, ...unknown })
    const reply = await quick.send('PATCH', '/rows', { n: 7 })
    expect(Object(reply.body)).toMatchObject({ code: '40003' })
  })

  test('a commit at the time limit is not asked for again', async () => {
    await failPoint(
      { times: 1 },
      { failCommands: ['commitTransaction'], errorCode: 50, ...unknown },
    )
    const reply = await patch()
    expect(Object(reply.body)).toMatchObject({ code: '40003' })
  })

  test.each([
    ['once', 1, 204, updated.slice(0, 1)],
    ['again and again', 'alwaysOn', 500, null],
  ] as const)('a command for itself, its connection cut %s', async (_, times, status, first) => {
    await failPoint(times === 'alwaysOn' ? times : { times }, {
      failCommands: ['update'],
      closeConnection: true,
    })
    const reply = await patch('/rows?_id=eq.1')
    expect(reply.status).toBe(status)
    if (first === null) expect(Object(reply.body).code).toBe('40003')
    else expect((await stored()).slice(0, 1)).toEqual(first)
  })

  test.each([
    ['return=representation', 'insert'],
    ['resolution=merge-duplicates', 'update'],
  ])(
    'a connection that is cut in every bulk of %s is one that is lost',
    async (Prefer, command) => {
      const failCommands = [command]
      await failPoint('alwaysOn', { failCommands, closeConnection: true })
      const rows = [1, 2].map((_id) => ({ _id: command === 'insert' ? _id + 2 : _id, n: 1 }))
      const reply = await writesOf(500).send('POST', '/rows', rows, { Prefer })
      expect([reply.status, Object(reply.body).code]).toEqual([503, 'PGRST001'])
      await failPoint('off')
      expect(await stored()).toEqual(before)
    },
  )

  test('a server that is no primary any more is a database that is not there', async () => {
    await failPoint('alwaysOn', { failCommands: ['insert'], errorCode: 10107 })
    const reply = await api.send('POST', '/rows', { _id: 3, n: 1 })
    expect([reply.status, Object(reply.body).code]).toEqual([503, 'PGRST001'])
    await failPoint('off')
    expect(await stored()).toEqual(before)
  })

  test.each([['/rows'], ['/rows?_id=eq.1']])('%s past the time limit is undone', async (target) => {
    await failPoint('alwaysOn', { failCommands: ['update'], errorCode: 50 })
    const reply = await patch(target)
    expect([reply.status, Object(reply.body).code]).toEqual([500, '57014'])
    await failPoint('off')
    expect(await stored()).toEqual(before)
  })

  test('nothing stays of a write whose client goes between its commands', async () => {
    const client = await MongoClient.connect(database.uri, { monitorCommands: true })
    try {
      const going = new AbortController()
      client.on('commandStarted', ({ commandName }) => {
        if (commandName === 'update') going.abort()
      })
      const watched = writesOf(30_000, { ...database, client, db: client.db(database.name) })
      await watched
        .send('PATCH', '/rows', { n: 7 }, { Prefer: 'return=representation' }, going.signal)
        .catch(() => undefined)
      expect(going.signal.aborted).toBe(true)
      expect(await stored()).toEqual(before)
    } finally {
      await client.close()
    }
  })

  test('writers that meet each other all write', async () => {
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        api.send('PATCH', '/rows', { n }, { Prefer: 'count=exact' }),
      ),
    )
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([204]))
    const [[, first] = [], [, second] = []] = await stored()
    expect(first).toBe(second)
  })

  test('an older server that deletes from a time series by metadata alone is told of', async () => {
    await failPoint('alwaysOn', { failCommands: ['delete'], errorCode: 72 })
    const { status, body } = await api.send('DELETE', '/series?n=eq.0')
    expect([status, body]).toMatchObject([
      400,
      {
        code: 'PGRST127',
        details:
          'MongoDB does not support deleting from a time series by other fields than its metadata',
      },
    ])
    expect(await stored()).toEqual(before)
  })
})
