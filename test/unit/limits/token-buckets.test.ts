import { expect, test } from 'vitest'
import { createTokenBuckets } from '../../../src/limits/token-buckets.ts'

const size = { rateLimitRps: 10, rateLimitBurst: 20 }

function setUp(maxClients?: number) {
  let now = 5000
  const spend = createTokenBuckets(() => now, maxClients === undefined ? {} : { maxClients })
  const take = (key = 'a') => spend(key, 1, size)
  return { spend, take, pass: (ms: number) => (now += ms) }
}

test('a client has a burst at once, and then what comes back', () => {
  const { take, pass } = setUp()
  const first = Array.from({ length: 20 }, () => take())
  expect(first.map(({ remaining }) => remaining)).toEqual(
    Array.from({ length: 20 }, (_, at) => 19 - at),
  )
  expect(first.every(({ limit, retryInMs }) => limit === 20 && retryInMs === null)).toBe(true)
  expect(take()).toEqual({ limit: 20, remaining: 0, retryInMs: expect.closeTo(100) })
  pass(99)
  expect(take().retryInMs).toBeCloseTo(1)
  pass(1)
  expect(take()).toEqual({ limit: 20, remaining: 0, retryInMs: null })
  pass(1000)
  expect(Array.from({ length: 11 }, () => take().retryInMs === null)).toEqual([
    ...Array.from({ length: 10 }, () => true),
    false,
  ])
})

test('a bucket holds no more than the burst, however long a client pauses', () => {
  const { take, pass } = setUp()
  take()
  pass(3_600_000)
  expect(take().remaining).toBe(19)
})

test('what is refused takes nothing, nor does a look', () => {
  const { spend, take, pass } = setUp()
  for (let at = 0; at < 20; at += 1) take()
  for (let at = 0; at < 50; at += 1) take()
  pass(100)
  expect(spend('a', 0, size)).toEqual({ limit: 20, remaining: 1, retryInMs: null })
  expect(take().retryInMs).toBeNull()
  expect(spend('a', 0, size)).toEqual({ limit: 20, remaining: 0, retryInMs: null })
})

test('clients do not share', () => {
  const { take } = setUp()
  for (let at = 0; at < 30; at += 1) take('a')
  expect(take('b').remaining).toBe(19)
})

test('each token of any rate comes back exactly once', () => {
  for (const rateLimitRps of [1, 3, 7, 30, 97, 1000]) {
    let now = 0.1
    const spend = createTokenBuckets(() => now)
    let granted = 0
    // a client that asks all the time, for ten seconds
    for (; now <= 10_000; now += 0.25) {
      if (spend('a', 1, { rateLimitRps, rateLimitBurst: 5 }).retryInMs === null) granted += 1
    }
    expect(granted).toBeGreaterThanOrEqual(5 + 10 * rateLimitRps - 1)
    expect(granted).toBeLessThanOrEqual(5 + 10 * rateLimitRps)
  }
})

test('a smaller burst counts at once for who has spent the greater one', () => {
  const { spend, take, pass } = setUp()
  for (let at = 0; at < 20; at += 1) take()
  const small = { rateLimitRps: 10, rateLimitBurst: 2 }
  expect(spend('a', 1, small).retryInMs).not.toBeNull()
  pass(100)
  expect(spend('a', 1, small)).toEqual({ limit: 2, remaining: 0, retryInMs: null })
})

test('the memory of a million addresses is that of the last ones', () => {
  const { take } = setUp(1000)
  for (let at = 0; at < 20; at += 1) take('first')
  for (let at = 0; at < 1_000_000; at += 1) {
    take(`10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`)
    // one that goes on asking is not forgotten
    if (at % 500 === 0) expect(take('first').retryInMs).not.toBeNull()
  }
  // the one that has paused is, and begins anew
  expect(take('10.0.0.0').remaining).toBe(19)
})
