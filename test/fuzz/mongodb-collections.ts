/**
 * What the fuzzer plays against on MongoDB: declared and open collections, fields of every type and
 * of several, odd names, validators, unique indexes, every kind of relationship, views, a time
 * series, and functions. Nobody can change `canaries`: it is capped, and its validator takes nothing.
 */
import {
  Binary,
  type Db,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  ObjectId,
  UUID,
} from 'mongodb'
import { canaryWords } from './word-canaries.ts'

const moment = new Date('2024-02-29T12:00:00.123Z')
const oid = (n: number) => new ObjectId(String(n).padStart(24, '0'))
const int = (n: number) => new Int32(n)
const decimal = (text: string) => Decimal128.fromString(text)
const keyed = (id: unknown, rest: Document): Document => ({ _id: id, ...rest })

/** A name with everything in it that means something to a pipeline, a path or a URL. */
const oddName = 'Odd "Names", (all) of.them'

const rows: Readonly<Record<string, readonly Document[]>> = {
  kinds: [
    keyed(int(1), {
      small: int(1),
      big: Long.fromString('9007199254740993'),
      price: decimal('10.250'),
      double: new Double(1e10),
      words: 'one',
      flag: true,
      doc: { a: { b: [int(1), int(2), { c: 'd' }] }, k: 'v' },
      day: '2024-02-29',
      moment: '2024-02-29T12:00:00',
      instant: moment,
      bytes: new Binary(Buffer.from('deadbeef', 'hex')),
      guid: new UUID('6f1b6f3e-0000-4000-8000-000000000001'),
      tags: ['x', 'y'],
      numbers: [int(1), int(2)],
      maker: oid(1),
    }),
    keyed(int(2), {
      double: new Double(Number.NaN),
      words: '',
      doc: null,
      tags: [],
      numbers: null,
    }),
    // values that are not of the declared type, as any other program may write them
    keyed(int(3), {
      small: 'text',
      big: [int(1)],
      price: 'text',
      double: { a: int(1) },
      words: int(7),
      flag: 'yes',
      doc: 'no object',
      day: moment,
      moment: int(5),
      instant: 'no moment',
      bytes: 'text',
      guid: oid(2),
      tags: 'x',
      numbers: [['nested'], null],
      maker: 'short',
    }),
    keyed(int(4), {}),
  ],
  authors: [
    keyed(int(1), { name: 'Ann', born: moment }),
    keyed(int(2), { name: 'Bob', mentor_id: int(1) }),
    keyed(int(3), { name: 'Çelik "Q"', mentor_id: int(1), born: null }),
    keyed(int(4), { name: 'D', mentor_id: int(4) }),
  ],
  books: [
    keyed(int(1), {
      title: 'Alpha',
      year: int(1999),
      price: decimal('9.99'),
      meta: { pages: int(100), in: { de: 'Alfa' } },
      tags: ['x', 'y'],
      author_id: int(1),
      editor_id: int(2),
      topic_ids: [int(1), int(2)],
    }),
    keyed(int(2), {
      title: 'Beta',
      year: int(2005),
      price: decimal('19.99'),
      meta: { pages: int(200) },
      tags: [],
      author_id: int(1),
      sequel_of: int(1),
    }),
    keyed(int(3), { title: 'Gamma, or "G"', year: int(2010), author_id: int(2), topic_ids: [] }),
    keyed(int(4), { title: 'Delta', year: int(2020), tags: ['y'], topic_ids: [int(3)] }),
    keyed(int(5), { title: 'Epsilon', year: null, price: decimal('5'), author_id: int(3) }),
  ],
  topics: [
    keyed(int(1), { name: 'art' }),
    keyed(int(2), { name: 'war' }),
    keyed(int(3), { name: 'tea' }),
  ],
  reviewers: [keyed(oid(1), { name: 'Rae' }), keyed(oid(2), {})],
  reviews: [
    keyed(oid(1), { book_id: int(1), reviewer_id: oid(1), stars: int(5), body: 'good' }),
    keyed(oid(2), { book_id: int(1), reviewer_id: oid(2), stars: int(1) }),
    keyed(oid(3), { book_id: int(3), reviewer_id: oid(1), stars: int(3), body: '' }),
  ],
  // nothing is declared of it: columns are what is seen
  things: [
    keyed(oid(1), { any: int(5), list: [int(1), 'two', { three: [null] }], deep: { a: { b: 1 } } }),
    keyed('text', { any: '5', ref: { $ref: 'authors', $id: int(1) }, re: /^a/i }),
    keyed(int(7), { any: moment, list: 'x', do$llar: int(1), 'a.b': int(2), 日本: 'ja' }),
    keyed(Long.fromString('9007199254740993'), { any: [int(5)], deep: [{ a: int(1) }] }),
    keyed(new UUID('6f1b6f3e-0000-4000-8000-000000000001'), { any: null, $lead: int(1) }),
  ],
  [oddName]: [
    keyed(int(1), { 'a "q"': 'a', 'c,d': 'c', 'e.f': int(1), g: { x: int(1) }, 'i j': 'h' }),
    keyed(int(2), { select: 's', limit: int(1), order: int(2), and: int(3), '100%': int(4) }),
  ],
  events: [
    { at: moment, level: int(1) },
    { at: new Date(0), level: null },
  ],
}

const writable = Object.keys(rows).filter((name) => name !== 'events')

/** The rows are there again, and no others: beside requests, as another program. */
export async function refillCollections(db: Db): Promise<void> {
  for (const name of writable) {
    await db.collection(name).deleteMany({})
    // beside requests that write there may be one with the same key again already
    await db
      .collection(name)
      .insertMany([...(rows[name] ?? [])], { ordered: false })
      .catch(() => {})
  }
}

export async function createCollections(db: Db): Promise<void> {
  await db.createCollection('canaries', { capped: true, size: 16_000_000 })
  await db
    .collection('canaries')
    .insertMany(canaryWords.map((word, id) => keyed(int(id), { word })))
  await db.command({ collMod: 'canaries', validator: { $expr: false } })
  await db.createCollection('events', { timeseries: { timeField: 'at', metaField: 'level' } })
  await db.collection('events').insertMany([...(rows['events'] ?? [])])
  await db.createCollection('topics', {
    validator: {
      $jsonSchema: {
        bsonType: 'object',
        required: ['_id', 'name'],
        additionalProperties: false,
        properties: { _id: { bsonType: 'int' }, name: { bsonType: 'string', maxLength: 20 } },
      },
    },
  })
  for (const name of writable) {
    if (name !== 'topics') await db.createCollection(name)
  }
  await db.collection('topics').createIndex({ name: 1 }, { unique: true })
  await db.collection('reviews').createIndex({ book_id: 1, reviewer_id: 1 }, { unique: true })
  await db.collection('books').createIndex({ year: 1 })
  await refillCollections(db)
  await db.createCollection('recent_books', {
    viewOn: 'books',
    pipeline: [{ $match: { year: { $gt: 2000 } } }, { $project: { price: 0 } }],
  })
  await db.createCollection('yearly', {
    viewOn: 'books',
    pipeline: [{ $group: { _id: '$year', books: { $sum: 1 } } }],
  })
}

type DeclaredColumns = Readonly<Record<string, string>>

function declared(name: string, closed: boolean, columns: DeclaredColumns): unknown {
  const listed = Object.entries(columns).map(([column, type]) => ({
    name: column,
    ...(column === 'id' ? { field: '_id' } : {}),
    type,
  }))
  return { name, closed, columns: listed }
}

/** For `declared-schema`. */
export const declaredSchema: readonly unknown[] = [
  declared('canaries', true, { id: 'integer', word: 'text' }),
  declared('kinds', true, {
    id: 'integer',
    small: 'integer',
    big: 'bigint',
    price: 'numeric',
    double: 'double precision',
    words: 'text',
    flag: 'boolean',
    doc: 'jsonb',
    day: 'date',
    moment: 'timestamp',
    instant: 'timestamptz',
    bytes: 'bytea',
    guid: 'uuid',
    tags: 'text[]',
    numbers: 'integer[]',
    maker: 'objectid',
  }),
  declared('authors', true, {
    id: 'integer',
    name: 'text',
    mentor_id: 'integer',
    born: 'timestamptz',
  }),
  declared('books', false, {
    id: 'integer',
    title: 'text',
    year: 'integer',
    price: 'numeric',
    meta: 'jsonb',
    tags: 'text[]',
    author_id: 'integer',
    editor_id: 'integer',
    sequel_of: 'integer',
    topic_ids: 'integer[]',
  }),
]

/** For `declared-relationships`. */
export const declaredRelationships: readonly unknown[] = [
  { name: 'mentor', from: 'authors', to: 'authors', columns: { mentor_id: 'id' } },
  { name: 'writer', from: 'books', to: 'authors', columns: { author_id: 'id' } },
  { name: 'editor', from: 'books', to: 'authors', columns: { editor_id: 'id' } },
  { name: 'sequel', from: 'books', to: 'books', columns: { sequel_of: 'id' } },
  { name: 'topics', from: 'books', to: 'topics', columns: { topic_ids: '_id' } },
  {
    name: 'cover',
    from: 'kinds',
    to: 'books',
    columns: { small: 'id' },
    cardinality: 'one-to-one',
  },
]

/** For `function-registry`. */
export const functions: readonly unknown[] = [
  {
    name: 'echo',
    volatility: 'immutable',
    params: [{ name: 'value', type: 'text' }],
    returns: { type: 'text' },
    pipeline: [{ $documents: [{ r: { $param: 'value' } }] }],
  },
  {
    name: 'books_since',
    volatility: 'stable',
    params: [{ name: 'since', type: 'int' }],
    returns: { kind: 'setof', type: 'books' },
    collection: 'books',
    pipeline: [{ $match: { year: { $gte: { $param: 'since' } } } }],
  },
  {
    name: 'total',
    volatility: 'immutable',
    params: [{ name: 'numbers', type: 'int', variadic: true }],
    returns: { type: 'bigint' },
    pipeline: [{ $documents: [{ r: { $sum: { $param: 'numbers' } } }] }],
  },
  {
    name: 'rows',
    params: [{ name: 'word', type: 'text', default: 'one' }],
    returns: { kind: 'setof' },
    collection: 'kinds',
    pipeline: [{ $match: { words: { $param: 'word' } } }, { $project: { _id: 0, doc: 1 } }],
  },
]
