import { describe, expect, test } from 'vitest'
import { jsonItems, jsonMembers } from '../../../../src/core/json/json-members.ts'

describe('jsonMembers', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['{}', {}],
    [' { } ', {}],
    ['{"a":1}', { a: '1' }],
    ['{ "a" : 12345678901234567890 , "b":null }', { a: '12345678901234567890', b: 'null' }],
    ['{"a":{"b":[1,{"c":"}]"}]},"d":"\\"{,"}', { a: '{"b":[1,{"c":"}]"}]}', d: '"\\"{,"' }],
    ['{"\\u0061\\"":"x"}', { 'a"': '"x"' }],
    ['{"a":1,"a":2}', { a: '2' }],
    ['\n{"a":\t[ 1 ]\n}\r', { a: '[ 1 ]' }],
    ['{"":true}', { '': 'true' }],
  ])('%s', (text, members) => {
    expect(Object.fromEntries(jsonMembers(text) ?? [])).toEqual(members)
  })

  test('of what is no object are none', () => {
    expect(['[]', '1', '"{}"', 'null', ' '].map(jsonMembers)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ])
  })
})

describe('jsonItems', () => {
  test.each<[string, readonly string[]]>([
    ['[]', []],
    ['[ ]', []],
    ['[1, "a,]" ,{"b":[2]},[3]]', ['1', '"a,]"', '{"b":[2]}', '[3]']],
    [' [1.50\n,\t-2e9 ]', ['1.50', '-2e9']],
  ])('%s', (text, items) => {
    expect(jsonItems(text)).toEqual(items)
  })

  test('of what is no list are none', () => {
    expect(['{}', '1', '"[]"'].map(jsonItems)).toEqual([null, null, null])
  })
})
