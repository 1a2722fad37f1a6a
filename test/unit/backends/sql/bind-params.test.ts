import { describe, expect, test } from 'vitest'
import type { Payload } from '../../../../src/api/api-request.ts'
import { bindParams, type ParamValue } from '../../../../src/backends/sql/bind-params.ts'
import type { ParamRef } from '../../../../src/backends/sql/param-ref.ts'
import type { PlanWindow } from '../../../../src/plan/plan.ts'
import { type RequestOptions, request } from '../../../support/plan-builders.ts'

function bind(ref: ParamRef, options: RequestOptions = {}): ParamValue {
  const [value] = bindParams({ text: '', params: [ref], types: [0] }, request(options))
  return value ?? null
}

describe('bindParams', () => {
  test('keeps the order of the placeholders', () => {
    const params: ParamRef[] = [
      { kind: 'slot', slot: 1 },
      { kind: 'const', text: 'english*' },
      { kind: 'slot', slot: 0 },
      { kind: 'pattern', slot: 0 },
    ]
    const values = ['a*', ['b', 'c']]
    const bound = bindParams({ text: '', params, types: [0, 0, 0, 0] }, request({ values }))
    expect(bound).toEqual([['b', 'c'], 'english*', 'a*', 'a%'])
  })

  const asked: PlanWindow = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }

  test.each<[RequestOptions['window'] & object, string | null, string]>([
    [{ offset: 3, limit: 5 }, '5', '3'],
    [{ offset: 0 }, null, '0'],
    [
      { offset: 1e21, limit: Number.MAX_SAFE_INTEGER },
      '9007199254740991',
      '1000000000000000000000',
    ],
  ])('a window %j', (window, limit, offset) => {
    expect(bind({ kind: 'limit', window: asked }, { window })).toBe(limit)
    expect(bind({ kind: 'offset', window: asked }, { window })).toBe(offset)
  })

  const bytes = new TextEncoder().encode('héllo')
  const json: Payload = { kind: 'json', text: ' {"a":1}', keys: ['a'], isArray: false }
  const form: Payload = {
    kind: 'form',
    pairs: [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ],
    keys: ['a', 'b'],
    text: '{"a":"3"}',
  }

  test.each<[string, Payload | undefined, ParamRef, ParamValue]>([
    ['no body', undefined, { kind: 'payload' }, null],
    ['no rows', undefined, { kind: 'payload-rows' }, null],
    ['JSON', json, { kind: 'payload' }, ' {"a":1}'],
    ['one object as rows', json, { kind: 'payload-rows' }, '[ {"a":1}]'],
    ['an array as rows', { kind: 'raw-json', text: '[1]' }, { kind: 'payload-rows' }, '[1]'],
    ['raw as text', { kind: 'raw', bytes }, { kind: 'payload' }, 'héllo'],
    ['raw as bytes', { kind: 'raw', bytes }, { kind: 'payload-bytes' }, bytes],
    ['the last of a form', form, { kind: 'argument', name: 'a' }, '3'],
    ['all of a form', form, { kind: 'variadic-argument', name: 'a' }, ['1', '3']],
    ['an argument not given', form, { kind: 'argument', name: 'c' }, null],
    ['no variadic arguments', form, { kind: 'variadic-argument', name: 'c' }, []],
    ['all arguments', form, { kind: 'arguments' }, '{"a":"3","b":"2"}'],
  ])('a body: %s', (_, payload, ref, bound) => {
    expect(bind(ref, payload === undefined ? {} : { payload })).toEqual(bound)
  })
})
