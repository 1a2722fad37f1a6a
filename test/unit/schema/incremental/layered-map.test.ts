import { describe, expect, test } from 'vitest'
import { runAtOnce } from '../../../../src/core/run-in-slices.ts'
import { differingKeys } from '../../../../src/schema/incremental/differing-keys.ts'
import { LayeredMap } from '../../../../src/schema/incremental/layered-map.ts'
import { patchSorted } from '../../../../src/schema/incremental/patch-sorted.ts'

interface Box {
  readonly value: number
}

const box = (value: number): Box => ({ value })
const sortedBy = (map: ReadonlyMap<string, Box>) =>
  new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
const entriesOf = (map: ReadonlyMap<string, Box>) => [...map]
const base = new Map(['b', 'd', 'f'].map((key) => [key, box(0)] as const))

describe('a map over another', () => {
  test.each<[string, Record<string, number | null>, string]>([
    ['nothing', {}, 'b0 d0 f0'],
    ['what came, in its place', { a: 1, c: 2, g: 3, h: 4 }, 'a1 b0 c2 d0 f0 g3 h4'],
    ['what is another', { b: 1, f: 2 }, 'b1 d0 f2'],
    ['what went', { b: null, f: null }, 'd0'],
    ['what was never there and is not', { c: null }, 'b0 d0 f0'],
  ])('shows %s', (_, changes, expected) => {
    const map = new LayeredMap(
      base,
      new Map(
        Object.entries(changes).map(([key, value]) => [
          key,
          value === null ? undefined : box(value),
        ]),
      ),
    )
    const entries = expected.split(' ').map((text) => [text.slice(0, 1), Number(text.slice(1))])
    expect(entriesOf(map).map(([key, { value }]) => [key, value])).toEqual(entries)
    expect([...map.keys()]).toEqual(entries.map(([key]) => key))
    expect([...map.values()].map(({ value }) => value)).toEqual(entries.map(([, value]) => value))
    const each: unknown[] = []
    map.forEach(({ value }, key, self) => {
      each.push([key, value], self === map)
    })
    expect(each).toEqual(entries.flatMap((entry) => [entry, true]))
    expect(map.size).toBe(entries.length)
    expect(Object.isFrozen(map)).toBe(true)
    for (const key of 'abcdefghx') {
      const value = entries.find(([known]) => known === key)?.[1]
      expect(map.get(key)?.value).toBe(value)
      expect(map.has(key)).toBe(value !== undefined)
    }
  })

  test('lies on the map underneath, however many lie between them', () => {
    const [gone, came] = [new Map([['b', undefined]]), new Map([['b', box(2)]])]
    const first = new LayeredMap(base, gone)
    const second = new LayeredMap(first, came)
    expect([first, second].map(({ depth, size }) => [depth, size])).toEqual([
      [1, 2],
      [1, 3],
    ])
    const third = new LayeredMap(second, new Map([...base]))
    expect(third.depth).toBe(0)
    expect(entriesOf(third)).toEqual(entriesOf(base))
  })

  test('tells in which keys it may differ from its relatives, and nothing of strangers', () => {
    const first = new LayeredMap(base, new Map([['d', box(1)]]))
    const second = new LayeredMap(first, new Map([['a', box(2)]]))
    expect(LayeredMap.differences(base, first)).toEqual(['d'])
    expect(LayeredMap.differences(second, first)).toEqual(['a', 'd'])
    expect(LayeredMap.differences(base, base)).toEqual([])
    expect(LayeredMap.differences(new Map(base), first)).toBeNull()
  })
})

test('a large map that is patched again and again is what a plain one would be', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31
    return Math.floor((seed / 2 ** 31) * below)
  }
  const keyOf = (number: number) => `k${String(number).padStart(5, '0')}`
  let plain = new Map(Array.from({ length: 3000 }, (_, at) => [keyOf(at * 2), box(0)] as const))
  let patched: ReadonlyMap<string, Box> = plain
  const kinds = new Set<boolean>()
  for (let round = 1; round <= 120; round += 1) {
    const changes = new Map(
      Array.from({ length: random(9) }, () => [
        keyOf(random(6000)),
        random(3) === 0 ? undefined : box(round),
      ]),
    )
    const next = new Map(plain)
    for (const [key, value] of changes) {
      if (value === undefined) next.delete(key)
      else next.set(key, value)
    }
    plain = sortedBy(next)
    const before = patched
    patched = runAtOnce(patchSorted(before, changes))
    kinds.add(patched instanceof LayeredMap)
    expect(entriesOf(patched)).toEqual(entriesOf(plain))
    expect(patched.size).toBe(plain.size)
    const differing = runAtOnce(differingKeys(before, patched, Object.is))
    const expected = [...changes.keys()].filter((key) => before.get(key) !== plain.get(key))
    expect(differing.toSorted()).toEqual(expected.toSorted())
  }
  // layers, and a copy now and then
  expect(kinds).toEqual(new Set([true, false]))
})
