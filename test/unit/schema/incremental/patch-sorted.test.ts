import { expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { patchSorted } from '../../../../src/schema/incremental/patch-sorted.ts'

const [one, two] = [{ value: 1 }, { value: 2 }]
const before = new Map([
  ['b', one],
  ['d', one],
])

test.each<[string, Record<string, typeof one | undefined>, string]>([
  ['in the middle', { c: two }, 'b1 c2 d1'],
  ['at the ends', { e: two, a: two }, 'a2 b1 d1 e2'],
  ['in the place of another', { b: two, d: undefined, c: one }, 'b2 c1'],
  ['for all', { b: undefined, d: undefined }, ''],
])('an entry comes or goes %s', (_, changes, expected) => {
  const after = runAtOnce(patchSorted(before, new Map(Object.entries(changes))))
  expect([...after].map(([key, { value }]) => `${key}${value}`).join(' ')).toBe(expected)
  expect([...before.keys()]).toEqual(['b', 'd'])
})

test('without a change it is the same map', () => {
  const changes = new Map([
    ['b', one],
    ['c', undefined],
  ])
  expect(runAtOnce(patchSorted(before, changes))).toBe(before)
})
