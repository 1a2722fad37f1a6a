import { expect, test } from 'vitest'
import { Cancellation, type CancelSignal } from '../../../src/core/cancel-signal.ts'

function createListeners() {
  const heard: string[] = []
  const listener = (name: string) => () => {
    heard.push(name)
  }
  return { heard, listener }
}

test.each([
  ['a cancellation', () => new Cancellation()],
  ['an AbortController', () => new AbortController()],
])('%s tells its listeners once', (_, create) => {
  const source = create()
  const signal: CancelSignal = source instanceof Cancellation ? source : source.signal
  const { heard, listener } = createListeners()
  const forgotten = listener('forgotten')
  signal.addEventListener('abort', listener('one'), { once: true })
  signal.addEventListener('abort', forgotten, { once: true })
  signal.addEventListener('abort', listener('two'), { once: true })
  signal.removeEventListener('abort', forgotten)
  signal.removeEventListener('abort', forgotten)
  expect([signal.aborted, heard]).toEqual([false, []])
  source.abort()
  source.abort()
  expect([signal.aborted, heard]).toEqual([true, ['one', 'two']])
})

test('a listener may forget another one, or itself, while it is told', () => {
  const source = new Cancellation()
  const { heard, listener } = createListeners()
  const one = () => {
    heard.push('one')
    source.removeEventListener('abort', one)
  }
  source.addEventListener('abort', one)
  source.addEventListener('abort', listener('two'))
  source.abort()
  expect(heard).toEqual(['one', 'two'])
})
