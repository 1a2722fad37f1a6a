import { expect, test } from 'vitest'
import {
  changedList,
  sortedInSteps,
} from '../../../../../../src/backends/postgres/catalog/mirror/sorted-list.ts'
import { runAtOnce } from '../../../../../../src/core/run-in-slices.ts'
import { createRandom } from '../../../../../fuzz/random.ts'

const byNumber = (a: number, b: number) => a - b

test('a list in which nothing changes is the same list', () => {
  const list = [1, 2]
  expect(changedList(list, new Set(), [], byNumber)).toBe(list)
})

test('items come and go, in order', () => {
  const random = createRandom(5)
  for (let round = 0; round < 200; round += 1) {
    const list = random.times(0, 30, () => random.int(0, 99)).toSorted(byNumber)
    const gone = new Set(random.some(list.length === 0 ? [0] : list, 5))
    const come = random.times(0, 5, () => random.int(0, 99))
    const wanted = [...list.filter((item) => !gone.has(item)), ...come].toSorted(byNumber)
    expect(changedList(list, gone, come, byNumber)).toEqual(wanted)
  }
})

test('what is sorted in steps is as if it had been sorted at once', () => {
  const random = createRandom(6)
  for (const size of [0, 1, 255, 256, 257, 1000, 5000]) {
    const items = Array.from({ length: size }, (_, at) => ({ key: random.int(0, 50), at }))
    const compare = (a: { key: number }, b: { key: number }) => a.key - b.key
    expect(runAtOnce(sortedInSteps(items, compare))).toEqual(items.toSorted(compare))
  }
})
