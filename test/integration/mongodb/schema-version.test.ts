/** The text that a schema's state has: equal for equal schemas, another after any change. */
import type { Db } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createSchemaVersionReader,
  type SchemaVersionReader,
} from '../../../src/backends/mongodb/catalog/mongodb-schema-version.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'

const { signal } = new AbortController()

describeMongodb('the version of a schema of MongoDB', () => {
  let database: MongodbDatabase
  let db: Db
  beforeAll(async () => {
    database = await createMongodbDatabase()
    db = database.db
    await db.collection('films').insertOne({ title: 'A' })
  })
  afterAll(() => database.drop())

  const fresh = () => createSchemaVersionReader().read([db], signal)

  test('is the same for the same schema, whoever asks and whatever the rows are', async () => {
    const version = await fresh()
    await db.collection('films').insertOne({ title: 'B', more: true })
    expect(await fresh()).toBe(version)
  })

  test.each([
    ['a collection', () => db.createCollection('actors')],
    ['an index', () => db.collection('films').createIndex({ title: 1 })],
    ['the loss of one', () => db.collection('films').dropIndex('title_1')],
    [
      'a validator',
      () => db.command({ collMod: 'films', validator: { title: { $type: 'string' } } }),
    ],
    ['a view', () => db.createCollection('v', { viewOn: 'films', pipeline: [] })],
    [
      'its definition',
      () => db.command({ collMod: 'v', viewOn: 'films', pipeline: [{ $limit: 1 }] }),
    ],
    ['a new name', () => db.renameCollection('actors', 'people')],
    ['the loss of a collection', () => db.dropCollection('people')],
    [
      'another collection of the same name',
      async () => {
        await db.dropCollection('films')
        await db.collection('films').insertOne({ title: 'A' })
      },
    ],
  ] as const)('is another after %s', async (_, change) => {
    const before = await fresh()
    await change()
    expect(await fresh()).not.toBe(before)
  })

  test('covers every database that is asked for', async () => {
    const other = await createMongodbDatabase()
    try {
      const reader = createSchemaVersionReader()
      const before = await reader.read([db, other.db], signal)
      await other.db.createCollection('x')
      expect(await reader.read([db, other.db], signal)).not.toBe(before)
    } finally {
      await other.drop()
    }
  })

  test('of many collections has their indexes now and then, and at once after a word', async () => {
    const many = await createMongodbDatabase()
    try {
      for (let index = 0; index <= 50; index += 1) await many.db.createCollection(`c${index}`)
      const reader = createSchemaVersionReader()
      const read = () => reader.read([many.db], signal)
      const first = await read()
      await many.db.collection('c7').createIndex({ a: 1 })
      const later = [await read(), await read(), await read()]
      expect(new Set([first, ...later]).size).toBe(1)
      expect(await firstOther(reader, many.db, first)).toBeLessThanOrEqual(10)
      const second = await read()
      await many.db.collection('c7').createIndex({ b: 1 })
      reader.expectChange()
      expect(await read()).not.toBe(second)
      const third = await read()
      // a word that comes while a load reads is not answered by what it has read
      await many.db.collection('c7').createIndex({ d: 1 })
      reader.expectChange()
      reader.remember(third)
      const fourth = await read()
      expect(fourth).not.toBe(third)
      reader.remember(second)
      expect(await read()).toBe(second)
      await many.db.createCollection('one_more')
      expect(await read()).not.toBe(third)
    } finally {
      await many.drop()
    }
  })
})

/** How often it has to be read until it is another. */
async function firstOther(reader: SchemaVersionReader, db: Db, version: string): Promise<number> {
  for (let count = 1; count <= 20; count += 1) {
    if ((await reader.read([db], signal)) !== version) return count
  }
  throw new Error('the version does not move')
}
