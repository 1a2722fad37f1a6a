/**
 * Functions of the registry that take a row of a relation: they are read like columns of it, wherever
 * a column may stand.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../../support/in-process-api.ts'
import { signJwt, testSecret } from '../../support/sign-jwt.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const ofRow = (name: string, relation: string, sql: string | readonly string[], type = 'text') => ({
  name,
  volatility: 'stable',
  params: [{ name: 'row', type: relation }],
  returns: { type },
  sql,
})

const functions = [
  ofRow('full_name', 'people', `select :row.first || ' ' || :row."last name"`),
  // tables of its own may be called like those of a query
  ofRow('friends', 'people', 'select count(*) from t1 where t1.of = :row.id', 'int'),
  ofRow('is_old', 'people', 'select :row.born < 1950', 'boolean'),
  ofRow('facts', 'people', `select json_object('born', :row.[born])`, 'json'),
  ofRow('asked_by', 'people', 'select :request_role'),
  ofRow('fails', 'people', `select raise_error('PT418', 'no ' || :row.first)`),
  ofRow('first', 'people', `select 'never: there is a column'`),
  ofRow('shown', 'people_view', 'select upper(:row.first)'),
  {
    name: 'born_before',
    volatility: 'stable',
    params: [{ name: 'year', type: 'int' }],
    returns: { kind: 'setof', type: 'people' },
    sql: 'select * from people where born < :year',
  },
  // unusable, each for a reason
  ofRow('of_nothing', 'nobody', 'select :row.id'),
  ofRow('of_no_column', 'people', 'select :row.age'),
  ofRow('of_a_whole_row', 'people', 'select :row'),
  ofRow('of_two', 'people', ['select 1', 'select :row.id']),
  ofRow('of_two_columns', 'people', 'select :row.id, :row.born'),
  ofRow('of_a_write', 'people', 'delete from people where id = :row.id'),
  ofRow('of_a_stranger', 'people', 'select :row.id + :other'),
]

const registry = {
  grants: [
    { role: 'clerk', relation: 'people', actions: ['select', 'update'] },
    { role: 'clerk', function: ['full_name', 'born_before', 'fails'] },
    { role: 'reader', relation: 'people', actions: ['select'], columns: ['id', 'first'] },
    { role: 'reader', function: 'full_name' },
  ],
  policies: [
    { name: 'young', role: ['clerk', 'reader'], relation: 'people', using: 'born=gt.1949' },
  ],
}

const schema = `
  create table people (
    id integer primary key, first text, "last name" text, born int,
    boss_id int references people (id)
  );
  create table t1 (of int, id int);
  create view people_view as select id, first from people;
  insert into people values (1, 'Ann', 'Lee', 1940, null), (2, 'Bob', 'Fox', 1960, 1),
    (3, 'Cid', 'Fox', 1970, 1);
  insert into t1 values (1, 9), (1, 8), (2, 7);`

type Served = Awaited<ReturnType<typeof serveSqlite>>
let api: Served
let ruled: Served
beforeAll(async () => {
  const functionRegistry = { file: null, text: JSON.stringify(functions) }
  api = await serveSqlite(schema, { functionRegistry, dbTxEnd: 'rollback' })
  ruled = await serveSqlite(schema, {
    functionRegistry,
    policyRegistry: { file: null, text: JSON.stringify(registry) },
    jwtSecret: Buffer.from(testSecret),
    dbTxEnd: 'rollback',
  })
})
afterAll(async () => {
  await api.stop()
  await ruled.stop()
})

describe('a computed field', () => {
  test.each<[string, string, unknown]>([
    ['is shown', '/people?select=id,full_name&id=eq.1', [{ id: 1, full_name: 'Ann Lee' }]],
    ['by another name, cast', '/people?select=n:friends::text&id=eq.1', [{ n: '2' }]],
    [
      'as its type',
      '/people?select=is_old,facts&id=eq.1',
      [{ is_old: true, facts: { born: 1940 } }],
    ],
    ['by a path', '/people?select=facts->born&id=eq.1', [{ born: 1940 }]],
    ['filters', '/people?select=id&full_name=like.*Fox&order=id', [{ id: 2 }, { id: 3 }]],
    ['filters by its type', '/people?select=id&is_old=is.true', [{ id: 1 }]],
    ['orders', '/people?select=id&order=friends.desc,id.desc', [{ id: 1 }, { id: 2 }, { id: 3 }]],
    [
      'is grouped by',
      '/people?select=is_old,count()&order=is_old',
      [
        { is_old: false, count: 2 },
        { is_old: true, count: 1 },
      ],
    ],
    [
      'is one of an embed, and orders by it',
      '/people?select=id,boss_id(full_name)&order=boss_id(friends).nullslast,id&limit=1',
      [{ id: 2, boss_id: { full_name: 'Ann Lee' } }],
    ],
    [
      'is one of a spread',
      '/people?select=id,...boss_id(boss:full_name)&id=eq.2',
      [{ id: 2, boss: 'Ann Lee' }],
    ],
    [
      'is one of limited rows of an embed',
      '/people?select=people(full_name)&people.order=full_name&people.limit=1&id=eq.1',
      [{ people: [{ full_name: 'Bob Fox' }] }],
    ],
    ['is one of a view', '/people_view?select=shown&id=eq.2', [{ shown: 'BOB' }]],
    [
      'is one of what a function returns',
      '/rpc/born_before?year=1965&select=full_name&full_name=eq.Bob%20Fox',
      [{ full_name: 'Bob Fox' }],
    ],
    ['is no part of a star', '/people_view?id=eq.1', [{ id: 1, first: 'Ann' }]],
    ['gives way to a column', '/people?select=first&id=eq.1', [{ first: 'Ann' }]],
  ])('%s', async (_, target, rows) => {
    const { status, body } = await api.get(target)
    expect({ status, body }).toEqual({ status: 200, body: rows })
  })

  test('is one of what is written, and finds it', async () => {
    const shown = { prefer: 'return=representation' }
    const changed = await api.send(
      'PATCH',
      '/people?full_name=eq.Bob%20Fox&select=id,full_name',
      { first: 'Rob' },
      shown,
    )
    expect(changed).toMatchObject({ status: 200, body: [{ id: 2, full_name: 'Rob Fox' }] })
    const added = await api.send('POST', '/people?select=friends', { id: 9, first: 'Zed' }, shown)
    expect(added).toMatchObject({ status: 201, body: [{ friends: 0 }] })
    const named = { prefer: 'return=headers-only' }
    expect(await api.send('POST', '/people?select=friends', { id: 9 }, named)).toMatchObject({
      status: 201,
    })
  })

  test('fails with the words of its statement', async () => {
    expect(await api.get('/people?select=fails&id=eq.1')).toMatchObject({
      status: 418,
      body: { message: 'no Ann' },
    })
  })

  test('is no function that can be called', async () => {
    expect(await api.get('/rpc/full_name?row=1')).toMatchObject({
      status: 404,
      body: { code: 'PGRST202' },
    })
  })

  test('that is unusable is told by name, and is an unknown column', async () => {
    const causes = api.snapshot().unusableRoutines.map(({ name, cause }) => `${name}: ${cause}`)
    expect(causes).toEqual([
      'of_nothing: type "nobody" does not exist',
      'of_no_column: column dbrest_row.age does not exist',
      'of_a_whole_row: columns of the row are written :row.column',
      'of_two: a function of a row is one statement, and returns one value',
      expect.stringMatching(/^of_two_columns: /),
      'of_a_write: cannot execute DELETE in a read-only transaction',
      'of_a_stranger: there is no parameter :other',
    ])
    expect(await api.get('/people?select=of_no_column')).toMatchObject({
      status: 400,
      body: { code: '42703' },
    })
  })
})

describe('under access rules, a computed field', () => {
  async function as(role: string, target: string): Promise<Reply> {
    return ruled.get(target, { authorization: `Bearer ${await signJwt({ role })}` })
  }
  const denied = (kind: string) => ({
    status: 403,
    body: { code: '42501', message: `permission denied for ${kind}` },
  })

  test('needs a grant of the function', async () => {
    const rows = [{ full_name: 'Bob Fox' }, { full_name: 'Cid Fox' }]
    expect(await as('clerk', '/people?select=full_name&order=full_name')).toMatchObject({
      status: 200,
      body: rows,
    })
    for (const query of ['select=friends', 'select=id&friends=eq.1', 'select=id&order=friends']) {
      expect(await as('clerk', `/people?${query}`)).toMatchObject(denied('function friends'))
      expect(await as('clerk', `/rpc/born_before?year=1950&${query}`)).toMatchObject(
        denied('function friends'),
      )
    }
    expect(await as('clerk', '/people?select=id,boss_id(friends)')).toMatchObject(
      denied('function friends'),
    )
  })

  test('needs a grant of the whole row', async () => {
    expect(await as('reader', '/people?select=first&order=id')).toMatchObject({ status: 200 })
    expect(await as('reader', '/people?select=full_name')).toMatchObject(denied('table people'))
  })

  test('does not run on rows that policies hide', async () => {
    const { body } = await as('clerk', '/people?select=id&fails=eq.x')
    expect(body).toMatchObject({ message: expect.not.stringContaining('Ann') })
    expect(await as('clerk', '/people?select=fails&id=eq.1')).toMatchObject({
      status: 200,
      body: [],
    })
  })
})
