/**
 * Values and collections as databases have them that nobody made for an API: bytes of old subtypes,
 * moments beyond a JavaScript `Date`, texts that are equal without being the same, capped collections,
 * views without an `_id`.
 */
import { Binary, Decimal128, type Document, Double } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { infiniteDate } from '../../../src/backends/mongodb/bson/infinite-date.ts'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

interface Stored extends Document {
  _id: unknown
}

const merging = { Prefer: 'resolution=merge-duplicates,return=representation' }

describeMongodb('a MongoDB database with unusual values', () => {
  let api: MongodbApi

  beforeAll(async () => {
    api = await serveMongodb(async ({ db }) => {
      const into = (name: string, documents: readonly Stored[]) =>
        db.collection<Stored>(name).insertMany([...documents])
      await into(
        'blobs',
        [0, 2, 3, 4, 5, 128].map((subtype) => ({
          _id: subtype,
          v: new Binary(Buffer.from('hi'), subtype),
          list: [new Binary(Buffer.from('hi'), subtype)],
          doc: { v: new Binary(Buffer.from('hi'), subtype) },
          any: subtype === 0 ? 'x' : new Binary(Buffer.from('hi'), subtype),
        })),
      )
      await into('moments', [
        { _id: 1, at: infiniteDate(-1) },
        { _id: 2, at: new Date(-8.64e15) },
        { _id: 3, at: new Date(0) },
        { _id: 4, at: new Date(8.64e15) },
        { _id: 5, at: infiniteDate(1) },
        { _id: 6, at: null },
      ])
      await into('prices', [
        { _id: 1, price: new Decimal128('0.1') },
        { _id: 2, price: new Decimal128('7') },
      ])
      await db.collection('prices').createIndex({ price: 1 }, { unique: true })
      await db.createCollection('words', { collation: { locale: 'en', strength: 2 } })
      const simple = { unique: true, collation: { locale: 'simple' } }
      await db.collection('words').createIndex({ name: 1 }, simple)
      await into('words', [
        { _id: 'a', name: 'Ann' },
        { _id: 'b', name: 'ANN' },
        { _id: 'c', name: 'Bo' },
      ])
      await db.createCollection('log', { capped: true, size: 100_000 })
      await into('log', [{ _id: 1, line: 'x' }])
      await db.createCollection('unkeyed', {
        viewOn: 'log',
        pipeline: [{ $project: { _id: 0, line: 1 } }],
      })
    })
  })
  afterAll(() => api.stop())

  const idsOf = async (target: string) => {
    const { status, body } = await api.get(target)
    expect(status).toBe(200)
    return Array.isArray(body) ? body.map((row) => Object(row)._id) : body
  }

  describe('bytes', () => {
    test.each([
      ['v=eq.%5Cx6869', [0, 2, 3, 4, 5, 128]],
      ['v=neq.%5Cx6869', []],
      ['v=in.(%5Cx6869,%5Cx61)', [0, 2, 3, 4, 5, 128]],
      ['v=eq.%5Cx61', []],
      ['any=eq.%5Cx6869', [2, 3, 4, 5, 128]],
      ['list=eq.{"%5C%5Cx6869"}', [0, 2, 3, 4, 5, 128]],
      ['list=neq.{"%5C%5Cx6869"}', []],
      ['list=in.("{\\"%5C%5C%5C%5Cx6869\\"}")', [0, 2, 3, 4, 5, 128]],
      ['list=cs.{"%5C%5Cx6869"}', [0, 2, 3, 4, 5, 128]],
      ['list=eq.{"%5C%5Cx6869","%5C%5Cx6869"}', []],
      ['list=eq.{}', []],
      ['doc->v=eq."%5C%5Cx6869"', [0, 2, 3, 4, 5, 128]],
    ])('are found whatever their subtype is: %s', async (filter, ids) => {
      expect(await idsOf(`/blobs?select=_id&order=_id&${filter}`)).toEqual(ids)
    })

    test.each([
      'v=gt.%5Cx61',
      'any=gt.%5Cx61',
      'any=lte(any).{"%5C%5Cx61"}',
      'nobody_saw=lt.%5Cx61',
      'list=gt.{"%5C%5Cx61"}',
      'list=gt.{}',
      'doc->v=gt."%5C%5Cx61"',
    ])('have no order: %s', async (filter) => {
      const { status, body } = await api.get(`/blobs?${filter}`)
      expect([status, body]).toMatchObject([
        400,
        {
          code: 'PGRST127',
          details: 'MongoDB does not support comparing the order of bytes',
        },
      ])
    })

    test('have none among texts and numbers that have one', async () => {
      expect(await idsOf('/blobs?select=_id&any=gt.a')).toEqual([0])
    })
  })

  test.each([
    ['lt.infinity', [1, 2, 3, 4]],
    ['gt.-infinity', [2, 3, 4, 5]],
    ['eq.infinity', [5]],
    ['lte.-infinity', [1]],
    ['neq.-infinity', [2, 3, 4, 5]],
  ])('moments are compared with an infinity: %s', async (filter, ids) => {
    expect(await idsOf(`/moments?select=_id&order=_id&at=${filter}`)).toEqual(ids)
  })

  test('a PATCH by a unique number finds each of the two that are shown alike', async () => {
    const prices = api.database.db.collection<Document & { _id: number }>('prices')
    await prices.insertOne({ _id: 3, price: new Double(0.1) })
    const { headers } = await api.send('PATCH', '/prices?price=eq.0.1', { n: 1 })
    expect(headers.get('content-range')).toBe('0-1/*')
    expect(await idsOf('/prices?select=_id&n=eq.1&order=_id')).toEqual([1, 3])
    await prices.deleteOne({ _id: 3 })
  })

  test('values that are no numbers by now are neither added up nor averaged', async () => {
    const prices = api.database.db.collection<Document & { _id: number }>('prices')
    await prices.insertOne({ _id: 3, price: 'free' })
    const { body } = await api.get('/prices?select=price.sum(),price.avg()')
    expect(body).toEqual([{ sum: 7.1, avg: 3.55 }])
    await prices.deleteOne({ _id: 3 })
  })

  describe('a collection with a collation', () => {
    test('changes all that a filter finds, though an index holds them to be different', async () => {
      expect(await idsOf('/words?select=_id&order=_id&name=eq.ann')).toEqual(['a', 'b'])
      const { headers } = await api.send('PATCH', '/words?name=eq.ann', { seen: true })
      expect(headers.get('content-range')).toBe('0-1/*')
      expect(await idsOf('/words?select=_id&order=_id&seen=is.true')).toEqual(['a', 'b'])
    })

    test.each([{ _id: 'A', name: 'x' }, [{ _id: 'A', name: 'x' }]])(
      'merges nothing by a text, which may be one key with another: %j',
      async (rows) => {
        const { status, body } = await api.send('POST', '/words', rows, merging)
        expect([status, body]).toMatchObject([400, { code: 'PGRST127' }])
        expect(await idsOf('/words?select=_id&order=_id')).toEqual(['a', 'b', 'c'])
      },
    )

    test('has no target for an upsert in an index of another order', async () => {
      const target = '/words?on_conflict=name'
      const { status, body } = await api.send('POST', target, [{ _id: 'd', name: 'ann' }], merging)
      expect([status, body]).toMatchObject([400, { code: '42P10' }])
    })
  })

  test('nothing is merged into a capped collection', async () => {
    const { status, body } = await api.send('PUT', '/log?_id=eq.1', { _id: 1, line: 'longer' })
    expect([status, body]).toMatchObject([400, { code: 'PGRST127' }])
    expect((await api.get('/log')).body).toEqual([{ _id: 1, line: 'x' }])
  })

  test('a view that leaves out the `_id` has no such column', async () => {
    expect((await api.get('/unkeyed')).body).toEqual([{ line: 'x' }])
  })

  test('a document that is too deep for a filter is the mistake of who sent it', async () => {
    const deep = `${'{"a":'.repeat(150)}1${'}'.repeat(150)}`
    const { status, body } = await api.get(`/log?line->x=eq.${encodeURIComponent(deep)}`)
    expect([status, body]).toMatchObject([400, { code: '54001' }])
  })
})
