/**
 * The film archive of `film-archive.ts` as MongoDB has it: the same rows, with `_id` called `id` by
 * `declared-schema`, and the rules of its columns in a validator. Ranges are texts. Ids are numbers,
 * which MongoDB does not make by itself. Of the functions those that are pipelines are there:
 * a pipeline cannot raise an error, and one that writes gives no rows.
 */
import { PostgrestClient } from '@supabase/postgrest-js'
import { type Db, Decimal128, type Document } from 'mongodb'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { StoredFilm } from './film-archive.ts'
import { createMongodbDatabase, type MongodbDatabase } from './mongodb.ts'
import { serveForAll } from './test-server.ts'

const declaredSchema = [
  {
    name: 'directors',
    closed: true,
    columns: [
      { name: 'id', field: '_id', type: 'integer' },
      { name: 'name', type: 'text', nullable: false },
    ],
  },
  {
    name: 'films',
    closed: true,
    columns: [
      { name: 'id', field: '_id', type: 'integer' },
      { name: 'title', type: 'text', nullable: false },
      { name: 'year', type: 'integer' },
      { name: 'rating', type: 'numeric' },
      { name: 'genres', type: 'text[]', nullable: false, default: ['drama'] },
      { name: 'info', type: 'jsonb' },
      { name: 'screened', type: 'text' },
      { name: 'director_id', type: 'integer' },
    ],
  },
]

const decimal = (text: string) => Decimal128.fromString(text)
const keyed = (id: unknown, rest: Document): Document => ({ _id: id, ...rest })

const directors = [
  keyed(1, { name: 'Denis Villeneuve' }),
  keyed(2, { name: 'Agnès Varda' }),
  keyed(3, { name: 'Nobody' }),
]

const films = [
  keyed(1, {
    title: 'Arrival',
    year: 2016,
    rating: decimal('7.9'),
    genres: ['drama', 'sci-fi'],
    info: { lang: 'en', crew: { dp: 'Young' } },
    screened: '[2016-09-01,2016-12-31)',
    director_id: 1,
  }),
  keyed(2, {
    title: 'Dune',
    year: 2021,
    rating: decimal('8.0'),
    genres: ['sci-fi'],
    info: { lang: 'en' },
    screened: '[2021-09-03,2021-11-01)',
    director_id: 1,
  }),
  keyed(3, {
    title: 'Cléo de 5 à 7',
    year: 1962,
    rating: decimal('7.8'),
    genres: ['drama'],
    info: { lang: 'fr' },
    screened: '[1962-04-11,1962-06-01)',
    director_id: 2,
  }),
  keyed(4, { title: 'Vagabond', year: 1985, genres: ['drama'], director_id: 2 }),
  keyed(5, {
    title: 'He said "no, (really)"',
    year: 1999,
    rating: decimal('5'),
    genres: ['comedy'],
    info: { lang: 'en' },
  }),
]

const rules = {
  $jsonSchema: {
    required: ['title', 'genres'],
    properties: {
      title: { bsonType: 'string' },
      year: { bsonType: ['int', 'null'], minimum: 1888 },
      genres: { bsonType: 'array' },
    },
  },
}

const functions = [
  {
    name: 'films_since',
    volatility: 'stable',
    params: [{ name: 'first', type: 'int' }],
    returns: { kind: 'setof', type: 'films' },
    collection: 'films',
    pipeline: [{ $match: { year: { $gte: { $param: 'first' } } } }],
  },
  {
    name: 'add',
    volatility: 'immutable',
    params: [
      { name: 'a', type: 'int' },
      { name: 'b', type: 'int' },
    ],
    returns: { type: 'int' },
    pipeline: [{ $documents: [{ sum: { $add: [{ $param: 'a' }, { $param: 'b' }] } }] }],
  },
  {
    name: 'longest',
    volatility: 'immutable',
    params: [{ name: 'words', type: 'text[]' }],
    returns: { type: 'text' },
    pipeline: [
      { $documents: [{ word: { $param: 'words' } }] },
      { $unwind: '$word' },
      { $set: { length: { $strLenCP: '$word' } } },
      { $sort: { length: -1 } },
      { $limit: 1 },
      { $project: { word: 1 } },
    ],
  },
  {
    name: 'describe',
    volatility: 'immutable',
    params: [{ name: 'film', type: 'jsonb' }],
    returns: { type: 'text' },
    pipeline: [
      { $documents: [{ film: { $param: 'film' } }] },
      { $project: { text: { $concat: ['$film.title', ' of ', { $toString: '$film.year' }] } } },
    ],
  },
  {
    name: 'rename_film',
    params: [
      { name: 'film', type: 'int' },
      { name: 'new_title', type: 'text' },
    ],
    returns: { kind: 'void' },
    collection: 'films',
    pipeline: [
      { $match: { _id: { $param: 'film' } } },
      { $project: { title: { $literal: { $param: 'new_title' } } } },
      { $merge: { into: 'films' } },
    ],
  },
]

/** Made anew: the engine of the tests keeps entries of an index over two fields that an update left. */
async function seed(db: Db): Promise<void> {
  await db.dropDatabase()
  await db.collection('directors').insertMany(directors)
  await db.createCollection('films', { validator: rules })
  await db
    .collection('films')
    .createIndex({ title: 1, year: 1 }, { unique: true, name: 'films_title_year_key' })
  await db.collection('films').insertMany(films)
}

async function storedFilms(db: Db): Promise<readonly StoredFilm[]> {
  const stored = await db
    .collection('films')
    .find({}, { sort: { _id: 1 } })
    .toArray()
  return stored.map(({ _id: id, title, year = null, rating = null, genres }) => {
    return { id, title, year, rating: rating === null ? null : Number(rating), genres }
  })
}

/**
 * A database and a server for the `describe` that calls it. Where tests write, each finds the data as
 * seeded.
 */
export function serveFilmCollections(use: 'read' | 'written' = 'read'): {
  readonly client: () => PostgrestClient
  readonly films: () => Promise<readonly StoredFilm[]>
} {
  let database: MongodbDatabase | undefined
  const created = () => {
    if (database === undefined) throw new Error('the archive is there within tests only')
    return database
  }
  beforeAll(async () => {
    database = await createMongodbDatabase()
    await seed(database.db)
  })
  afterAll(() => database?.drop())
  const running = serveForAll(() => ({
    args: [created().uri],
    env: {
      // it looks when it is told to: on the engine of the tests a collection that is made while
      // somebody lists them all may be there without its validator
      DBREST_DB_CHANNEL_ENABLED: 'false',
      DBREST_DB_SCHEMA_POLL_INTERVAL: '0',
      DBREST_DB_AGGREGATES_ENABLED: 'true',
      DBREST_DB_TX_END: 'commit-allow-override',
      DBREST_DECLARED_SCHEMA: JSON.stringify(declaredSchema),
      DBREST_FUNCTION_REGISTRY: JSON.stringify(functions),
    },
  }))
  beforeEach(async () => {
    if (use === 'read') return
    await seed(created().db)
    expect((await fetch(`${running().adminUrl}/reload`, { method: 'POST' })).status).toBe(200)
  })
  return {
    client: () => new PostgrestClient(running().url),
    films: () => storedFilms(created().db),
  }
}
