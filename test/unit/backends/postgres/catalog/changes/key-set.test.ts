import { expect, test } from 'vitest'
import { KeySet } from '../../../../../../src/backends/postgres/catalog/changes/key-set.ts'

const keysOf = (...keys: readonly number[]) =>
  new KeySet(
    Float64Array.from(keys),
    Float64Array.from(keys, (key) => key * 10),
  )

test('knows the mark beside a key', () => {
  const keys = keysOf(3, 5, 2 ** 49)
  expect([3, 4, 5, 6, 2 ** 49].map((key) => keys.markOf(key))).toEqual([
    30,
    undefined,
    50,
    undefined,
    2 ** 49 * 10,
  ])
  expect(keysOf().markOf(1)).toBeUndefined()
})

test('takes keys in wherever they belong, and new marks of known ones', () => {
  const keys = keysOf(3, 5, 9).with([
    { key: 9, mark: 1 },
    { key: 1, mark: 2 },
    { key: 4, mark: 3 },
    { key: 12, mark: 4 },
  ])
  expect(keys.size).toBe(6)
  expect([1, 3, 4, 5, 9, 12].map((key) => keys.markOf(key))).toEqual([2, 30, 3, 50, 1, 4])
})

test('of several entries of one key the last one counts', () => {
  const keys = keysOf().with([
    { key: 7, mark: 1 },
    { key: 7, mark: 2 },
  ])
  expect(keys.size).toBe(1)
  expect(keys.markOf(7)).toBe(2)
})

test('is left as it is', () => {
  const keys = keysOf(3)
  keys.with([{ key: 1, mark: 1 }])
  expect(keys.size).toBe(1)
  expect(keys.with([])).toBe(keys)
})

test('tells which keys another one lacks, with their marks', () => {
  expect(keysOf(1, 3, 5, 7).without(keysOf(3, 4, 7))).toEqual([
    { key: 1, mark: 10 },
    { key: 5, mark: 50 },
  ])
  expect(keysOf(1).without(keysOf())).toEqual([{ key: 1, mark: 10 }])
  expect(keysOf(1, 2).without(keysOf(1, 2))).toEqual([])
})
