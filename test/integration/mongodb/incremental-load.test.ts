/** What loads read of what they knew before, and what their catalogs share with it. */
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelationBuilder } from '../../../src/backends/mongodb/catalog/build-relation.ts'
import {
  introspectMongodb,
  type MongodbSource,
} from '../../../src/backends/mongodb/catalog/introspect-mongodb.ts'
import { mongodbFacts } from '../../../src/backends/mongodb/catalog/mongodb-facts.ts'
import {
  createSchemaVersionReader,
  wholeVersion,
} from '../../../src/backends/mongodb/catalog/mongodb-schema-version.ts'
import { createSampleRefresh } from '../../../src/backends/mongodb/catalog/sample-refresh.ts'
import { nameKey } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import type { SchemaOptions } from '../../../src/schema/schema-snapshot.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { plainSchemaOptions } from '../../support/plain-schema-options.ts'

const { signal } = new AbortController()

describeMongodb('a load of MongoDB', () => {
  let database: MongodbDatabase
  let watched: MongoClient
  beforeAll(async () => {
    database = await createMongodbDatabase()
    watched = new MongoClient(database.uri, { monitorCommands: true })
    watched.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find') sampled.push(command['find'])
    })
    for (const name of ['a', 'b', 'c']) await database.db.collection(name).insertOne({ [name]: 1 })
    await database.db.createCollection('of_a', { viewOn: 'a', pipeline: [] })
    await database.db.createCollection('of_of_a', {
      viewOn: 'c',
      pipeline: [{ $unionWith: { coll: 'of_a', pipeline: [] } }],
    })
  })
  afterAll(async () => {
    refresh.stop()
    await watched.close()
    await database.drop()
  })

  const sampled: string[] = []
  const reader = createSchemaVersionReader()
  const buildRelation = createRelationBuilder()
  const refresh = createSampleRefresh((name) => database.db.client.db(name))
  let previous: Catalog | null = null
  let options: SchemaOptions

  /** What the load samples, and its catalog. */
  async function load(isBehindCheck: boolean, declared = '[]') {
    options = plainSchemaOptions({
      dbSchemas: [database.name],
      declaredSchema: { file: null, text: declared },
    })
    const source: MongodbSource = {
      database: (name) => watched.db(name),
      collections: reader.readAll,
      buildRelation,
      refresh,
      serverVersion: '8.0.0',
      topology: 'replica-set',
      isReadOnly: false,
    }
    const before = previous === null ? null : await buildSnapshot(previous, options, 1, new Date(0))
    const found = isBehindCheck ? await readVersion() : null
    const request = { options, previous: before, depth: 'load', signal } as const
    sampled.splice(0)
    const catalog = await introspectMongodb(
      source,
      found === null ? request : { ...request, found },
    )
    const shared = catalog.relations.filter((each) => previous?.relations.includes(each) ?? false)
    previous = catalog
    return {
      catalog,
      sampled: sampled.toSorted(),
      shared: shared.map(({ name }) => name),
    }
  }

  async function readVersion() {
    const version = await reader.read([watched.db(database.name)], signal)
    return wholeVersion(version, 'replica-set', refresh.found().count)
  }

  function columnsOf({ relations }: Catalog, name: string): readonly string[] {
    return relations.find((each) => each.name === name)?.columns.map((each) => each.name) ?? []
  }

  const all = ['a', 'b', 'c', 'of_a', 'of_of_a']

  test('at first samples everything', async () => {
    expect(await load(false)).toMatchObject({ sampled: all, shared: [] })
  })

  test('that is asked for samples small collections again, and shares what is as it was', async () => {
    await database.db.collection('b').insertOne({ more: 1 })
    const { catalog, ...read } = await load(false)
    expect(read).toEqual({ sampled: all, shared: ['a', 'c', 'of_a', 'of_of_a'] })
    expect(columnsOf(catalog, 'b')).toEqual(['_id', 'b', 'more'])
  })

  test('behind a check samples what has moved alone, and shares all else', async () => {
    await database.db.collection('b').createIndex({ code: 1 })
    await database.db.collection('fresh').insertOne({ x: 1 })
    reader.expectChange({ database: database.name, name: 'b' })
    const { catalog, ...read } = await load(true)
    expect(read).toEqual({ sampled: ['b', 'fresh'], shared: ['a', 'c', 'of_a', 'of_of_a'] })
    expect(columnsOf(catalog, 'b')).toEqual(['_id', 'b', 'more', 'code'])
    expect(columnsOf(catalog, 'fresh')).toEqual(['_id', 'x'])
    expect(await readVersion()).toBe(catalog.schemaVersion)
  })

  test('behind a check samples what was found to have new fields', async () => {
    const before = await readVersion()
    const found = new Promise<void>((resolve) => {
      refresh.listen(resolve)
    })
    await database.db.collection('c').insertOne({ later: 'x' })
    await found
    expect(await readVersion()).not.toBe(before)
    const { catalog, ...read } = await load(true)
    expect(read).toEqual({ sampled: ['c', 'of_of_a'], shared: ['a', 'b', 'fresh', 'of_a'] })
    expect(columnsOf(catalog, 'c')).toEqual(['_id', 'c', 'later'])
    expect(catalog.schemaVersion).toBe(await readVersion())
  })

  test('samples views again whose collection is another, or is gone', async () => {
    await database.db.renameCollection('fresh', 'a', { dropTarget: true })
    const renamed = await load(true)
    expect(renamed.sampled).toEqual(['a', 'of_a', 'of_of_a'])
    expect(renamed.shared).toEqual(['b', 'c'])
    expect(columnsOf(renamed.catalog, 'a')).toEqual(['_id', 'x'])
    await database.db.dropCollection('a')
    expect(await load(true)).toMatchObject({ sampled: ['of_a', 'of_of_a'] })
  })

  test.each([false, true])(
    'knows of a unique index that no request can name, behind a check: %s',
    async (isBehindCheck) => {
      const isById = ({ engineFacts }: Catalog) =>
        mongodbFacts(engineFacts).collections.get(nameKey({ schema: database.name, name: 'c' }))
          ?.isUniqueByIdAlone
      expect(isById((await load(isBehindCheck)).catalog)).toBe(true)
      const partialFilterExpression = { c: { $gt: 100 } }
      await database.db
        .collection('c')
        .createIndex({ c: 1 }, { unique: true, partialFilterExpression })
      expect(isById((await load(isBehindCheck)).catalog)).toBe(false)
      await database.db.collection('c').dropIndex('c_1')
      expect(isById((await load(isBehindCheck)).catalog)).toBe(true)
    },
  )

  test('makes a relation anew where what is declared of it is another', async () => {
    const declared = (type: string) =>
      JSON.stringify([{ name: 'b', columns: [{ name: 'b', type }] }])
    await load(false, declared('bigint'))
    const again = await load(false, declared('bigint'))
    expect(again.shared).toEqual(['b', 'c', 'of_a', 'of_of_a'])
    const other = await load(false, declared('text'))
    expect(other.shared).toEqual(['c', 'of_a', 'of_of_a'])
    const { samples } = mongodbFacts(other.catalog.engineFacts)
    expect([...samples.values()]).toEqual([
      ...mongodbFacts(again.catalog.engineFacts).samples.values(),
    ])
  })
})
