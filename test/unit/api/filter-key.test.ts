import { expect, test } from 'vitest'
import { filterKey } from '../../../src/api/filter-key.ts'
import { parseQuery } from '../../../src/api/parse-query.ts'

const keys: readonly (readonly [column: string, key: string])[] = [
  ['id', 'id'],
  ['Film Id', 'Film Id'],
  ['half-life', 'half-life'],
  ['do$llar', 'do$llar'],
  ['番号', '番号'],
  ['order', '"order"'],
  ['select', '"select"'],
  ['limit', '"limit"'],
  ['offset', '"offset"'],
  ['and', '"and"'],
  ['or', '"or"'],
  ['columns', '"columns"'],
  ['on_conflict', '"on_conflict"'],
  ['week.one', '"week.one"'],
  ['a.order', '"a.order"'],
  ['a->b', '"a->b"'],
  ['a--b', '"a--b"'],
  ['a-', '"a-"'],
  [' a ', '" a "'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['a=b&c', '"a=b&c"'],
  ['', '""'],
]

test.each(keys)('%j is filtered by the key %j, which reads as that column', (column, key) => {
  expect(filterKey(column)).toBe(key)
  const { filters } = parseQuery([{ key, value: 'eq.1' }], false)
  expect(filters.map(({ path, value }) => [path, value.field])).toEqual([
    [[], { name: column, jsonPath: [] }],
  ])
})
