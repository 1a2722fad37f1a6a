import { expect, test } from 'vitest'
import { kindOfType } from '../../../../src/backends/values/value-kind.ts'

test.each([
  ['smallint', 'integer'],
  ['double precision', 'real'],
  ['character varying', 'text'],
  ['timestamp with time zone', 'timestamp'],
  ['jsonb', 'json'],
  ['bytea', 'blob'],
  ['tsvector', 'any'],
  ['constructor', 'any'],
  ['', 'any'],
])('%j is of the kind %s', (baseType, kind) => {
  expect(kindOfType(baseType)).toBe(kind)
})
