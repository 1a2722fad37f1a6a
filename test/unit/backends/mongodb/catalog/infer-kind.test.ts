/** Types that were seen together → the kind and PostgreSQL's word for it. */
import { expect, test } from 'vitest'
import { inferType, isComparable } from '../../../../../src/backends/mongodb/catalog/infer-kind.ts'
import type { SeenKind } from '../../../../../src/backends/mongodb/catalog/seen-fields.ts'

test.each<[readonly SeenKind[], string, string]>([
  [[], 'any', 'any'],
  [['int'], 'int', 'integer'],
  [['int', 'long'], 'long', 'bigint'],
  [['int', 'double'], 'double', 'double precision'],
  [['long', 'int', 'double'], 'double', 'double precision'],
  [['int', 'decimal'], 'decimal', 'numeric'],
  // 0.1 of the one is not 0.1 of the other
  [['double', 'decimal'], 'mixed', 'numeric'],
  [['string'], 'string', 'text'],
  [['objectId'], 'objectId', 'objectid'],
  [['date'], 'date', 'timestamp with time zone'],
  [['binary'], 'binary', 'bytea'],
  [['uuid'], 'uuid', 'uuid'],
  [['uuid', 'binary'], 'mixed', 'any'],
  [['document'], 'document', 'jsonb'],
  [['document', 'array'], 'document', 'jsonb'],
  [['other'], 'other', 'json'],
  [['int', 'string'], 'mixed', 'any'],
  [['string', 'array'], 'mixed', 'any'],
])('%j is %s, in words %s', (kinds, kind, nominalType) => {
  const inferred = inferType(new Set(kinds), new Set())
  expect(inferred).toMatchObject({ kind, nominalType, elements: null })
})

test.each<[readonly SeenKind[], string | null, string]>([
  [[], null, 'jsonb'],
  [['string'], 'string', 'text[]'],
  [['int', 'long'], 'long', 'bigint[]'],
  [['objectId'], 'objectId', 'objectid[]'],
  [['int', 'string'], null, 'jsonb'],
  [['document'], null, 'jsonb'],
  [['array'], null, 'jsonb'],
])('lists of %j have members of %s, in words %s', (members, elements, nominalType) => {
  const inferred = inferType(new Set(['array']), new Set(members))
  expect(inferred).toMatchObject({ kind: 'array', elements, nominalType })
})

test('numbers of all kinds can be equal, other kinds to their own alone', () => {
  expect(isComparable('int', 'decimal')).toBe(true)
  expect(isComparable('objectId', 'objectId')).toBe(true)
  expect(isComparable('objectId', 'string')).toBe(false)
  expect(isComparable('int', 'string')).toBe(false)
})
