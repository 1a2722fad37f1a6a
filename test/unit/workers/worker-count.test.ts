/** How many workers there are, and how `db-pool` is divided among them. */
import { describe, expect, test } from 'vitest'
import { connectionsOf, poolShare, workerCount } from '../../../src/workers/worker-count.ts'

test('auto is as many as there are processors', () => {
  expect(workerCount({ serverWorkers: 'auto' }, 4)).toBe(4)
  expect(workerCount({ serverWorkers: 'auto' }, 1)).toBe(1)
  expect(workerCount({ serverWorkers: 3 }, 1)).toBe(3)
})

describe('db-pool', () => {
  const shares = (dbPool: number, workers: number) =>
    Array.from({ length: workers }, (_, at) => poolShare(dbPool, at + 1, workers))

  test.each([
    [10, 1, [10]],
    [10, 2, [5, 5]],
    [10, 3, [4, 3, 3]],
    [3, 4, [1, 1, 1, 1]],
    [1, 2, [1, 1]],
  ])('of %d among %d workers', (dbPool, workers, expected) => {
    expect(shares(dbPool, workers)).toEqual(expected)
    expect(connectionsOf(dbPool, workers)).toBe(expected.reduce((sum, share) => sum + share, 0))
  })
})
