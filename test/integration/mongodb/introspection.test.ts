/** Databases of a real server → the catalog of a load, and the snapshot that is made of it. */
import { Binary, DBRef, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelationBuilder } from '../../../src/backends/mongodb/catalog/build-relation.ts'
import {
  introspectMongodb,
  type MongodbSource,
} from '../../../src/backends/mongodb/catalog/introspect-mongodb.ts'
import { mongodbFacts } from '../../../src/backends/mongodb/catalog/mongodb-facts.ts'
import { createSchemaVersionReader } from '../../../src/backends/mongodb/catalog/mongodb-schema-version.ts'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { CatalogRelation } from '../../../src/schema/catalog.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import type { Relationship } from '../../../src/schema/relationships/relationship.ts'
import { nameChanges, noChanges } from '../../../src/schema/schema-change.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'

let database: MongodbDatabase

interface LoadSetting {
  readonly previous?: SchemaSnapshot
  readonly depth?: 'load' | 'full'
  readonly schema?: string
  readonly relationships?: string
  readonly isReadOnly?: boolean
}

async function load(setting: LoadSetting = {}): Promise<SchemaSnapshot> {
  const source: MongodbSource = {
    database: (name) => database.client.db(name),
    collections: createSchemaVersionReader().readAll,
    buildRelation: createRelationBuilder(),
    refresh: { found: () => ({ count: 0, keys: new Set() }), follow: () => undefined },
    serverVersion: '8.0.0',
    topology: 'replica-set',
    isReadOnly: setting.isReadOnly ?? false,
  }
  const options = {
    dbSchemas: [database.name],
    dbExtraSearchPath: [],
    dbHoistedTxSettings: [],
    dbTables: null,
    dbExcludeTables: null,
    functionRegistry: null,
    declaredSchema: { file: null, text: setting.schema ?? '[]' },
    declaredRelationships: { file: null, text: setting.relationships ?? '[]' },
  }
  const { previous = null, depth = 'load' } = setting
  const { signal } = new AbortController()
  const catalog = await introspectMongodb(source, { options, previous, depth, signal })
  return buildSnapshot(catalog, options, 1, new Date(0))
}

function relationOf(snapshot: SchemaSnapshot, name: string) {
  const relation = snapshot.relations.get(nameKey(qualifiedName(database.name, name)))
  if (relation === undefined) throw new Error(`no relation ${name}`)
  return relation
}

/** Shape  `title: text` */
function columnsOf(snapshot: SchemaSnapshot, name: string): readonly string[] {
  return [...relationOf(snapshot, name).columns.values()].map(
    (column) => `${column.name}: ${column.nominalType}${column.isNullable ? '' : ' not null'}`,
  )
}

function factsOf(snapshot: SchemaSnapshot, name: string) {
  const key = nameKey(qualifiedName(database.name, name))
  const facts = mongodbFacts(snapshot.engineFacts).collections.get(key)
  if (facts === undefined) throw new Error(`no facts of ${name}`)
  return facts
}

function relationshipsOf(snapshot: SchemaSnapshot, name: string): readonly string[] {
  const bySchema = snapshot.relationships.get(nameKey(qualifiedName(database.name, name)))
  return [...(bySchema?.values() ?? [])].flat().map(shownRelationship)
}

function shownRelationship(relationship: Relationship): string {
  if (relationship.kind === 'computed') return 'computed'
  const { target, cardinality } = relationship
  const by =
    cardinality.kind === 'many-to-many'
      ? cardinality.junction.relation.name
      : cardinality.columns.map((pair) => pair.join(' = ')).join(', ')
  return `${cardinality.kind} ${target.name} by ${by}`
}

type Writes = Pick<CatalogRelation, 'canInsert' | 'canUpdate' | 'canDelete'>

function writesOf({ canInsert, canUpdate, canDelete }: Writes): readonly boolean[] {
  return [canInsert, canUpdate, canDelete]
}

describeMongodb('the catalog of MongoDB', () => {
  beforeAll(async () => {
    database = await createMongodbDatabase()
    const { db } = database
    const directors = db.collection('directors')
    const ava = new ObjectId()
    await directors.insertOne({ _id: ava, name: 'Ava' })
    await db.createCollection('films', {
      validator: {
        $jsonSchema: {
          description: 'Moving pictures',
          required: ['title'],
          properties: {
            title: { bsonType: 'string', maxLength: 80, description: 'As it was shown first' },
            language: { enum: ['en', 'fr'] },
            minutes: { bsonType: ['int', 'null'] },
            gross: { bsonType: 'number' },
          },
        },
      },
    })
    const films = db.collection<Record<string, unknown>>('films')
    const one = new ObjectId()
    await films.insertMany([
      {
        _id: one,
        title: 'A',
        language: 'en',
        minutes: new Int32(90),
        gross: Decimal128.fromString('1.50'),
        director_id: ava,
        tags: ['x', null],
        scores: [new Int32(1), Long.fromNumber(2)],
        made: new Date(0),
        uid: new UUID(),
        bytes: new Binary(Buffer.from('hi')),
        rating: new Int32(1),
        votes: new Int32(1),
        odd: 'text',
        details: { a: 1 },
        empty: null,
        'dot.ted': true,
      },
      {
        _id: new ObjectId(),
        title: 'B',
        rating: new Double(1.5),
        votes: Long.fromNumber(5_000_000_000),
        odd: new Int32(1),
        details: [1],
        pattern: /a/,
        origin: new DBRef('directors', ava),
      },
    ])
    await films.createIndex({ title: 1 }, { unique: true })
    await films.createIndex({ rating: 1, votes: 1 })
    await db.collection('specs').insertOne({ film_id: one })
    await db.collection('specs').createIndex({ film_id: 1 }, { unique: true })
    await db.collection('actors').insertOne({ filmIds: [one] })
    await db.collection('roles').insertOne({ film_id: one, director_id: ava, note: 'x' })
    await db.collection('roles').createIndex({ film_id: 1, director_id: 1 }, { unique: true })
    await db.createCollection('long_films', {
      viewOn: 'films',
      pipeline: [{ $match: { minutes: { $gt: 60 } } }],
    })
    await db.createCollection('by_language', {
      viewOn: 'films',
      pipeline: [{ $group: { _id: '$language', films: { $sum: 1 } } }],
    })
    await db.createCollection('readings', { timeseries: { timeField: 'at', metaField: 'of' } })
    await db.collection('readings').insertOne({ at: new Date(0), of: 1, value: 2 })
    await db.createCollection('log', { capped: true, size: 4096 })
  })
  afterAll(async () => {
    await database.drop()
  })

  test('has collections, views and time series, and nothing of the server', async () => {
    const snapshot = await load()
    const names = [...snapshot.relations.values()].map((relation) => relation.name)
    expect(names).toEqual([
      'actors',
      'by_language',
      'directors',
      'films',
      'log',
      'long_films',
      'readings',
      'roles',
      'specs',
    ])
    expect(snapshot.unreadableRelations).toEqual([])
    expect(relationOf(snapshot, 'long_films').kind).toBe('view')
    expect(factsOf(snapshot, 'readings').kind).toBe('time-series')
  })

  test('has columns from the validator and from what was seen', async () => {
    expect(columnsOf(await load(), 'films')).toEqual([
      '_id: objectid not null',
      'title: text not null',
      'language: text',
      'minutes: integer',
      'gross: numeric',
      'director_id: objectid',
      'tags: text[]',
      'scores: bigint[]',
      'made: timestamp with time zone',
      'uid: uuid',
      'bytes: bytea',
      'rating: double precision',
      'votes: bigint',
      'odd: any',
      'details: jsonb',
      'empty: any',
      'dot.ted: boolean',
      'pattern: json',
      'origin: jsonb',
    ])
  })

  test('has what a validator says beside types', async () => {
    const snapshot = await load()
    const films = relationOf(snapshot, 'films')
    expect(films.description).toBe('Moving pictures')
    expect(films.isClosed).toBe(false)
    expect(films.columns.get('title')).toMatchObject({
      description: 'As it was shown first',
      maxLength: 80,
    })
    expect(films.columns.get('language')?.enumValues).toEqual(['en', 'fr'])
    const { fields } = factsOf(snapshot, 'films')
    expect(fields.get('title')?.rejectsNull).toBe(true)
    expect(fields.get('minutes')?.rejectsNull).toBe(false)
  })

  test('knows keys and indexes', async () => {
    const snapshot = await load()
    const films = relationOf(snapshot, 'films')
    expect(films.primaryKey).toEqual(['_id'])
    expect(films.columns.get('_id')?.defaultExpression).toBe('ObjectId()')
    const { uniqueIndexes, fields } = factsOf(snapshot, 'films')
    expect(uniqueIndexes).toEqual([
      { name: '_id_', columns: ['_id'] },
      { name: 'title_1', columns: ['title'] },
    ])
    const leading = [...fields].filter(([, { leadsIndex }]) => leadsIndex).map(([name]) => name)
    expect(leading).toEqual(['_id', 'title', 'rating'])
  })

  test('knows what can be written', async () => {
    const snapshot = await load()
    const writes = (name: string) => writesOf(relationOf(snapshot, name))
    expect(writes('films')).toEqual([true, true, true])
    expect(writes('long_films')).toEqual([false, false, false])
    expect(writes('readings')).toEqual([true, false, true])
    expect(writes('log')).toEqual([true, false, false])
    const readOnly = await load({ isReadOnly: true })
    for (const relation of readOnly.relations.values()) {
      expect(writesOf(relation)).toEqual([false, false, false])
    }
  })

  test('gives a view that keeps documents their key, and others none', async () => {
    const snapshot = await load()
    expect(relationOf(snapshot, 'long_films').primaryKey).toEqual(['_id'])
    expect(relationOf(snapshot, 'by_language').primaryKey).toEqual([])
    expect(relationOf(snapshot, 'readings').primaryKey).toEqual([])
  })

  test('relates collections by the names of fields, by lists and by DBRefs', async () => {
    const snapshot = await load()
    expect(relationshipsOf(snapshot, 'films')).toEqual(
      expect.arrayContaining([
        'many-to-one directors by director_id = _id',
        'many-to-one directors by origin.$id = _id',
        'one-to-one specs by _id = film_id',
        'one-to-many actors by _id = filmIds',
        'one-to-many roles by _id = film_id',
        'many-to-many directors by roles',
      ]),
    )
    expect(relationshipsOf(snapshot, 'actors')).toEqual(['one-to-many films by filmIds = _id'])
  })

  test('finds no difference where there is none', async () => {
    const first = await load()
    const second = await load({ previous: first })
    expect(diffSnapshots(first, second)).toEqual([])
    expect(second.schemaVersion).toBe(first.schemaVersion)
  })

  test('finds none in what only a sample knows', async () => {
    const marks = database.db.collection('marks')
    await marks.insertOne({ mark: 1, note: 'a' })
    await marks.insertOne({ mark: 'x' })
    const before = await load()
    // a third type of a field that has no one type, and the collection made anew
    await marks.insertOne({ mark: true })
    const after = await load({ previous: before })
    expect(diffSnapshots(before, after)).toEqual([])
    await marks.drop()
    await marks.insertMany([{ mark: 1, note: 'a' }, { mark: 'x' }])
    expect(diffSnapshots(after, await load({ previous: after }))).toEqual([])
    await marks.drop()
  })

  test('tells of a collection that came as of that and nothing else', async () => {
    const before = await load()
    await database.db.collection('guests').insertOne({ name: 'x' })
    const after = await load({ previous: before })
    const added = [`${database.name}.guests`]
    expect(nameChanges(diffSnapshots(before, after))).toEqual({ ...noChanges, added })
    await database.db.collection('guests').drop()
  })

  test('keeps columns of a collection, forgets them in full and with the collection', async () => {
    const { db } = database
    const notes = db.collection('notes')
    await notes.insertOne({ body: 'x' })
    const first = await load()
    await notes.deleteMany({})
    await notes.insertOne({ author: 'y' })
    const second = await load({ previous: first })
    expect(columnsOf(second, 'notes')).toEqual([
      '_id: objectid not null',
      'body: text',
      'author: text',
    ])
    const full = await load({ previous: second, depth: 'full' })
    expect(columnsOf(full, 'notes')).toEqual(['_id: objectid not null', 'author: text'])
    await notes.drop()
    await db.collection('notes').insertOne({ again: true })
    const third = await load({ previous: second })
    expect(columnsOf(third, 'notes')).toEqual(['_id: objectid not null', 'again: boolean'])
    expect(third.schemaVersion).not.toBe(second.schemaVersion)
    await db.collection('notes').drop()
  })

  test('tells of a view that cannot be read, and serves the others', async () => {
    const { db } = database
    await db.createCollection('broken', {
      viewOn: 'films',
      pipeline: [{ $project: { x: { $toInt: '$title' } } }],
    })
    const snapshot = await load()
    expect(snapshot.unreadableRelations.map(({ name }) => name)).toEqual(['broken'])
    expect(snapshot.relations.size).toBe(9)
    await db.collection('broken').drop()
  })

  test('has what is declared in place of what was found', async () => {
    const snapshot = await load({
      schema: JSON.stringify([
        {
          name: 'specs',
          comment: 'Technical data',
          closed: true,
          columns: [
            { name: 'id', field: '_id', type: 'objectid' },
            { name: 'film', field: 'film_id', type: 'objectid', nullable: false },
            { name: 'filmed', type: 'date' },
            { name: 'lenses', type: 'text[]' },
          ],
        },
      ]),
      relationships: JSON.stringify([
        { name: 'specs_film', from: 'specs', to: 'films', columns: { film: '_id' } },
        {
          name: 'cast',
          from: 'films',
          to: 'actors',
          through: { relation: 'roles', from: { film_id: '_id' }, to: { note: '_id' } },
        },
      ]),
    })
    const specs = relationOf(snapshot, 'specs')
    expect(columnsOf(snapshot, 'specs')).toEqual([
      'id: objectid not null',
      'film: objectid not null',
      'filmed: date',
      'lenses: text[]',
    ])
    expect(specs).toMatchObject({
      description: 'Technical data',
      isClosed: true,
      primaryKey: ['id'],
    })
    expect(factsOf(snapshot, 'specs').fields.get('id')?.field).toBe('_id')
    expect(factsOf(snapshot, 'specs').uniqueIndexes).toEqual([
      { name: '_id_', columns: ['id'] },
      { name: 'film_id_1', columns: ['film'] },
    ])
    expect(relationshipsOf(snapshot, 'specs')).toEqual(['one-to-one films by film = _id'])
    expect(relationshipsOf(snapshot, 'films')).toContain('many-to-many actors by roles')
  })
})
