/**
 * What a session of PostgreSQL holds of a schema and does not renew by itself. Requests on the one
 * connection of a pool, before a migration and after the load that found it: the answer has to be the
 * one that a session of today gives. Where PostgreSQL can be told to forget, the session stays.
 */
import { afterEach, expect, test } from 'vitest'
import { openPostgres } from '../../../src/backends/postgres/open-postgres.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { type BackendApi, openApi } from '../../support/in-process-api.ts'
import { createTestDatabase, type TestDatabase } from '../../support/shared-cluster.ts'

let database: TestDatabase | null = null
let api: BackendApi | null = null
afterEach(async () => {
  await api?.close()
  await database?.drop()
  ;[api, database] = [null, null]
})

const pidSql = `create function pid() returns int language sql stable as 'select pg_backend_pid()';`

interface Case {
  readonly fixture: string
  /** A relation or function, with its query, and what it answers before and after. */
  readonly target: string
  readonly write?: unknown
  readonly before: unknown
  readonly migration: string
  readonly after: unknown
  /** Whether the session had to be replaced. */
  readonly isReplaced: boolean
}

const typedFunction = `create table items (id int primary key, price int); insert into items values (1, 3);
  create function price() returns text language plpgsql as $$
    declare found items.price%type; begin select price into found from items; return found; end $$;`

const cases: Readonly<Record<string, Case>> = {
  'the type of a parameter, for which there is no operator any more': {
    fixture: 'create table items (id int primary key, code int); insert into items values (1, 7)',
    target: '/items?code=eq.7',
    before: [{ id: 1, code: 7 }],
    migration: 'alter table items alter code type text',
    after: [{ id: 1, code: '7' }],
    isReplaced: false,
  },
  'the type of a parameter, which takes other texts now': {
    fixture: 'create table items (id int primary key, code int); insert into items values (1, 7)',
    target: '/items?code=lt.8&order=id',
    before: [{ id: 1, code: 7 }],
    migration: 'alter table items alter code type text',
    // as a number 10 would be no less than 8
    after: [
      { id: 1, code: '7' },
      { id: 2, code: '10' },
    ],
    isReplaced: false,
  },
  'a type that has gone, and another one has its name': {
    fixture: `create type mood as enum ('ok', 'sad');
      create table items (id int primary key, mood mood); insert into items values (1, 'sad')`,
    target: '/items?mood=eq.sad',
    before: [{ id: 1, mood: 'sad' }],
    migration: `create type other as enum ('ok', 'sad');
      alter table items alter mood type other using mood::text::other;
      drop type mood; alter type other rename to mood`,
    after: [{ id: 1, mood: 'sad' }],
    isReplaced: false,
  },
  'the overload that a function called': {
    fixture: `create function kind_of(n numeric) returns text language sql as $$ select 'numeric' $$;
      create function tell() returns text language plpgsql as $$ begin return kind_of(1); end $$;`,
    target: '/rpc/tell',
    before: 'numeric',
    migration: `create function kind_of(n int) returns text language sql as $$ select 'int' $$`,
    after: 'int',
    isReplaced: false,
  },
  'the table that a name in a function stood for': {
    fixture: `create schema private; create table private.settings (name text);
      insert into private.settings values ('old');
      create function tell() returns text language plpgsql set search_path = public, private as $$
        begin return (select name from settings); end $$;`,
    target: '/rpc/tell',
    before: 'old',
    migration: `create table settings (name text); insert into settings values ('new')`,
    after: 'new',
    // by that name the function could have declared a variable
    isReplaced: true,
  },
  'the type of a field in a function': {
    fixture: `create table items (id int primary key, price int, twice numeric);
      insert into items values (0, 0);
      create function double_price() returns trigger language plpgsql as $$
        begin new.twice := new.price * 2; return new; end $$;
      create trigger doubles before insert on items for each row execute function double_price()`,
    target: '/items?select=twice',
    write: { id: 1, price: 3 },
    before: [{ twice: 6 }],
    migration: 'truncate items; alter table items alter price type numeric',
    after: [{ twice: 6 }],
    isReplaced: false,
  },
  'a type that a function has taken from a column': {
    fixture: `create table items (id int primary key, price int); insert into items values (1, 3);
      create function price() returns text language plpgsql as $$
        declare found items.price%type; begin select price into found from items; return found; end $$;`,
    target: '/rpc/price',
    before: '3',
    migration: 'alter table items alter price type numeric; update items set price = 3.5',
    after: '3.5',
    isReplaced: true,
  },
  'a type that a function has taken from a column of a hidden table': {
    fixture: `create schema private;
      create table private.items (id int primary key, price int); insert into private.items values (1, 3);
      create function price() returns text language plpgsql as $$
        declare found private.items.price%type;
        begin select price into found from private.items; return found; end $$;`,
    target: '/rpc/price',
    before: '3',
    migration: `alter table private.items alter price type numeric;
      update private.items set price = 3.5; comment on function price() is 'moved'`,
    after: '3.5',
    isReplaced: true,
  },
  'a type that a function has taken from a table, and another one has its name': {
    fixture: `create table items (price int); insert into items values (3);
      create table others (price numeric); insert into others values (3.5);
      create function price() returns text language plpgsql as $$
        declare found items.price%type; begin select price into found from items; return found; end $$;`,
    target: '/rpc/price',
    before: '3',
    migration: 'alter table items rename to old; alter table others rename to items',
    after: '3.5',
    isReplaced: true,
  },
  'a type that a function has taken from a column, with blanks between the words': {
    fixture: `create table items (id int primary key, price int); insert into items values (1, 3);
      create function price() returns text language plpgsql as $$
        declare found items.price % type; begin select price into found from items; return found; end $$;`,
    target: '/rpc/price',
    before: '3',
    migration: 'alter table items alter price type numeric; update items set price = 3.5',
    after: '3.5',
    isReplaced: true,
  },
  'a type that a function has taken from a table, and another one is found first': {
    fixture: `create schema private;
      create table private.items (price int); insert into private.items values (3);
      create function price() returns text language plpgsql set search_path = public, private as $$
        declare found items.price%type; begin select price into found from items; return found; end $$;`,
    target: '/rpc/price',
    before: '3',
    migration: 'create table items (price numeric); insert into items values (3.5)',
    after: '3.5',
    isReplaced: true,
  },
  'a type that a function has by its name, and another one is found first': {
    fixture: `create schema private; create type private.mood as enum ('sad');
      create function feel() returns text language plpgsql set search_path = public, private as $$
        declare found mood := 'sad'; begin return pg_typeof(found); end $$;`,
    target: '/rpc/feel',
    before: 'mood',
    migration: `create type mood as enum ('sad')`,
    after: 'mood',
    isReplaced: true,
  },
  'a type that a function has by its name': {
    fixture: `create type mood as enum ('sad');
      create function feel() returns text language plpgsql as $$
        declare found mood := 'sad'; begin return found; end $$;`,
    target: '/rpc/feel',
    before: 'sad',
    migration: `drop type mood; create type mood as enum ('sad', 'ok');
      comment on function feel() is 'moved'`,
    after: 'sad',
    isReplaced: true,
  },
  'a setting that sessions begin with': {
    fixture: `create function tell() returns text language sql as $$ select current_setting('work_mem') $$;
      do $$ begin execute format('alter database %I set work_mem = 65', current_database()); end $$;`,
    target: '/rpc/tell',
    before: '65kB',
    migration: `do $$ begin execute format('alter database %I set work_mem = 66', current_database()); end $$`,
    after: '66kB',
    isReplaced: true,
  },
  'a library that functions in C are in': {
    fixture: 'create table items (id int)',
    target: '/items',
    before: [],
    migration: `create function handler() returns language_handler language c
      as '$libdir/plpgsql', 'plpgsql_call_handler'`,
    after: [],
    isReplaced: true,
  },
  'nothing of a table that comes': {
    fixture: typedFunction,
    target: '/rpc/price',
    before: '3',
    migration: 'create table others (id int, price items); create index on items (price)',
    after: '3',
    isReplaced: false,
  },
}

async function serve(fixture: string): Promise<[TestDatabase, BackendApi]> {
  database = await createTestDatabase(`${pidSql} ${fixture}`)
  const config = {
    ...defaultConfig('postgres'),
    dbUri: database.uri(),
    dbAnonRole: 'postgres',
    dbPool: 1,
  }
  api = openApi(config, openPostgres)
  await api.load()
  return [database, api]
}

test.each(Object.entries(cases))('%s', async (_, wanted) => {
  const { fixture, target, write, before, migration, after, isReplaced } = wanted
  const [db, served] = await serve(fixture)
  const ask = async () => {
    if (write === undefined) return served.get(target)
    await db.query('delete from items')
    return served.send('POST', target, write, { Prefer: 'return=representation' })
  }
  const pid = async () => (await served.get('/rpc/pid')).body
  // the first use prepares, and what PL/pgSQL plans once it keeps from the sixth on
  for (let use = 0; use < 7; use += 1) expect((await ask()).body).toEqual(before)
  const first = await pid()
  await db.query(migration)
  if (target.includes('lt.8')) await db.query(`insert into items values (2, '10')`)
  await served.load()
  for (let use = 0; use < 2; use += 1) expect((await ask()).body).toEqual(after)
  expect({ isReplaced: (await pid()) !== first }).toEqual({ isReplaced })
})

test('what was prepared before a load is closed, and other texts stand for it', async () => {
  const [db, served] = await serve(`
    create function prepared() returns setof text language sql stable as
      'select statement from pg_prepared_statements';
    create table items (id int)`)
  const prepared = async () => {
    await served.get('/items')
    const { text } = await served.get('/rpc/prepared')
    const statements: readonly string[] = JSON.parse(text)
    return statements.toSorted()
  }
  await prepared()
  const before = await prepared()
  await db.query('create table others (id int)')
  await served.load()
  await prepared()
  const after = await prepared()
  const epoch = / \/\* [0-9a-f]{8}\.\d+ \*\/$/
  const plain = (texts: readonly string[]) => texts.map((text) => text.replace(epoch, ''))
  expect(plain(after)).toEqual(plain(before))
  const ofRows = (texts: readonly string[]) => texts.filter((text) => epoch.test(text))
  expect(ofRows(before)).toHaveLength(2)
  expect(ofRows(after)).toHaveLength(2)
  expect(ofRows(after)).not.toEqual(ofRows(before))
})

test('who asks for everything to be read again gets sessions that are new', async () => {
  const [, served] = await serve('create table items (id int)')
  const first = (await served.get('/rpc/pid')).body
  await served.load()
  expect((await served.get('/rpc/pid')).body).toBe(first)
  await served.load('full')
  expect((await served.get('/rpc/pid')).body).not.toBe(first)
})
