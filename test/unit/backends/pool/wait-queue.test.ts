import { getEventListeners } from 'node:events'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { WaitQueue } from '../../../../src/backends/pool/wait-queue.ts'

type Place = { readonly kind: 'place'; readonly number: number } | { readonly kind: 'closed' }

const place = (number: number): Place => ({ kind: 'place', number })
const { signal: noSignal } = new AbortController()

beforeEach(() => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
})

test('the one who waits longest is served first', async () => {
  const line = new WaitQueue<Place>()
  const turns = [line.join(1000, noSignal), line.join(1000, noSignal), line.join(1000, noSignal)]
  for (const number of [1, 2, 3]) line.answerFirst(place(number))
  expect(await Promise.all(turns)).toEqual([place(1), place(2), place(3)])
  expect(line.length).toBe(0)
})

test('an answer that nobody waits for is not kept for the next one', async () => {
  const line = new WaitQueue<Place>()
  line.answerFirst(place(1))
  const turn = line.join(1000, noSignal)
  expect(line.length).toBe(1)
  line.answerFirst(place(2))
  expect(await turn).toEqual(place(2))
})

test('who has waited for the limit leaves, and only that one', async () => {
  const line = new WaitQueue<Place>()
  const first = line.join(100, noSignal)
  vi.advanceTimersByTime(50)
  const second = line.join(100, noSignal)
  vi.advanceTimersByTime(49)
  expect(line.length).toBe(2)
  vi.advanceTimersByTime(1)
  expect(line.length).toBe(1)
  line.answerFirst(place(1))
  expect(await first).toEqual({ kind: 'timeout' })
  expect(await second).toEqual(place(1))
})

test('whose client leaves is passed over', async () => {
  const line = new WaitQueue<Place>()
  const client = new AbortController()
  const left = line.join(1000, client.signal)
  const next = line.join(1000, noSignal)
  client.abort()
  expect(line.length).toBe(1)
  line.answerFirst(place(1))
  expect(await left).toEqual({ kind: 'abandoned' })
  expect(await next).toEqual(place(1))
})

test('all are told at once, and the line can be joined again', async () => {
  const line = new WaitQueue<Place>()
  const turns = [line.join(1000, noSignal), line.join(1000, noSignal)]
  line.answerAll({ kind: 'closed' })
  expect(await Promise.all(turns)).toEqual([{ kind: 'closed' }, { kind: 'closed' }])
  expect(line.length).toBe(0)
  const late = line.join(1000, noSignal)
  line.answerFirst(place(1))
  expect(await late).toEqual(place(1))
})

test('nobody who was answered leaves a timer or a listener behind', () => {
  const line = new WaitQueue<Place>()
  const { signal } = new AbortController()
  void line.join(1000, signal)
  expect(vi.getTimerCount()).toBe(1)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  line.answerFirst(place(1))
  expect(vi.getTimerCount()).toBe(0)
  expect(getEventListeners(signal, 'abort')).toEqual([])
})

test('a limit longer than a timer can be does not end at once', () => {
  const line = new WaitQueue<Place>()
  void line.join(40 * 24 * 3600 * 1000, noSignal)
  vi.advanceTimersByTime(24 * 24 * 3600 * 1000)
  expect(line.length).toBe(1)
})
