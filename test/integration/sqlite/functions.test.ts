/**
 * Functions of the registry on SQLite: what cannot be said on PostgreSQL as well. The rules that
 * both share are conformance cases (test/conformance/cases/functions.ts).
 */
import { afterEach, describe, expect, test } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import type { FunctionSource } from '../../support/function-source.ts'
import { type SqliteApi, serveSqlite } from '../../support/sqlite-database.ts'

const sql = `
  create table films (id integer primary key, title text not null, seen boolean, made date);
  insert into films values (1, 'Dune', 1, '2021-10-22'), (2, 'Alien', 0, '1979-05-25'),
    (3, 'Arrival', null, '2016-11-11');
  create view old_films as select id, title from films where "old" = 'old' and made < '2000-01-01';
  create view oldest as select id from old_films where "a" = 'a';
  create table stars (id integer primary key, film_id integer references films (id), name text);
  insert into stars values (1, 1, 'Zendaya'), (2, 2, 'Sigourney Weaver');
`

let api: (SqliteApi & { stop(): Promise<void> }) | null = null
afterEach(async () => {
  await api?.stop()
  api = null
})

async function serve(...functions: readonly FunctionSource[]) {
  return serveWith({}, ...functions)
}

async function serveWith(options: Partial<Config>, ...functions: readonly FunctionSource[]) {
  const served = await serveSqlite(sql, {
    functionRegistry: { file: null, text: JSON.stringify(functions) },
    ...options,
  })
  api = served
  return served
}

const json = { 'Content-Type': 'application/json' }
const asPost = (body: string) => ({ method: 'POST', body })

describe('a function that cannot be called', () => {
  test.each<[string, FunctionSource, number, string, string]>([
    [
      'names a table that is not there',
      { name: 'f', sql: 'select * from gone' },
      404,
      '42P01',
      'relation "gone" does not exist',
    ],
    [
      'is no SQL',
      { name: 'f', sql: 'select from' },
      400,
      '42601',
      'syntax error at or near "from"',
    ],
    [
      'changes the schema',
      { name: 'f', sql: 'drop table films' },
      400,
      '0A000',
      'a function begins with SELECT, WITH, VALUES, INSERT, UPDATE, DELETE, not DROP',
    ],
    [
      'is two statements',
      { name: 'f', sql: 'select 1; select 2' },
      400,
      '42601',
      'several statements are given as a list of texts',
    ],
    [
      'names no parameter of its own',
      { name: 'f', sql: 'select :who' },
      400,
      '42P02',
      'there is no parameter :who',
    ],
    [
      'writes although it is stable',
      { name: 'f', volatility: 'stable', sql: 'delete from films' },
      405,
      '25006',
      'cannot execute DELETE in a read-only transaction',
    ],
    [
      'returns a type that there is not',
      { name: 'f', returns: { kind: 'setof', type: 'movies' }, sql: 'select 1' },
      400,
      '42704',
      'type "movies" does not exist',
    ],
    [
      'takes a type that there is not',
      { name: 'f', params: [{ name: 'a', type: 'point', optional: true }], sql: 'select :a' },
      400,
      '42704',
      'type "point" does not exist',
    ],
    [
      'lacks a column of what it returns',
      { name: 'f', returns: { kind: 'setof', type: 'films' }, sql: 'select id from films' },
      400,
      '42P13',
      'what the function returns is not what its statement returns',
    ],
    [
      'is a pipeline',
      { name: 'f', collection: 'films', pipeline: [] },
      400,
      '0A000',
      'a function is written in SQL here, not as a pipeline',
    ],
  ])('since it %s', async (_, definition, status, code, message) => {
    const { snapshot, get } = await serve(definition, { name: 'g', sql: 'select 1' })
    const answer = await get('/rpc/f', json, asPost('{}'))
    expect(answer).toMatchObject({ status, body: { code, message } })
    // told by name, and no other suffers
    expect(snapshot().unusableRoutines).toMatchObject([{ schema: 'main', name: 'f' }])
    expect(await get('/rpc/g')).toMatchObject({ status: 200, text: '1' })
  })

  test('is called again once the schema has what it needs', async () => {
    const served = await serve({ name: 'f', sql: 'select count(*) from later' })
    expect(await served.get('/rpc/f')).toMatchObject({ status: 404 })
    served.file.exec('create table later (id integer)')
    expect(await served.get('/rpc/f')).toMatchObject({ status: 200, text: '0' })
    expect(served.snapshot().unusableRoutines).toEqual([])
  })
})

describe('arguments', () => {
  const typed = (type: string): FunctionSource => ({
    name: 'f',
    params: [{ name: 'a', type }],
    sql: `select typeof(:a) || ' ' || :a`,
  })

  test.each<[string, string, string, string]>([
    ['int', '7', '7', 'integer 7'],
    ['bigint', '9007199254740993', '9007199254740993', 'integer 9007199254740993'],
    ['text', '7', '7', 'text 7'],
    ['boolean', 'yes', 'true', 'integer 1'],
    ['float8', '1.5', '1.5', 'real 1.5'],
    ['json', '{"b": 1.50}', '{"b": 1.50}', 'text {"b": 1.50}'],
    ['int[]', '{1,2}', '[1, 2]', 'text [1,2]'],
    ['text[]', '{a,"b,c"}', '["a", "b,c"]', 'text ["a","b,c"]'],
  ])('of type %s are bound as such, by query and by JSON', async (type, text, value, expected) => {
    const { get } = await serve({ ...typed(type), returns: { type: 'text' } })
    const byQuery = await get(`/rpc/f?a=${encodeURIComponent(text)}`)
    const byJson = await get('/rpc/f', json, asPost(`{"a": ${value}}`))
    expect([byQuery.body, byJson.body]).toEqual([expected, expected])
  })

  test.each<[string, string, string]>([
    ['int', '"x"', 'invalid input syntax for type integer: "x"'],
    ['int', '1.5', 'invalid input syntax for type integer: "1.5"'],
    ['int[]', '[1, "x"]', 'invalid input syntax for type integer: "x"'],
    ['int[]', '1', 'expected JSON array'],
  ])('that are no %s are refused: %s', async (type, value, message) => {
    const { get } = await serve(typed(type))
    const answer = await get('/rpc/f', json, asPost(`{"a": ${value}}`))
    expect(answer).toMatchObject({ status: 400, body: { code: '22P02', message } })
  })

  test('of null, left out, and by default', async () => {
    const { get } = await serve({
      name: 'f',
      params: [
        { name: 'a', type: 'int', optional: true },
        { name: 'b', type: 'int', default: 5 },
        { name: 'c', type: 'text[]', default: ['x'] },
      ],
      returns: { type: 'json' },
      sql: 'select json_array(:a, :b, json(:c), typeof(:b))',
    })
    expect((await get('/rpc/f')).body).toEqual([null, 5, ['x'], 'integer'])
    const answer = await get('/rpc/f', json, asPost('{"a": 1, "b": null, "c": []}'))
    expect(answer.body).toEqual([1, null, [], 'null'])
  })

  test('are looked for in SQL only, not in strings, names and comments', async () => {
    const { get } = await serve({
      name: 'f',
      params: [{ name: 'a', type: 'text' }],
      returns: { kind: 'object' },
      sql: `select ':a' as one, :a as ":a" /* :b */ -- :c`,
    })
    expect((await get('/rpc/f?a=x')).body).toEqual({ one: ':a', ':a': 'x' })
  })

  test('cannot change the statement', async () => {
    const { get } = await serve({
      name: 'f',
      params: [{ name: 'a', type: 'text' }],
      returns: { kind: 'setof', type: 'films' },
      sql: 'select * from films where title = :a',
    })
    expect((await get(`/rpc/f?a=${encodeURIComponent("x' or 1=1 --")}`)).body).toEqual([])
  })

  test('that are malformed where nobody has looked yet are refused', async () => {
    const { get } = await serve({ ...typed('int'), params: [{ name: 'a', type: 'int' }] })
    const answer = await get('/rpc/f?columns=a', json, asPost('{"a": 1'))
    expect(answer).toMatchObject({ status: 400, body: { code: '22P02' } })
  })

  test('that are texts have to be UTF-8', async () => {
    const { get } = await serve({
      name: 'f',
      params: [{ name: 'a', type: 'text', rawBody: true }],
      sql: 'select :a',
    })
    const plain = { 'Content-Type': 'text/plain' }
    expect((await get('/rpc/f', plain, asPost('é'))).body).toBe('é')
  })
})

test('a function may ask what the request is like', async () => {
  const { get } = await serve({
    name: 'f',
    returns: { type: 'json' },
    sql: `select json_array(:request_method, :request_path, :request_role,
      :request_headers ->> 'x-a', :request_cookies ->> 'c', json_valid(:request_jwt_claims))`,
  })
  const answer = await get('/rpc/f?select=pgrst_scalar', { 'X-A': 'b', Cookie: 'c=d' })
  expect(answer.body).toEqual(['GET', '/rpc/f', '', 'b', 'd', 1])
})

describe('rows of a relation', () => {
  const films: FunctionSource = {
    name: 'recent',
    volatility: 'stable',
    returns: { kind: 'setof', type: 'films' },
    sql: `select * from films where made > '2000-01-01' order by made desc;`,
  }

  test('are shown, filtered, embedded into and counted as the relation’s own', async () => {
    const { get } = await serve(films)
    expect((await get('/rpc/recent?select=title,seen,stars(name)&seen=is.true')).body).toEqual([
      { title: 'Dune', seen: true, stars: [{ name: 'Zendaya' }] },
    ])
    expect((await get('/rpc/recent?select=stars!inner(name)')).body).toEqual([
      { stars: [{ name: 'Zendaya' }] },
    ])
    const counted = await get('/rpc/recent?limit=1', { Prefer: 'count=exact' })
    expect(counted.status).toBe(206)
    expect(counted.headers.get('content-range')).toBe('0-0/2')
  })

  test('come in the order of the function, or the one asked for', async () => {
    const { get } = await serve(films)
    const ids = async (target: string) => (await get(target)).text
    expect(await ids('/rpc/recent?select=id')).toBe('[{"id":1},{"id":3}]')
    expect(await ids('/rpc/recent?select=id&order=id.desc')).toBe('[{"id":3},{"id":1}]')
  })
})

test('a failure of a row that is not shown is a failure all the same', async () => {
  const { get } = await serve({
    name: 'f',
    returns: { kind: 'setof' },
    sql: `select id, raise_error('PT418', 'no ' || title) as fails from films`,
  })
  const failed = { status: 418, body: { code: 'PT418', message: 'no Dune' } }
  expect(await get('/rpc/f?select=id')).toMatchObject(failed)
  expect(await get('/rpc/f', {}, { method: 'HEAD' })).toMatchObject({ status: 418 })
})

test('a function that was loaded is in the OpenAPI document', async () => {
  const { get } = await serve({
    name: 'f',
    comment: 'What it does',
    params: [{ name: 'a', type: 'int' }],
    volatility: 'stable',
    sql: 'select :a',
  })
  const { body } = await get('/')
  expect(body).toMatchObject({
    paths: { '/rpc/f': { get: { summary: 'What it does' }, post: {} } },
  })
})

describe('a function that writes', () => {
  const rename: FunctionSource = {
    name: 'rename',
    params: [
      { name: 'id', type: 'int' },
      { name: 'title', type: 'text' },
    ],
    returns: { kind: 'setof', type: 'films' },
    sql: 'update films set title = :title where id = :id returning *',
  }
  const titles = async (get: SqliteApi['get']) => {
    return (await get('/films?select=title&order=id')).text
  }

  test('shows what it returns like rows of the relation, and stays', async () => {
    const { get } = await serve(rename)
    const target = '/rpc/rename?select=title,seen,stars(name)'
    const answer = await get(target, json, asPost('{"id": 1, "title": "Dune 2"}'))
    expect(answer).toMatchObject({
      status: 200,
      body: [{ title: 'Dune 2', seen: true, stars: [{ name: 'Zendaya' }] }],
    })
    expect(await titles(get)).toContain('Dune 2')
  })

  test('is undone where its rows are refused, and where the transaction is to end so', async () => {
    const { get } = await serveWith(
      { dbTxEnd: 'commit-allow-override' },
      {
        name: 'forget',
        returns: { kind: 'setof', type: 'stars' },
        sql: 'delete from stars returning *',
      },
      rename,
    )
    const names = async () => (await get('/stars?select=name')).text
    const before = [await titles(get), await names()]
    const strict = { ...json, Prefer: 'handling=strict, max-affected=1' }
    const tooMany = await get('/rpc/forget', strict, asPost('{}'))
    expect(tooMany).toMatchObject({ status: 400, body: { code: 'PGRST124' } })
    const singular = { ...json, Accept: 'application/vnd.pgrst.object+json' }
    expect(await get('/rpc/forget', singular, asPost('{}'))).toMatchObject({ status: 406 })
    const rolledBack = { ...json, Prefer: 'tx=rollback' }
    const body = '{"id": 1, "title": "x"}'
    expect(await get('/rpc/rename', rolledBack, asPost(body))).toMatchObject({
      status: 200,
      body: [{ title: 'x' }],
    })
    expect([await titles(get), await names()]).toEqual(before)
  })

  test('runs its statements in one transaction, and the last one answers', async () => {
    const { get } = await serve({
      name: 'swap',
      params: [{ name: 'title', type: 'text' }],
      returns: { type: 'int' },
      sql: [
        'insert into films (title) values (:title)',
        `insert into stars (film_id, name) select max(id), 'Nobody' from films`,
        `select case when :title = 'bad' then raise_error('PT409', 'no') else count(*) end from films`,
      ],
    })
    expect((await get('/rpc/swap', json, asPost('{"title": "Nope"}'))).text).toBe('4')
    expect((await get('/stars?film_id=eq.4')).body).toMatchObject([{ name: 'Nobody' }])
    const refused = await get('/rpc/swap', json, asPost('{"title": "bad"}'))
    expect(refused).toMatchObject({ status: 409, body: { code: 'PT409' } })
    expect((await get('/films?title=eq.bad')).body).toEqual([])
  })

  test('fails with PostgreSQL’s words for the constraint', async () => {
    const { get } = await serve({
      name: 'add',
      params: [
        { name: 'id', type: 'int' },
        { name: 'title', type: 'text', optional: true },
      ],
      returns: { kind: 'void' },
      sql: 'insert into films (id, title) values (:id, :title)',
    })
    const taken = await get('/rpc/add', json, asPost('{"id": 1, "title": "x"}'))
    expect(taken).toMatchObject({
      status: 409,
      body: {
        code: '23505',
        message: 'duplicate key value violates unique constraint "films_pkey"',
      },
    })
    expect(await get('/rpc/add', json, asPost('{"id": 9}'))).toMatchObject({
      status: 400,
      body: {
        code: '23502',
        message: 'null value in column "title" of relation "films" violates not-null constraint',
      },
    })
    expect(await get('/rpc/add', json, asPost('{"id": 9, "title": "x"}'))).toMatchObject({
      status: 204,
      text: '',
    })
  })

  test('does not by GET, nor where nothing may be written', async () => {
    const reading = await serve(rename)
    expect(await reading.get('/rpc/rename?id=1&title=x')).toMatchObject({
      status: 405,
      body: { code: '25006', message: 'cannot execute UPDATE in a read-only transaction' },
    })
    await reading.stop()
    const { get } = await serveWith({ dbReadOnly: true }, rename)
    expect(await get('/rpc/rename', json, asPost('{"id": 1, "title": "x"}'))).toMatchObject({
      status: 405,
      body: { code: '25006', details: 'db-read-only is set' },
    })
  })

  test('hands back blobs, numbers and nulls as they are', async () => {
    const { get } = await serve({
      name: 'f',
      returns: { kind: 'object' },
      sql: [
        'delete from stars',
        `select x'00ff' as b, 1.0 as r, 9007199254740993 as i, 'é"' as t, null as n`,
      ],
    })
    expect((await get('/rpc/f', json, asPost('{}'))).text).toBe(
      String.raw`{"b":"\\x00ff","r":1.0,"i":9007199254740993,"t":"é\"","n":null}`,
    )
  })
})

describe('several statements that read', () => {
  test('run in their order before the answer, each of them whole', async () => {
    const { get } = await serve({
      name: 'f',
      volatility: 'stable',
      params: [{ name: 'a', type: 'int' }],
      returns: { type: 'int' },
      sql: [
        `select case when :a > 5 then raise_error('PT400', 'more than ' || max(id)) end from films`,
        'select :a',
      ],
    })
    expect((await get('/rpc/f?a=3')).text).toBe('3')
    expect(await get('/rpc/f?a=7')).toMatchObject({
      status: 400,
      body: { message: 'more than 3' },
    })
  })
})

describe('what a function says of the answer', () => {
  const teapot: FunctionSource = {
    name: 'teapot',
    returns: { kind: 'setof' },
    sql: `select id, 200 + id as "response.status", '[{"X-A": "b"}]' as "response.headers" from films`,
  }

  test('is that of the first row, and no part of the body', async () => {
    const { get } = await serve(teapot)
    const answer = await get('/rpc/teapot?id=eq.2')
    expect(answer).toMatchObject({ status: 201, body: [{ id: 2 }] })
    expect(answer.headers.get('x-a')).toBe('b')
  })

  test('holds for one that writes', async () => {
    const { get } = await serve({ ...teapot, sql: ['delete from stars', String(teapot.sql)] })
    const answer = await get('/rpc/teapot', json, asPost('{}'))
    expect(answer).toMatchObject({ status: 201, body: [{ id: 1 }, { id: 2 }, { id: 3 }] })
    expect(answer.headers.get('x-a')).toBe('b')
  })
})

describe('db-pre-request', () => {
  const check: FunctionSource = {
    name: 'check',
    returns: { kind: 'void' },
    sql: `select case when :request_headers ->> 'x-block' is not null
        then raise_error('PT403', 'Blocked') end,
      '[{"X-Checked": "' || :request_method || '"}]' as "response.headers"`,
  }
  const blocked = { 'X-Block': 'yes' }

  test('runs before each request, and may refuse it or set headers', async () => {
    const { get } = await serveWith({ dbPreRequest: 'main.check' }, check, {
      name: 'f',
      sql: 'select 1',
    })
    const requests = [
      ['/films?select=id&id=eq.1', {}, { method: 'GET' }],
      ['/rpc/f', {}, { method: 'GET' }],
      ['/stars', json, asPost('{"name": "x"}')],
      ['/stars?name=eq.x', {}, { method: 'DELETE' }],
    ] as const
    for (const [target, headers, init] of requests) {
      const refused = await get(target, { ...headers, ...blocked }, init)
      expect(refused, target).toMatchObject({ status: 403, body: { code: 'PT403' } })
      const answer = await get(target, headers, init)
      expect(answer.status, target).toBeLessThan(300)
      expect(answer.headers.get('x-checked'), target).toBe(init.method)
    }
    expect(await get('/', blocked)).toMatchObject({ status: 403 })
    expect(await get('/')).toMatchObject({ status: 200 })
  })

  test('leaves nothing of a write that it refuses', async () => {
    const { get } = await serveWith({ dbPreRequest: 'check' }, check)
    await get('/stars', { ...json, ...blocked }, asPost('{"name": "x"}'))
    expect((await get('/stars?name=eq.x')).body).toEqual([])
  })

  test('may write where the request may', async () => {
    const { get } = await serveWith(
      { dbPreRequest: 'note' },
      {
        name: 'note',
        sql: `update stars set name = 'noted'`,
        returns: { kind: 'void' },
      },
    )
    expect(await get('/films')).toMatchObject({
      status: 405,
      body: { code: '25006', message: 'cannot execute UPDATE in a read-only transaction' },
    })
    const shown = { ...json, Prefer: 'return=representation' }
    const patch = { method: 'PATCH', body: '{"film_id": 1}' }
    expect(await get('/stars?id=eq.2&select=id,name', shown, patch)).toMatchObject({
      status: 200,
      body: [{ id: 2, name: 'noted' }],
    })
  })

  test('that is not there is told with each request', async () => {
    const { get } = await serveWith({ dbPreRequest: 'check' })
    expect(await get('/films')).toMatchObject({
      status: 404,
      body: { code: '42883', message: 'function check() does not exist' },
    })
  })
})

test('an integer beyond 64 bits is out of range, and no other number', async () => {
  const served = await serve(
    { name: 'sum_of', returns: { type: 'int' }, sql: 'select 9223372036854775807 + 1' },
    { name: 'most', returns: { type: 'bigint' }, sql: 'select 9223372036854775807' },
    { name: 'exact', returns: { type: 'numeric' }, sql: 'select 9223372036854775807 + 1' },
    {
      name: 'rows_of',
      volatility: 'stable',
      returns: { kind: 'table', columns: [{ name: 'n', type: 'int' }] },
      sql: 'select id as n from films union all select -9223372036854775807 * 2',
    },
    {
      name: 'doubled',
      volatility: 'stable',
      params: [{ name: 'film', type: 'films' }],
      returns: { type: 'int' },
      sql: 'select :film.id * 9223372036854775807',
    },
  )
  const refused = { status: 400, body: { code: '22003', message: 'bigint out of range' } }
  expect(await served.send('POST', '/rpc/sum_of')).toMatchObject(refused)
  expect((await served.send('POST', '/rpc/most')).text).toBe('9223372036854775807')
  expect((await served.send('POST', '/rpc/exact')).status).toBe(200)
  expect(await served.get('/rpc/rows_of')).toMatchObject(refused)
  expect((await served.get('/films?select=doubled&id=eq.1')).text).toBe(
    '[{"doubled":9223372036854775807}]',
  )
  expect(await served.get('/films?select=doubled&id=eq.2')).toMatchObject(refused)
})

test('views with text in double quotes are read by statements, too', async () => {
  const stable = { volatility: 'stable', returns: { kind: 'setof', type: 'text' } } as const
  const served = await serve(
    { name: 'plain', ...stable, sql: 'select title from Old_Films' },
    {
      name: 'over',
      ...stable,
      sql: 'select title from films where id in (select id from "oldest")',
    },
    { name: 'with_own', ...stable, sql: 'with f as (select * from old_films) select title from f' },
    {
      name: 'counting',
      ...stable,
      sql: 'with recursive n(i) as (select 1 union select i + 1 from n where i < 2) select i || title from n, old_films',
    },
    {
      name: 'own',
      ...stable,
      sql: "with old_films as (select 'x' as title) select title from old_films",
    },
    {
      name: 'rename',
      returns: { kind: 'setof', type: 'text' },
      sql: "update films set title = 'Old' where id in (select id from old_films) returning title",
    },
    {
      name: 'is_old',
      volatility: 'stable',
      params: [{ name: 'film', type: 'films' }],
      returns: { type: 'boolean' },
      sql: 'select exists (select 1 from old_films o where o.id = :film.id)',
    },
    {
      name: 'loud',
      volatility: 'stable',
      params: [{ name: 'film', type: 'old_films' }],
      returns: { type: 'text' },
      sql: 'select upper(:film.title)',
    },
  )
  expect(served.snapshot().unusableRoutines).toEqual([])
  expect((await served.get('/rpc/plain')).body).toEqual(['Alien'])
  expect((await served.get('/rpc/over')).body).toEqual(['Alien'])
  expect((await served.get('/rpc/with_own')).body).toEqual(['Alien'])
  expect((await served.get('/rpc/counting')).body).toEqual(['1Alien', '2Alien'])
  expect((await served.get('/rpc/own')).body).toEqual(['x'])
  expect((await served.get('/films?select=id&is_old=is.true')).body).toEqual([{ id: 2 }])
  expect((await served.get('/old_films?select=loud')).body).toEqual([{ loud: 'ALIEN' }])
  expect((await served.send('POST', '/rpc/rename')).body).toEqual(['Old'])
})
