/**
 * Access rules over what only SQLite has: full-text indexes, tables without a rowid, views with
 * triggers, columns that nothing can compare; and that indexes serve as if there were no rules.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reply } from '../../support/in-process-api.ts'
import { signJwt, testSecret } from '../../support/sign-jwt.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const registry = {
  grants: [
    {
      role: 'clerk',
      relation: [
        'notes',
        'pairs',
        'note_view',
        'plain',
        'replaced',
        'computed',
        'computed_view',
        'dated',
        'teams',
      ],
      actions: ['select', 'insert', 'update', 'delete'],
    },
    { role: 'reader', relation: 'notes', actions: ['select'], columns: ['id', 'body'] },
    { role: 'clerk', function: ['own_computed', 'own_calculated'] },
    { role: 'reader', relation: 'plain', actions: ['select'], columns: ['b'] },
  ],
  policies: [
    {
      name: 'own',
      role: ['clerk', 'reader'],
      relation: 'notes',
      using: 'tenant=eq.{{claims.tenant}}',
    },
    { name: 'own pairs', role: 'clerk', relation: 'pairs', using: 'tenant=eq.{{claims.tenant}}' },
    {
      name: 'own view',
      role: 'clerk',
      relation: 'note_view',
      using: 'tenant=eq.{{claims.tenant}}',
    },
    ...['computed', 'computed_view'].map((relation) => ({
      name: `own ${relation}`,
      role: 'clerk',
      relation,
      using: 'owners.who=eq.ann',
    })),
    { name: 'led', role: 'clerk', relation: 'teams', using: 'ann_leads.who=eq.ann' },
    { name: 'no text', role: 'clerk', relation: 'dated', using: 'at=like.2024*' },
    {
      name: 'own replaced',
      role: 'clerk',
      relation: 'replaced',
      using: 'tenant=eq.{{claims.tenant}}',
    },
    {
      name: 'early',
      role: ['clerk', 'reader'],
      relation: 'plain',
      using: 'since=lt.{{claims.before}}',
    },
  ],
}

const schema = `
  create table notes (id integer primary key, tenant integer not null, body text, at datetime);
  create index notes_tenant on notes (tenant);
  create virtual table notes_fts using fts5(body, content='notes', content_rowid='id');
  insert into notes values (1, 5, 'apple tree', '2024-01-01'), (2, 6, 'apple pie', '2024-01-02'),
    (3, 5, 'plum', '2024-01-03');
  insert into notes_fts(notes_fts) values ('rebuild');
  create table pairs (a integer, b text, tenant integer not null, v text, primary key (a, b)) without rowid;
  insert into pairs values (1, 'x', 5, 'one'), (2, 'y', 6, 'two');
  create view note_view as select id, tenant, body from notes;
  create trigger note_view_insert instead of insert on note_view begin
    insert into notes (id, tenant, body) values (new.id, new.tenant, new.body); end;
  create trigger note_view_delete instead of delete on note_view begin
    delete from notes where id = old.id; end;
  create table replaced (
    id integer primary key on conflict replace, tenant integer not null, v text unique on conflict ignore);
  insert into replaced values (1, 5, 'own'), (2, 6, 'hidden');
  create table computed (id integer primary key, doc json);
  insert into computed values (1, '{"a":1}'), (2, '{broken');
  alter table computed add column a integer as (json_extract(doc, '$.a'));
  create view computed_view as select id, json_extract(doc, '$.a') as a from computed;
  create table owners (id integer references computed (id), who text);
  insert into owners values (1, 'ann'), (2, 'ben');
  create table teams (id integer primary key, name text);
  create table leads (team_id integer references teams (id), who text);
  insert into teams values (1, 'red'), (2, 'blue');
  insert into leads values (1, 'ann'), (2, 'ben');
  create view ann_leads as select team_id, who from leads where who = "ann";
  create table dated (id integer primary key, at date);
  insert into dated values (1, '2024-01-01');
  create table plain (a integer primary key, b text, since datetime);
  insert into plain values (1, 'old', '2020-01-01T00:00:00Z'), (2, 'new', '2030-01-01 00:00:00');
`

const ownRows = "where exists (select 1 from owners o where o.id = c.id and o.who = 'ann')"
const functions = [
  ['own_computed', `select * from computed c ${ownRows}`],
  ['own_calculated', `select id, doc, json_extract(doc, '$.a') as a from computed c ${ownRows}`],
].map(([name, sql]) => {
  return { name, volatility: 'stable', returns: { kind: 'setof', type: 'computed' }, sql }
})

let api: Awaited<ReturnType<typeof serveSqlite>>
beforeAll(async () => {
  api = await serveSqlite(schema, {
    policyRegistry: { file: null, text: JSON.stringify(registry) },
    functionRegistry: { file: null, text: JSON.stringify(functions) },
    jwtSecret: Buffer.from(testSecret),
    dbPlanEnabled: true,
  })
})
afterAll(() => api.stop())

type Init = NonNullable<Parameters<typeof api.get>[2]>

async function as(
  role: string,
  target: string,
  headers: Record<string, string> = {},
  init: Init = {},
): Promise<Reply> {
  const token = await signJwt({ role, tenant: 5, before: '2025-01-01T00:00:00+02:00' })
  return api.get(target, { authorization: `Bearer ${token}`, ...headers }, init)
}

const json = { 'content-type': 'application/json', prefer: 'return=representation' }
const write = (role: string, method: string, target: string, body: unknown) =>
  as(role, target, json, { method, body: JSON.stringify(body) })

describe('full-text search', () => {
  test.each([
    ['finds rows that are shown', 'body=fts.apple', [{ id: 1 }]],
    ['and what it does not find is shown as well', 'body=not.fts.apple', [{ id: 3 }]],
    ['also with a negated word', 'body=wfts.-pie', [{ id: 1 }, { id: 3 }]],
  ])('%s', async (_, filter, rows) => {
    expect((await as('clerk', `/notes?select=id&${filter}`)).body).toEqual(rows)
    expect((await as('reader', `/notes?select=id&${filter}`)).body).toEqual(rows)
  })

  test('of all that is indexed needs every column, and tells no rank of rows under a policy', async () => {
    const target = '/notes?select=id&notes_fts=fts.apple'
    expect((await as('clerk', target)).body).toEqual([{ id: 1 }])
    expect(await as('reader', target)).toMatchObject({ status: 403, body: { code: '42501' } })
    expect(await as('clerk', `${target}&order=rank`)).toMatchObject({
      status: 400,
      body: {
        code: 'PGRST127',
        details: 'SQLite does not support the rank of rows under a policy',
      },
    })
  })
})

test('a policy on a column that is not granted rules all the same', async () => {
  expect((await as('reader', '/notes?select=id,body')).body).toEqual([
    { id: 1, body: 'apple tree' },
    { id: 3, body: 'plum' },
  ])
  expect((await as('reader', '/plain?select=b')).body).toEqual([{ b: 'old' }])
})

test('moments in policies compare by value', async () => {
  expect((await as('clerk', '/plain?select=a')).body).toEqual([{ a: 1 }])
})

describe('a table without a rowid', () => {
  test('merges own rows only', async () => {
    const upsert = (row: unknown) =>
      as(
        'clerk',
        '/pairs',
        { ...json, prefer: 'return=representation,resolution=merge-duplicates' },
        { method: 'POST', body: JSON.stringify(row) },
      )
    expect(await upsert({ a: 2, b: 'y', tenant: 5, v: 'mine' })).toMatchObject({
      status: 403,
      body: { code: '42501' },
    })
    expect(await upsert({ a: 1, b: 'x', tenant: 5, v: 'mine' })).toMatchObject({
      status: 200,
      body: [{ a: 1, v: 'mine' }],
    })
  })

  test('is moved and deleted from by own rows only', async () => {
    expect((await write('clerk', 'PATCH', '/pairs', { tenant: 6 })).status).toBe(403)
    expect((await write('clerk', 'PATCH', '/pairs?a=eq.2', { v: 'x' })).body).toEqual([])
    expect((await as('clerk', '/pairs?a=gt.1', json, { method: 'DELETE' })).body).toEqual([])
  })
})

describe('a table whose keys replace the row that is in the way', () => {
  const duplicate = { status: 409, body: { code: '23505', details: null } }

  test.each([
    ['a new row', 'POST', '/replaced', { id: 2, tenant: 5, v: 'mine' }],
    ['one that would be passed over', 'POST', '/replaced', { id: 9, tenant: 5, v: 'hidden' }],
    ['a changed row', 'PATCH', '/replaced?id=eq.1', { id: 2 }],
  ])('does not for %s, since it may be hidden', async (_, method, target, body) => {
    expect(await write('clerk', method, target, body)).toMatchObject(duplicate)
  })
})

test.each([
  ['/computed?a=eq.1&select=id'],
  ['/computed?or=(a.eq.1,a.is.null)&select=id'],
  ['/computed_view?a=eq.1&select=id'],
  ['/computed_view?select=id&order=a'],
  ['/rpc/own_computed?a=eq.1&select=id'],
  ['/rpc/own_calculated?a=eq.1&select=id'],
])('%s computes nothing of a hidden row', async (target) => {
  expect(await as('clerk', target)).toMatchObject({ status: 200, body: [{ id: 1 }] })
})

test('a policy over a view with text in double quotes rules what is written, too', async () => {
  expect((await as('clerk', '/teams')).body).toEqual([{ id: 1, name: 'red' }])
  expect((await write('clerk', 'PATCH', '/teams', { name: 'pink' })).body).toEqual([
    { id: 1, name: 'pink' },
  ])
  expect((await write('clerk', 'POST', '/teams', { id: 3 })).status).toBe(403)
  const merge = { ...json, prefer: 'resolution=merge-duplicates' }
  const over = { method: 'POST', body: JSON.stringify({ id: 2, name: 'mine' }) }
  expect((await as('clerk', '/teams', merge, over)).status).toBe(403)
  expect((await as('clerk', '/teams?id=gt.1', json, { method: 'DELETE' })).body).toEqual([])
})

test('a policy that the type of its column cannot be asked for denies its relation', async () => {
  expect(await as('clerk', '/dated')).toMatchObject({ status: 403, body: { code: '42501' } })
})

describe('a view with triggers', () => {
  test('takes rows that its policies allow', async () => {
    expect(
      (await write('clerk', 'POST', '/note_view', { id: 8, tenant: 6, body: 'x' })).status,
    ).toBe(403)
    expect(
      (await write('clerk', 'POST', '/note_view', { id: 8, tenant: 5, body: 'x' })).status,
    ).toBe(201)
  })

  test('deletes what it shows', async () => {
    const removed = await as('clerk', '/note_view?id=in.(2,8)&select=id', json, {
      method: 'DELETE',
    })
    expect(removed.body).toEqual([{ id: 8 }])
  })
})

describe('indexes serve as if there were no rules', () => {
  const plan = { accept: 'application/vnd.pgrst.plan+text' }

  test('a key', async () => {
    const { text } = await as('clerk', '/notes?select=body&id=eq.1', plan)
    expect(text).toMatch(/SEARCH .* USING INTEGER PRIMARY KEY \(rowid=\?\)/)
    expect(text).not.toMatch(/SCAN notes|MATERIALIZE|CO-ROUTINE/)
  })

  test('the policy', async () => {
    const { text } = await as('clerk', '/notes?select=body&body=like.a*', plan)
    expect(text).toMatch(/SEARCH .* USING INDEX notes_tenant \(tenant=\?\)/)
  })
})
