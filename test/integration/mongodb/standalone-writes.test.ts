/**
 * Writes where there are no transactions: what single commands keep is kept, and what they cannot is
 * refused before anything is written.
 */
import type { Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeStartedMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbServer, startMongodb } from '../../support/mongodb-engine.ts'
import { type MongodbWrites, openMongodbWrites } from '../../support/mongodb-writes.ts'

interface Row extends Document {
  readonly _id: number
}

const unique = { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] }
const returned = { Prefer: 'return=representation' }

describeStartedMongodb('writes without transactions', () => {
  let server: MongodbServer
  let database: MongodbDatabase
  let api: MongodbWrites

  beforeAll(async () => {
    server = await startMongodb(['--standalone'])
    database = await createMongodbDatabase(server.uri)
    api = openMongodbWrites(
      database,
      {
        collections: {
          rows: { _id: 'int', n: 'int' },
          log: { _id: 'int', n: 'int' },
          series: { _id: 'any', at: 'date', n: 'int' },
          shown: { _id: 'int', n: 'int' },
        },
        facts: {
          rows: unique,
          log: { ...unique, isCapped: true },
          series: { ...unique, kind: 'time-series' },
          shown: { ...unique, kind: 'view' },
        },
      },
      { topology: 'standalone' },
    )
    await database.db.createCollection('log', { capped: true, size: 100_000 })
  })
  beforeEach(async () => {
    await rows().deleteMany({})
    await rows().insertMany([1, 2, 3].map((_id) => ({ _id, n: _id })))
  })
  afterAll(async () => {
    await database?.client.close()
    await server?.destroy()
  })

  const rows = () => database.db.collection<Row>('rows')
  const stored = async () =>
    (
      await rows()
        .find({}, { sort: { _id: 1 } })
        .toArray()
    ).map(({ _id, n }) => [_id, n])
  const before = [1, 2, 3].map((n) => [n, n])

  test('a bulk that fails is undone, and only its own rows', async () => {
    const reply = await api.send(
      'POST',
      '/rows',
      [8, 9, 2, 10].map((_id) => ({ _id, n: 0 })),
    )
    expect([reply.status, Object(reply.body).code]).toEqual([409, '23505'])
    expect(await stored()).toEqual(before)
  })

  test('a bulk is stored, and handed back in its order', async () => {
    const made = [9, 8].map((_id) => ({ _id, n: 0 }))
    const reply = await api.send('POST', '/rows', made, returned)
    expect([reply.status, reply.body]).toEqual([201, made])
  })

  test('too many rows are found before any is written', async () => {
    const strict = { Prefer: 'handling=strict,max-affected=1' }
    const patch = await api.send('PATCH', '/rows?n=gte.2', { n: 0 }, strict)
    const remove = await api.send('DELETE', '/rows?n=gte.2', undefined, strict)
    const single = await api.send(
      'PATCH',
      '/rows?n=gte.2',
      { n: 0 },
      {
        ...returned,
        Accept: 'application/vnd.pgrst.object+json',
      },
    )
    expect([patch, remove, single].map(({ body }) => Object(body).code)).toEqual([
      'PGRST124',
      'PGRST124',
      'PGRST116',
    ])
    expect(await stored()).toEqual(before)
  })

  test('what is changed or taken away is handed back', async () => {
    const patch = await api.send('PATCH', '/rows?n=gte.2&select=_id,n', { n: 5 }, returned)
    const remove = await api.send('DELETE', '/rows?n=eq.5&select=_id', undefined, returned)
    expect(patch.body).toEqual([2, 3].map((_id) => ({ _id, n: 5 })))
    expect(remove.body).toEqual([2, 3].map((_id) => ({ _id })))
    expect(await stored()).toEqual([[1, 1]])
  })

  test('one row is upserted', async () => {
    const merge = { Prefer: 'resolution=merge-duplicates,return=representation' }
    const merged = await api.send('POST', '/rows', { _id: 2, n: 7 }, merge)
    const fresh = await api.send('PUT', '/rows?_id=eq.4', { _id: 4, n: 4 }, returned)
    const ignored = await api.send(
      'POST',
      '/rows',
      { _id: 3, n: 0 },
      {
        Prefer: 'resolution=ignore-duplicates,return=representation',
      },
    )
    expect([merged.status, fresh.status, ignored.status]).toEqual([200, 201, 201])
    expect([merged.body, fresh.body, ignored.body]).toEqual([
      [{ _id: 2, n: 7 }],
      [{ _id: 4, n: 4 }],
      [],
    ])
    expect(await stored()).toEqual([
      [1, 1],
      [2, 7],
      [3, 3],
      [4, 4],
    ])
  })

  test.each([
    [
      'POST',
      '/rows',
      [
        { _id: 2, n: 0 },
        { _id: 9, n: 0 },
      ],
      'resolution=merge-duplicates',
    ],
    ['POST', '/rows', { _id: 9, n: 0 }, 'tx=rollback'],
    ['PATCH', '/rows', { n: 0 }, 'tx=rollback'],
    ['DELETE', '/rows?_id=eq.1', undefined, 'tx=rollback'],
    [
      'POST',
      '/log',
      [
        { _id: 1, n: 0 },
        { _id: 2, n: 0 },
      ],
      'count=exact',
    ],
    ['POST', '/series', [{ n: 0 }, { n: 1 }], 'count=exact'],
    ['PATCH', '/series', { n: 0 }, 'count=exact'],
    ['POST', '/shown', { _id: 1, n: 0 }, 'count=exact'],
    ['PATCH', '/shown', { n: 0 }, 'count=exact'],
    ['DELETE', '/shown', undefined, 'count=exact'],
  ])('%s %s is refused: %j, %s', async (method, target, body, prefer) => {
    const reply = await api.send(method, target, body, { Prefer: prefer })
    expect([reply.status, Object(reply.body).code]).toEqual([400, 'PGRST127'])
    expect(reply.execution).toMatchObject({ statements: [] })
    expect(await stored()).toEqual(before)
  })

  test('one row goes into a capped collection', async () => {
    const reply = await api.send('POST', '/log', { _id: 1, n: 1 }, returned)
    expect([reply.status, reply.body]).toEqual([201, [{ _id: 1, n: 1 }]])
  })
})
