import { describe, expect, test } from 'vitest'
import { foreignKeyNames } from '../../../../../src/backends/sqlite/catalog/constraint-names.ts'
import { readFtsTable } from '../../../../../src/backends/sqlite/catalog/fts-tables.ts'
import type { RawRelation } from '../../../../../src/backends/sqlite/wire/raw-catalog.ts'
import { tokenizeSql } from '../../../../../src/backends/sqlite/wire/sqlite-tokens.ts'

function relation(parts: Partial<RawRelation>): RawRelation {
  return {
    name: 'films',
    kind: 'table',
    isStrict: false,
    isWithoutRowid: false,
    sql: '',
    columns: [],
    uniqueIndexes: [],
    hasKeyIndex: false,
    foreignKeys: [],
    origins: [],
    unwritable: { insert: null, delete: null, update: [] },
    incomparable: [],
    repaired: null,
    ...parts,
  }
}

function keys(...columns: readonly (readonly string[])[]): RawRelation['foreignKeys'] {
  return columns.map((names, id) => ({
    id,
    table: 'other',
    columns: names.map((from) => ({ from, to: null })),
  }))
}

describe('tokenizeSql', () => {
  test('knows comments, strings and every kind of quotes', () => {
    const tokens = tokenizeSql(
      `create /* a, b */ table "x""y" (-- no\n [a b] int, \`c\`\`d\` text default 'it''s')`,
    )
    expect(tokens.map((token) => `${token.kind}:${token.text}`)).toEqual([
      'word:create',
      'word:table',
      'name:x"y',
      'symbol:(',
      'name:a b',
      'word:int',
      'symbol:,',
      'name:c`d',
      'word:text',
      'word:default',
      "string:it's",
      'symbol:)',
    ])
  })
})

describe('foreignKeyNames', () => {
  test('finds the names of constraints, and makes those that are not given', () => {
    const sql = `create table films (
      a int constraint first_fk references other (id),
      b int constraint positive check (b > 0) references other,
      c int, d int,
      constraint "both cols" foreign key (c, d) references other (x, y) on delete cascade,
      foreign key (d) references other)`
    const names = foreignKeyNames(
      relation({ sql, foreignKeys: keys(['a'], ['b'], ['c', 'd'], ['d']) }),
    )
    expect(names).toEqual(['first_fk', 'films_b_fkey', 'both cols', 'films_d_fkey'])
  })

  test('numbers names that would be the same', () => {
    const sql = 'create table films (a int references x references y)'
    expect(foreignKeyNames(relation({ sql, foreignKeys: keys(['a'], ['a']) }))).toEqual([
      'films_a_fkey',
      'films_a_fkey1',
    ])
  })

  test('makes all names where the text is not understood', () => {
    expect(foreignKeyNames(relation({ sql: '', foreignKeys: keys(['a']) }))).toEqual([
      'films_a_fkey',
    ])
  })
})

describe('readFtsTable', () => {
  test.each([
    ['create virtual table t using fts5(a, "b c", d unindexed)', ['a', 'b c'], { kind: 'own' }],
    [
      `create virtual table if not exists t using FTS5 (a, content='films', content_rowid="id", tokenize = 'porter')`,
      ['a'],
      { kind: 'external', table: 'films', rowid: 'id' },
    ],
    [
      'create virtual table t using fts5(a, content=films)',
      ['a'],
      { kind: 'external', table: 'films', rowid: null },
    ],
    [`create virtual table t using fts5(a, content='')`, ['a'], { kind: 'none' }],
  ])('%s', (sql, columns, content) => {
    expect(readFtsTable(relation({ name: 't', kind: 'virtual', sql }))).toEqual({
      name: 't',
      columns: new Set(columns),
      content,
    })
  })

  test('takes no other module for one', () => {
    const sql = 'create virtual table t using rtree(id, a, b)'
    expect(readFtsTable(relation({ kind: 'virtual', sql }))).toBeNull()
  })
})
