import { describe, expect, test } from 'vitest'
import {
  missingOperator,
  refuseAggregate,
  refuseIs,
  typeOfField,
} from '../../../../src/backends/values/type-rules.ts'
import { valueKinds } from '../../../../src/backends/values/value-kind.ts'
import { field } from '../../../support/plan-builders.ts'

test.each([
  ['data', 'json', 'json'],
  ['data->a', 'json', 'jsonb'],
  ['data->a->>0', 'json', 'text'],
])('%s of a column of %s is of type %s', (path, baseType, type) => {
  expect(typeOfField(field(path, { baseType }))).toBe(type)
})

test.each([
  ['like', '~~'],
  ['ilike', '~~*'],
  ['match', '~'],
  ['imatch', '~*'],
  ['cs', '@>'],
  ['cd', '<@'],
  ['ov', '&&'],
  ['->', '->'],
] as const)('a type without %s has no %s', (operator, symbol) => {
  expect(missingOperator(operator, 'integer')).toEqual({
    sqlState: '42883',
    message: `operator does not exist: integer ${symbol} unknown`,
    details: null,
    hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
  })
})

describe('is', () => {
  test.each(['null', 'not_null'] as const)('%s is for all kinds', (value) => {
    expect(valueKinds.map((kind) => refuseIs(value, kind, kind))).toEqual(
      valueKinds.map(() => null),
    )
  })

  test.each(['true', 'false', 'unknown'] as const)('%s is for booleans', (value) => {
    const taken = valueKinds.filter((kind) => refuseIs(value, kind, kind) === null)
    expect(taken).toEqual(['boolean', 'any'])
    expect(refuseIs(value, 'text', 'character varying')).toMatchObject({
      sqlState: '42804',
      message: `argument of IS ${value.toUpperCase()} must be type boolean, not type character varying`,
    })
  })
})

describe('aggregates', () => {
  test.each([
    ['count', []],
    ['max', ['boolean', 'uuid', 'json']],
    ['min', ['boolean', 'uuid', 'json']],
    ['sum', ['boolean', 'text', 'uuid', 'date', 'time', 'timestamp', 'json', 'blob']],
    ['avg', ['boolean', 'text', 'uuid', 'date', 'time', 'timestamp', 'json', 'blob']],
  ] as const)('%s is not for %j', (aggregate, refused) => {
    const kinds = valueKinds.filter((kind) => refuseAggregate(aggregate, kind, kind) !== null)
    expect(kinds).toEqual(refused)
  })

  test('say so as for a function that is not there', () => {
    expect(refuseAggregate('sum', 'blob', 'bytea')).toEqual({
      sqlState: '42883',
      message: 'function sum(bytea) does not exist',
      details: null,
      hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    })
  })
})
