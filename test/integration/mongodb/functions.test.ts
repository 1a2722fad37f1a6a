/**
 * Registered functions, called over HTTP on a real server.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeMongodb } from '../../support/mongodb.ts'
import { type MongodbApi, serveMongodb } from '../../support/mongodb-api.ts'

const functions = [
  {
    name: 'films_since',
    volatility: 'stable',
    params: [{ name: 'since', type: 'int' }],
    returns: { kind: 'setof', type: 'films' },
    collection: 'films',
    pipeline: [{ $match: { year: { $gte: { $param: 'since' } } } }, { $sort: { _id: 1 } }],
  },
  {
    name: 'greet',
    volatility: 'immutable',
    params: [{ name: 'who', type: 'text', default: 'you' }],
    returns: { type: 'text' },
    pipeline: [{ $documents: [{ r: { $concat: ['Hello ', { $param: 'who' }] } }] }],
  },
  {
    name: 'asked',
    volatility: 'stable',
    returns: { kind: 'object', columns: [{ name: 'method', type: 'text' }, { name: 'path' }] },
    pipeline: [
      { $documents: [{ method: { $param: 'request_method' }, path: { $param: 'request_path' } }] },
    ],
  },
  {
    name: 'caller',
    volatility: 'stable',
    returns: { kind: 'object', columns: [{ name: 'role' }, { name: 'agent' }, { name: 'crumb' }] },
    pipeline: [
      {
        $documents: [
          {
            role: { $getField: { field: 'role', input: { $param: 'request_jwt_claims' } } },
            agent: { $getField: { field: 'x-agent', input: { $param: 'request_headers' } } },
            crumb: { $getField: { field: 'crumb', input: { $param: 'request_cookies' } } },
          },
        ],
      },
    ],
  },
  {
    name: 'years',
    volatility: 'stable',
    returns: { kind: 'setof', type: 'int' },
    collection: 'films',
    pipeline: [{ $sort: { year: 1 } }, { $project: { year: 1 } }],
  },
  {
    name: 'newest',
    volatility: 'stable',
    params: [{ name: 'before', type: 'int' }],
    returns: { kind: 'object', type: 'films' },
    collection: 'films',
    pipeline: [{ $match: { year: { $lt: { $param: 'before' } } } }, { $sort: { year: -1 } }],
  },
  {
    name: 'any_rows',
    volatility: 'stable',
    returns: { kind: 'setof' },
    collection: 'films',
    pipeline: [{ $project: { _id: 0, title: 1, long: { $gt: ['$minutes', 100] } } }],
  },
  {
    name: 'teapot',
    returns: { kind: 'object' },
    pipeline: [
      { $documents: [{ said: 'short', n: { $numberLong: '9007199254740993' } }] },
      { $set: { response: { status: 418, headers: [{ 'X-Pot': 'tea' }] } } },
    ],
  },
  {
    name: 'archive',
    params: [{ name: 'before', type: 'int' }],
    returns: { kind: 'void' },
    collection: 'films',
    pipeline: [
      { $match: { year: { $lt: { $param: 'before' } } } },
      { $merge: { into: 'old_films' } },
    ],
  },
  {
    name: 'odd_keys',
    returns: { kind: 'object' },
    collection: 'odd',
    pipeline: [{ $project: { _id: 0 } }, { $set: { response: { status: 202 } } }],
  },
  {
    name: 'archive_all',
    returns: { kind: 'setof', type: 'films' },
    collection: 'films',
    pipeline: [{ $merge: { into: 'all_films' } }],
  },
  { name: 'stray', volatility: 'stable', collection: 'films', pipeline: [{ $merge: 'x' }] },
  {
    name: 'total',
    volatility: 'immutable',
    params: [{ name: 'numbers', type: 'int', variadic: true }],
    returns: { type: 'int' },
    pipeline: [{ $documents: [{ r: { $sum: { $param: 'numbers' } } }] }],
  },
]

describeMongodb('functions of the registry', () => {
  let api: MongodbApi
  beforeAll(async () => {
    api = await serveMongodb(
      async ({ db }) => {
        await db
          .collection<{ _id: number }>('directors')
          .insertMany([{ _id: 1, name: 'Gilliam' }] as never)
        await db.collection('films').insertMany([
          { _id: 1, title: 'Brazil', year: 1985, minutes: 132, director_id: 1 },
          { _id: 2, title: 'Stalker', year: 1979, minutes: 163 },
          { _id: 3, title: '$title', year: 1994, minutes: 90, director_id: 1 },
        ] as never)
        // a map, since an object of JavaScript's has another order, and means something to the driver
        const odd = new Map<string, unknown>([
          ['b', 1],
          ['1', 2],
          ['_bsontype', 'Long'],
        ])
        await db.collection('odd').insertOne({ d: odd })
      },
      {
        dbAnonRole: 'visitor',
        functionRegistry: { text: JSON.stringify(functions), file: null },
        dbTxEnd: 'commit-allow-override',
      },
    )
  })
  afterAll(() => api.stop())

  const post = (target: string, body: unknown, headers: Record<string, string> = {}) =>
    api.get(
      target,
      { 'content-type': 'application/json', ...headers },
      { method: 'POST', body: JSON.stringify(body) },
    )

  test('that give rows of a relation are read like it', async () => {
    const target =
      '/rpc/films_since?since=1980&select=title,directors(name)&order=title.desc&limit=1'
    const { status, headers, body } = await api.get(target, { prefer: 'count=exact' })
    expect([status, headers.get('content-range'), body]).toEqual([
      206,
      '0-0/2',
      [{ title: 'Brazil', directors: { name: 'Gilliam' } }],
    ])
    const filtered = await api.get('/rpc/films_since?since=1980&select=title&year=gt.1990')
    expect(filtered.body).toEqual([{ title: '$title' }])
  })

  test.each([
    ['/rpc/greet', 'Hello you'],
    ['/rpc/greet?who=$title', 'Hello $title'],
    ['/rpc/asked', { method: 'GET', path: '/rpc/asked' }],
    ['/rpc/years', [1979, 1985, 1994]],
    ['/rpc/newest?before=1985&select=title', { title: 'Stalker' }],
    ['/rpc/newest?before=1900&select=title,year', { title: null, year: null }],
    ['/rpc/any_rows?title=eq.Brazil', [{ title: 'Brazil', long: true }]],
    ['/rpc/total?numbers=1&numbers=2', 3],
  ])('%s', async (target, expected) => {
    const { status, body } = await api.get(target)
    expect([status, body]).toEqual([200, expected])
  })

  test('reach into the claims, headers and cookies of a request', async () => {
    const { body } = await api.get('/rpc/caller', {
      'x-agent': '$title',
      cookie: 'crumb={"$ne":1}',
    })
    expect(body).toEqual({ role: 'visitor', agent: '$title', crumb: '{"$ne":1}' })
  })

  test('take arguments for values, whatever they look like', async () => {
    expect(await post('/rpc/greet', { who: { $ne: 1 } })).toMatchObject({
      status: 200,
      body: 'Hello {"$ne":1}',
    })
    expect(await post('/rpc/films_since', { since: { $gt: 0 } })).toMatchObject({
      status: 400,
      body: { code: '22P02' },
    })
  })

  test('may say what the answer is like', async () => {
    const { status, headers, text } = await post('/rpc/teapot', {})
    expect([status, headers.get('x-pot'), text]).toEqual([
      418,
      'tea',
      '{"said":"short","n":9007199254740993}',
    ])
  })

  test('write where they are volatile and posted, and cannot undo it', async () => {
    const count = () => api.database.db.collection('old_films').countDocuments()
    const undone = await post('/rpc/archive', { before: 1980 }, { prefer: 'tx=rollback' })
    expect(undone).toMatchObject({ status: 400, body: { code: 'PGRST127' } })
    expect(await count()).toBe(0)
    const { status, text } = await post('/rpc/archive', { before: 1980 })
    expect([status, text, await count()]).toEqual([204, '', 1])
    expect((await api.get('/rpc/archive?before=1990')).status).toBe(405)
    expect(await count()).toBe(1)
  })

  test('and whose answer would be refused are refused before they write', async () => {
    const accept = { accept: 'application/vnd.pgrst.object+json' }
    expect(await post('/rpc/archive_all', {}, accept)).toMatchObject({
      status: 406,
      body: { code: 'PGRST116' },
    })
    expect(await api.database.db.collection('all_films').countDocuments()).toBe(0)
    expect(await post('/rpc/archive_all', {})).toMatchObject({ status: 200, body: [] })
    expect(await api.database.db.collection('all_films').countDocuments()).toBe(3)
  })

  test('that say what the answer is like keep documents as they are', async () => {
    const { status, text } = await post('/rpc/odd_keys', {})
    expect([status, text]).toEqual([202, '{"d":{"b":1,"1":2,"_bsontype":"Long"}}'])
  })

  test('that cannot be called say why', async () => {
    expect(await api.get('/rpc/stray')).toMatchObject({
      status: 405,
      body: { code: '25006', message: 'cannot execute $merge in a read-only transaction' },
    })
  })
})
