import { describe, expect, test } from 'vitest'
import {
  canonicalQuery,
  decodeHeader,
  decodeSegment,
  parseQueryPairs,
} from '../../../src/api/query-string.ts'

describe('pairs', () => {
  test.each<[string, readonly (readonly [string, string | null])[]]>([
    ['', []],
    [
      'a=1&b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a=1;b=2',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a', [['a', null]]],
    ['a=', [['a', '']]],
    ['a=b=c', [['a', 'b=c']]],
    [
      'a=1&&b',
      [
        ['a', '1'],
        ['', null],
        ['b', null],
      ],
    ],
    ['?a=1', [['a', '1']]],
    ['a+b=c+d', [['a b', 'c d']]],
    ['%61=%2B%26', [['a', '+&']]],
    ['a=100%', [['a', '100%']]],
    ['a=%zz%4', [['a', '%zz%4']]],
    ['%D9%85=%F0%9F%98%80', [['م', '😀']]],
    // bytes of raw UTF-8 as Node hands them over, and text decoded before
    ['a=\u00d9\u0085', [['a', 'م']]],
    ['a=م', [['a', 'م']]],
    ['a={"x":1}^>|', [['a', '{"x":1}^>|']]],
    [
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ])('%j', (raw, pairs) => {
    expect(parseQueryPairs(raw)).toEqual(pairs.map(([key, value]) => ({ key, value })))
  })

  test.each(['a=%ff', '%c3=1', 'a=%ED%A0%80'])('%s is no UTF-8', (raw) => {
    expect(parseQueryPairs(raw)).toBeNull()
  })
})

describe('the canonical query', () => {
  test.each([
    ['', ''],
    ['b=eq.1&a=eq.1', 'a=eq.1&b=eq.1'],
    ['a=1&c=3&b=2&d', 'a=1&b=2&c=3&d'],
    ['a=2&b=&a=1', 'a=2&a=1&b='],
    ['a=x%20y&b=(1,2)', 'a=x%20y&b=%281%2C2%29'],
    ["a=~-_.*'!", 'a=~-_.%2A%27%21'],
    ['%D9%85=1', '%D9%85=1'],
  ])('of %j is %j', (raw, canonical) => {
    expect(canonicalQuery(parseQueryPairs(raw) ?? [])).toBe(canonical)
  })
})

test.each([
  ['films', 'films'],
  ['Order%20Items', 'Order Items'],
  ['a+b', 'a+b'],
  ['a%2Fb', 'a/b'],
  ['%D9%85%D9%88', 'مو'],
  ['\u00d9\u0085', 'م'],
  ['%ff', '\ufffd'],
  ['100%', '100%'],
])('the segment %j is %j', (raw, name) => {
  expect(decodeSegment(raw)).toBe(name)
})

test.each([
  ['plain', 'plain'],
  ['\u00d9\u0085', 'م'],
  ['caf\u00e9', 'café'],
])('the header %j reads %j', (raw, text) => {
  expect(decodeHeader(raw)).toBe(text)
})

test.each(['%41', 'x%4', '%%41', '%c3%a9'])(
  'a value of many %s is decoded as a short one',
  (piece) => {
    const decoded = parseQueryPairs(`a=${piece}`)?.[0]?.value ?? ''
    for (const offset of [0, 1, 2, 3]) {
      const before = 'x'.repeat(offset)
      expect(parseQueryPairs(`a=${before}${`${piece}-`.repeat(40_000)}`)?.[0]?.value).toBe(
        before + `${decoded}-`.repeat(40_000),
      )
    }
  },
)
