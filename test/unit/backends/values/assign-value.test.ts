import { expect, test } from 'vitest'
import { assignJson } from '../../../../src/backends/values/assign-value.ts'
import { kindOfType } from '../../../../src/backends/values/value-kind.ts'

function assign(nominalType: string, json: string, form = 'none'): unknown {
  const baseType = nominalType.replace(/\(.*\)/, '')
  const assigned = assignJson({ kind: kindOfType(baseType), baseType, nominalType, form }, json)
  return assigned.ok ? assigned.value : assigned.error
}

test.each([
  ['integer', 'null', null],
  ['integer', '12', 12n],
  ['integer', '"12"', 12n],
  ['bigint', '9223372036854775807', 9223372036854775807n],
  ['double precision', '1.5', 1.5],
  ['double precision', '"-Infinity"', -Infinity],
  ['numeric', '1.10', 1.1],
  ['numeric(5,2)', '1.239', 1.24],
  ['boolean', 'true', true],
  ['boolean', '"off"', false],
  ['text', '5', '5'],
  ['text', 'true', 'true'],
  ['text', '{"a": 1}', '{"a": 1}'],
  ['text', '"\\u00e9\\n"', 'é\n'],
  ['character varying(3)', '"abc"', 'abc'],
  ['character varying(3)', '"abc  "', 'abc'],
  ['character varying(3)', '"😀😀😀"', '😀😀😀'],
  ['json', '{"a": 1.0}', '{"a": 1.0}'],
  ['jsonb', '"a"', '"a"'],
  ['bytea', '"\\\\x00ff"', Buffer.from([0, 255])],
  ['date', '"2024-2-9"', '2024-02-09'],
  ['timestamp with time zone', '"2024-02-29T12:30:00+02:00"', '2024-02-29 10:30:00'],
  ['uuid', '"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['any', '1', 1n],
  ['any', '1.5', 1.5],
  ['any', 'false', false],
  ['any', '"1"', '1'],
  ['any', '[1]', '[1]'],
])('%s takes %s', (type, json, value) => {
  expect(assign(type, json)).toEqual(value)
})

test.each([
  ['integer', '"a"', '22P02', 'invalid input syntax for type integer: "a"'],
  ['integer', '{"a":1}', '22P02', 'invalid input syntax for type integer: "{"a":1}"'],
  ['integer', '1e3', '22P02', 'invalid input syntax for type integer: "1e3"'],
  ['smallint', '40000', '22003', 'value "40000" is out of range for type smallint'],
  ['boolean', '5', '22P02', 'invalid input syntax for type boolean: "5"'],
  ['numeric(3,1)', '1000', '22003', 'numeric field overflow'],
  ['numeric', '"NaN"', '0A000', 'cannot store NaN in a column of type numeric'],
  ['character varying(3)', '"abcd"', '22001', 'value too long for type character varying(3)'],
  ['date', '"2024-02-30"', '22008', 'date/time field value out of range: "2024-02-30"'],
  ['uuid', '"x"', '22P02', 'invalid input syntax for type uuid: "x"'],
])('%s refuses %s', (type, json, sqlState, message) => {
  expect(assign(type, json)).toMatchObject({ sqlState, message })
})

test('a value takes the form of those that are there', () => {
  expect(assign('timestamp with time zone', '"2024-02-29T12:30:00Z"', 'seconds')).toBe(1709209800n)
})
