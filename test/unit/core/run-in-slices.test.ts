import { expect, test } from 'vitest'
import { runAtOnce, runInSlices, type Steps } from '../../../src/core/run-in-slices.ts'

/** Work of `count` steps, each of which takes `stepMs` of a clock. */
function work(clock: { ms: number }, count: number, stepMs: number): Steps<number> {
  return (function* () {
    for (let step = 0; step < count; step += 1) {
      clock.ms += stepMs
      yield
    }
    return count
  })()
}

test('runs to the end at once', () => {
  expect(runAtOnce(work({ ms: 0 }, 5, 1))).toBe(5)
})

test.each([
  [10, 1, 3, 3],
  [10, 5, 3, 10],
  [10, 0, 3, 0],
  [0, 1, 3, 0],
])(
  '%d steps of %d ms in slices of %d ms pause %d times',
  async (count, stepMs, budgetMs, expected) => {
    const clock = { ms: 0 }
    let pauses = 0
    const result = await runInSlices(work(clock, count, stepMs), {
      pause: async () => {
        pauses += 1
      },
      now: () => clock.ms,
      budgetMs,
    })
    expect(result).toBe(count)
    expect(pauses).toBe(expected)
  },
)

test('time spent in a pause does not count', async () => {
  const clock = { ms: 0 }
  let pauses = 0
  await runInSlices(work(clock, 6, 1), {
    pause: async () => {
      pauses += 1
      clock.ms += 1000
    },
    now: () => clock.ms,
    budgetMs: 3,
  })
  expect(pauses).toBe(2)
})

test('rejects with what the work threw', async () => {
  const broken = (function* (): Steps<never> {
    yield
    throw new Error('broken')
  })()
  const slices = { pause: () => Promise.resolve(), now: () => 0 }
  await expect(runInSlices(broken, slices)).rejects.toThrow('broken')
})
