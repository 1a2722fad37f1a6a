import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { watchProcessSignals } from '../../../src/sources/watch-process-signals.ts'
import { createRecording } from './record-source.ts'

function watch(dbConfig: boolean) {
  const recording = createRecording()
  const emitter = new EventEmitter()
  const subscription = recording.record(
    watchProcessSignals({
      emitter,
      config: () => ({ dbConfig }),
      scheduler: recording.clock.scheduler,
    }),
  )
  return { ...recording, emitter, subscription }
}

test.each([
  ['SIGUSR1', true, 'signal both full'],
  ['SIGUSR1', false, 'signal schema full'],
  ['SIGUSR2', true, 'signal config check'],
  ['SIGUSR2', false, 'signal config check'],
])('%s with db-config %s is %s', (name, dbConfig, expected) => {
  const { emitter, told } = watch(dbConfig)
  emitter.emit(name)
  expect(told()).toEqual([`0 ${expected}`])
})

test('handlers are there only while somebody listens', () => {
  const { emitter, subscription, told } = watch(true)
  expect(emitter.listenerCount('SIGUSR1')).toBe(1)
  subscription.unsubscribe()
  expect(emitter.eventNames()).toEqual([])
  emitter.emit('SIGUSR1')
  expect(told()).toEqual([])
})
