import { describe, expect, test } from 'vitest'
import { outlineJson } from '../../../src/api/outline-json.ts'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'
import { createRandom } from '../../fuzz/random.ts'

function outline(text: string, mostKeys = 100, pieceBytes?: number) {
  const found = runAtOnce(outlineJson(Buffer.from(text), mostKeys, pieceBytes))
  if (found === null) return null
  const { kind, isEmptyList, keys } = found
  return { kind, isEmptyList, keys: keys.areEqual ? [...keys.names].sort() : null }
}

/** The same by the language's own parser, which is given what the bytes hold. */
function expected(text: string) {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text).toString())
  } catch {
    return null
  }
  const keysOf = (each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.keys(each).sort()
      : null
  const list: readonly unknown[] | null = Array.isArray(value) ? value : null
  const [first = [], ...others] = (list ?? [value]).map(keysOf)
  const areEqual = others.every((each) => JSON.stringify(each) === JSON.stringify(first))
  return {
    kind: list !== null ? 'list' : first === null ? 'other' : 'object',
    isEmptyList: list?.length === 0,
    // of a list without objects, nothing is equal
    keys: list !== null ? (areEqual ? first : null) : (first ?? []),
  }
}

const texts: readonly string[] = [
  '{}',
  '[]',
  '[{}]',
  ' [ { "a" : 1 , "b" : [ ] } , { "b" : { } , "a" : -0.5e+7 } ] ',
  '[{"a":1,"a":2},{"a":1}]',
  '[{"a":1},{"a":1,"a":2}]',
  String.raw`[{"a\u0062":1,"c":"\\\"\/\b\f\n\r\t\ud83d"},{"ab":1,"c":null}]`,
  '[{"a":1,"b":2},{"b":1,"a":2},{"a":1,"b":2}]',
  '[{"a":1,"b":2},{"a":1}]',
  '[{"a":1},{"b":1}]',
  '[{"a":1},{"a":1,"b":2}]',
  '[{"a":{"x":1}},{"a":{"y":[{"z":1}]}}]',
  String.raw`[{"a":1,"b":"x"},{"a":-2.5e3,"b":"é\n"},{"a":true,"b":null},{"a":"","b":false},{"a":[],"b":0}]`,
  '[{"a": 1, "b": "x"}, {"a": 22, "b": "yz"}, {"a": null, "b": 3.5}, {"b": 1, "a": 2}, {"a": 1, "b": 2}]',
  '[{"a":1},{"a":12},{"a":-3},{"a":4},{"a":5},6]',
  '[[{"a":1}],{"a":1}]',
  '[{"a":1},[]]',
  '[1,null,true,false,"x"]',
  '{"__proto__":1,"constructor":2}',
  '{"a":"é","é":"\u2028\ud800"}',
  '"text"',
  'null',
  '-1',
  '0',
  '1.5E-3',
]

/** What is put into a text, or in place of a part of it. */
const pieces =
  '{ } [ ] : , " \\ \\u12 \\u00e9 0 1 -1 01 1. .5 1e 1e5 - + true nul "a" "b": \n \t \0 \ufeff é'
    .split(' ')
    .concat(' ', '')

describe('JSON is what JSON.parse reads', () => {
  test.each(texts)('%s', (text) => {
    expect(outline(text)).toEqual(expected(text))
    for (let length = 0; length < text.length; length += 1) {
      const start = text.slice(0, length)
      expect(outline(start), start).toEqual(expected(start))
    }
  })

  test('damaged at random, and read in pieces of a few bytes', () => {
    const random = createRandom(7)
    let valid = 0
    for (let round = 0; round < 10_000; round += 1) {
      let text = random.pick(texts)
      for (let count = random.int(1, 3); count > 0; count -= 1) {
        const at = random.int(0, text.length)
        text = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.int(0, 2))
      }
      const wanted = expected(text)
      if (wanted !== null) valid += 1
      expect(outline(text, 100, random.int(1, 9)), JSON.stringify(text)).toEqual(wanted)
    }
    expect(valid).toBeGreaterThan(500)
  })
})

test('nesting has no bound', () => {
  const deep = `{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`
  expect(outline(deep)).toMatchObject({ kind: 'object', keys: ['a'] })
  expect(outline(deep.slice(0, -2))).toBe(null)
})

test('keys beyond the bound are neither collected nor compared', () => {
  const row = (count: number) => `{${Array.from({ length: count }, (_, i) => `"k${i}":1`)}}`
  const found = runAtOnce(outlineJson(Buffer.from(`[${row(5)},${row(6)}]`), 3))
  expect(found?.keys).toMatchObject({ areTooMany: true, areEqual: true })
  expect(found?.keys.names).toEqual(['k0', 'k1', 'k2', 'k3'])
})
