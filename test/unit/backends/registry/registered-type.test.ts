import { expect, test } from 'vitest'
import { registeredType } from '../../../../src/backends/registry/registered-type.ts'

test.each([
  ['int', 'integer', 'integer', 'integer'],
  ['INT8', 'bigint', 'bigint', 'bigint'],
  ['real', 'real', 'double precision', 'double precision'],
  ['float8', 'double precision', 'double precision', 'double precision'],
  ['varchar(20)', 'character varying', 'character varying', 'text'],
  ['numeric(5,2)', 'numeric', 'numeric', 'numeric'],
  ['jsonb', 'jsonb', 'jsonb', 'json'],
  ['json', 'json', 'json', 'json'],
  ['timestamp', 'timestamp without time zone', 'timestamp without time zone', 'timestamp'],
  [
    'timestamptz',
    'timestamp with time zone',
    'timestamp with time zone',
    'timestamp with time zone',
  ],
  ['time', 'time without time zone', 'time without time zone', 'time'],
  ['bytea', 'bytea', 'bytea', 'bytea'],
])('%s is %s to clients', (text, name, baseType, parsed) => {
  expect(registeredType(text)).toEqual({ name, baseType, parsed, isArray: false })
})

test('an array is a document with members of its type', () => {
  const array = { name: 'integer[]', baseType: 'json', parsed: 'integer', isArray: true }
  expect(registeredType(' int4[] ')).toEqual(array)
})

test('what is no type is none', () => {
  expect(['films', 'constructor', 'films[]', ''].map(registeredType)).toEqual([
    null,
    null,
    null,
    null,
  ])
})
