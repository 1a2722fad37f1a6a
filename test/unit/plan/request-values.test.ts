import { describe, expect, test } from 'vitest'
import type { Payload, SlotValue } from '../../../src/api/api-request.ts'
import type { PlanWindow } from '../../../src/plan/plan.ts'
import {
  callPairs,
  limitOf,
  offsetOf,
  patternValue,
  payloadBytes,
  payloadText,
  slotValue,
} from '../../../src/plan/request-values.ts'
import { type RequestOptions, request } from '../../support/plan-builders.ts'

test.each<[SlotValue, SlotValue, SlotValue]>([
  ['a*b', 'a*b', 'a%b'],
  ['*a*', '*a*', '%a%'],
  ['{a*,b}', '{a*,b}', '{a%,b}'],
  ['', '', ''],
  [
    ['a*', 'b'],
    ['a*', 'b'],
    ['a%', 'b'],
  ],
  [[''], [], []],
  [
    ['', ''],
    ['', ''],
    ['', ''],
  ],
])('%j is the value %j, and the pattern %j', (sent, value, pattern) => {
  const asked = request({ values: ['other', sent] })
  expect(slotValue(1, asked)).toEqual(value)
  expect(patternValue(1, asked)).toEqual(pattern)
})

const asked: PlanWindow = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }
const none: PlanWindow = { source: null, hasLimit: false, hasOffset: false, maxRows: null }

test.each<[string, PlanWindow, RequestOptions, number | null, number]>([
  ['as asked', asked, { window: { offset: 3, limit: 5 } }, 5, 3],
  ['no limit', asked, { window: { offset: 3 } }, null, 3],
  ['nothing asked', none, { window: { offset: 3, limit: 5 } }, null, 0],
  ['bounded', { ...asked, maxRows: 2 }, { window: { offset: 0, limit: 5 } }, 2, 0],
  ['bounded without a limit', { ...none, maxRows: 2 }, {}, 2, 0],
  ['below the bound', { ...asked, maxRows: 9 }, { window: { offset: 0, limit: 0 } }, 0, 0],
  [
    'of an embed',
    { ...asked, source: 2 },
    { embedWindows: [{ offset: 0 }, { offset: 1, limit: 7 }] },
    7,
    1,
  ],
])('a window: %s', (_, window, options, limit, offset) => {
  expect(limitOf(window, request(options))).toBe(limit)
  expect(offsetOf(window, request(options))).toBe(offset)
})

const bytes = new TextEncoder().encode('héllo')
const form: Payload = {
  kind: 'form',
  pairs: [
    ['a', '1'],
    ['a', '2'],
  ],
  keys: ['a'],
  text: '{"a":"2"}',
}

describe('a body', () => {
  test.each<[string, Payload | undefined, string | null]>([
    ['none', undefined, null],
    ['JSON', { kind: 'json', text: ' {"a":1}', keys: ['a'], isArray: false }, ' {"a":1}'],
    ['JSON that was not looked into', { kind: 'raw-json', text: 'héllo' }, 'héllo'],
    ['a form', form, '{"a":"2"}'],
    ['bytes', { kind: 'raw', bytes }, 'héllo'],
  ])('as text and as bytes: %s', (_, payload, text) => {
    const sent = request(payload === undefined ? {} : { payload })
    expect(payloadText(sent)).toBe(text)
    expect(payloadBytes(sent)).toEqual(text === null ? null : new TextEncoder().encode(text))
  })

  test('bytes are passed as they came', () => {
    const invalid = new Uint8Array([0xff])
    expect(payloadBytes(request({ payload: { kind: 'raw', bytes: invalid } }))).toBe(invalid)
  })
})

test('arguments are those of the form, else those of the query', () => {
  const callArguments = [['b', '3']] as const
  expect(callPairs(request({ callArguments }))).toEqual([['b', '3']])
  expect(callPairs(request({ callArguments, payload: form }))).toEqual([
    ['a', '1'],
    ['a', '2'],
  ])
})
