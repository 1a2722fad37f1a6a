/**
 * The same rows in both databases, and the same requests: what MongoDB answers is what PostgreSQL
 * does. Requests are put together from parts, so that each part meets the others.
 */
import { Decimal128, Double, Long } from 'mongodb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  createMongodbDatabase,
  describeMongodb,
  type MongodbDatabase,
} from '../../support/mongodb.ts'
import { mongodbSnapshot } from '../../support/mongodb-snapshot.ts'
import { readOf, requestOf } from '../../support/plan-of.ts'
import { createRunner, type Runner } from '../../support/run-compiled.ts'
import { runMongodbRead } from '../../support/run-mongodb-read.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

const snapshot = mongodbSnapshot({
  collections: {
    directors: { _id: 'int', name: 'string', born: 'int' },
    films: {
      _id: 'int',
      title: 'string',
      year: 'int',
      director_id: 'int',
      rating: 'double',
      price: 'decimal',
      seen: 'long',
      is_new: 'bool',
      tags: 'string[]',
      data: 'document',
    },
    actors: { _id: 'int', name: 'string' },
    roles: { film_id: 'int', actor_id: 'int', part: 'string' },
  },
  keys: { roles: ['film_id', 'actor_id'] },
  foreignKeys: [
    'films(director_id) -> directors(_id)',
    'roles(film_id) -> films(_id)',
    'roles(actor_id) -> actors(_id)',
  ],
  fields: { 'films.rating': { mayBeNan: true } },
})

type Row = Readonly<Record<string, unknown>>

/** Deterministic, with nulls, absent fields and equal values. */
const data: Readonly<Record<string, readonly Row[]>> = {
  directors: [
    { _id: 1, name: 'Ana', born: 1950 },
    { _id: 2, name: 'Bo' },
    { _id: 3, name: 'ana', born: 1961 },
    { _id: 4, name: null, born: 1950 },
  ],
  films: Array.from({ length: 24 }, (_, n) => ({
    _id: n + 1,
    ...(n % 7 === 0 ? {} : { title: `t${(n * 5) % 11}` }),
    year: n % 5 === 0 ? null : 2000 + (n % 4),
    ...(n % 6 === 5 ? {} : { director_id: n % 4 === 0 ? null : n % 4 }),
    rating: n % 9 === 3 ? Number.NaN : n % 8 === 1 ? null : (n % 6) / 4 - 0.5,
    ...(n % 3 === 2 ? {} : { price: `${n % 5}.${n % 10}0` }),
    seen: n % 4 === 2 ? null : BigInt(n) * 1_000_000_000_000_000_00n,
    is_new: n % 3 === 0 ? null : n % 2 === 0,
    tags: n % 5 === 1 ? null : ['c', 'a', 'b'].slice(0, n % 4),
    ...(n % 4 === 3 ? {} : { data: { n: n % 3, s: `s${n % 2}`, l: [n % 2, { x: n }] } }),
  })),
  actors: [1, 2, 3, 4].map((n) => ({ _id: n, name: `A${n % 3}` })),
  roles: Array.from({ length: 40 }, (_, n) => ({
    film_id: (n % 10) + 1,
    actor_id: Math.floor(n / 10) + 1,
    ...(n % 6 === 0 ? {} : { part: `p${n % 4}` }),
  })).filter((_, n) => n % 3 !== 0),
}

const tables = `
  create schema shop;
  create table shop.directors (_id int primary key, name text collate "C", born int);
  create table shop.films (_id int primary key, title text collate "C", year int, director_id int,
    rating float8, price numeric, seen bigint, is_new bool, tags text[] collate "C", data jsonb);
  create table shop.actors (_id int primary key, name text collate "C");
  create table shop.roles (film_id int, actor_id int, part text collate "C",
    primary key (film_id, actor_id));
`

function stored(column: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Long.fromBigInt(value)
  if (value !== null && column === 'rating') return new Double(Number(value))
  return value !== null && column === 'price' ? Decimal128.fromString(String(value)) : value
}

function literal(column: string, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return `'{${value.join(',')}}'`
  if (column === 'data') return `'${JSON.stringify(value)}'`
  return `'${String(value)}'`
}

const fillPostgres = Object.entries(data).flatMap(([name, rows]) =>
  rows.map((row) => {
    const columns = Object.keys(row)
    const values = columns.map((column) => literal(column, row[column]))
    return `insert into shop.${name} (${columns}) values (${values});`
  }),
)

const orders = [
  '',
  'year',
  'year.desc',
  'year.nullsfirst',
  'rating',
  'rating.desc.nullslast',
  'title',
  'price.desc',
  'seen',
  'is_new',
  'tags',
  'tags.desc',
  'data->>s',
  'data->n',
]
const filters = ['', 'year=gt.2001', 'director_id=not.is.null', 'or=(year.eq.2001,rating.gt.0)']
const selects = [
  '_id,title,year,rating,price,seen,is_new,tags',
  '_id,data->l->1,s:data->>s,data->l->>0,y:year::text,r:rating::text,p:price::int',
  '_id,directors(name,films(_id)),actors(name)',
  '_id,...directors(dn:name,born),roles(part,actors(name))',
  '_id,directors!inner(name),...actors(an:name)',
]
const groupings = [
  ['', ''],
  ['year,', '&order=year'],
  ['director_id,is_new,', '&order=director_id.desc,is_new'],
  ['s:data->>s,', ''],
] as const

const nestedOrders = [
  '',
  '',
  'directors.films.order=_id&actors.order=_id',
  'roles.order=actor_id.desc&roles.limit=2',
  'actors.order=_id',
]

function* requests(): Generator<string> {
  for (const [at, order] of orders.entries()) {
    for (const [n, select] of selects.entries()) {
      const filter = filters[(at + n) % filters.length] ?? ''
      const window = (at + n) % 3 === 0 ? 'limit=5&offset=2' : 'limit=50'
      const sort = `order=${[order, '_id'].filter((term) => term !== '').join(',')}`
      const parts = [`select=${select}`, filter, nestedOrders[n] ?? '', sort, window]
      yield `/films?${parts.filter((part) => part !== '').join('&')}`
    }
  }
  const aggregates = [
    'count()',
    'year.sum(),year.avg(),year.min(),year.max(),year.count()',
    'rating.sum(),rating.min(),rating.max()',
    'price.sum(),price.avg(),price.min(),price.max()',
    'seen.sum(),seen.avg(),seen.max()',
    'title.min(),title.max(),tags.max()',
    'year.sum()::text,rating.max()::text,price.avg()::int',
    'data->>s.max(),data->n::int.sum()',
    '...directors(born.sum(),name.max(),count())',
  ]
  for (const aggregate of aggregates) {
    for (const [key, order] of groupings) {
      for (const filter of ['', '&year=gt.2000', '&year=gt.9999', '&rating=is.null']) {
        yield `/films?select=${key}${aggregate}${order}${filter}`
      }
    }
  }
  for (const filter of [
    '',
    '&films.year=gt.2002',
    '&films.year=gt.9999',
    '&films.limit=0',
    '&films.offset=1',
  ]) {
    yield `/directors?select=name,films(count(),year.max())&order=_id${filter}`
    yield `/directors?select=name,films!inner(count())&order=_id${filter}`
    yield `/directors?select=name,films(_id)&films.order=rating,_id&order=_id${filter}`
    yield `/directors?select=name,films!inner(_id)&films.order=_id&order=_id${filter}`
    yield `/directors?select=name,films()&films=is.null&order=_id${filter}`
    yield `/directors?select=name,...films(title,year)&films.order=_id&order=_id${filter}`
    yield `/directors?select=_id,films()&or=(films.not.is.null,born.gt.1955)&order=_id${filter}`
  }
  yield '/films?select=_id,directors(name)&order=directors(name).desc,_id'
  yield '/films?select=_id,directors()&order=directors(born),_id'
  yield '/films?select=_id,...directors(born)&order=directors(born).nullsfirst,_id'
  yield '/actors?select=name,films(title,directors(name))&films.order=_id&order=_id'
  yield '/actors?select=name,films!inner(title)&films.title=eq.t5&order=_id'
}

describeMongodb('reads of the same rows', () => {
  let mongodb: MongodbDatabase
  let postgres: TestDatabase
  let runner: Runner
  beforeAll(async () => {
    mongodb = await createMongodbDatabase()
    for (const [name, rows] of Object.entries(data)) {
      const documents = rows.map((row) =>
        Object.fromEntries(Object.entries(row).map(([key, value]) => [key, stored(key, value)])),
      )
      await mongodb.db.collection(name).insertMany(documents)
    }
    postgres = await createTestDatabase(`${tables}${fillPostgres.join('\n')}`)
    runner = await createRunner(postgres.uri())
  })
  afterAll(async () => {
    await runner.close()
    await postgres.drop()
    await mongodb.drop()
  })

  test('are answered as PostgreSQL answers them', async () => {
    const differences: unknown[] = []
    let count = 0
    for (const path of requests()) {
      count += 1
      const line = `GET ${path}`
      const theirs = await runner.run(readOf(snapshot, line), requestOf(snapshot, line))
      const ours = await runMongodbRead(mongodb.db, snapshot, path)
      const [expected, found] = [theirs.body, ours.body].map((body) => comparable(body, path))
      if (found !== expected) differences.push({ path, expected, found })
    }
    expect(count).toBeGreaterThan(200)
    expect(differences).toEqual([])
  })
})

/** Groups without an order have none, nor have the members of an object in PostgreSQL's `jsonb`. */
function comparable(body: string, path: string): string {
  // JavaScript would lose digits
  const numbersAsTexts = body.replace(/([:[,]\s*)(-?\d[\d.eE+-]*)/g, '$1"$2"')
  const rows: unknown = JSON.parse(numbersAsTexts, (_, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  )
  if (!Array.isArray(rows)) throw new Error(`no rows: ${body}`)
  const texts = rows.map((row) => JSON.stringify(row))
  return (path.includes('order=') ? texts : texts.sort()).join('\n')
}
