import { expect, test } from 'vitest'
import { jsonSortKey } from '../../../../src/backends/values/json-sort-key.ts'

/** As PostgreSQL 18 orders them by `jsonb`, in the locale C. */
const ascending = [
  '[]',
  'null',
  '""',
  '"\\u0000"',
  '"a"',
  '"a\\u0000"',
  '"ab"',
  '"b"',
  '-1e300',
  '-2',
  '0',
  '1.5',
  '9007199254740991',
  'false',
  'true',
  '[1]',
  '["a", 1]',
  '[1, 2]',
  '{}',
  '{"b": 1}',
  '{"a": 1, "b": 1}',
  '{"a": 2, "b": 0}',
  '{"b": 1, "aa": 2}',
]

test('keys sort as documents do', () => {
  const keys = ascending.map((json) => jsonSortKey(json))
  const sorted = [...keys].reverse().sort((a, b) => a.compare(b))
  expect(sorted.map((key) => keys.indexOf(key))).toEqual(ascending.map((_, index) => index))
})

test.each([
  ['{"a":1,"b":[2]}', '{ "b": [2.0], "a": 1e0 }'],
  ['-0.0', '0'],
])('%s equals %s', (one, other) => {
  expect(jsonSortKey(one).equals(jsonSortKey(other))).toBe(true)
})

test('a document of any depth has a key', () => {
  const depth = 5000
  expect(jsonSortKey('['.repeat(depth) + ']'.repeat(depth)).length).toBe(depth * 5)
})
