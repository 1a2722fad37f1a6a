/**
 * What a load finds out about writing: which statements SQLite compiles for a relation, how its rows
 * are found again, and what its constraints are called. Nothing is written here.
 */
import { chmodSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sqliteFacts } from '../../../src/backends/sqlite/catalog/sqlite-facts.ts'
import type { WriteFacts } from '../../../src/backends/sqlite/catalog/write-facts.ts'
import type { Config } from '../../../src/config/config.ts'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { serveSqlite } from '../../support/sqlite-database.ts'

const schema = `
  create table films (
    id integer primary key autoincrement,
    title text not null constraint titled check (title <> ''),
    year int check (year > 1880 and year < 3000),
    rating real, votes int, code text constraint code_key unique,
    shout text as (upper(title)) stored,
    constraint fair check ( rating >= 0 or votes = 0 ),
    check (votes >= 0 or rating is null),
    check (1 > 0),
    unique (title, year)
  );
  create unique index films_shout on films (shout);
  create unique index films_some on films (year) where year > 2000;
  create unique index films_abs on films (abs(votes));
  create table codes (code text constraint codes_key primary key, rowid text) without rowid;
  create table pairs (a int, b int, oid text, rowid int, constraint pairs_key primary key (b, a)) strict;
  create table hidden (rowid text, _rowid_ text, oid text);
  create table roles (film_id int constraint roles_film references films, note text,
    foreign key (note) references gone (id));
  create table parents (a text, b text, primary key (a, b));
  create table children (id integer primary key, a text references parents (a));
  create table logs (id integer primary key, note text);
  create table logged (id integer primary key, note text, other text);
  create trigger logged_update after update of note on logged begin insert into logs values (1, absent()); end;
  create trigger logged_insert after insert on logged begin insert into gone values (1); end;
  create view titles as select id, title, year from films;
  create view writable as select id, title from films;
  create trigger writable_insert instead of insert on writable begin select 1; end;
  create trigger writable_update instead of update of title on writable begin select 1; end;
  create virtual table notes using fts5 (body);
`

type Api = Awaited<ReturnType<typeof serveSqlite>>
let api: Api

beforeAll(async () => {
  api = await serveSqlite(schema)
})

afterAll(() => api.stop())

function facts(name: string): WriteFacts {
  const found = sqliteFacts(api.snapshot().engineFacts).writes.get(name)
  if (found === undefined) throw new Error(`no facts of ${name}`)
  return found
}

/** The methods that write, of a relation. */
function writes(snapshot: SchemaSnapshot, name: string): readonly string[] {
  const relation = snapshot.relations.get(nameKey(qualifiedName('main', name)))
  if (relation === undefined) throw new Error(`no relation ${name}`)
  const { canInsert, canUpdate, canDelete } = relation
  return [
    ...(canInsert ? ['insert'] : []),
    ...(canUpdate ? ['update'] : []),
    ...(canDelete ? ['delete'] : []),
  ]
}

const all = ['insert', 'update', 'delete']

describe('what can be written', () => {
  test.each([
    ['films', all],
    ['codes', all],
    ['hidden', all],
    ['notes', all],
    ['titles', []],
    ['writable', ['insert', 'update']],
    // the parent's key is another one: SQLite compiles nothing that would have to look for it
    ['parents', ['update']],
    ['children', ['update']],
    ['logged', ['update', 'delete']],
  ])('%s: %j', (name, expected) => {
    expect(writes(api.snapshot(), name)).toEqual(expected)
  })

  test('and which columns can be set', () => {
    expect([...facts('writable').updateRefusals.keys()]).toEqual(['id'])
    expect([...facts('logged').updateRefusals]).toEqual([['note', 'no such function: absent']])
    expect([...facts('parents').updateRefusals.keys()]).toEqual(['a'])
    expect([...facts('children').updateRefusals.keys()]).toEqual(['a'])
    expect(facts('logged').insertRefusal).toBe('no such table: main.gone')
    expect(facts('titles').deleteRefusal).toBe('cannot modify titles because it is a view')
    expect(facts('films').generatedColumns).toEqual(new Set(['shout']))
  })
})

test('says how rows are found again', () => {
  const rows = ['films', 'codes', 'pairs', 'hidden', 'notes', 'titles'].map((name) => {
    const { kind, rowid, rowidColumn, isAutoincrement, isWithoutRowid, isStrict, primaryKey } =
      facts(name)
    return [name, kind, rowid, rowidColumn, isAutoincrement, isWithoutRowid, isStrict, primaryKey]
  })
  expect(rows).toEqual([
    ['films', 'table', 'rowid', 'id', true, false, false, ['id']],
    ['codes', 'table', null, null, false, true, false, ['code']],
    ['pairs', 'table', '_rowid_', null, false, false, true, ['b', 'a']],
    ['hidden', 'table', null, null, false, false, false, []],
    ['notes', 'virtual', 'rowid', null, false, false, false, []],
    ['titles', 'view', null, null, false, false, false, []],
  ])
})

test('names keys and checks as declared, and else as PostgreSQL would', () => {
  const keys = (name: string) =>
    facts(name).uniqueKeys.map(
      ({ constraint, columns, isPrimary }) => `${constraint}(${columns})${isPrimary ? '!' : ''}`,
    )
  expect(keys('films')).toEqual([
    'films_pkey(id)!',
    'films_shout(shout)',
    'films_title_year_key(title,year)',
    'code_key(code)',
    'films_some(year)',
  ])
  expect(keys('codes')).toEqual(['codes_key(code)!'])
  expect(keys('pairs')).toEqual(['pairs_key(b,a)!'])
  expect(facts('films').checks).toEqual([
    { constraint: 'titled', label: 'titled' },
    { constraint: 'films_year_check', label: 'year > 1880 and year < 3000' },
    { constraint: 'fair', label: 'fair' },
    { constraint: 'films_check', label: 'votes >= 0 or rating is null' },
    { constraint: 'films_check1', label: '1 > 0' },
  ])
  expect(facts('roles').foreignKeys).toMatchObject([
    { constraint: 'roles_film', target: { name: 'films' }, columns: [['film_id', 'id']] },
  ])
})

describe('a file that may not be written', () => {
  async function loaded(options: Partial<Config>, mode?: number): Promise<Api> {
    const made = await serveSqlite('create table items (id integer primary key)', options)
    if (mode !== undefined) chmodSync(made.file.path, mode)
    await made.load()
    return made
  }

  test('by an option', async () => {
    const made = await loaded({ dbReadOnly: true })
    expect(writes(made.snapshot(), 'items')).toEqual([])
    expect(sqliteFacts(made.snapshot().engineFacts).readOnlyReason).toBe('db-read-only is set')
    const options = await made.get('/items', {}, { method: 'OPTIONS' })
    expect(options.headers.get('allow')).toBe('OPTIONS,GET,HEAD')
    await made.stop()
  })

  // the superuser may write any file
  test.skipIf(process.getuid?.() === 0)('by its mode', async () => {
    const made = await loaded({}, 0o444)
    expect(writes(made.snapshot(), 'items')).toEqual([])
    expect(sqliteFacts(made.snapshot().engineFacts).readOnlyReason).toMatch(/read-only/)
    await made.stop()
  })
})

test('foreign keys that are not enforced stop no write', async () => {
  const made = await serveSqlite(schema, { dbForeignKeys: false })
  expect(writes(made.snapshot(), 'parents')).toEqual(all)
  expect(writes(made.snapshot(), 'children')).toEqual(all)
  await made.stop()
})
