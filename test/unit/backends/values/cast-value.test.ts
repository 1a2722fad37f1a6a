import { describe, expect, test } from 'vitest'
import { castTarget } from '../../../../src/backends/values/cast-target.ts'
import { castValue } from '../../../../src/backends/values/cast-value.ts'

describe('castValue', () => {
  const cast = (
    type: string,
    source: Parameters<typeof castValue>[1],
    value: Parameters<typeof castValue>[2],
  ) => {
    const target = castTarget(type)
    if (!target.ok) throw new Error(target.error.message)
    return castValue(target.value, source, value)
  }

  test.each([
    ['int', 'text', ' 12 ', 12n],
    ['int', 'real', 2.5, 2n],
    ['int', 'real', 3.5, 4n],
    ['int', 'numeric', 2.5, 3n],
    ['int', 'numeric', -2.5, -3n],
    ['int', 'boolean', true, 1n],
    ['float8', 'integer', 3n, 3],
    ['float8', 'text', '1e2', 100],
    ['numeric(5,1)', 'real', 8.25, 8.3],
    ['numeric(6,2)', 'numeric', 1.005, 1.01],
    ['numeric(6,2)', 'numeric', -1.005, -1.01],
    ['numeric(6,2)', 'numeric', -1e-7, 0],
    ['numeric(24)', 'numeric', 1e21, 1e21],
    ['numeric(5,1)', 'text', 'NaN', Number.NaN],
    ['bool', 'integer', 7n, true],
    ['bool', 'integer', 0n, false],
    ['bool', 'boolean', false, false],
    ['bool', 'text', 'no', false],
    ['text', 'boolean', false, 'false'],
    ['text', 'boolean', 7n, '7'],
    ['text', 'blob', Buffer.from('hi'), '\\x6869'],
    ['varchar(2)', 'text', '😀ab', '😀a'],
    ['char(3)', 'text', 'a', 'a  '],
    ['date', 'timestamp', '2024-01-05 10:00:00', '2024-01-05'],
    ['time', 'timestamp', '2024-01-05 10:00:01.5', '10:00:01.5'],
    ['timestamp', 'date', '2024-01-05', '2024-01-05T00:00:00'],
    ['timestamp', 'timestamp', '2024-01-05 10:00:00', '2024-01-05T10:00:00'],
    ['json', 'text', '{"a":1}', '{"a":1}'],
    ['json', 'date', '2024-01-05', '"2024-01-05"'],
    ['json', 'boolean', true, 'true'],
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
    ['float8', 'boolean', true, '42846', 'cannot cast type boolean to double precision'],
    ['date', 'integer', 5n, '42846', 'cannot cast type integer to date'],
    ['date', 'text', 'soon', '22007', 'invalid input syntax for type date: "soon"'],
    ['json', 'text', '{', '22P02', 'invalid input syntax for type json'],
  ] as const)('to %s of %s %s is refused', (type, source, value, sqlState, message) => {
    expect(cast(type, source, value)).toMatchObject({ ok: false, error: { sqlState, message } })
  })
})
