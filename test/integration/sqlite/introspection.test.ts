/**
 * What SQLite tells of itself → the snapshot that requests are planned on.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import type { Column } from '../../../src/schema/catalog.ts'
import type { Relation, SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { plainSchemaOptions } from '../../support/plain-schema-options.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table directors (id integer primary key, name varchar(80) not null);
  create table films (
    id integer primary key,
    title text not null default 'untitled',
    year int,
    shown date,
    size bigint,
    ok boolean,
    meta json,
    code uuid,
    anything,
    doubled int generated always as (year * 2) virtual,
    shout text as (upper(title)) stored,
    director_id int constraint films_director references DIRECTORS,
    unique (title, year)
  );
  create table details (film_id integer primary key references films(id), note text) strict;
  create table roles (film_id int references films, actor_id int, part text,
    primary key (actor_id, film_id)) without rowid;
  create table logins (name text primary key, nick text unique, manager text references logins(name));
  create table descending (id integer primary key desc);
  create table pairs (a int, b int, primary key (b, a));
  create table pair_notes (id integer primary key, x int, y int, foreign key (x, y) references pairs);
  create table orphans (id integer primary key, gone_id int references gone(id), f int references films(nope));
  create table partial (id integer primary key, film_id int references films(id));
  create unique index partial_some on partial (film_id) where film_id > 10;
  create table expressive (id integer primary key, film_id int references films(id));
  create unique index expressive_abs on expressive (abs(film_id));
  create table loner (id integer primary key, film_id int references films(id));
  create unique index loner_film on loner (film_id);

  create view film_list as select f.id, f.title as name, f.director_id as did, d.name as director,
    year + 1 as next_year, cast(year as text) as year_text, ok
    from films f left join directors d on d.id = f.director_id;
  create view film_names as select name, id from film_list;
  create view everything as select id from films union all select id from directors;
  create view above_everything as select id from everything;
  create view broken as select gone_column from films_gone;
  create view writable as select id, name from directors;
  create trigger writable_insert instead of insert on writable begin select 1; end;
  create trigger writable_update instead of update of name on writable begin select 1; end;

  create virtual table film_search using fts5(title, content='films', content_rowid='id');
  create virtual table notes using fts5(body, author unindexed);
  create virtual table gone_search using fts5(gone_column, content='films_gone');
  create virtual table hashes using fts5(body, content='');
  create virtual table boxes using rtree(id, min_x, max_x);
`

let api: Awaited<ReturnType<typeof serveSqlite>>
let snapshot: SchemaSnapshot

beforeAll(async () => {
  // the view is broken only after its table is gone
  api = await serveSqlite(`create table films_gone (gone_column); ${schema} drop table films_gone;`)
  snapshot = api.snapshot()
})

afterAll(() => api.stop())

function relation(name: string): Relation {
  const found = snapshot.relations.get(nameKey(qualifiedName('main', name)))
  if (found === undefined) throw new Error(`no relation ${name}`)
  return found
}

function column(table: string, name: string): Column {
  const found = relation(table).columns.get(name)
  if (found === undefined) throw new Error(`no column ${table}.${name}`)
  return found
}

/** `kind target constraint-or-junction`, of the relationships that begin at a relation. */
function relationships(origin: string): readonly string[] {
  const found =
    snapshot.relationships.get(nameKey(qualifiedName('main', origin)))?.get('main') ?? []
  return found
    .map((each) => {
      if (each.kind === 'computed') return 'computed'
      const { cardinality, target } = each
      const via =
        cardinality.kind === 'many-to-many'
          ? cardinality.junction.relation.name
          : `${cardinality.constraint} ${cardinality.columns.map((pair) => pair.join('=')).join(' ')}`
      return `${cardinality.kind} ${target.name} ${via}`
    })
    .toSorted()
}

test('names what SQLite cannot read, with its words, and indexes that lead to no rows', () => {
  expect(snapshot.unreadableRelations).toEqual([
    { schema: 'main', name: 'broken', cause: 'no such table: main.films_gone' },
    {
      schema: 'main',
      name: 'gone_search',
      cause: 'the relation that it indexes, films_gone, is not served',
    },
    {
      schema: 'main',
      name: 'hashes',
      cause: 'a full-text table without content has row numbers only',
    },
  ])
})

test('shows tables and views, and hides internals', () => {
  expect([...snapshot.relations.values()].map((each) => `${each.kind} ${each.name}`)).toEqual([
    'view above_everything',
    'table boxes',
    'table descending',
    'table details',
    'table directors',
    'view everything',
    'table expressive',
    'view film_list',
    'view film_names',
    'table films',
    'table logins',
    'table loner',
    'table notes',
    'table orphans',
    'table pair_notes',
    'table pairs',
    'table partial',
    'table roles',
    'view writable',
  ])
})

describe('columns', () => {
  test.each([
    ['films', 'id', 'integer', 'integer', false, 'rowid'],
    ['films', 'title', 'text', 'text', false, "'untitled'"],
    ['films', 'shown', 'date', 'date', true, null],
    ['films', 'size', 'bigint', 'bigint', true, null],
    ['films', 'ok', 'boolean', 'boolean', true, null],
    ['films', 'meta', 'json', 'json', true, null],
    ['films', 'code', 'uuid', 'uuid', true, null],
    ['films', 'anything', 'any', 'any', true, null],
    ['directors', 'name', 'character varying', 'character varying(80)', false, null],
    ['logins', 'name', 'text', 'text', true, null],
    ['roles', 'actor_id', 'integer', 'integer', false, null],
    ['descending', 'id', 'integer', 'integer', true, null],
    ['details', 'film_id', 'integer', 'integer', false, 'rowid'],
    ['notes', 'body', 'text', 'text', true, null],
    ['boxes', 'min_x', 'double precision', 'double precision', true, null],
    ['film_list', 'name', 'text', 'text', true, null],
    ['film_list', 'next_year', 'any', 'any', true, null],
    ['film_list', 'year_text', 'text', 'text', true, null],
    ['film_list', 'ok', 'boolean', 'boolean', true, null],
  ])('%s.%s', (table, name, baseType, nominalType, isNullable, defaultExpression) => {
    expect(column(table, name)).toMatchObject({
      baseType,
      nominalType,
      isNullable,
      defaultExpression,
    })
  })

  test('may be generated', () => {
    const generated = [...relation('films').columns.values()].filter((each) => each.isGenerated)
    expect(generated.map((each) => each.name)).toEqual(['doubled', 'shout'])
  })

  test('of virtual tables are those that hold data', () => {
    expect([...relation('notes').columns.keys()]).toEqual(['body', 'author'])
  })
})

test.each([
  ['films', ['id']],
  ['roles', ['actor_id', 'film_id']],
  ['pairs', ['b', 'a']],
  ['logins', ['name']],
  ['notes', []],
  ['writable', ['id']],
])('the primary key of %s is %j', (name, key) => {
  expect(relation(name).primaryKey).toEqual(key)
})

test.each([
  // a foreign key leads to a column that it lacks: SQLite refuses what it would look it up for
  ['films', [false, true, false]],
  ['loner', [true, true, true]],
  ['film_list', [false, false, false]],
  ['writable', [true, true, false]],
])('%s can be inserted into, updated, deleted from: %j', (name, [insert, update, remove]) => {
  expect(relation(name)).toMatchObject({
    canInsert: insert,
    canUpdate: update,
    canDelete: remove,
  })
})

describe('relationships', () => {
  test.each([
    // one that gives no columns leads to the primary key, whatever the case of its words
    ['films', 'many-to-one directors films_director director_id=id'],
    ['directors', 'one-to-many films films_director id=director_id'],
    // keys on both sides
    ['details', 'one-to-one films details_film_id_fkey film_id=id'],
    ['films', 'one-to-one loner loner_film_id_fkey id=film_id'],
    // a partial index and one over an expression make nothing unique
    ['films', 'one-to-many partial partial_film_id_fkey id=film_id'],
    ['films', 'one-to-many expressive expressive_film_id_fkey id=film_id'],
    // in the order of the parent's key
    ['pair_notes', 'many-to-one pairs pair_notes_x_y_fkey x=b y=a'],
    ['logins', 'many-to-one logins logins_manager_fkey manager=name'],
    ['logins', 'one-to-many logins logins_manager_fkey name=manager'],
    // through views, and through views over views
    ['film_list', 'many-to-one directors films_director did=id'],
    ['film_list', 'one-to-many roles roles_film_id_fkey id=film_id'],
    ['film_names', 'one-to-one details details_film_id_fkey id=film_id'],
    ['directors', 'one-to-many film_list films_director id=did'],
  ])('of %s: %s', (origin, wanted) => {
    expect(relationships(origin)).toContain(wanted)
  })

  test.each([
    // dangling
    ['orphans'],
    // rows of several relations
    ['everything'],
    ['above_everything'],
  ])('%s has none', (name) => {
    expect(relationships(name)).toEqual([])
  })

  test('expressions of views carry none', () => {
    expect(relationships('film_names').filter((each) => each.includes('directors'))).toEqual([])
  })
})

test('capabilities are those of the live library', () => {
  const { engine, serverVersion, grades } = snapshot.capabilities
  expect(engine).toBe('SQLite')
  expect(serverVersion).toMatch(/^3\.\d+\.\d+$/)
  expect(grades).toMatchObject({ embedding: 'native', insert: 'native', fts: 'best-effort' })
})

function requestFor(dbSchemas: readonly string[]) {
  return {
    options: plainSchemaOptions({ dbSchemas }),
    previous: null,
    depth: 'load',
    signal: new AbortController().signal,
  } as const
}

test('the only schema may be called public', async () => {
  const { relations } = await api.backend.introspect(requestFor(['public']))
  expect(new Set(relations.map(({ schema }) => schema))).toEqual(new Set(['main']))
})

test.each([
  [['api'], 'api'],
  [['main', 'public'], 'public'],
  [['public', 'api'], 'public'],
])('of the schemas %j one does not exist', async (schemas, unknown) => {
  await expect(api.backend.introspect(requestFor(schemas))).rejects.toMatchObject({
    message: `schema "${unknown}" does not exist`,
    error: { kind: 'database', failure: { sqlState: '3F000' } },
  })
})

test('a load that is given up rejects at once, and the next one works', async () => {
  const given = new AbortController()
  const load = api.backend.introspect({
    options: plainSchemaOptions({ dbSchemas: ['main'] }),
    previous: null,
    depth: 'full',
    signal: given.signal,
  })
  given.abort()
  await expect(load).rejects.toMatchObject({ error: { kind: 'connection' } })
  expect((await api.load()).relations.size).toBe(snapshot.relations.size)
})
