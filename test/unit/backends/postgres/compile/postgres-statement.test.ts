import { expect, test } from 'vitest'
import type { Payload, SlotValue } from '../../../../../src/api/api-request.ts'
import {
  type BoundValue,
  bindPostgres,
  toPostgresStatement,
} from '../../../../../src/backends/postgres/compile/postgres-statement.ts'
import type { ParamRef } from '../../../../../src/backends/sql/param-ref.ts'
import { ident, param, sql } from '../../../../../src/backends/sql/sql-text.ts'
import { type RequestOptions, request } from '../../../../support/plan-builders.ts'

test('placeholders are numbered, results come as text unless told', () => {
  const text = sql`SELECT ${ident('a')} = ${param({ kind: 'slot', slot: 0 }, 25)}`
  expect(toPostgresStatement(text)).toEqual({
    text: 'SELECT "a" = $1',
    params: [{ kind: 'slot', slot: 0 }],
    types: [25],
    resultFormats: [],
  })
  expect(toPostgresStatement(text, [1]).resultFormats).toEqual([1])
})

function bind(ref: ParamRef, options: RequestOptions): BoundValue {
  const [value] = bindPostgres(toPostgresStatement(param(ref)), request(options))
  return value ?? null
}

test.each<[SlotValue, BoundValue]>([
  ['a', 'a'],
  ['{1,2}', '{1,2}'],
  [['a', '"b'], '{"a","\\"b"}'],
  [[''], '{}'],
])('a value %j is bound as %j', (value, bound) => {
  expect(bind({ kind: 'slot', slot: 0 }, { values: [value] })).toBe(bound)
})

test('the arguments of a variadic are an array, whatever they are', () => {
  const ref = { kind: 'variadic-argument', name: 'a' } as const
  expect(bind(ref, { callArguments: [['a', '']] })).toBe('{""}')
  expect(bind(ref, {})).toBe('{}')
})

test('bytes stay bytes, and no body is null', () => {
  const payload: Payload = { kind: 'raw', bytes: new Uint8Array([1, 2]) }
  expect(bind({ kind: 'payload-bytes' }, { payload })).toEqual(new Uint8Array([1, 2]))
  expect(bind({ kind: 'payload-bytes' }, {})).toBeNull()
})
