import { once } from 'node:events'
import { expect, test } from 'vitest'
import { driverSignal } from '../../../../../src/backends/mongodb/connect/driver-signal.ts'
import { Cancellation } from '../../../../../src/core/cancel-signal.ts'

test('listeners are told once, as those of a signal of the web are', () => {
  const source = new Cancellation()
  const signal = driverSignal(source)
  const heard: unknown[] = []
  const forgotten = () => heard.push('forgotten')
  signal.addEventListener('abort', function (this: AbortSignal, { type }) {
    heard.push([this === signal, type, this.reason === signal.reason])
  })
  signal.addEventListener('abort', forgotten)
  signal.addEventListener('abort', { handleEvent: () => heard.push('object') })
  signal.removeEventListener('abort', forgotten)
  signal.removeEventListener('abort', forgotten)
  expect(signal.aborted).toBe(false)
  expect(() => signal.throwIfAborted()).not.toThrow()
  source.abort()
  source.abort()
  expect(signal.aborted).toBe(true)
  expect(heard).toEqual([[true, 'abort', true], 'object'])
  expect(() => signal.throwIfAborted()).toThrow(signal.reason)
  expect(signal.reason).toMatchObject({ name: 'AbortError' })
})

test('a client that has left before is told of', () => {
  const source = new Cancellation()
  source.abort()
  expect(driverSignal(source).aborted).toBe(true)
})

test('functions of Node take it', async () => {
  const source = new Cancellation()
  const waiting = once(process, 'never', { signal: driverSignal(source) })
  source.abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
})

test('a signal of the web is handed on', () => {
  const { signal } = new AbortController()
  expect(driverSignal(signal)).toBe(signal)
})
