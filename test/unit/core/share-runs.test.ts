import { expect, test } from 'vitest'
import { shareRuns } from '../../../src/core/share-runs.ts'

/** Runs that end when they are told to. */
function heldRuns() {
  const ends: ((value: number) => void)[] = []
  const failures: ((reason: Error) => void)[] = []
  const run = () =>
    new Promise<number>((resolve, reject) => {
      ends.push(resolve)
      failures.push(reject)
    })
  return { ends, failures, run, ask: shareRuns(run) }
}

test('whoever asks while one runs gets the next one, all of them the same', async () => {
  const { ends, ask } = heldRuns()
  const first = ask()
  const others = [ask(), ask(), ask()]
  expect(ends).toHaveLength(1)
  ends[0]?.(1)
  expect(await first).toBe(1)
  expect(ends).toHaveLength(2)
  const last = ask()
  ends[1]?.(2)
  expect(await Promise.all(others)).toEqual([2, 2, 2])
  ends[2]?.(3)
  expect(await last).toBe(3)
})

test('one that fails keeps nobody from the next', async () => {
  const { ends, failures, ask } = heldRuns()
  const first = ask()
  const second = ask()
  failures[0]?.(new Error('gone'))
  await expect(first).rejects.toThrow('gone')
  ends[1]?.(2)
  expect(await second).toBe(2)
})

test('who asks while others are gathered gets their run, and one who asks later another', async () => {
  const { ends, run } = heldRuns()
  const gathered: (() => void)[] = []
  const ask = shareRuns(run, () => new Promise((resolve) => gathered.push(resolve)))
  const first = [ask(), ask()]
  expect(ends).toHaveLength(0)
  gathered[0]?.()
  await expect.poll(() => ends.length).toBe(1)
  const second = [ask(), ask()]
  ends[0]?.(1)
  expect(await Promise.all(first)).toEqual([1, 1])
  await expect.poll(() => gathered.length).toBe(2)
  second.push(ask())
  expect(ends).toHaveLength(1)
  gathered[1]?.()
  await expect.poll(() => ends.length).toBe(2)
  ends[1]?.(2)
  expect(await Promise.all(second)).toEqual([2, 2, 2])
})
