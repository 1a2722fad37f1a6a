import { describe, expect, test } from 'vitest'
import { between, quantile } from '../../../dashboard/figures.js'
import type { ServerFigures } from '../../../src/observe/server-figures.ts'

function figures(second: number, count: number, buckets: [number, number][]): ServerFigures {
  return {
    at: new Date(second * 1000).toISOString(),
    requests: { count, refused: 0, failed: count / 10, seconds: 0, buckets },
    triggers: {},
    pool: { max: 10, available: 10, used: 0, waiting: 0 },
    sources: [],
  }
}

describe('what lay between two figures', () => {
  test('is a rate, whatever the time between them', () => {
    const second = between(figures(0, 100, [[1, 100]]), figures(4, 300, [[1, 300]]))
    expect(second).toMatchObject({ rate: 50, failed: 5, count: 200 })
    expect(second?.buckets.get(1)).toBe(200)
  })

  test('is not known where another process counts, or no time has passed', () => {
    expect(between(figures(0, 100, []), figures(1, 3, []))).toBeNull()
    expect(between(figures(1, 1, []), figures(1, 2, []))).toBeNull()
  })
})

describe('a share of the requests', () => {
  const second = (buckets: [number, number][], count: number) => ({
    rate: count,
    failed: 0,
    count,
    buckets: new Map(buckets),
  })

  test('is answered within the time that the histogram tells', () => {
    const seconds = [
      second(
        [
          [0.01, 0],
          [0.02, 10],
          [0.04, 10],
        ],
        10,
      ),
    ]
    expect(quantile(seconds, 0.5)).toBeCloseTo(15)
    expect(quantile(seconds, 0.95)).toBeCloseTo(19.5)
  })

  test('of several seconds is that of all their requests', () => {
    const quick = second(
      [
        [0.01, 90],
        [1, 90],
      ],
      90,
    )
    const slow = second(
      [
        [0.01, 0],
        [1, 10],
      ],
      10,
    )
    expect(quantile([quick, slow], 0.9)).toBeCloseTo(10)
    expect(quantile([quick, slow], 0.95)).toBeGreaterThan(400)
  })

  test('beyond the last bucket is its bound, and of none nothing', () => {
    expect(quantile([second([[10, 0]], 5)], 0.5)).toBe(10_000)
    expect(quantile([], 0.5)).toBeNull()
  })
})
