/**
 * What docs/sqlite.md says of how SQLite was compiled: another version of the binding may have
 * decided otherwise, and then files are read differently.
 */
import Database from 'better-sqlite3'
import { expect, test } from 'vitest'

const db = new Database(':memory:')
const options = new Set(
  db.prepare<[], string>('select compile_options from pragma_compile_options').pluck().all(),
)

test.each([
  'DQS=0',
  'ENABLE_FTS5',
  'ENABLE_FTS3',
  'ENABLE_FTS4',
  'ENABLE_RTREE',
  'ENABLE_GEOPOLY',
  'ENABLE_MATH_FUNCTIONS',
  'ENABLE_PERCENTILE',
  'SOUNDEX',
  'DEFAULT_FOREIGN_KEYS',
  'ENABLE_DBSTAT_VTAB',
  // where a column of a view comes from is asked of SQLite
  'ENABLE_COLUMN_METADATA',
  'MAX_LENGTH=1000000000',
  'MAX_COLUMN=2000',
  'MAX_VARIABLE_NUMBER=32766',
])('is compiled with %s', (option) => {
  expect([...options]).toContain(option)
})

test('has JSON functions, and no collations but the three of every SQLite', () => {
  expect(db.prepare(`select json_extract('{"a":1}', '$.a')`).pluck().get()).toBe(1)
  expect([...options].filter((option) => /ICU|OMIT_JSON/.test(option))).toEqual([])
  const collations = db.prepare<[], string>('select name from pragma_collation_list').pluck().all()
  expect(collations.toSorted()).toEqual(['BINARY', 'NOCASE', 'RTRIM'])
})
