import { describe, expect, test } from 'vitest'
import type { Payload, SlotValue } from '../../../../src/api/api-request.ts'
import { type BoundValue, bindParams } from '../../../../src/backends/sql/bind-params.ts'
import type { ParamRef, SlotEncoding } from '../../../../src/backends/sql/param-ref.ts'
import type { PlanWindow } from '../../../../src/plan/plan.ts'
import { type RequestOptions, request } from '../../../support/plan-builders.ts'

function bind(ref: ParamRef, options: RequestOptions = {}): BoundValue {
  const [value] = bindParams(
    { text: '', params: [ref], types: [0], resultFormats: [] },
    request(options),
  )
  return value ?? null
}

const bytes = new TextEncoder().encode('héllo')

describe('bindParams', () => {
  test('keeps the order of the placeholders', () => {
    const params: ParamRef[] = [
      { kind: 'slot', slot: 1, encode: 'text', starsAreWildcards: false },
      { kind: 'const', text: 'english' },
      { kind: 'slot', slot: 0, encode: 'text', starsAreWildcards: false },
    ]
    const bound = bindParams(
      { text: '', params, types: [0, 0, 0], resultFormats: [] },
      request({ values: ['a', 'b'] }),
    )
    expect(bound).toEqual(['b', 'english', 'a'])
  })

  test.each<[SlotValue, SlotEncoding, boolean, string]>([
    ['a*b', 'text', false, 'a*b'],
    ['a*b*', 'text', true, 'a%b%'],
    ['{a*,b}', 'text', true, '{a%,b}'],
    [['a', 'b'], 'text', false, '{"a","b"}'],
    [['a', 'b'], 'array', false, '{"a","b"}'],
    [[''], 'array', false, '{}'],
    ['{1,2}', 'array', false, '{1,2}'],
    [['a', '"b'], 'json-list', false, '["a","\\"b"]'],
    [[''], 'json-list', false, '[]'],
    ['{a*,null}', 'json-list', true, '["a%",null]'],
    ['plain', 'json-list', false, '["plain"]'],
  ])('a value %j as %s, stars as wildcards %s', (value, encode, starsAreWildcards, bound) => {
    const ref: ParamRef = { kind: 'slot', slot: 0, encode, starsAreWildcards }
    expect(bind(ref, { values: [value] })).toBe(bound)
  })

  const asked: PlanWindow = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }
  const none: PlanWindow = { source: null, hasLimit: false, hasOffset: false, maxRows: null }

  test.each<[string, PlanWindow, RequestOptions, string | null, string]>([
    ['as asked', asked, { window: { offset: 3, limit: 5 } }, '5', '3'],
    ['no limit', asked, { window: { offset: 3 } }, null, '3'],
    ['nothing asked', none, { window: { offset: 3, limit: 5 } }, null, '0'],
    ['bounded', { ...asked, maxRows: 2 }, { window: { offset: 0, limit: 5 } }, '2', '0'],
    ['bounded without a limit', { ...none, maxRows: 2 }, {}, '2', '0'],
    ['below the bound', { ...asked, maxRows: 9 }, { window: { offset: 0, limit: 0 } }, '0', '0'],
    [
      'of an embed',
      { ...asked, source: 2 },
      { embedWindows: [{ offset: 0 }, { offset: 1, limit: 7 }] },
      '7',
      '1',
    ],
    [
      'huge',
      asked,
      { window: { offset: 1e21, limit: Number.MAX_SAFE_INTEGER } },
      '9007199254740991',
      '1000000000000000000000',
    ],
  ])('a window: %s', (_, window, options, limit, offset) => {
    expect(bind({ kind: 'limit', window }, options)).toBe(limit)
    expect(bind({ kind: 'offset', window }, options)).toBe(offset)
  })

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

  test.each<[string, Payload | undefined, ParamRef, BoundValue]>([
    ['no body', undefined, { kind: 'payload', as: 'json' }, null],
    ['JSON', json, { kind: 'payload', as: 'json' }, ' {"a":1}'],
    ['one object as rows', json, { kind: 'payload', as: 'json-rows' }, '[ {"a":1}]'],
    [
      'an array as rows',
      { kind: 'raw-json', text: '[1]' },
      { kind: 'payload', as: 'json-rows' },
      '[1]',
    ],
    ['a form as JSON', form, { kind: 'payload', as: 'json' }, '{"a":"3"}'],
    ['raw as text', { kind: 'raw', bytes }, { kind: 'payload', as: 'text' }, 'héllo'],
    ['raw as bytes', { kind: 'raw', bytes }, { kind: 'payload', as: 'bytes' }, bytes],
    ['JSON as bytes', { kind: 'raw-json', text: 'héllo' }, { kind: 'payload', as: 'bytes' }, bytes],
    ['the last of a form', form, { kind: 'argument', name: 'a', isVariadic: false }, '3'],
    ['all of a form', form, { kind: 'argument', name: 'a', isVariadic: true }, '{"1","3"}'],
    ['an argument not given', form, { kind: 'argument', name: 'c', isVariadic: false }, null],
    ['all arguments', form, { kind: 'arguments' }, '{"a":"3","b":"2"}'],
  ])('a body: %s', (_, payload, ref, bound) => {
    expect(bind(ref, payload === undefined ? {} : { payload })).toEqual(bound)
  })

  test('arguments come from the query where there is no form', () => {
    const callArguments = [
      ['a', '1'],
      ['a', ''],
    ] as const
    expect(bind({ kind: 'argument', name: 'a', isVariadic: true }, { callArguments })).toBe(
      '{"1",""}',
    )
    expect(bind({ kind: 'arguments' }, { callArguments })).toBe('{"a":""}')
  })
})
