import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createBunchReader } from '../../../../../src/backends/postgres/connect/bunch-reader.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

function createStream() {
  const calls: string[] = []
  const began = performance.now()
  const say = (call: string) => calls.push(`${performance.now() - began} ${call}`)
  const stream = { bytesRead: 0, pause: () => say('pause'), resume: () => say('resume') }
  const { onNotification } = createBunchReader()
  /** A piece of so many notifications, told in one go. */
  async function piece(notifications: number, bytes = notifications * 40) {
    stream.bytesRead += bytes
    for (let at = 0; at < notifications; at += 1) onNotification(stream)
    await vi.advanceTimersByTimeAsync(0)
  }
  return { calls, piece }
}

test('notifications that come now and then are read as they come', async () => {
  const { calls, piece } = createStream()
  for (let at = 0; at < 5; at += 1) {
    await piece(1)
    await vi.advanceTimersByTimeAsync(40)
  }
  expect(calls).toEqual([])
})

test('those that follow each other are read with a rest behind each piece', async () => {
  const { calls, piece } = createStream()
  await piece(3)
  await vi.advanceTimersByTimeAsync(10)
  await piece(1)
  await vi.advanceTimersByTimeAsync(20)
  await piece(50)
  await vi.advanceTimersByTimeAsync(100)
  await piece(1)
  expect(calls).toEqual(['10 pause', '30 resume', '30 pause', '50 resume'])
})

test('a large piece is followed by the next at once', async () => {
  const { calls, piece } = createStream()
  await piece(1)
  await piece(400, 16_384)
  await piece(400, 16_383)
  expect(calls).toEqual(['0 pause'])
})
