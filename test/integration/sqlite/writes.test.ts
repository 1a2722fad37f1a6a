/**
 * Writes on SQLite beyond what the contract's cases show: every kind of relation, what triggers do,
 * what constraints say, and payloads of any size.
 */
import Database from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SqliteApi, type SqliteFile, serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table people (id integer primary key, name text not null unique, age int check (age >= 0),
    born date, active boolean default true, score real, doc json, photo blob, anything);
  create table pets (id integer primary key autoincrement, owner integer references people (id),
    name varchar(5) not null, constraint owner_and_name unique (owner, name));
  create table codes (lang text, code int, label text default 'none', primary key (lang, code)) without rowid;
  create table exact (id int primary key, n int, r real, b blob, a any) strict;
  create table priced (id integer primary key, net int, gross int generated always as (net * 2) stored,
    shown generated always as ('€' || net));
  create table defaults (id integer primary key, word default abc, quoted text default "d e",
    made text default (lower('XY')), n int default 7, now text default current_timestamp);
  create table tree (id integer primary key, parent integer references tree (id));
  create table members (id integer primary key, person integer references people (id),
    role text default 'guest' check (role <> 'none'), shout text generated always as (upper(role)) stored);
  create table late (id integer primary key, person integer references people (id) deferrable initially deferred);
  create table unkeyed (n int);
  create table broken (n int references unkeyed (n));
  create table kept (id integer primary key, name text);
  create trigger keep_b before delete on kept when old.name = 'b' begin select raise(ignore); end;
  create trigger shout after insert on kept when new.name = 'low' begin update kept set name = upper(new.name) where id = new.id; end;
  create trigger no_x before insert on kept when new.name = 'x' begin select raise(abort, 'no x here'); end;
  create trigger stop before insert on kept when new.name = 'stop' begin select raise(rollback, 'all stops'); end;
  create table log (id integer primary key, who text constraint who_once unique, n int check (n < 3));
  create table logged (id integer primary key, who text, n int);
  create trigger log_it after insert on logged begin insert into log (who, n) values (new.who, new.n); end;
  create table hidden ("rowid" text, "_rowid_" text, "oid" text, n int);
  create view grown as select id, name, age from people where age >= 18;
  create trigger grown_insert instead of insert on grown begin
    insert into people (id, name, age) values (new.id, new.name, new.age); end;
  create trigger grown_update instead of update on grown begin
    update people set name = new.name, age = new.age where id = old.id; end;
  create trigger grown_delete instead of delete on grown begin delete from people where id = old.id; end;
  create view counted as select count(*) as n from people;
  create virtual table docs using fts5(title, body);
`

/** The same before each test; the trigger keeps rows by this name. */
const content = `
  update kept set name = 'z';
  delete from log; delete from logged; delete from pets; delete from late; delete from members; delete from people; delete from codes; delete from exact; delete from priced; delete from defaults; delete from tree; delete from kept; delete from hidden; delete from docs; delete from sqlite_sequence;
  insert into people (id, name, age) values (1, 'ann', 30), (2, 'bob', 40);
  insert into pets (id, owner, name) values (1, 1, 'rex'), (2, 1, 'tom');
  insert into members (id) values (7);
  insert into codes values ('en', 1, 'one');
  insert into tree values (5, null);
  insert into kept values (1, 'a'), (2, 'b'), (3, 'c');
  insert into docs (title, body) values ('a', 'alpha beta'), ('b', 'beta');
`

const showing = { Prefer: 'return=representation' }
let api: SqliteApi & { readonly file: SqliteFile; stop(): Promise<void> }

beforeAll(async () => {
  api = await serveSqlite(schema, { dbTxEnd: 'commit-allow-override' })
})
beforeEach(() => api.file.exec(content))
afterAll(() => api.stop())

async function rows(target: string): Promise<unknown> {
  return (await api.get(target)).body
}

describe('values', () => {
  test('are stored as what their column was declared', async () => {
    const person = {
      name: 'cy',
      age: '41',
      active: 'no',
      score: 3,
      doc: { a: [1.5, null] },
      photo: '\\x00ff',
      anything: 12345678901234567890n.toString(),
    }
    const reply = await api.send(
      'POST',
      '/people?select=name,age,active,score,doc,photo',
      person,
      showing,
    )
    expect(reply).toMatchObject({
      status: 201,
      body: [
        { name: 'cy', age: 41, active: false, score: 3, doc: { a: [1.5, null] }, photo: '\\x00ff' },
      ],
    })
    const stored = await rows('/people?select=a:age,t:score::text&name=eq.cy')
    expect(stored).toEqual([{ a: 41, t: '3' }])
  })

  test('keep all digits of integers', async () => {
    const body =
      '{"name":"big","age":9007199254740993,"anything":-9223372036854775808,"doc":{"n":9007199254740993}}'
    const reply = await api.send('POST', '/people?select=age,anything,doc', body, showing)
    expect(reply.text).toBe(
      '[{"age":9007199254740993,"anything":-9223372036854775808,"doc":{"n":9007199254740993}}]',
    )
  })

  test.each([
    [{ age: 'abc' }, '22P02', 'invalid input syntax for type integer: "abc"'],
    [{ age: 1.5 }, '22P02', 'invalid input syntax for type integer: "1.5"'],
    [
      { age: '9223372036854775808' },
      '22003',
      'value "9223372036854775808" is out of range for type integer',
    ],
    [{ active: 'perhaps' }, '22P02', 'invalid input syntax for type boolean: "perhaps"'],
    [{ photo: '\\x0' }, '22023', 'invalid hexadecimal data in bytea'],
    [{ name: 'a\0b' }, '22P05', 'unsupported Unicode escape sequence'],
    [{ score: 'NaN' }, '0A000', 'cannot store NaN in a column of type double precision'],
  ])('%j are refused in the words of PostgreSQL', async (value, code, message) => {
    const reply = await api.send('PATCH', '/people?id=eq.1', value)
    expect(reply).toMatchObject({ status: 400, body: { code, message } })
    expect(await rows('/people?select=name,age&id=eq.1')).toEqual([{ name: 'ann', age: 30 }])
  })

  test('are no longer than their column says', async () => {
    expect(await api.send('POST', '/pets', { owner: 1, name: 'toolong' })).toMatchObject({
      status: 400,
      body: { code: '22001', message: 'value too long for type character varying(5)' },
    })
    expect(
      await api.send('POST', '/pets?select=name', { owner: 1, name: 'fit    ' }, showing),
    ).toMatchObject({
      body: [{ name: 'fit  ' }],
    })
  })

  test('of a payload are more than SQLite has variables', async () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({
      lang: 'xx',
      code: at,
      label: `n${at}`,
    }))
    const reply = await api.send('POST', '/codes', many, { Prefer: 'count=exact' })
    expect([reply.status, reply.headers.get('content-range')]).toEqual([201, '*/20000'])
    expect(await rows('/codes?select=count(),code.sum()&lang=eq.xx')).toEqual([
      { count: 20_000, sum: (19_999 * 20_000) / 2 },
    ])
  })

  test('that are missing are the defaults where asked for', async () => {
    const prefer = { Prefer: 'missing=default, return=representation' }
    const target = '/defaults?columns=word,quoted,made,n&select=word,quoted,made,n'
    const reply = await api.send(
      'POST',
      target,
      [{}, { n: null, word: 'w' }, { made: 'm' }],
      prefer,
    )
    expect(reply).toMatchObject({
      status: 201,
      body: [
        { word: 'abc', quoted: 'd e', made: 'xy', n: 7 },
        { word: 'w', quoted: 'd e', made: 'xy', n: null },
        { word: 'abc', quoted: 'd e', made: 'm', n: 7 },
      ],
    })
    expect((await api.send('POST', '/defaults?select=word,n', [{}, {}], showing)).body).toEqual([
      { word: 'abc', n: 7 },
      { word: 'abc', n: 7 },
    ])
  })
})

describe('a relation', () => {
  test('without a rowid is written and shown by its key', async () => {
    const sent = [
      { lang: 'de', code: 2, label: 'zwei' },
      { lang: 'de', code: 1, label: 'eins' },
    ]
    expect((await api.send('POST', '/codes', sent, showing)).body).toEqual(sent)
    const changed = await api.send('PATCH', '/codes?lang=eq.de&order=code', { lang: 'at' }, showing)
    expect(changed.body).toEqual([sent[1], sent[0]].map((row) => ({ ...row, lang: 'at' })))
    const gone = await api.send('DELETE', '/codes?lang=eq.at&code=eq.2', undefined, showing)
    expect(gone.body).toEqual([{ ...sent[0], lang: 'at' }])
    expect(await rows('/codes?select=code&lang=eq.at')).toEqual([{ code: 1 }])
  })

  test('that is strict takes what it is declared for', async () => {
    const row = { id: 1, n: 5, r: 2, b: '\\x01', a: 'x' }
    expect((await api.send('POST', '/exact', row, showing)).body).toEqual([row])
  })

  test('numbers its rows, and never anew where it counts them', async () => {
    await api.send('DELETE', '/pets?id=eq.2')
    const reply = await api.send(
      'POST',
      '/pets',
      { owner: 2, name: 'new' },
      { Prefer: 'return=headers-only' },
    )
    expect(reply.headers.get('location')).toBe('/pets?id=eq.3')
  })

  test('whose columns hide the rowid is written all the same', async () => {
    const row = { rowid: 'r', _rowid_: 's', oid: 't', n: 1 }
    expect((await api.send('POST', '/hidden', row, showing)).body).toEqual([row])
    expect((await api.send('PATCH', '/hidden?n=eq.1', { n: 2 }, showing)).body).toEqual([
      { ...row, n: 2 },
    ])
    expect((await api.send('DELETE', '/hidden?n=eq.2', undefined, showing)).body).toEqual([
      { ...row, n: 2 },
    ])
    expect(await rows('/hidden')).toEqual([])
  })

  test('with generated columns has them computed, never written', async () => {
    expect((await api.send('POST', '/priced', { id: 1, net: 4 }, showing)).body).toEqual([
      { id: 1, net: 4, gross: 8, shown: '€4' },
    ])
    expect(await api.send('POST', '/priced', { id: 2, gross: 4 })).toMatchObject({
      status: 400,
      body: {
        code: '428C9',
        message: 'cannot insert a non-DEFAULT value into column "gross"',
        details: 'Column "gross" is a generated column.',
      },
    })
    expect(await api.send('PATCH', '/priced?id=eq.1', { shown: 'x' })).toMatchObject({
      body: { code: '428C9', message: 'column "shown" can only be updated to DEFAULT' },
    })
  })

  test('that is a view writes through its triggers', async () => {
    const sent = { id: 9, name: 'dan', age: 50 }
    expect(await api.send('POST', '/grown', sent, showing)).toMatchObject({
      status: 201,
      body: [sent],
    })
    expect((await api.send('POST', '/grown', { name: 'eve', age: 60 }, showing)).body).toEqual([
      { id: null, name: 'eve', age: 60 },
    ])
    expect((await api.send('PATCH', '/grown?id=eq.9', { age: 51 }, showing)).body).toEqual([
      { ...sent, age: 51 },
    ])
    // it is no longer seen through the view
    expect((await api.send('PATCH', '/grown?id=eq.9', { age: 3 }, showing)).body).toEqual([
      { ...sent, age: 3 },
    ])
    expect(
      (await api.send('DELETE', '/grown?name=eq.eve&select=name', undefined, showing)).body,
    ).toEqual([{ name: 'eve' }])
    const counted = await api.send('DELETE', '/grown?age=gte.40', undefined, {
      Prefer: 'count=exact',
    })
    expect(counted.headers.get('content-range')).toBe('*/1')
  })

  test('that is a view without triggers is not written to', async () => {
    expect(await api.send('POST', '/counted', { n: 1 })).toMatchObject({
      body: {
        code: '55000',
        message: 'cannot insert into view "counted"',
        hint: 'To enable inserting into the view, provide an INSTEAD OF INSERT trigger.',
      },
    })
    expect(
      await api.send('POST', '/grown', { id: 1 }, { Prefer: 'resolution=merge-duplicates' }),
    ).toMatchObject({
      status: 400,
      body: { code: 'PGRST127', details: 'SQLite does not support upserting into a view' },
    })
  })

  test('of full texts is written, and found again', async () => {
    expect((await api.send('POST', '/docs', { title: 'c', body: 'gamma' }, showing)).body).toEqual([
      { title: 'c', body: 'gamma' },
    ])
    expect((await api.send('PATCH', '/docs?body=fts.beta', { title: 'B' }, showing)).body).toEqual([
      { title: 'B', body: 'alpha beta' },
      { title: 'B', body: 'beta' },
    ])
    expect((await api.send('DELETE', '/docs?docs=fts.alpha', undefined, showing)).body).toEqual([
      { title: 'B', body: 'alpha beta' },
    ])
    expect(await rows('/docs?select=body&order=body')).toEqual([
      { body: 'beta' },
      { body: 'gamma' },
    ])
  })
})

describe('a trigger', () => {
  test('has its say before the row is shown', async () => {
    expect((await api.send('POST', '/kept', { id: 7, name: 'low' }, showing)).body).toEqual([
      { id: 7, name: 'LOW' },
    ])
  })

  test('may keep rows from being deleted', async () => {
    const reply = await api.send('DELETE', '/kept?order=id', undefined, showing)
    expect(reply.body).toEqual([
      { id: 1, name: 'a' },
      { id: 3, name: 'c' },
    ])
    expect(await rows('/kept')).toEqual([{ id: 2, name: 'b' }])
  })

  test('may refuse, and may end the transaction', async () => {
    expect(
      await api.send('POST', '/kept', [
        { id: 8, name: 'y' },
        { id: 9, name: 'x' },
      ]),
    ).toMatchObject({
      status: 400,
      body: { code: 'P0001', message: 'no x here' },
    })
    const both = await Promise.all([
      api.send('POST', '/people', { id: 20, name: 'zoe' }),
      api.send('POST', '/kept', { id: 10, name: 'stop' }),
      api.send('POST', '/people', { id: 21, name: 'yan' }),
    ])
    expect(both.map((reply) => reply.status)).toEqual([201, 400, 201])
    expect(await rows('/people?select=id&id=gte.20')).toEqual([{ id: 20 }, { id: 21 }])
    expect(await rows('/kept?select=id&id=gte.8')).toEqual([])
  })
})

describe('a constraint that fails says', () => {
  test.each([
    [
      'the key that is taken',
      () => api.send('POST', '/people', [{ name: 'new' }, { name: 'ann' }]),
      409,
      '23505',
      'duplicate key value violates unique constraint "people_name_key"',
      'Key (name)=(ann) already exists.',
    ],
    [
      'the name that it was given',
      () => api.send('POST', '/pets', { owner: 1, name: 'rex' }),
      409,
      '23505',
      'duplicate key value violates unique constraint "owner_and_name"',
      'Key (owner, name)=(1, rex) already exists.',
    ],
    [
      'the primary key',
      () => api.send('POST', '/codes', { lang: 'en', code: 1 }),
      409,
      '23505',
      'duplicate key value violates unique constraint "codes_pkey"',
      'Key (lang, code)=(en, 1) already exists.',
    ],
    [
      'the key of the row that was updated',
      () => api.send('PATCH', '/pets?id=eq.2', { name: 'rex' }),
      409,
      '23505',
      'duplicate key value violates unique constraint "owner_and_name"',
      'Key (owner, name)=(1, rex) already exists.',
    ],
    [
      'the row without a value',
      () => api.send('POST', '/people', { id: 5, age: 3 }),
      400,
      '23502',
      'null value in column "name" of relation "people" violates not-null constraint',
      'Failing row contains (5, null, 3, null, t, null, null, null, null).',
    ],
    [
      'the key that may not be null',
      () => api.send('PATCH', '/tree?id=eq.5', { id: null }),
      400,
      '23502',
      'null value in column "id" of relation "tree" violates not-null constraint',
      'Failing row contains (null, null).',
    ],
    [
      'the row against a check',
      () => api.send('PATCH', '/people?id=eq.2', { age: -1 }),
      400,
      '23514',
      'new row for relation "people" violates check constraint "people_age_check"',
      'Failing row contains (2, bob, -1, null, t, null, null, null, null).',
    ],
    [
      'the row against a check, behind one whose reference leads nowhere',
      () =>
        api.send('POST', '/members', [
          { id: 1, person: 99, role: 'guest' },
          { id: 2, person: null, role: 'none' },
        ]),
      400,
      '23514',
      'new row for relation "members" violates check constraint "members_role_check"',
      'Failing row contains (2, null, none, null).',
    ],
    [
      'no generated value of the row',
      () => api.send('PATCH', '/members?id=eq.7', { role: 'none' }),
      400,
      '23514',
      'new row for relation "members" violates check constraint "members_role_check"',
      'Failing row contains (7, null, none, null).',
    ],
    [
      'the reference to nothing',
      () =>
        api.send('POST', '/pets', [
          { owner: 2, name: 'ok' },
          { owner: 99, name: 'no' },
        ]),
      409,
      '23503',
      'insert or update on table "pets" violates foreign key constraint "pets_owner_fkey"',
      'Key (owner)=(99) is not present in table "people".',
    ],
    [
      'who still refers to it',
      () => api.send('DELETE', '/people?id=lte.2'),
      409,
      '23503',
      'update or delete on table "people" violates foreign key constraint "pets_owner_fkey" on table "pets"',
      'Key (id)=(1) is still referenced from table "pets".',
    ],
    [
      'the name of a key that a trigger meets elsewhere',
      () =>
        api.send('POST', '/logged', [
          { who: 'a', n: 1 },
          { who: 'a', n: 1 },
        ]),
      409,
      '23505',
      'duplicate key value violates unique constraint "who_once"',
      null,
    ],
    [
      'the relation of a check that a trigger meets elsewhere',
      () => api.send('POST', '/logged', { who: 'a', n: 5 }),
      400,
      '23514',
      'new row for relation "log" violates check constraint "log_n_check"',
      null,
    ],
    [
      'the reference that is judged at the end',
      () => api.send('POST', '/late', { id: 1, person: 77 }),
      409,
      '23503',
      'insert or update on table "late" violates foreign key constraint "late_person_fkey"',
      'Key (person)=(77) is not present in table "people".',
    ],
    [
      'the same also where nothing is to stay',
      () => api.send('POST', '/late', { id: 1, person: 77 }, { Prefer: 'tx=rollback' }),
      409,
      '23503',
      'insert or update on table "late" violates foreign key constraint "late_person_fkey"',
      'Key (person)=(77) is not present in table "people".',
    ],
  ])('%s', async (_, send, status, code, message, details) => {
    const content = await Promise.all(['/people', '/pets', '/codes', '/late'].map(rows))
    expect(await send()).toMatchObject({ status, body: { code, message, details } })
    expect(await Promise.all(['/people', '/pets', '/codes', '/late'].map(rows))).toEqual(content)
  })

  test('nothing where another table has a key that cannot be judged', async () => {
    const dry = { Prefer: 'tx=rollback' }
    expect(await api.send('POST', '/late', { id: 1, person: 1 }, dry)).toMatchObject({
      status: 201,
    })
    expect(await rows('/late')).toEqual([])
  })

  test('nothing of rows that refer to each other, whatever their order', async () => {
    const sent = [
      { id: 1, parent: 2 },
      { id: 2, parent: null },
    ]
    expect((await api.send('POST', '/tree', sent, showing)).body).toEqual(sent)
  })
})

test('an update of nothing looks for no rows', async () => {
  const target = '/people?born=like.*x*'
  expect((await api.send('PATCH', target, { age: 1 })).status).toBe(404)
  expect((await api.send('PATCH', target, {})).status).toBe(204)
})

test('dates and uuids are written in the form of those that are there', async () => {
  const other = await serveSqlite(`
    create table events (id integer primary key, at datetime, day date, ms timestamp, key uuid);
    insert into events values (1, '2024-02-29T12:30:00.000Z', '2024-02-29', 1709209800000,
      x'a0eebc999c0b4ef8bb6d6bb9bd380a11');
    create table fresh (id integer primary key, at datetime, key uuid);`)
  try {
    const moment = '2024-03-01T13:30:00+01:00'
    const key = 'B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'
    const row = { id: 2, at: moment, day: '20240301', ms: moment, key }
    expect((await other.send('POST', '/events', row)).status).toBe(201)
    expect((await other.send('POST', '/fresh', { id: 2, at: moment, key })).status).toBe(201)
    const database = new Database(other.file.path, { readonly: true })
    const stored = (sql: string) => database.prepare(sql).raw().all()
    expect(stored('select at, day, ms, hex(key) from events where id = 2')).toEqual([
      ['2024-03-01T12:30:00.000Z', '2024-03-01', 1709296200000, 'B0EEBC999C0B4EF8BB6D6BB9BD380A11'],
    ])
    expect(stored('select at, key from fresh')).toEqual([
      ['2024-03-01 12:30:00', key.toLowerCase()],
    ])
    database.close()
  } finally {
    await other.stop()
  }
})

describe('an upsert', () => {
  const merging = { Prefer: 'resolution=merge-duplicates, return=representation' }

  test('of the same row twice is refused', async () => {
    const twice = [
      { lang: 'en', code: 1, label: 'a' },
      { lang: 'en', code: 1, label: 'b' },
    ]
    expect(await api.send('POST', '/codes', twice, merging)).toMatchObject({
      body: {
        code: '21000',
        message: 'ON CONFLICT DO UPDATE command cannot affect row a second time',
      },
    })
    expect(await rows('/codes')).toEqual([{ lang: 'en', code: 1, label: 'one' }])
  })

  test('by what is not unique is refused', async () => {
    expect(
      await api.send('POST', '/people?on_conflict=age', { age: 1, name: 'x' }, merging),
    ).toMatchObject({
      status: 400,
      body: { code: '42P10' },
    })
    expect(
      await api.send('POST', '/people?on_conflict=nope', { age: 1, name: 'x' }, merging),
    ).toMatchObject({
      status: 400,
      body: { code: '42703' },
    })
  })

  test('tells new rows from merged ones', async () => {
    const both = [
      { lang: 'en', code: 1, label: 'uno' },
      { lang: 'en', code: 2, label: 'due' },
    ]
    expect(await api.send('POST', '/codes', both, merging)).toMatchObject({
      status: 201,
      body: both,
    })
    expect(await api.send('POST', '/codes', both, merging)).toMatchObject({
      status: 200,
      body: both,
    })
    const put = { lang: 'fr', code: 1, label: 'un' }
    const target = '/codes?lang=eq.fr&code=eq.1'
    expect(await api.send('PUT', target, put, showing)).toMatchObject({ status: 201, body: [put] })
    expect(await api.send('PUT', target, put, showing)).toMatchObject({ status: 200, body: [put] })
  })
})
