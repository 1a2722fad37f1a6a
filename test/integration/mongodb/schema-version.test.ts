/** The text that a schema's state has: equal for equal schemas, another after any change. */
import { type Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createSchemaVersionReader,
  type SchemaVersionReader,
} from '../../../src/backends/mongodb/catalog/mongodb-schema-version.ts'
import { openMongodb } from '../../../src/backends/mongodb/open-mongodb.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
  testStartedMongodb,
} from '../../support/mongodb.ts'
import { startMongodb } from '../../support/mongodb-engine.ts'
import { observeTraced } from '../../support/trace-in-process.ts'

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

  /** What a check finds, and the load after it. */
  async function checkedAndLoaded(dbUri: string) {
    const config = { ...defaultConfig('mongodb'), dbUri, dbSchemas: ['versioned'] }
    const ignore = () => undefined
    const backend = openMongodb({
      config: () => config,
      observe: observeTraced,
      onUnreachable: ignore,
      onConnected: ignore,
    })
    try {
      const options = schemaOptions(config)
      const found = await backend.schemaVersion(options, signal)
      const request = { options, previous: null, depth: 'load', signal, found } as const
      const { schemaVersion } = await backend.introspect(request)
      return { found, loaded: schemaVersion }
    } finally {
      await backend.close()
    }
  }

  testStartedMongodb('is another once the deployment is no replica set any more', async () => {
    const alone = await startMongodb(['--standalone'])
    try {
      const ofSet = await checkedAndLoaded(database.uri)
      expect(ofSet.loaded).toBe(ofSet.found)
      const ofOne = await checkedAndLoaded(alone.uri)
      expect(ofOne.loaded).toBe(ofOne.found)
      expect(ofOne.found).not.toBe(ofSet.found)
    } finally {
      await alone.destroy()
    }
  })

  test('after a word reads the indexes of what it names, of what is new, and of all now and then', async () => {
    const few = await createMongodbDatabase()
    const watched = new MongoClient(few.uri, { monitorCommands: true })
    try {
      for (const name of ['a', 'b', 'c']) await few.db.createCollection(name)
      const { asked } = counted(watched)
      const databases = [watched.db(few.name)]
      const reader = createSchemaVersionReader()
      await reader.read(databases, signal)
      expect(asked().toSorted()).toEqual(['a', 'b', 'c'])
      await few.db.createCollection('d')
      reader.expectChange({ database: few.name, name: 'b' })
      const found = await reader.read(databases, signal)
      expect(asked().toSorted()).toEqual(['b', 'd'])
      // the load behind the check asks for nothing, and one of its own for everything
      const read = await reader.readAll(databases, signal, found)
      expect(read.map(({ listed }) => listed.name)).toEqual(['a', 'b', 'c', 'd'])
      expect(asked()).toEqual([])
      await reader.readAll(databases, signal, null)
      expect(asked().toSorted()).toEqual(['a', 'b', 'c', 'd'])
      for (let count = 1; count <= 10; count += 1) {
        reader.expectChange({ database: few.name, name: 'b' })
        await reader.read(databases, signal)
      }
      expect(asked()).toEqual(Array.from({ length: 10 }, () => 'b'))
      reader.expectChange({ database: few.name, name: 'b' })
      await reader.read(databases, signal)
      expect(asked().toSorted()).toEqual(['a', 'b', 'c', 'd'])
      await few.db.dropCollection('a')
      await few.db.createCollection('a')
      reader.expectChange({ database: few.name, name: 'b' })
      await reader.read(databases, signal)
      expect(asked().toSorted()).toEqual(['a', 'b'])
    } finally {
      await watched.close()
      await few.drop()
    }
  })

  test('answers a word that comes while it reads with the next reading', async () => {
    const few = await createMongodbDatabase()
    const watched = new MongoClient(few.uri, { monitorCommands: true })
    try {
      for (const name of ['a', 'b']) await few.db.createCollection(name)
      const { asked } = counted(watched)
      const databases = [watched.db(few.name)]
      const reader = createSchemaVersionReader()
      const reading = reader.read(databases, signal)
      reader.expectChange({ database: few.name, name: 'a' })
      await reading
      asked()
      await reader.read(databases, signal)
      expect(asked()).toEqual(['a'])
    } finally {
      await watched.close()
      await few.drop()
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
      reader.expectChange({ database: many.name, name: 'c8' })
      expect(await read()).toBe(second)
      reader.expectChange({ database: many.name, name: 'c7' })
      expect(await read()).not.toBe(second)
      const third = await read()
      await many.db.collection('c7').createIndex({ d: 1 })
      reader.expectChange(null)
      expect(await read()).not.toBe(third)
      await many.db.createCollection('one_more')
      expect(await read()).not.toBe(third)
    } finally {
      await many.drop()
    }
  })
})

/** The collections whose indexes were asked for since the last look. */
function counted(client: MongoClient): { readonly asked: () => readonly string[] } {
  const asked: string[] = []
  client.on('commandStarted', ({ commandName, command }) => {
    if (commandName === 'listIndexes') asked.push(command['listIndexes'])
  })
  return { asked: () => asked.splice(0) }
}

/** How often it has to be read until it is another. */
async function firstOther(reader: SchemaVersionReader, db: Db, version: string): Promise<number> {
  for (let count = 1; count <= 20; count += 1) {
    if ((await reader.read([db], signal)) !== version) return count
  }
  throw new Error('the version does not move')
}
