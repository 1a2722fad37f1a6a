import { expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { differingKeys } from '../../../../src/schema/incremental/differing-keys.ts'

function map(text: string): ReadonlyMap<string, string> {
  return new Map(text === '' ? [] : text.split(' ').map((entry) => [entry.charAt(0), entry]))
}

test.each([
  ['', 'a1', 'a'],
  ['a1', '', 'a'],
  ['a1 b1 c1', 'a1 b2 c1', 'b'],
  ['a1 c1', 'a1 b1 c1', 'b'],
  ['a1 b1 c1', 'a1 c1', 'b'],
  ['a1 b1 c1', 'a1 b1', 'c'],
  ['a1 b1 c1', 'c1 b1 a1', ''],
  ['a1 b1 c1 d1', 'd1 e1 c2 a1', 'b c e'],
  ['a1 b1 c1', 'x1 y1', 'a b c x y'],
])('%j and %j differ in %j', (before, after, expected) => {
  const keys = runAtOnce(differingKeys(map(before), map(after), Object.is))
  expect(keys.toSorted().join(' ')).toBe(expected)
})

test('what is equal in the eyes of the caller does not differ', () => {
  const isSame = (a: string | undefined, b: string | undefined) => a?.charAt(0) === b?.charAt(0)
  expect(runAtOnce(differingKeys(map('a1 b1'), map('a2 b1'), isSame))).toEqual([])
})
