/**
 * Writes to relations with names and constraints that are allowed and rare, and what is said of them.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SqliteApi, serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table "excluded" (id integer primary key, name text);
  create table "a.b, c" (id integer primary key, "d.e, f" text unique, "g.h" text not null default 'x');
  create table aged (id integer primary key, age int check ("age" >= 0), "no of" int check ([no of] < 9));
  create table drafts (id integer primary key, slug text, live int);
  create unique index one_live_slug on drafts (slug) where live = 1;
  create table notes (id integer primary key, text text check (text <> ''));
`

const keys = `
  create table unkeyed (code text, n int);
  create table referring (id integer primary key, code text references unkeyed (code));
`

const moved = `
  create table tree (id integer primary key, parent integer references tree (id));
  create table jobs (id integer primary key);
  create trigger once before insert on jobs when new.id = 76 and last_insert_rowid() = 77
    begin select raise(rollback, 'twice'); end;
  create view written as select id, text from notes;
  create trigger write_note instead of insert on written
    begin insert into notes values (new.id, new.text); end;
`

const showing = { Prefer: 'return=representation' }
const merging = { Prefer: 'resolution=merge-duplicates, return=representation' }
let api: SqliteApi & { stop(): Promise<void> }

beforeAll(async () => {
  api = await serveSqlite(schema + keys + moved)
})
afterAll(() => api.stop())

test('a table by the name of what is proposed is merged into', async () => {
  await api.send('POST', '/excluded', { id: 1, name: 'a' })
  const merged = [{ id: 1, name: 'b' }]
  expect(await api.send('POST', '/excluded', merged, merging)).toMatchObject({
    status: 200,
    body: merged,
  })
})

test('names with dots and commas are told whole', async () => {
  const target = '/a.b,%20c'
  await api.send('POST', target, { id: 1, 'd.e, f': 'q' })
  expect(await api.send('POST', target, { 'd.e, f': 'q' })).toMatchObject({
    status: 409,
    body: {
      code: '23505',
      message: 'duplicate key value violates unique constraint "a.b, c_d.e, f_key"',
      details: 'Key (d.e, f)=(q) already exists.',
    },
  })
  expect(await api.send('POST', target, { id: 2, 'g.h': null })).toMatchObject({
    status: 400,
    body: {
      code: '23502',
      message: 'null value in column "g.h" of relation "a.b, c" violates not-null constraint',
      details: 'Failing row contains (2, null, null).',
    },
  })
})

test('a check that begins with a quoted name has its own', async () => {
  const message = 'new row for relation "aged" violates check constraint "aged_age_check"'
  expect(await api.send('POST', '/aged', { age: -1 })).toMatchObject({ body: { message } })
  expect(await api.send('POST', '/aged', { 'no of': 9 })).toMatchObject({
    body: { message: 'new row for relation "aged" violates check constraint "aged_no of_check"' },
  })
})

test('a partial index is told by its name, and is no key', async () => {
  const draft = { slug: 'a', live: 1 }
  await api.send('POST', '/drafts', draft)
  expect(await api.send('POST', '/drafts', draft)).toMatchObject({
    body: {
      message: 'duplicate key value violates unique constraint "one_live_slug"',
      details: 'Key (slug)=(a) already exists.',
    },
  })
  expect(await api.send('POST', '/drafts?on_conflict=slug', draft, merging)).toMatchObject({
    status: 400,
    body: { code: '42P10' },
  })
})

test('what a trigger breaks elsewhere is told of that relation', async () => {
  await api.send('POST', '/written', { id: 1, text: 'a' })
  expect(await api.send('POST', '/written', { id: 1, text: 'b' })).toMatchObject({
    status: 409,
    body: { message: 'duplicate key value violates unique constraint "notes_pkey"' },
  })
  expect(await api.send('POST', '/written', { id: 2, text: '' })).toMatchObject({
    status: 400,
    body: {
      message: 'new row for relation "notes" violates check constraint "notes_text_check"',
      details: null,
    },
  })
})

test('a foreign key to what is not unique is told, not failed for', async () => {
  const refusal = {
    status: 400,
    body: {
      code: '42830',
      message: 'there is no unique constraint matching given keys for referenced table "unkeyed"',
    },
  }
  expect(await api.send('POST', '/referring', { code: 'x' })).toMatchObject(refusal)
  expect(await api.send('POST', '/unkeyed', { code: 'x' })).toMatchObject(refusal)
  expect(await api.send('DELETE', '/unkeyed', undefined)).toMatchObject(refusal)
  const options = await api.get('/unkeyed', {}, { method: 'OPTIONS' })
  expect(options.headers.get('allow')).toBe('OPTIONS,GET,HEAD,PATCH')
})

test('the row that a constraint failed for is found among rows that refer to later ones', async () => {
  const rows = [
    { id: 1, parent: 2 },
    { id: 2, parent: null },
    { id: 2, parent: 1 },
  ]
  expect(await api.send('POST', '/tree', rows)).toMatchObject({
    status: 409,
    body: { code: '23505', details: 'Key (id)=(2) already exists.' },
  })
})

test('a failure that cannot be looked into takes nothing of others with it', async () => {
  const failing = [{ id: 76 }, { id: 77 }, { id: 77 }]
  // the first one runs alone, those behind it together
  const replies = await Promise.all([
    api.send('POST', '/jobs', { id: 1 }),
    api.send('POST', '/jobs', { id: 2 }),
    api.send('POST', '/jobs', failing),
    api.send('POST', '/jobs', { id: 3 }),
  ])
  expect(replies.map(({ status }) => status < 400)).toEqual([true, true, false, true])
  expect(await api.get('/jobs?select=id&order=id')).toMatchObject({
    body: [{ id: 1 }, { id: 2 }, { id: 3 }],
  })
})

test('many columns of many rows are written, and found again', async () => {
  const names = Array.from({ length: 1500 }, (_, at) => `c${at}`)
  const wide = await serveSqlite(
    `create table wide (id integer primary key, ${names.map((name) => `${name} int`).join(', ')})`,
  )
  const rows = Array.from({ length: 40 }, (_, id) => {
    return Object.fromEntries([['id', id + 1], ...names.map((name, at) => [name, id * 2000 + at])])
  })
  const reply = await wide.send('POST', '/wide?order=id', rows, showing)
  expect(reply.status).toBe(201)
  expect(reply.body).toEqual(rows)
  await wide.stop()
})
