/**
 * New documents of several requests in one command: each is stored or refused for itself, whatever
 * becomes of the others and of the command. The server's own fail points make the faults.
 */
import { type Document, MongoClient, ObjectId } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type CompanyEnd,
  createInsertCompany,
  type InsertCompany,
} from '../../../src/backends/mongodb/execute/insert-company.ts'
import { OutcomeUnknown } from '../../../src/backends/mongodb/execute/outcome-unknown.ts'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'
import { openMongodbWrites } from '../../support/mongodb-writes.ts'

describeMongodb('inserts in company', () => {
  let server: MongodbServer
  let client: MongoClient
  let insert: InsertCompany
  let tests = 0
  const sent: string[] = []

  beforeAll(async () => {
    server = await startMongodb()
    // a server that a fault makes unknown is found again by the next sign of its life
    const uri = `${server.uri}&serverMonitoringMode=poll&heartbeatFrequencyMS=500`
    client = await MongoClient.connect(uri, { monitorCommands: true })
    client.on('commandStarted', ({ commandName }) => sent.push(commandName))
    insert = createInsertCompany(client)
  })
  beforeEach(async () => {
    tests += 1
    await client.db('shop').createCollection(`rows${tests}`, {
      validator: { $jsonSchema: { properties: { n: { maximum: 1000 } } } },
    })
    sent.splice(0)
  })
  afterEach(() => failPoint('off'))
  afterAll(async () => {
    await client?.close()
    await server?.destroy()
  })

  const rows = () => client.db('shop').collection(`rows${tests}`)
  const failPoint = (mode: Document | string, data: Document = {}) =>
    client.db('admin').command({ configureFailPoint: 'failCommand', mode, data })
  const numbers = async () =>
    (await rows().find({}).toArray()).map(({ n }) => Number(n)).toSorted((a, b) => a - b)
  const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
  const { signal: stays } = new AbortController()

  const companion = (n: number, signal: AbortSignal = stays, id = new ObjectId()) => ({
    id,
    document: { _id: id, n },
    endsAt: null,
    signal,
  })
  const insertAll = (all: readonly number[]): Promise<readonly CompanyEnd[]> =>
    Promise.all(all.map((n) => insert(rows(), companion(n))))

  test('what comes at the same moment is one command', async () => {
    expect(await insertAll(upTo(5))).toEqual(Array(5).fill('stored'))
    expect(sent).toEqual(['insert'])
    expect(await numbers()).toEqual(upTo(5))
  })

  test('nothing is sent for one that has no company', async () => {
    expect(await insertAll([1])).toEqual(['alone'])
    expect(sent).toEqual([])
  })

  test('a document that is refused is none of the others’ business', async () => {
    expect(await insertAll([1, 2000, 3, 3000])).toEqual(['stored', 'refused', 'stored', 'refused'])
    expect(await numbers()).toEqual([1, 3])
  })

  test('those beyond what a command takes have another one', async () => {
    const ends = await insertAll(upTo(150))
    expect(new Set(ends)).toEqual(new Set(['stored']))
    expect(sent).toEqual(['insert', 'insert'])
    expect(await numbers()).toEqual(upTo(150))
  })

  test('two collections are two companies', async () => {
    const other = client.db('shop').collection(`others${tests}`)
    const pairs = await Promise.all(
      [1, 2].flatMap((n) => [insert(rows(), companion(n)), insert(other, companion(n))]),
    )
    expect(new Set(pairs)).toEqual(new Set(['stored']))
    expect([await numbers(), await other.countDocuments()]).toEqual([[1, 2], 2])
  })

  test('who has gone is left out', async () => {
    const gone = AbortSignal.abort()
    const ends = await Promise.all([
      insert(rows(), companion(1)),
      insert(rows(), companion(2, gone)),
      insert(rows(), companion(3)),
    ])
    expect(ends).toEqual(['stored', 'alone', 'stored'])
    expect(await numbers()).toEqual([1, 3])
  })

  test('of a command that failed as a whole it is looked what it has stored', async () => {
    const all = upTo(4).map((n) => companion(n))
    await rows().insertMany(all.slice(0, 2).map(({ document }) => document))
    await failPoint({ times: 1 }, { failCommands: ['insert'], errorCode: 50 })
    const ends = await Promise.all(all.map((one) => insert(rows(), one)))
    expect(ends).toEqual(['stored', 'stored', 'refused', 'refused'])
  })

  test.each([
    ['where that cannot be looked up', { failCommands: ['insert', 'find'], errorCode: 50 }],
    ['on a cut connection', { failCommands: ['insert'], closeConnection: true }],
    [
      'that other servers may not have',
      { failCommands: ['insert'], writeConcernError: { code: 64, errmsg: 'waiting' } },
    ],
  ])('nobody knows of a command %s', async (_, data) => {
    await failPoint('alwaysOn', data)
    const ends = await Promise.allSettled([1, 2].map((n) => insert(rows(), companion(n))))
    for (const end of ends) {
      expect(end).toEqual({ status: 'rejected', reason: expect.any(OutcomeUnknown) })
    }
  })

  test('a connection that is cut once is got over', async () => {
    await failPoint({ times: 1 }, { failCommands: ['insert'], closeConnection: true })
    expect(await insertAll([1, 2])).toEqual(['stored', 'stored'])
    expect(await numbers()).toEqual([1, 2])
  })

  test('what is never sent is told as it is', async () => {
    const closed = new MongoClient(server.uri)
    await closed.connect()
    await closed.close()
    const company = createInsertCompany(closed)
    const all = closed.db('shop').collection(`rows${tests}`)
    const ends = await Promise.allSettled([1, 2].map((n) => company(all, companion(n))))
    for (const end of ends) {
      expect(end).toMatchObject({ status: 'rejected', reason: { name: /^Mongo/ } })
    }
  })

  const byId = { name: '_id_', columns: ['_id'] }
  const apiOf = (facts: object = {}) => {
    const db = client.db('shop')
    return openMongodbWrites(
      { uri: server.uri, name: 'shop', client, db, drop: () => Promise.resolve() },
      {
        collections: { rows: { _id: 'any', n: 'int', text: 'string' } },
        facts: { rows: { collection: `rows${tests}`, uniqueIndexes: [byId], ...facts } },
      },
    )
  }
  const post = (api: ReturnType<typeof apiOf>, all: readonly number[]) =>
    Promise.all(all.map((n) => api.send('POST', '/rows', { n }, { Prefer: 'return=headers-only' })))

  test('each request has the answer to its own row', async () => {
    const replies = await post(apiOf(), [...upTo(20), 5000])
    const refused = replies.at(-1)
    expect([refused?.status, Object(refused?.body).code]).toEqual([400, '23514'])
    expect(sent.filter((name) => name === 'insert').length).toBeLessThan(20)
    for (const [n, { status, headers }] of replies.slice(0, -1).entries()) {
      const id = /^\/rows\?_id=eq\.([0-9a-f]{24})$/.exec(headers.get('location') ?? '')?.[1]
      expect(status).toBe(201)
      expect(await rows().findOne({ _id: new ObjectId(id) })).toMatchObject({ n })
    }
    expect(await numbers()).toEqual(upTo(20))
  })

  test.each([
    ['with an id of its own', {}, (n: number) => ({ _id: `given ${n}`, n })],
    ['that takes long', {}, (n: number) => ({ n, text: 'x'.repeat(20_000) })],
    [
      'where something else is unique',
      { uniqueIndexes: [byId, { name: 'n_1', columns: ['n'] }] },
      (n: number) => ({ n }),
    ],
    ['of a capped collection', { isCapped: true }, (n: number) => ({ n })],
    ['of a time series', { kind: 'time-series' }, (n: number) => ({ n })],
  ])('a row %s has no company', async (_, facts, bodyOf) => {
    const api = apiOf(facts)
    await Promise.all(upTo(8).map((n) => api.send('POST', '/rows', bodyOf(n))))
    const isStored = (await rows().countDocuments()) > 0
    const commands = sent.filter((name) => name === 'insert').length
    expect([isStored, commands]).toEqual([true, 8])
  })

  test('a command that fails as a whole fails no request that alone would not', async () => {
    await failPoint({ times: 1 }, { failCommands: ['insert'], errorCode: 50 })
    const replies = await post(apiOf(), upTo(20))
    // one that had no company may have met it
    const statuses = replies.map(({ status }) => status)
    expect(statuses.filter((status) => status !== 201).length).toBeLessThan(2)
    expect(await rows().countDocuments()).toBe(statuses.filter((each) => each === 201).length)
  })

  test('all are past the time limit where each of them is', async () => {
    await failPoint('alwaysOn', { failCommands: ['insert'], errorCode: 50 })
    const replies = await post(apiOf(), upTo(8))
    for (const { status, body } of replies) {
      expect([status, Object(body).code]).toEqual([500, '57014'])
    }
    await failPoint('off')
    expect(await numbers()).toEqual([])
  })

  test('a collection that was dropped is not brought back', async () => {
    const api = apiOf()
    await rows().drop()
    const replies = await post(api, upTo(8))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([404]))
    const names = await client
      .db('shop')
      .listCollections({ name: `rows${tests}` })
      .toArray()
    expect(names).toEqual([])
  })
})
