import { describe, expect, test } from 'vitest'
import {
  numberOfText,
  parsedTypeOf,
  parseTypedText,
} from '../../../../src/backends/values/parse-typed-text.ts'

describe('parseTypedText', () => {
  test.each([
    ['integer', ' 42 ', 42n],
    ['integer', '+7', 7n],
    ['integer', '-0x1F', -31n],
    ['integer', '0b_10', 2n],
    ['integer', '0O7_7', 63n],
    ['integer', '-9223372036854775808', -9223372036854775808n],
    ['bigint', '9007199254740993', 9007199254740993n],
    ['double precision', '1.5e3', 1500],
    ['double precision', '.5', 0.5],
    ['double precision', '-Infinity', -Infinity],
    ['double precision', 'NaN', Number.NaN],
    ['numeric', ' nan ', Number.NaN],
    ['numeric', '10', 10n],
    ['numeric', '1.50', 1.5],
    ['numeric', '99999999999999999999', 1e20],
    ['boolean', 'T', true],
    ['boolean', ' yes ', true],
    ['boolean', 'of', false],
    ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['uuid', '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['date', '2024-01-05', '2024-01-05'],
    ['json', '{"a": [1]}', '{"a": [1]}'],
    ['bytea', '\\x00fF', Buffer.from([0, 255])],
    ['bytea', 'a\\\\b\\001', Buffer.from('a\\b\u0001')],
    ['text', '', ''],
  ] as const)('reads %s %j', (type, text, value) => {
    expect(parseTypedText(type, text)).toEqual({ ok: true, value })
  })

  test.each([
    ['integer', '\u00a01', '22P02', 'invalid input syntax for type integer: "\u00a01"'],
    ['numeric', '1\u2003', '22P02', 'invalid input syntax for type numeric: "1\u2003"'],
    ['boolean', 'yes\ufeff', '22P02', 'invalid input syntax for type boolean: "yes\ufeff"'],
    ['integer', 'abc', '22P02', 'invalid input syntax for type integer: "abc"'],
    ['smallint', '1.5', '22P02', 'invalid input syntax for type smallint: "1.5"'],
    ['integer', '0x', '22P02', 'invalid input syntax for type integer: "0x"'],
    ['integer', '0b12', '22P02', 'invalid input syntax for type integer: "0b12"'],
    ['integer', '', '22P02', 'invalid input syntax for type integer: ""'],
    [
      'bigint',
      '9223372036854775808',
      '22003',
      'value "9223372036854775808" is out of range for type bigint',
    ],
    ['double precision', '1e400', '22003', '"1e400" is out of range for type double precision'],
    ['numeric', 'x', '22P02', 'invalid input syntax for type numeric: "x"'],
    ['boolean', 'o', '22P02', 'invalid input syntax for type boolean: "o"'],
    ['uuid', 'a0eebc99', '22P02', 'invalid input syntax for type uuid: "a0eebc99"'],
    [
      'uuid',
      '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
      '22P02',
      'invalid input syntax for type uuid: "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"',
    ],
    ['date', 'soon', '22007', 'invalid input syntax for type date: "soon"'],
    ['json', '{', '22P02', 'invalid input syntax for type json'],
    ['bytea', '\\x0', '22023', 'invalid hexadecimal data in bytea'],
    ['bytea', '\\q', '22P02', 'invalid input syntax for type bytea: "\\q"'],
  ] as const)('refuses %s %j', (type, text, sqlState, message) => {
    expect(parseTypedText(type, text)).toEqual({
      ok: false,
      error: { sqlState, message, details: null, hint: null },
    })
  })
})

describe('numberOfText', () => {
  test.each([
    ['5', 5n],
    ['-1.25', -1.25],
    ['1e3', 1000],
    ['', null],
    ['5a', null],
    ['0x10', null],
    ['Infinity', null],
  ])('%j is %s', (text, value) => {
    expect(numberOfText(text)).toBe(value)
  })
})

test.each([
  ['integer', 'smallint', 'smallint'],
  ['integer', 'bigint', 'bigint'],
  ['integer', 'integer', 'integer'],
  ['integer', '', 'integer'],
  ['real', 'real', 'double precision'],
  ['blob', 'bytea', 'bytea'],
  ['timestamp', 'timestamp with time zone', 'timestamp with time zone'],
  ['timestamp', 'timestamp without time zone', 'timestamp'],
  ['text', 'character varying', 'text'],
] as const)('%s %j follows the grammar of %s', (kind, type, parsed) => {
  expect(parsedTypeOf(kind, type)).toBe(parsed)
})
