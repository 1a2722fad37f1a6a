import { afterEach, expect, test, vi } from 'vitest'
import { spendAtPrimary } from '../../../src/workers/spend-at-primary.ts'
import type { FromWorker } from '../../../src/workers/worker-messages.ts'

afterEach(() => vi.useRealTimers())

const size = { rateLimitRps: 10, rateLimitBurst: 20 }
const granted = (remaining: number) => ({ limit: 20, remaining, retryInMs: null })

test('what comes in one turn is asked for together, and each gets its own answer', async () => {
  const said: FromWorker[] = []
  const tokens = spendAtPrimary({
    send(message) {
      said.push(message)
      if (message.kind !== 'spend') return
      const allowances = message.keys.map((key) => granted(key.length))
      queueMicrotask(() => tokens.spent(message.id, allowances))
    },
  })
  const asked = [tokens.ask('a', 1, size), tokens.ask('bb', 0, size)]
  expect(await Promise.all(asked)).toEqual([granted(1), granted(2)])
  expect(await tokens.ask('ccc', 1, size)).toEqual(granted(3))
  expect(said).toEqual([
    { kind: 'spend', id: 1, keys: ['a', 'bb'], costs: [1, 0] },
    { kind: 'spend', id: 2, keys: ['ccc'], costs: [1] },
  ])
})

test('a primary that does not answer holds nobody up for long', async () => {
  vi.useFakeTimers()
  const tokens = spendAtPrimary({ send: () => undefined, limitMs: 50 })
  const asked = tokens.ask('a', 1, size)
  await vi.advanceTimersByTimeAsync(60)
  expect(await asked).toEqual(granted(0))
  // an answer that comes too late is nobody's
  tokens.spent(1, [granted(5)])
})
