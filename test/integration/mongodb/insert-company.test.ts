/**
 * New documents of several requests in one command: each is stored or refused for itself, whatever
 * becomes of the others and of the command. The server's own fail points make the faults.
 */
import { type Document, MongoClient, ObjectId } from 'mongodb'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type CollectionFacts,
  mongodbFacts,
} from '../../../src/backends/mongodb/catalog/mongodb-facts.ts'
import { readIndexes } from '../../../src/backends/mongodb/catalog/read-indexes.ts'
import {
  type CompanyEnd,
  createInsertCompany,
  type InsertCompany,
} from '../../../src/backends/mongodb/execute/insert-company.ts'
import { OutcomeUnknown } from '../../../src/backends/mongodb/execute/outcome-unknown.ts'
import { openMongodb } from '../../../src/backends/mongodb/open-mongodb.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { nameKey } from '../../../src/core/qualified-name.ts'
import { type FreezingProxy, type Hold, startFreezingProxy } from '../../support/freezing-proxy.ts'
import { openApi } from '../../support/in-process-api.ts'
import { describeStartedMongodb } from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'
import { openMongodbWrites } from '../../support/mongodb-writes.ts'

describeStartedMongodb('inserts in company', () => {
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

  const companion = (n: number, { signal = stays, leftMs = Number.POSITIVE_INFINITY } = {}) => {
    const id = new ObjectId()
    const endsAt = leftMs === Number.POSITIVE_INFINITY ? null : Date.now() + leftMs
    return { id, document: { _id: id, n }, endsAt, signal }
  }
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
      insert(rows(), companion(2, { signal: gone })),
      insert(rows(), companion(3)),
    ])
    expect(ends).toEqual(['stored', 'alone', 'stored'])
    expect(await numbers()).toEqual([1, 3])
  })

  test('who has hardly any time left takes none from the others', async () => {
    const ends = await Promise.all([
      insert(rows(), companion(1, { leftMs: 60_000 })),
      insert(rows(), companion(2, { leftMs: 50 })),
      insert(rows(), companion(3)),
    ])
    expect(ends).toEqual(['stored', 'alone', 'stored'])
    expect(await numbers()).toEqual([1, 3])
  })

  const unknown = { status: 'rejected', reason: expect.any(OutcomeUnknown) }
  const again = { status: 'fulfilled', value: 'refused' }

  test.each([50, 24, 46, 262, 11601, 99_999])(
    'of a command that failed with %i it is looked what it has stored, perhaps not for good',
    async (errorCode) => {
      const all = upTo(4).map((n) => companion(n))
      await rows().insertMany(all.slice(0, 2).map(({ document }) => document))
      sent.splice(0)
      await failPoint('alwaysOn', { failCommands: ['insert'], errorCode })
      const ends = await Promise.allSettled(all.map((one) => insert(rows(), one)))
      expect(ends).toEqual([unknown, unknown, again, again])
      expect(sent.filter((name) => name === 'find')).toEqual(['find'])
    },
  )

  test.each([9, 13, 14, 20, 26, 59, 72, 166, 8000, 10_107, 13_435, 13_436])(
    'a command that is refused with %i has stored nothing that is to be looked for',
    async (errorCode) => {
      await failPoint('alwaysOn', { failCommands: ['insert', 'find'], errorCode })
      expect(await insertAll([1, 2])).toEqual(['refused', 'refused'])
      expect(sent).not.toContain('find')
    },
  )

  /** A client whose answers a test keeps back. */
  const withProxy = async (run: (proxy: FreezingProxy, watched: MongoClient) => Promise<void>) => {
    const proxy = await startFreezingProxy(server.port)
    const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`
    const watched = new MongoClient(uri, { monitorCommands: true })
    try {
      await run(proxy, await watched.connect())
    } finally {
      // the farewell of a client would look long for a server that is gone
      await watched.close()
      await proxy.close()
    }
  }

  test('nobody waits for a look that has no answer for longer than each has time', () =>
    withProxy(async (proxy, watched) => {
      const company = createInsertCompany(watched)
      const all = watched.db('shop').collection(`rows${tests}`)
      const limits: number[] = []
      watched.on('commandStarted', ({ commandName, command }) => {
        if (commandName === 'find') limits.push(Number(command['maxTimeMS']))
      })
      await failPoint({ times: 1 }, { failCommands: ['insert'], errorCode: 50 })
      proxy.holdThoseWhoSend('find')
      const both = [companion(1), companion(2, { leftMs: 1900 })]
      const ends = await Promise.allSettled(both.map((one) => company(all, one)))
      expect(ends).toEqual([unknown, unknown])
      const [limit] = limits
      expect(limit).toBeLessThanOrEqual(1900)
    }))

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
    expect(ends).toEqual([unknown, unknown])
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
  const apiOf = (facts: Partial<CollectionFacts> = {}, of = client) => {
    const collection = `rows${tests}`
    return openMongodbWrites(
      {
        uri: server.uri,
        name: 'shop',
        client: of,
        db: of.db('shop'),
        drop: () => Promise.resolve(),
      },
      {
        collections: { rows: { _id: 'any', n: 'int', text: 'string' } },
        open: ['rows'],
        facts: {
          rows: { collection, uniqueIndexes: [byId], isUniqueByIdAlone: true, ...facts },
        },
      },
    )
  }
  /** What a load knows of how rows are unique. */
  const loadedFacts = async () => {
    const config = { ...defaultConfig('mongodb'), dbUri: server.uri, dbSchemas: ['shop'] }
    const api = openApi(config, openMongodb)
    try {
      const { collections } = mongodbFacts((await api.load()).engineFacts)
      const facts = collections.get(nameKey({ schema: 'shop', name: `rows${tests}` }))
      if (facts === undefined) throw new Error('the collection was not loaded')
      const { uniqueIndexes, isUniqueByIdAlone } = facts
      return { uniqueIndexes, isUniqueByIdAlone }
    } finally {
      await api.close()
    }
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

  /** How many commands store eight rows. */
  const commandsFor = async (
    facts: Partial<CollectionFacts>,
    bodyOf = (n: number): object => ({ n, text: `row ${n}`, inner: { n } }),
  ) => {
    const api = apiOf(facts)
    const replies = await Promise.all(upTo(8).map((n) => api.send('POST', '/rows', bodyOf(n))))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([201]))
    return sent.filter((name) => name === 'insert').length
  }

  test.each<[string, Partial<CollectionFacts>, ((n: number) => object)?]>([
    ['with an id of its own', {}, (n) => ({ _id: `given ${n}`, n })],
    ['that takes long', {}, (n) => ({ n, text: 'x'.repeat(20_000) })],
    ['whose indexes are not told', { isUniqueByIdAlone: readIndexes([], {}).isUniqueByIdAlone }],
    ['of a capped collection', { isCapped: true }],
    ['of a time series', { kind: 'time-series' }],
  ])('a row %s has no company', async (_, facts, bodyOf) => {
    expect(await commandsFor(facts, bodyOf)).toBe(8)
  })

  test.each([
    ['a column', 'n', {}],
    ['a part', 'n', { partialFilterExpression: { n: { $gt: 100 } } }],
    ['texts in another order', 'text', { collation: { locale: 'de' } }],
    ['a hidden index', 'n', { hidden: true }],
    ['something nested', 'inner.n', {}],
    ['what is no column', 'unseen', { sparse: true }],
  ])('a row where %s has to be unique has no company', async (_, field, options) => {
    await rows().createIndex({ [field]: 1 }, { unique: true, ...options })
    expect(await commandsFor(await loadedFacts())).toBe(8)
  })

  test('a row has company where a load finds that nothing but its id is unique', async () => {
    await rows().createIndex({ n: 1 })
    expect(await commandsFor(await loadedFacts())).toBeLessThan(8)
  })

  test('a row that is stored late is not told to be there already', () =>
    withProxy(async (proxy, watched) => {
      const together = new Map<number, readonly Document[]>()
      const failed: Document[] = []
      watched.on('commandStarted', ({ commandName, requestId, command }) => {
        const { documents = [] } = command
        if (commandName === 'insert' && documents.length > 1) together.set(requestId, documents)
      })
      // who is refused looks for the collection before the row goes alone
      const held = new Promise<Hold>((resolve) => {
        watched.on('commandFailed', ({ requestId }) => {
          const documents = together.get(requestId)
          if (documents === undefined) return
          if (failed.length === 0) resolve(proxy.holdThoseWhoSend('listIndexes'))
          failed.push(...documents)
        })
      })
      await failPoint('alwaysOn', { failCommands: ['insert'], errorCode: 13 })
      const posted = post(apiOf({}, watched), upTo(20))
      const { begun, letGo } = await held
      await begun
      await failPoint('off')
      const late = [...failed]
      await rows().insertMany(late)
      letGo()
      const replies = await posted
      expect(late.length).toBeGreaterThan(1)
      for (const document of late) {
        const { status, body } = replies[Number(Object(document).get('n'))] ?? {}
        expect([status, Object(body).code]).toEqual([500, '40003'])
      }
      expect(replies.map(({ status }) => status)).not.toContain(409)
    }))

  test.each([50, 13])(
    'a command that fails with %i fails no request that alone would not',
    async (errorCode) => {
      await failPoint({ times: 1 }, { failCommands: ['insert'], errorCode })
      const replies = await post(apiOf(), upTo(20))
      // one that had no company may have met it
      const statuses = replies.map(({ status }) => status)
      expect(statuses.filter((status) => status !== 201).length).toBeLessThan(2)
      expect(await rows().countDocuments()).toBe(statuses.filter((each) => each === 201).length)
    },
  )

  test.each([
    [50, 500, '57014'],
    [13, 401, '42501'],
    [166, 400, '42809'],
    [10_107, 503, 'PGRST001'],
  ])('a failure of each, %i, is told to each', async (errorCode, answer, code) => {
    await failPoint('alwaysOn', { failCommands: ['insert'], errorCode })
    const replies = await post(apiOf(), upTo(8))
    for (const { status, body } of replies) {
      expect([status, Object(body).code]).toEqual([answer, code])
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
