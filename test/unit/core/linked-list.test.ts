import { expect, test } from 'vitest'
import { LinkedList } from '../../../src/core/linked-list.ts'

function listOf(...values: readonly string[]) {
  const list = new LinkedList<string>()
  return { list, places: values.map((value) => list.append(value)) }
}

test('values come in the order in which they were appended', () => {
  const { list } = listOf('a', 'b', 'c')
  expect(list.values()).toEqual(['a', 'b', 'c'])
  expect(list.first).toBe('a')
  expect(list.size).toBe(3)
})

test('an empty list has no first value', () => {
  const { list } = listOf()
  expect(list.first).toBeUndefined()
  expect(list.values()).toEqual([])
})

test.each([
  { leaving: [0], left: ['b', 'c'] },
  { leaving: [1], left: ['a', 'c'] },
  { leaving: [2], left: ['a', 'b'] },
  { leaving: [0, 1], left: ['c'] },
  { leaving: [2, 1], left: ['a'] },
  { leaving: [1, 0, 2], left: [] },
])('$left are left when $leaving have gone, and others can come', ({ leaving, left }) => {
  const { list, places } = listOf('a', 'b', 'c')
  for (const [at, place] of places.entries()) if (leaving.includes(at)) list.remove(place)
  expect(list.values()).toEqual(left)
  expect(list.size).toBe(left.length)
  list.append('d')
  expect(list.values()).toEqual([...left, 'd'])
})

test('leaving twice takes nobody else away', () => {
  const { list, places } = listOf('a', 'b')
  for (const place of places.slice(0, 1)) {
    list.remove(place)
    list.remove(place)
  }
  expect(list.values()).toEqual(['b'])
  expect(list.size).toBe(1)
})

test('what has left leads to no other value', () => {
  const { list, places } = listOf('a', 'b', 'c')
  for (const place of places) list.remove(place)
  expect(places.map(({ before, behind }) => [before, behind])).toEqual(
    places.map(() => [null, null]),
  )
})
