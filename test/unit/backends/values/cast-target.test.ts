import { describe, expect, test } from 'vitest'
import { castTarget, integerBits } from '../../../../src/backends/values/cast-target.ts'

describe('castTarget', () => {
  test.each([
    ['INT', 'integer', 'integer', []],
    ['double  precision', 'real', 'double precision', []],
    ['numeric(10, 2)', 'numeric', 'numeric', [10, 2]],
    ['character varying(3)', 'text', 'character varying', [3]],
    ['char', 'text', 'character', [1]],
    ['timestamp(3) with time zone', 'timestamp', 'timestamp with time zone', [3]],
    ['jsonb', 'json', 'jsonb', []],
  ])('%s is %s', (type, kind, name, modifiers) => {
    expect(castTarget(type)).toEqual({ ok: true, value: { kind, name, type: name, modifiers } })
  })

  test.each([
    ['money', 'numeric'],
    ['oid', 'bigint'],
    ['name', 'text'],
  ])('values of %s are made as %s is', (type, name) => {
    expect(castTarget(type)).toMatchObject({ ok: true, value: { name, type } })
  })

  test.each([
    ['time', 'time without time zone'],
    ['timetz', 'time with time zone'],
    ['timestamp', 'timestamp without time zone'],
  ])('%s is %s to PostgreSQL', (name, type) => {
    expect(castTarget(name)).toMatchObject({ ok: true, value: { type } })
  })

  test.each([' nosuch ', 'int[]', 'int(a)', 'constructor', ''])('%j is no type', (type) => {
    expect(castTarget(type)).toMatchObject({
      ok: false,
      error: { sqlState: '42704', message: `type "${type.trim()}" does not exist` },
    })
  })
})

test.each([
  ['int2', 16],
  ['int', 32],
  ['oid', 64],
])('%s has %s bits', (type, bits) => {
  const target = castTarget(type)
  expect(target.ok ? integerBits(target.value) : undefined).toBe(bits)
})
