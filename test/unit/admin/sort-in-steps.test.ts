import { describe, expect, test } from 'vitest'
import { sortInSteps } from '../../../src/admin/sort-in-steps.ts'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'

/** The same numbers in every run. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, at) => (at * 7919 + 13) % (count + 1))
}

describe('sortInSteps', () => {
  test.each([0, 1, 2, 511, 512, 513, 5000])('sorts %i items as a sort in one piece', (count) => {
    const numbers = shuffled(count)
    const compare = (a: number, b: number) => a - b
    expect(runAtOnce(sortInSteps(numbers, compare))).toEqual([...numbers].sort(compare))
  })

  test('leaves equal items in their order', () => {
    const items = shuffled(3000).map((number, at) => ({ key: number % 7, at }))
    const sorted = runAtOnce(sortInSteps(items, (a, b) => a.key - b.key))
    const wrong = sorted.filter((item, at) => {
      const next = sorted[at + 1]
      return next !== undefined && next.key === item.key && next.at < item.at
    })
    expect(wrong).toEqual([])
  })

  test('rests often', () => {
    const steps = sortInSteps(shuffled(10_000), (a, b) => a - b)
    let rests = 0
    while (steps.next().done !== true) rests += 1
    expect(rests).toBeGreaterThan(50)
  })
})
