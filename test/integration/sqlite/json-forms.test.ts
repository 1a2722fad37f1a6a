/**
 * The two forms in which a statement makes JSON give the same bytes, whatever is stored in whatever
 * column.
 */
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { buildSqliteCatalog } from '../../../src/backends/sqlite/catalog/introspect-sqlite.ts'
import { readRawCatalog } from '../../../src/backends/sqlite/child/read-raw-catalog.ts'
import { registerFunctions } from '../../../src/backends/sqlite/child/sqlite-functions.ts'
import { createSqliteCompiler } from '../../../src/backends/sqlite/compile/compile-sqlite.ts'
import type { JsonForm } from '../../../src/backends/sqlite/compile/compile-sqlite-scope.ts'
import { bindOperands } from '../../../src/backends/sqlite/compile/sqlite-operands.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { readOf, requestOf } from '../../support/plan-of.ts'
import { createSqliteFile, serveSqlite } from '../../support/sqlite-database.ts'

/** Declared types of every kind, and none. */
const types = [
  'integer',
  'bigint',
  'real',
  'numeric',
  'numeric(10,2)',
  'boolean',
  'text',
  'char(3)',
  'uuid',
  'date',
  'time',
  'timestamp',
  'json',
  'jsonb',
  'blob',
  '',
  'text[]',
  'geometry',
]

/** Expressions of SQLite: each storage class, at its ends and in its oddities. */
const values = [
  'null',
  '0',
  '1',
  '2',
  '-1',
  '9223372036854775807',
  '-9223372036854775808',
  '9007199254740993',
  '0.1',
  '1.0',
  '-0.0',
  '1e15',
  '1e100',
  '1.7976931348623157e308',
  '5e-324',
  '0.30000000000000004',
  '9e999',
  '-9e999',
  `''`,
  `'a'`,
  `'it''s "quoted" \\ and / here'`,
  `'1'`,
  `'0'`,
  `'true'`,
  `'t'`,
  `'9.0e+999'`,
  `'Infinity'`,
  `'\\x00ff'`,
  `'null'`,
  `'"text"'`,
  `'{"a": [1, 2.50, "\\u00e9"], "a": null }'`,
  `'{a: 1, b: +0x10, c: ''single'',}'`,
  `'[1e400, -1e400, Infinity, NaN]'`,
  `'{"broken": '`,
  `' 7 '`,
  `char(0)`,
  `'a' || char(0) || 'b'`,
  `char(1, 8, 9, 10, 12, 13, 31, 127, 8232, 65535)`,
  `char(55296)`,
  `char(128512)`,
  `cast(x'ff' as text)`,
  `cast(x'61eda08062' as text)`,
  `cast(x'c3' as text)`,
  `x''`,
  `x'00ff'`,
  `x'7b7d'`,
  `jsonb('{"a": [1, null]}')`,
  `jsonb('9e999')`,
  `'2024-02-29'`,
  `'2024-02-29T12:00:00Z'`,
  `'12:00'`,
  `'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'`,
]

const columns = types.map((_, index) => `c${index}`)

function schemaOf(encoding: string): string {
  const declared = types.map((type, index) => `c${index} ${type}`).join(', ')
  const filled = values.map((value, index) => {
    return `insert into matrix values (${index + 1}, ${columns.map(() => value).join(', ')});`
  })
  return `
    pragma encoding = '${encoding}';
    create table matrix (id integer primary key, ${declared});
    ${filled.join('\n')}
    create table parents (id integer primary key, "it's ""x""" text, doc json);
    insert into parents values (1, 'one', '{"a": {"b": [1, "x"]}}'), (2, null, '[1]'), (3, 'lone', '7');
    create table children (
      id integer primary key, parent_id int references parents, matrix_id int references matrix);
    insert into children select i, i % 2 + 1, i
      from (select id as i from matrix) ;
    create view shown as select id, json_object('a', id) as made, c15 from matrix;
    create table strict_ones (
      id integer primary key, i integer, r real, t text, b blob, a any) strict;
    insert into strict_ones values
      (1, 9223372036854775807, 0.1, 'x' || char(0), x'00', 9e999), (2, null, 9e999, '', null, x'01'),
      (3, null, -9e999, 'y', x'', 'z'), (4, 5, -0.0, null, null, -0.5);
  `
}

interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
}

interface Forms {
  readonly quick: string
  readonly careful: string
  /** Whether there is a quick form of its own. */
  readonly hasBoth: boolean
}

interface MatrixFile {
  readonly snapshot: SchemaSnapshot
  answers(target: string, accept?: string): Forms
}

function openMatrix(encoding: string): MatrixFile {
  const file = createSqliteFile(schemaOf(encoding))
  const db = new Database(file.path, { readonly: true })
  registerFunctions(db)
  onTestFinished(() => {
    db.close()
    file.drop()
  })
  const catalog = buildSqliteCatalog(readRawCatalog(db), '0:0:0:0', {}, null)
  const snapshot = buildSnapshot(catalog, schemaOptions(defaultConfig('sqlite')), 1, new Date())

  function run({ sql, params }: Statement): string {
    const row = db
      .prepare<unknown[], readonly [Buffer, number]>(sql)
      .raw()
      .get(...params)
    if (row === undefined) throw new Error('a statement without a row')
    // every byte is a character of its own
    return `${row[1]} rows: ${row[0].toString('latin1')}`
  }

  return {
    snapshot,
    answers(target, accept = 'application/json') {
      const line = `GET ${target}`
      const parts = { headers: { accept } }
      const plan = readOf(snapshot, line, parts)
      const compiled = (form: JsonForm) => {
        const statement = createSqliteCompiler(form)(plan, snapshot, null)
        if (!statement.ok) throw new Error(`not compiled: ${target}`)
        const caller = { role: '', claims: '{}' }
        const bound = bindOperands(statement.value.main, requestOf(snapshot, line, parts), caller)
        if (!bound.ok) throw new Error(`not bound: ${target}`)
        return { sql: statement.value.main.text, params: bound.value }
      }
      const quick = compiled('quick')
      const careful = compiled('careful')
      const hasBoth = quick.sql !== careful.sql
      return { quick: run(quick), careful: run(careful), hasBoth }
    },
  }
}

describe.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('in a database in %s', (encoding) => {
  test('each value in each column is the same in both forms', () => {
    const { answers } = openMatrix(encoding)
    for (const [index, value] of values.entries()) {
      for (const [at, column] of columns.entries()) {
        const { quick, careful, hasBoth } = answers(`/matrix?select=${column}&id=eq.${index + 1}`)
        expect([value, types[at], quick]).toEqual([value, types[at], careful])
        expect(hasBoth).toBe(true)
      }
    }
  })
})

test.each([
  '/parents',
  '/parents?order=id.desc&limit=2&offset=1',
  '/parents?id=eq.9',
  '/parents?select=id,doc->a->b,t:doc->a->b->>1,x:doc->a&order=doc->a.desc',
  '/parents?select=id::text,n:id::numeric,children(id)',
  '/parents?select=*,children(id,matrix(c0,c6,c12))&children.order=id.desc&children.limit=3',
  '/children?select=id,parents(*)&order=parents(id).desc,id.desc&limit=7',
  '/children?select=id,parents(id,children(id))&parents.id=eq.1&parents.children.limit=1&limit=3',
  '/children?select=id,parents!inner(doc)&parents.id=eq.2&order=id.desc',
  '/children?select=id,parents()&limit=2',
  '/shown?select=id,made&limit=2',
  '/shown?select=id,made&order=id.desc&limit=2',
  '/strict_ones?select=id,i,t,b&order=i',
  '/matrix?select=id,c15,c14,c12&id=lte.16&order=c0.desc.nullslast,id&limit=9',
])('%s is quick, and the same in both forms', (target) => {
  const { answers } = openMatrix('UTF-8')
  for (const accept of ['application/json', 'application/vnd.pgrst.array+json;nulls=stripped']) {
    const { quick, careful, hasBoth } = answers(target, accept)
    expect(quick).toBe(careful)
    expect(hasBoth).toBe(true)
  }
})

test('one row as an object is quick, and the same in both forms', () => {
  const { answers } = openMatrix('UTF-8')
  const { quick, careful } = answers('/parents?id=eq.1', 'application/vnd.pgrst.object+json')
  expect(quick).toBe(careful)
  expect(quick).toMatch(/^1 rows: \{"id":1,/)
})

test.each([
  '/children?select=id,...parents(doc)',
  '/parents?select=...children(id)',
  '/children?select=parent_id,count()',
  '/parents?select=x:doc->>a::json',
])('%s has the careful form alone', (target) => {
  expect(openMatrix('UTF-8').answers(target).hasBoth).toBe(false)
})

test('bytes and infinities are shown where no one expects them', async () => {
  const api = await serveSqlite(`
    create table odd (id integer primary key, t text, i integer, r real);
    insert into odd values (1, x'0b', x'0a', 9e999), (2, '9.0e+999', -9e999, x'10');`)
  onTestFinished(() => api.stop())
  expect((await api.get('/odd?order=id')).body).toEqual([
    { id: 1, t: '\\x0b', i: '\\x0a', r: 'Infinity' },
    { id: 2, t: '9.0e+999', i: '-Infinity', r: '\\x10' },
  ])
})
