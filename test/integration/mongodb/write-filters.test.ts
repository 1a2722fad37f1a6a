/**
 * Random filters on PATCH and DELETE: a request that is refused or fails leaves every document as it
 * was, and one that is carried out touches the rows that a GET with the same filter finds, and no
 * others. A filter that cannot be lowered must never become one that all documents pass.
 *
 * `FUZZ_SEED` and `FUZZ_REQUESTS` play others, and more.
 */
import { BSON, type Document, Long } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { encodePart } from '../../fuzz/encode-target.ts'
import type { FuzzRelation } from '../../fuzz/fuzz-model.ts'
import { filterPair, logicPair } from '../../fuzz/generate-query.ts'
import { createRandom, type Random } from '../../fuzz/random.ts'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

interface Film extends Document {
  readonly _id: number
}

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
} as const

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

const documents: readonly Film[] = [
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
  let api: MongodbApi

  beforeAll(async () => {
    api = await serveMongodb(({ db }) => db.collection<Film>('films').insertMany([...documents]), {
      dbTxEnd: 'commit-allow-override',
    })
  })
  afterAll(() => api?.stop())

  const films = () => api.database.db.collection<Film>('films')

  /** By id, as text. */
  async function stored(): Promise<ReadonlyMap<unknown, string>> {
    const found = await films().find({}).toArray()
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
      const read = await api.get(`${target}&select=_id`)
      const change = { touched: index }
      const shown = { Prefer: 'return=representation,tx=rollback' }
      const undone = await api.send('PATCH', `${target}&select=_id`, change, shown)
      expect(await stored(), target).toEqual(before)
      const reply = random.chance(0.5)
        ? await api.send('PATCH', target, change)
        : await api.send('DELETE', target)
      const after = await stored()
      expect([undone.status < 400, reply.status < 400], target).toEqual(
        [read, read].map(({ status }) => status < 400),
      )
      if (reply.status >= 400) {
        refused += 1
        expect(after, target).toEqual(before)
        continue
      }
      carriedOut += 1
      const meant = new Set(idsOf(read.body))
      const touched = [...before].filter(([id, text]) => after.get(id) !== text).map(([id]) => id)
      expect([new Set(idsOf(undone.body)), new Set(touched)], target).toEqual([meant, meant])
      await restore([...meant])
    }
    // of either kind enough, or the test would show nothing
    expect(refused).toBeGreaterThan(requests / 20)
    expect(carriedOut).toBeGreaterThan(requests / 20)
  }, 600_000)

  async function restore(ids: readonly unknown[]): Promise<void> {
    for (const document of documents.filter(({ _id }) => ids.includes(_id))) {
      await films().replaceOne({ _id: document._id }, document, { upsert: true })
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
