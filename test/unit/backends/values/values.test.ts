import { describe, expect, test } from 'vitest'
import { readDeclaredType } from '../../../../src/backends/sqlite/catalog/declared-type.ts'
import { castTarget } from '../../../../src/backends/values/cast-target.ts'
import { castValue } from '../../../../src/backends/values/cast-value.ts'
import { numberIn, parseTypedText } from '../../../../src/backends/values/parse-typed-text.ts'
import { kindOfType } from '../../../../src/backends/values/value-kind.ts'

describe('parseTypedText', () => {
  test.each([
    ['integer', ' 42 ', 42n],
    ['integer', '+7', 7n],
    ['integer', '-9223372036854775808', -9223372036854775808n],
    ['bigint', '9007199254740993', 9007199254740993n],
    ['double precision', '1.5e3', 1500],
    ['double precision', '.5', 0.5],
    ['double precision', '-Infinity', -Infinity],
    ['double precision', 'NaN', null],
    ['numeric', '10', 10n],
    ['numeric', '1.50', 1.5],
    ['numeric', '99999999999999999999', 1e20],
    ['boolean', 'T', 1],
    ['boolean', ' yes ', 1],
    ['boolean', 'of', 0],
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
    ['integer', 'abc', '22P02', 'invalid input syntax for type integer: "abc"'],
    ['smallint', '1.5', '22P02', 'invalid input syntax for type smallint: "1.5"'],
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
      error: { sqlState, message, details: null },
    })
  })
})

describe('numberIn', () => {
  test.each([
    ['5', 5n],
    ['-1.25', -1.25],
    ['1e3', 1000],
    ['', null],
    ['5a', null],
    ['0x10', null],
    ['Infinity', null],
  ])('%j is %s', (text, value) => {
    expect(numberIn(text)).toBe(value)
  })
})

describe('castTarget', () => {
  test.each([
    ['INT', 'integer', 'integer', []],
    ['double  precision', 'real', 'double precision', []],
    ['numeric(10, 2)', 'numeric', 'numeric', [10, 2]],
    ['character varying(3)', 'text', 'character varying', [3]],
    ['char', 'text', 'character', [1]],
    ['timestamp(3) with time zone', 'timestamp', 'timestamp', [3]],
    ['jsonb', 'json', 'json', []],
  ])('%s is %s', (type, kind, name, modifiers) => {
    expect(castTarget(type)).toEqual({ kind, name, modifiers })
  })

  test.each(['nosuch', 'int[]', 'int(a)', 'constructor', ''])('%j is no type', (type) => {
    expect(castTarget(type)).toBeNull()
  })
})

describe('castValue', () => {
  const cast = (
    type: string,
    source: Parameters<typeof castValue>[1],
    value: Parameters<typeof castValue>[2],
  ) => {
    const target = castTarget(type)
    if (target === null) throw new Error(`no type ${type}`)
    return castValue(target, source, value)
  }

  test.each([
    ['int', 'text', ' 12 ', 12n],
    ['int', 'real', 2.5, 2n],
    ['int', 'real', 3.5, 4n],
    ['int', 'numeric', 2.5, 3n],
    ['int', 'numeric', -2.5, -3n],
    ['int', 'boolean', 1n, 1n],
    ['float8', 'integer', 3n, 3],
    ['float8', 'text', '1e2', 100],
    ['numeric(5,1)', 'real', 8.25, 8.3],
    ['bool', 'integer', 7n, 1],
    ['bool', 'text', 'no', 0],
    ['text', 'boolean', 0n, 'false'],
    ['text', 'blob', Buffer.from('hi'), '\\x6869'],
    ['varchar(2)', 'text', '😀ab', '😀a'],
    ['char(3)', 'text', 'a', 'a  '],
    ['date', 'timestamp', '2024-01-05 10:00:00', '2024-01-05'],
    ['time', 'timestamp', '2024-01-05 10:00:01.5', '10:00:01.5'],
    ['timestamp', 'date', '2024-01-05', '2024-01-05T00:00:00'],
    ['timestamp', 'timestamp', '2024-01-05 10:00:00', '2024-01-05T10:00:00'],
    ['json', 'text', '{"a":1}', '{"a":1}'],
    ['json', 'date', '2024-01-05', '"2024-01-05"'],
    ['json', 'boolean', 1n, 'true'],
    ['uuid', 'text', 'A0EEBC999C0B4EF8BB6D6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
    ['bytea', 'text', '\\x6869', Buffer.from('hi')],
    ['int', 'text', null, null],
  ] as const)('to %s of %s %s', (type, source, value, expected) => {
    expect(cast(type, source, value)).toEqual({ ok: true, value: expected })
  })

  test.each([
    ['int', 'text', 'abc', '22P02', 'invalid input syntax for type integer: "abc"'],
    ['int', 'integer', 3000000000n, '22003', 'integer out of range'],
    ['int', 'text', '3000000000', '22003', 'value "3000000000" is out of range for type integer'],
    ['smallint', 'real', 40000, '22003', 'smallint out of range'],
    ['bigint', 'real', 1e30, '22003', 'bigint out of range'],
    ['numeric(3,1)', 'real', 100, '22003', 'numeric field overflow'],
    ['bool', 'real', 1.5, '42846', 'cannot cast type real to boolean'],
    ['date', 'integer', 5n, '42846', 'cannot cast type integer to date'],
    ['date', 'text', 'soon', '22007', 'invalid input syntax for type date: "soon"'],
    ['json', 'text', '{', '22P02', 'invalid input syntax for type json'],
  ] as const)('to %s of %s %s is refused', (type, source, value, sqlState, message) => {
    expect(cast(type, source, value)).toMatchObject({ ok: false, error: { sqlState, message } })
  })
})

describe('readDeclaredType', () => {
  test.each([
    ['INTEGER', 'integer', 'integer', null, 'integer'],
    ['BIGINT', 'bigint', 'bigint', null, 'integer'],
    ['UNSIGNED BIG INT', 'bigint', 'bigint', null, 'integer'],
    ['int(11)', 'integer', 'integer', null, 'integer'],
    ['VARCHAR(20)', 'character varying', 'character varying(20)', 20, 'text'],
    ['NATIVE CHARACTER(70)', 'character', 'character(70)', 70, 'text'],
    ['DECIMAL(10, 2)', 'numeric', 'numeric(10,2)', null, 'numeric'],
    ['double precision', 'double precision', 'double precision', null, 'real'],
    ['BOOLEAN', 'boolean', 'boolean', null, 'boolean'],
    ['DATETIME', 'timestamp without time zone', 'timestamp without time zone', null, 'timestamp'],
    ['DATE', 'date', 'date', null, 'date'],
    ['TIME', 'time without time zone', 'time without time zone', null, 'time'],
    ['JSONB', 'jsonb', 'jsonb', null, 'json'],
    ['UUID', 'uuid', 'uuid', null, 'uuid'],
    ['BLOB', 'bytea', 'bytea', null, 'blob'],
    ['', 'any', 'any', null, 'any'],
    ['NUM', 'any', 'any', null, 'any'],
    ['POINT', 'integer', 'integer', null, 'integer'],
    ['LONGTEXT', 'text', 'text', null, 'text'],
    ['GEOMETRY', 'any', 'any', null, 'any'],
    ['constructor', 'any', 'any', null, 'any'],
  ])('%s', (declared, baseType, nominalType, maxLength, kind) => {
    expect(readDeclaredType(declared)).toEqual({ baseType, nominalType, maxLength })
    expect(kindOfType(baseType)).toBe(kind)
  })
})
