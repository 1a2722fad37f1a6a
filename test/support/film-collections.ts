/**
 * The film archive of `film-archive.ts` as MongoDB has it: the same rows, with `_id` called `id` by
 * `declared-schema`. Ranges are texts.
 */
import { PostgrestClient } from '@supabase/postgrest-js'
import { type Db, Decimal128, type Document } from 'mongodb'
import { afterAll, beforeAll } from 'vitest'
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
      { name: 'genres', type: 'text[]' },
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

async function fill(db: Db): Promise<void> {
  await db.collection('directors').insertMany(directors)
  await db.collection('films').insertMany(films)
}

/** A database and a server for the `describe` that calls it, to read from. */
export function serveFilmCollections(): { readonly client: () => PostgrestClient } {
  let database: MongodbDatabase | undefined
  const created = () => {
    if (database === undefined) throw new Error('the archive is there within tests only')
    return database
  }
  beforeAll(async () => {
    database = await createMongodbDatabase()
    await fill(database.db)
  })
  afterAll(() => database?.drop())
  const running = serveForAll(() => ({
    args: [created().uri],
    env: {
      DBREST_DB_AGGREGATES_ENABLED: 'true',
      DBREST_DECLARED_SCHEMA: JSON.stringify(declaredSchema),
    },
  }))
  return { client: () => new PostgrestClient(running().url) }
}
