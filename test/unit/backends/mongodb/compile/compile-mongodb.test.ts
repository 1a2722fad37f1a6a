import { Long } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { createMongodbCompiler } from '../../../../../src/backends/mongodb/compile/compile-mongodb.ts'
import { compileResultTree } from '../../../../../src/backends/mongodb/compile/compile-read-tree.ts'
import {
  compiledRead,
  countOf,
  pipelineOf,
  refusedRead,
} from '../../../../support/mongodb-pipeline.ts'
import { mongodbSnapshot } from '../../../../support/mongodb-snapshot.ts'
import { readOf, requestOf } from '../../../../support/plan-of.ts'

const snapshot = mongodbSnapshot({
  collections: {
    films: {
      _id: 'int',
      title: 'string',
      year: 'int',
      name: 'string',
      rating: 'double',
      tags: 'string[]',
      data: 'document',
      raw: 'other',
      director_id: 'int',
      'a.b': 'int',
      studio: 'string',
      made: 'date',
    },
    directors: { _id: 'int', name: 'string' },
    open: { _id: 'objectId', known: 'int' },
    shown: { _id: 'int' },
    measured: { at: 'date' },
  },
  open: ['open'],
  required: ['films.name'],
  foreignKeys: ['films(director_id) -> directors(_id)'],
  fields: {
    'films.rating': { mayBeNan: true },
    'films.studio': { field: 'st' },
  },
  facts: { shown: { kind: 'view' }, measured: { kind: 'time-series' } },
})

const wrap = { $replaceWith: { d: '$$ROOT' } }
const title = { $project: { _id: 0, c0: '$title' } }
const limit = (n: number) => ({ $limit: Long.fromNumber(n) })
const skip = (n: number) => ({ $skip: Long.fromNumber(n) })
const exact = { headers: { prefer: 'count=exact' } }
const planned = { headers: { prefer: 'count=planned' } }

describe('select', () => {
  test.each<[string, string, unknown]>([
    ['everything is the document', '*', { c0: '$$ROOT' }],
    ['columns by their names', 'title,y:year', { c0: '$title', c1: '$year' }],
    ['stored under another name', 'studio', { c0: '$st' }],
    [
      'a name with a dot is no path',
      '"a.b"',
      { c0: { $getField: { field: { $literal: 'a.b' }, input: '$$ROOT' } } },
    ],
    [
      'a JSON path walks into objects only',
      'data->a',
      { c0: { $getField: { field: { $literal: 'a' }, input: '$data' } } },
    ],
    ['a cast is left to the writer', 'year::text', { c0: '$year' }],
  ])('%s', (_, select, expected) => {
    const pipeline = pipelineOf(snapshot, `/films?select=${select}`)
    expect(pipeline).toEqual([{ $project: { _id: 0, ...Object(expected) } }])
  })

  test('a name of the client is in the shape alone', () => {
    const alias = '$where.x'
    const path = `/films?select="${alias}":title,n:data->>n,c:year::text`
    expect(JSON.stringify(pipelineOf(snapshot, path))).not.toContain(alias)
    expect(compiledRead(snapshot, path).shape.members).toEqual([
      { kind: 'value', name: alias, key: 'c0', rendering: { kind: 'plain', type: 'text' } },
      { kind: 'value', name: 'n', key: 'c1', rendering: { kind: 'text' } },
      {
        kind: 'value',
        name: 'c',
        key: 'c2',
        rendering: {
          kind: 'cast',
          target: { kind: 'text', name: 'text', type: 'text', modifiers: [] },
          type: 'integer',
        },
      },
    ])
  })

  test('an open relation has unknown columns, a closed one has none', () => {
    expect(pipelineOf(snapshot, '/open?select=new')).toEqual([{ $project: { _id: 0, c0: '$new' } }])
    expect(compiledRead(snapshot, '/open').shape.members).toEqual([
      {
        kind: 'all',
        key: 'c0',
        columns: [
          { name: '_id', field: '_id', type: 'text' },
          { name: 'known', field: 'known', type: 'integer' },
        ],
        isOpen: true,
      },
    ])
    expect(refusedRead(snapshot, '/films?select=new')).toMatchObject({
      failure: { sqlState: '42703', message: 'column films.new does not exist' },
    })
  })

  test('a cast that there is not is refused', () => {
    expect(refusedRead(snapshot, '/films?select=year::nope')).toMatchObject({
      failure: { sqlState: '42704' },
    })
  })

  test.each([
    ['select=made::int', 'timestamp with time zone to integer'],
    ['select=tags::int', 'text[] to integer'],
    ['select=tags->0::uuid', 'jsonb to uuid'],
    ['select=data->a::time', 'jsonb to time without time zone'],
    ['select=rating::money', 'double precision to money'],
    ['select=title,directors(_id::date)', 'integer to date'],
    ['select=title,...directors(_id::date)', 'integer to date'],
    ['select=title,d:director_id(_id::date)', 'integer to date'],
    ['select=name,count()::date', 'bigint to date'],
    ['select=data->a::timetz,count()', 'jsonb to time with time zone'],
    ['select=rating::bool.max()', 'double precision to boolean'],
    ['select=year.avg()::bool', 'numeric to boolean'],
    ['select=made::timestamp.max()::int', 'timestamp without time zone to integer'],
    ['select=made::timestamptz.max()::int', 'timestamp with time zone to integer'],
    ['select=year::bigint.max()::bool', 'bigint to boolean'],
  ])('%s is refused before any row is read', (query, cast) => {
    expect(refusedRead(snapshot, `/films?${query}`)).toMatchObject({
      failure: { sqlState: '42846', message: `cannot cast type ${cast}` },
    })
  })

  test.each([
    ['d._id=is.true', 'argument of IS TRUE must be type boolean, not type integer'],
    ['d._id=like.a', 'operator does not exist: integer ~~ unknown'],
  ])('a type is known in an embed that is named by its key: %s', (filter, message) => {
    expect(refusedRead(snapshot, `/films?select=d:director_id(_id)&${filter}`)).toMatchObject({
      failure: { message },
    })
  })

  test('a time with its zone is not made, and refused for what it is', () => {
    expect(refusedRead(snapshot, '/films?select=made::timetz')).toMatchObject({
      feature: 'casts to time with time zone',
    })
  })

  test('what nothing is known of may be cast to anything', () => {
    const [member] = compiledRead(snapshot, '/open?select=new::date').shape.members
    expect(member).toMatchObject({ rendering: { kind: 'cast', target: { type: 'date' } } })
  })
})

/** `n0`, where a value ranks. */
const rank = (path: string, ofNull = 2) => ({ $cond: [{ $gt: [path, null] }, 0, ofNull] })

describe('order', () => {
  test.each<[string, string, unknown]>([
    ['the key is never null', '_id', { _id: 1 }],
    ['nor is what a validator requires', 'name.desc', { name: -1 }],
    ['nulls first are where MongoDB has them', 'year.nullsfirst', { year: 1 }],
    ['so are nulls last, descending', 'year.desc.nullslast', { year: -1 }],
    ['a second term over the same field says nothing', 'name,name.desc', { name: 1 }],
  ])('MongoDB’s own: %s', (_, order, sort) => {
    const pipeline = pipelineOf(snapshot, `/films?select=title&order=${order}&limit=1`)
    expect(pipeline).toEqual([{ $sort: sort }, limit(1), title])
  })

  test.each<[string, string, readonly unknown[]]>([
    [
      'nulls last',
      'year',
      [{ $addFields: { n0: rank('$d.year') } }, { $sort: { n0: 1, 'd.year': 1 } }],
    ],
    [
      'nulls first, descending',
      'year.desc',
      [{ $addFields: { n0: rank('$d.year') } }, { $sort: { n0: -1, 'd.year': -1 } }],
    ],
    [
      'NaN above all numbers',
      'rating.nullsfirst',
      [
        {
          $addFields: {
            n0: {
              $cond: [
                { $lte: ['$d.rating', null] },
                -1,
                { $cond: [{ $eq: ['$d.rating', Number.NaN] }, 1, 0] },
              ],
            },
          },
        },
        { $sort: { n0: 1, 'd.rating': 1 } },
      ],
    ],
    [
      'lists are compared whole',
      'tags.nullsfirst',
      [
        { $addFields: { s0: { v: { $ifNull: ['$d.tags', null] } } } },
        { $addFields: { n0: rank('$s0.v', -1) } },
        { $sort: { n0: 1, s0: 1 } },
      ],
    ],
    [
      'inside of a document',
      'data->n,_id',
      [
        {
          $addFields: { s0: { $getField: { field: { $literal: 'n' }, input: '$d.data' } } },
        },
        { $addFields: { n0: rank('$s0') } },
        { $sort: { n0: 1, s0: 1, 'd._id': 1 } },
      ],
    ],
  ])('computed: %s', (_, order, stages) => {
    const pipeline = pipelineOf(snapshot, `/films?select=title&order=${order}&limit=1`)
    expect(pipeline).toEqual([wrap, ...stages, limit(1), { $project: { _id: 0, c0: '$d.title' } }])
  })

  test('a related column is looked up for all rows, and sorted by', () => {
    const path = '/films?select=title,directors()&order=directors(name)&limit=1'
    expect(pipelineOf(snapshot, path)).toEqual([
      wrap,
      {
        $lookup: {
          from: 'directors',
          localField: 'd.director_id',
          foreignField: '_id',
          as: 'e0',
          pipeline: [{ $match: { _id: { $ne: null } } }, { $project: { _id: 0, k0: '$name' } }],
        },
      },
      {
        $addFields: {
          s0: {
            $ifNull: [{ $getField: { field: 'k0', input: { $arrayElemAt: ['$e0', 0] } } }, null],
          },
        },
      },
      { $addFields: { n0: rank('$s0') } },
      { $sort: { n0: 1, s0: 1 } },
      limit(1),
      { $project: { _id: 0, c0: '$d.title' } },
    ])
  })

  test.each([
    ['data', { kind: 'not-implemented', feature: 'order by jsonb documents' }],
    ['raw', { kind: 'database', failure: { sqlState: '42883' } }],
    ['directors(nope)', { kind: 'database', failure: { sqlState: '42703' } }],
  ])('by %s is refused', (order, refusal) => {
    const path = `/films?select=title,directors()&order=${order}`
    expect(refusedRead(snapshot, path)).toMatchObject(refusal)
  })

  test('takes as many keys as MongoDB sorts by', () => {
    const terms = (count: number) => Array.from({ length: count }, (_, n) => `data->k${n}`)
    expect(refusedRead(snapshot, `/films?order=${terms(16)}`)).toBeNull()
    expect(refusedRead(snapshot, `/films?order=${terms(17)}`)).toMatchObject({
      kind: 'too-complex',
    })
  })
})

describe('windows', () => {
  test.each<[string, readonly unknown[] | null]>([
    ['limit=3&offset=2', [skip(2), limit(3), title]],
    ['offset=0', [title]],
    ['limit=0', null],
  ])('%s', (window, expected) => {
    expect(pipelineOf(snapshot, `/films?select=title&${window}`)).toEqual(expected)
  })

  test('db-max-rows bounds what was asked for', () => {
    const parts = { options: { dbMaxRows: 2 } }
    const read = (path: string) => pipelineOf(snapshot, path, parts)
    expect(read('/films?select=title&limit=3')).toEqual([limit(2), title])
    expect(read('/films?select=title')).toEqual([limit(2), title])
    expect(read('/films?select=title&limit=1')).toEqual([limit(1), title])
  })
})

describe('counts', () => {
  test.each<[string, string, typeof exact | undefined, readonly unknown[] | null]>([
    ['none was asked for', '/films?limit=1', undefined, null],
    ['the page is all there is', '/films', exact, null],
    ['of all rows', '/films?limit=1', exact, [{ $count: 'total' }]],
    ['not of groups', '/films?select=count()&limit=1', exact, [{ $count: 'total' }]],
    [
      'as the server has counted them',
      '/films?limit=1',
      planned,
      [{ $collStats: { count: {} } }, { $group: { _id: null, total: { $sum: '$count' } } }],
    ],
    ['a view has no documents of its own', '/shown?limit=1', planned, [{ $count: 'total' }]],
    ['a time series has others', '/measured?limit=1', planned, [{ $count: 'total' }]],
    [
      'inner embeds are among the conditions, their windows are not',
      '/directors?select=name,films!inner(title)&films.limit=0&limit=1',
      planned,
      [
        wrap,
        {
          $lookup: {
            from: 'films',
            localField: 'd._id',
            foreignField: 'director_id',
            as: 'e0',
            pipeline: [
              { $match: { director_id: { $ne: null } } },
              { $limit: 1 },
              { $project: { _id: 1 } },
            ],
          },
        },
        { $match: { e0: { $ne: [] } } },
        { $count: 'total' },
      ],
    ],
  ])('%s', (_, path, parts, expected) => {
    expect(countOf(snapshot, path, parts)).toEqual(expected)
  })

  test('HEAD reads no columns', () => {
    const plan = { ...readOf(snapshot, 'GET /films?select=title,directors(name)&limit=2') }
    const compiled = createMongodbCompiler()({ ...plan, headersOnly: true }, snapshot)
    if (!compiled.ok) throw new Error('refused')
    expect(compiled.value.pipeline(requestOf(snapshot, 'GET /films?limit=2'))).toEqual([
      limit(2),
      { $project: { _id: 1 } },
    ])
  })
})

describe('what a write hands back', () => {
  test('has the keys of its documents', () => {
    const { root } = readOf(snapshot, 'GET /films?select=title')
    const { stages, row } = compileResultTree(root, snapshot, true)
    expect(stages(requestOf(snapshot, 'GET /films'))).toEqual([
      { $project: { _id: 1, c0: '$title' } },
    ])
    expect(row.members.map(({ key }) => key)).toEqual(['c0'])
  })
})

describe('a plan', () => {
  test('is compiled once', () => {
    const compile = createMongodbCompiler()
    const plan = readOf(snapshot, 'GET /films')
    expect(compile(plan, snapshot)).toBe(compile(plan, snapshot))
  })
})
