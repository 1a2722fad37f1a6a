/**
 * Random filters on PATCH and DELETE: a request that is refused or fails leaves every document as it
 * was, and one that is carried out touches the rows that it says it does, and no others. A filter that
 * cannot be lowered must never become one that all documents pass.
 *
 * `FUZZ_SEED` and `FUZZ_REQUESTS` play others, and more.
 */
import { BSON, type Document, Long } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodePart } from '../../fuzz/encode-target.ts'
import type { FuzzRelation } from '../../fuzz/fuzz-model.ts'
import { filterPair, logicPair } from '../../fuzz/generate-query.ts'
import { createRandom, type Random } from '../../fuzz/random.ts'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { type MongodbWrites, openMongodbWrites } from '../../support/mongodb-writes.ts'

const kinds = {
  _id: 'int',
  title: 'string',
  year: 'int',
  rating: 'double',
  seen: 'bool',
  at: 'date',
  tags: 'string[]',
  numbers: 'int[]',
  data: 'document',
  mixed: 'mixed',
  known: 'any',
} as const

/** Types in PostgreSQL's words, which decide what values are made. */
const types = {
  _id: 'integer',
  title: 'text',
  year: 'integer',
  rating: 'double precision',
  seen: 'boolean',
  at: 'timestamp with time zone',
  tags: 'text[]',
  numbers: 'integer[]',
  data: 'jsonb',
  mixed: 'text',
  known: 'text',
} as const satisfies Record<keyof typeof kinds, string>

const relation: FuzzRelation = {
  schema: 'shop',
  name: 'films',
  columns: [
    ...Object.entries(types).map(([name, type]) => ({ name, type, labels: [] })),
    ...['unseen', 'a.b', '$where', 'd', '$$ROOT'].map((name) => ({
      name,
      type: 'text',
      labels: [],
    })),
  ],
  primaryKey: ['_id'],
  computed: [],
  embeds: [],
  canInsert: true,
}

const documents: readonly (Document & { readonly _id: number })[] = [
  {
    _id: 1,
    title: 'Alien',
    year: 1979,
    rating: 8.5,
    seen: true,
    tags: ['a', 'b'],
    numbers: [1, 2],
  },
  { _id: 2, title: 'Brazil', year: 1985, rating: Number.NaN, seen: false, data: { a: { b: [1] } } },
  { _id: 3, title: null, year: null, at: new Date(0), mixed: 5, tags: [], known: 'x' },
  { _id: 4, mixed: '5', data: { k: 'v', a: 1 }, 'a.b': 'c', numbers: [] },
  { _id: 5, title: '', year: 0, mixed: [1], known: Long.fromNumber(7), data: {} },
  { _id: 6, title: '$year', d: { title: 'x' }, tags: [null], data: [1, { a: 2 }] },
]

describeMongodb('filters of writes', () => {
  let database: MongodbDatabase
  let api: MongodbWrites

  beforeAll(async () => {
    database = await createMongodbDatabase()
    api = openMongodbWrites(database, {
      collections: { films: kinds },
      open: ['films'],
      facts: { films: { uniqueIndexes: [{ name: '_id_', columns: ['_id'] }] } },
    })
    await database.db.collection<Document & { _id: number }>('films').insertMany([...documents])
  })
  afterAll(() => database?.drop())

  /** By id, as text. */
  async function stored(): Promise<ReadonlyMap<unknown, string>> {
    const found = await database.db.collection('films').find({}).toArray()
    return new Map(found.map((each) => [each._id, BSON.EJSON.stringify(each)]))
  }

  const seed = Number(process.env['FUZZ_SEED'] ?? 1)
  const requests = Number(process.env['FUZZ_REQUESTS'] ?? 150)

  test(`${requests} filters of seed ${seed} never touch what they do not name`, async () => {
    let [refused, carriedOut] = [0, 0]
    for (let index = 0; index < requests; index += 1) {
      const random = createRandom(seed, index)
      const target = `/films?${queryOf(random)}`
      const before = await stored()
      const undone = await api.send(
        'PATCH',
        `${target}&select=_id`,
        { touched: index },
        {
          Prefer: 'return=representation,tx=rollback',
        },
      )
      expect(await stored(), target).toEqual(before)
      const reply = random.chance(0.5)
        ? await api.send('PATCH', target, { touched: index })
        : await api.send('DELETE', target, undefined, { Prefer: 'count=exact' })
      const after = await stored()
      expect(undone.status < 400, target).toBe(reply.status < 400)
      if (reply.status >= 400) {
        refused += 1
        expect(after, target).toEqual(before)
        continue
      }
      carriedOut += 1
      const meant = new Set(idsOf(undone.body))
      const touched = [...before].filter(([id, text]) => after.get(id) !== text).map(([id]) => id)
      expect(new Set(touched), target).toEqual(meant)
      await restore([...meant])
    }
    // of either kind enough, or the test would show nothing
    expect(refused).toBeGreaterThan(requests / 20)
    expect(carriedOut).toBeGreaterThan(requests / 20)
  }, 600_000)

  async function restore(ids: readonly unknown[]): Promise<void> {
    const films = database.db.collection<Document & { _id: number }>('films')
    for (const document of documents.filter(({ _id }) => ids.includes(_id))) {
      await films.replaceOne({ _id: document._id }, document, { upsert: true })
    }
  }
})

function queryOf(random: Random): string {
  const pairs = random.times(1, 3, () =>
    random.chance(0.7) ? filterPair(relation, '', random) : logicPair(relation, '', random),
  )
  return pairs.map((pair) => pair.map((text) => encodePart(text, 'strict')).join('=')).join('&')
}

function idsOf(body: unknown): readonly unknown[] {
  if (!Array.isArray(body)) throw new Error('no list of rows')
  return body.map((row: unknown) => Object(row)._id)
}
