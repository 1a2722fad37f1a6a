/**
 * Files of programs that have what this build of SQLite has not: text in double quotes, collations
 * and functions of their own. What can be read is served; the rest is named, with the reason, and is
 * never a failure of the server.
 */
import Database from 'better-sqlite3'
import { afterEach, describe, expect, test } from 'vitest'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import type { Relation } from '../../../src/schema/schema-snapshot.ts'
import { createSqliteFile, openSqliteApi, type SqliteApi } from '../../support/sqlite-database.ts'

const releases: (() => void | Promise<void>)[] = []

afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release()
})

/** A file that its program makes, and the API over it. */
async function serve(make: (db: Database.Database) => void): Promise<SqliteApi> {
  const file = createSqliteFile()
  releases.push(file.drop)
  const db = new Database(file.path)
  make(db)
  db.close()
  const api = openSqliteApi(file.path)
  releases.push(api.close)
  await api.load()
  return api
}

/** SQL in which `unicase` is a collation of the program's, as NOCASE is of every SQLite. */
function withCollation(db: Database.Database, sql: string): void {
  db.exec(sql.replaceAll(/unicase/gi, 'NOCASE'))
  db.unsafeMode()
  db.pragma('writable_schema = on')
  db.exec(`update sqlite_schema set sql = replace(sql, 'NOCASE', 'unicase')`)
  db.pragma('writable_schema = reset')
}

async function rows(api: SqliteApi, target: string): Promise<unknown> {
  const reply = await api.get(target)
  expect(reply.status, `${target}: ${reply.text}`).toBe(200)
  return reply.body
}

function relation(api: SqliteApi, name: string): Relation {
  const found = api.snapshot().relations.get(nameKey(qualifiedName('main', name)))
  if (found === undefined) throw new Error(`no relation ${name}`)
  return found
}

function writes(api: SqliteApi, name: string): readonly string[] {
  const { canInsert, canUpdate, canDelete } = relation(api, name)
  return [
    ...(canInsert ? ['insert'] : []),
    ...(canUpdate ? ['update'] : []),
    ...(canDelete ? ['delete'] : []),
  ]
}

function unreadable(api: SqliteApi): readonly string[] {
  return api
    .snapshot()
    .unreadableRelations.map(({ name, column, cause }) =>
      column === undefined ? `${name}: ${cause}` : `${name}.${column}: ${cause}`,
    )
}

describe('text in double quotes', () => {
  const people = `
    create table people (id integer primary key, name text, state text, boss_id int references people);
    insert into people values (1, 'Ann', 'active', null), (2, 'Bob', 'gone', 1), (3, 'Cy "C"', 'active', 1);
  `

  test('in a view is text: read, filtered, counted, embedded', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create table teams (id integer primary key, name text, lead_id int references people);
        insert into teams values (7, 'red', 3), (8, 'blue', 2);
        create view active as select id, name, "it's" as note from people
          where state = "active" -- those at work`),
    )
    expect(unreadable(api)).toEqual([])
    expect(await rows(api, '/active?order=id')).toEqual([
      { id: 1, name: 'Ann', note: "it's" },
      { id: 3, name: 'Cy "C"', note: "it's" },
    ])
    expect(await rows(api, '/active?id=gt.1&select=name,teams(name)')).toEqual([
      { name: 'Cy "C"', teams: [{ name: 'red' }] },
    ])
    expect(await rows(api, '/teams?select=name,active(name)&order=id')).toEqual([
      { name: 'red', active: { name: 'Cy "C"' } },
      { name: 'blue', active: null },
    ])
    expect(await rows(api, '/teams?select=name,...active!inner(note)')).toEqual([
      { name: 'red', note: "it's" },
    ])
    const counted = await api.get('/active?limit=1&order=id.desc', { Prefer: 'count=exact' })
    expect(counted.headers.get('content-range')).toBe('0-0/2')
    const csv = await api.get('/active?select=id,note&order=id', { Accept: 'text/csv' })
    expect(csv.text).toBe("id,note\n1,it's\n3,it's")
  })

  test('has columns of the types that any view has', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create view typed (key, "the name", n) as select id, name, cast(id as integer) from people where state <> "x"`),
    )
    const columns = [...relation(api, 'typed').columns.values()]
    const types = columns.map(({ name, baseType }) => `${name}: ${baseType}`)
    expect(types).toEqual(['key: integer', 'the name: text', 'n: integer'])
    expect(await rows(api, '/typed?key=eq.2')).toEqual([{ key: 2, 'the name': 'Bob', n: 2 }])
  })

  test('makes views over the view readable, however deep, and their embeds', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create view active as select * from people where state = "active";
        create view bosses as select id, name from active where boss_id is null;
        create view "named bosses" as select id, "boss" as what, name from bosses b join (select 1);
        create view others as select id from people;`),
    )
    expect(unreadable(api)).toEqual([])
    expect(await rows(api, '/bosses')).toEqual([{ id: 1, name: 'Ann' }])
    expect(await rows(api, `/${encodeURIComponent('named bosses')}?what=eq.boss`)).toEqual([
      { id: 1, what: 'boss', name: 'Ann' },
    ])
    expect(await rows(api, '/others?order=id.desc&limit=1')).toEqual([{ id: 3 }])
    expect(await rows(api, '/active?select=id,bosses!boss_id(name)&id=eq.3')).toEqual([
      { id: 3, bosses: { name: 'Ann' } },
    ])
  })

  test('is not guessed where it may be a name: the view is named with the reason', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create table other (id integer primary key, state text);
        create view unclear as select id, "state" from (select id from people)
          where exists (select 1 from other where "state" = 'x');
        create view over as select id from unclear;
        create view qualified_view as select id from main.unclear;`),
    )
    const cause = 'no such column: "state" - should this be a string literal in single-quotes?'
    expect(unreadable(api)).toEqual([
      `over: ${cause}`,
      `qualified_view: ${cause}`,
      `unclear: ${cause}`,
    ])
    expect(await api.get('/unclear')).toMatchObject({
      status: 404,
      body: { code: 'PGRST205', details: `The database cannot read it: ${cause}` },
    })
  })

  test.each([
    ['an alias', 'select "who" from (select state as "who" from people)'],
    ['a bare alias', 'select "who" from (select state as who from people)'],
    ['a column of another view', 'select "who" from named'],
  ])('is not guessed where it is %s, too', async (_, select) => {
    const api = await serve((db) =>
      db.exec(`${people}
        create view named (who) as select state from people;
        create view unclear as ${select} where "who" = 'active'
          union all select "who" from people`),
    )
    expect(unreadable(api)).toEqual([
      'unclear: no such column: "who" - should this be a string literal in single-quotes?',
    ])
  })

  test('is text beside an alias that is called so', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create view texts as select id, "active" as "active" from people
          where id = 3 and state = 'active'`),
    )
    expect(await rows(api, '/texts')).toEqual([{ id: 3, active: 'active' }])
  })

  test('in a trigger takes that write away, and no read', async () => {
    const api = await serve((db) =>
      db.exec(`${people}
        create trigger hire after insert on people begin
          update people set state = "new" where id = new.id; end`),
    )
    expect(writes(api, 'people')).toEqual(['update', 'delete'])
    expect(await rows(api, '/people?select=id&limit=1')).toEqual([{ id: 1 }])
  })
})

describe('a collation of another program', () => {
  const names = (db: Database.Database) =>
    withCollation(
      db,
      `create table people (id integer primary key, name text collate unicase, anything collate unicase,
        ok boolean collate unicase, size real collate unicase, doc json collate unicase, at datetime);
      create unique index people_name on people (name);
      insert into people values (1, 'Zoë', 'x', 1, 1.5, '{"a":1}', '2024-01-02 03:04:05'),
        (2, 'ann', x'0102', 0, 9e999, '[1]', null), (3, null, 2.0, null, null, null, null);
      create table pets (id integer primary key, owner_id int references people, owner text references people (name));
      insert into pets values (1, 2, 'ann');
      create table words (word text collate unicase primary key, n int) without rowid;
      create table tags (id integer primary key, tag text collate unicase unique, n int) without rowid;
      create view shown as select id, name from people;
      create view ids as select id, at from people;`,
    )

  test('leaves the rows readable, in every form', async () => {
    const api = await serve(names)
    expect(await rows(api, '/people?order=id')).toEqual(
      [
        {
          id: 1,
          name: 'Zoë',
          anything: 'x',
          ok: true,
          size: 1.5,
          doc: { a: 1 },
          at: '2024-01-02 03:04:05',
        },
        {
          id: 2,
          name: 'ann',
          anything: '\\x0102',
          ok: false,
          size: 'Infinity',
          doc: [1],
          at: null,
        },
        { id: 3, name: null, anything: 2, ok: null, size: null, doc: null, at: null },
      ].map(anyTimestamp),
    )
    expect(await rows(api, '/people?select=name,size,ok&id=eq.2&limit=1')).toEqual([
      { name: 'ann', size: 'Infinity', ok: false },
    ])
    expect(
      await rows(api, '/people?select=a:anything::text,s:size::text,ok::text&id=eq.1'),
    ).toEqual([{ a: 'x', s: '1.5', ok: 'true' }])
    const csv = await api.get('/people?select=name,ok,size,doc&id=eq.1', { Accept: 'text/csv' })
    expect(csv.text).toBe('name,ok,size,doc\nZoë,t,1.5,"{""a"":1}"')
    expect(await rows(api, '/pets?select=people!owner_id(name)')).toEqual([
      { people: { name: 'ann' } },
    ])
    expect(await rows(api, '/pets?select=...people!owner_id(name)')).toEqual([{ name: 'ann' }])
    expect(await rows(api, '/people?select=id,pets!owner_id(id)&id=eq.2')).toEqual([
      { id: 2, pets: [{ id: 1 }] },
    ])
    expect(await rows(api, '/people?select=id,...pets!owner_id(ids:id)&id=eq.2')).toEqual([
      { id: 2, ids: [1] },
    ])
    const counted = await api.get('/people?limit=1', { Prefer: 'count=exact' })
    expect(counted.headers.get('content-range')).toBe('0-0/3')
    expect(await rows(api, '/people?select=count()')).toEqual([{ count: 3 }])
    expect(await rows(api, '/ids?select=count()')).toEqual([{ count: 3 }])
    expect(await rows(api, '/people?select=count(),id.max()')).toEqual([{ count: 3, max: 3 }])
    expect(await rows(api, '/people?name=is.null&select=id')).toEqual([{ id: 3 }])
    expect(await rows(api, '/ids?order=at.desc.nullslast&limit=1&select=id')).toEqual([{ id: 1 }])
  })

  test.each([
    'name=eq.ann',
    'name=in.(ann,bob)',
    'name=gt.a',
    'or=(name.eq.ann,id.eq.1)',
    'order=name',
    'order=name.desc.nullslast&limit=1',
    'select=name.max()',
    'select=name.min()',
    'select=name,count()',
  ])('compares nothing by it: %s', async (query) => {
    const api = await serve(names)
    expect(await api.get(`/people?${query}`)).toMatchObject({
      status: 400,
      body: { code: '42704', message: 'collation "unicase" does not exist' },
    })
  })

  test('that rows are kept by makes a relation unreadable, by name', async () => {
    const api = await serve(names)
    expect(unreadable(api)).toEqual([
      'shown: no such collation sequence: unicase',
      'tags: no such collation sequence: unicase',
      'words: no query solution',
    ])
    expect((await api.get('/tags')).status).toBe(404)
  })
})

/** How a timestamp is shown is another file's matter. */
function anyTimestamp(row: { readonly at: string | null }): unknown {
  return row.at === null ? row : { ...row, at: expect.stringContaining('2024-01-02') }
}

describe('a function of another program', () => {
  const files = (db: Database.Database) => {
    db.function('slug', { deterministic: true }, (text) => String(text).toLowerCase())
    db.exec(`
      create table posts (id integer primary key, title text, slug text as (slug(title)),
        kept text as (slug(title)) stored, both text as (slug || '!'));
      insert into posts (id, title) values (1, 'A'), (2, 'B');
      create table indexed (id integer primary key, title text);
      create index indexed_slug on indexed (slug(title));
      create index indexed_some on indexed (title) where slug(title) > 'a';
      insert into indexed values (1, 'A'), (2, 'B');
      create table checked (id integer primary key, title text check (slug(title) <> ''));
      insert into checked values (1, 'A');
      create view slugs as select id, slug(title) as s from posts;
      create view kept_slugs as select id, kept from posts;
      create table tags (id integer primary key, post_id int references posts (id));
      insert into tags values (1, 2);
    `)
  }

  test('takes the columns that it computes away, and leaves the others', async () => {
    const api = await serve(files)
    expect(unreadable(api)).toEqual([
      'posts.slug: unknown function: slug()',
      'posts.both: unknown function: slug()',
      'slugs: no such function: slug',
    ])
    expect(await rows(api, '/posts?order=id')).toEqual([
      { id: 1, title: 'A', kept: 'a' },
      { id: 2, title: 'B', kept: 'b' },
    ])
    expect(await rows(api, '/kept_slugs?id=eq.2')).toEqual([{ id: 2, kept: 'b' }])
    expect(await rows(api, '/tags?select=posts(*)')).toEqual([
      { posts: { id: 2, title: 'B', kept: 'b' } },
    ])
    expect(await api.get('/posts?select=slug')).toMatchObject({
      status: 400,
      body: { code: '42703' },
    })
    expect(await api.get('/posts?slug=eq.a')).toMatchObject({
      status: 400,
      body: { code: '42703' },
    })
  })

  test('in an index or a check is in the way of writes only', async () => {
    const api = await serve(files)
    expect(await rows(api, '/indexed?title=eq.B&order=title')).toEqual([{ id: 2, title: 'B' }])
    expect(await rows(api, '/checked')).toEqual([{ id: 1, title: 'A' }])
    expect(writes(api, 'indexed')).toEqual(['delete'])
    expect(writes(api, 'posts')).toEqual(['delete'])
    expect(writes(api, 'checked')).toEqual(['update', 'delete'])
    expect(await api.send('POST', '/checked', { title: 'B' })).toMatchObject({
      status: 404,
      body: { code: '42883', message: 'function slug does not exist' },
    })
    expect((await api.send('PATCH', '/checked?id=eq.1', { id: 2 })).status).toBe(204)
  })
})
