import { BehaviorSubject } from 'rxjs'
import { expect, test } from 'vitest'
import { watchSchemaVersion } from '../../../src/sources/watch-schema-version.ts'
import { createRecording } from './record-source.ts'

function createPoll(intervalMs: number, isNeeded = false) {
  const recording = createRecording()
  const intervalMs$ = new BehaviorSubject(intervalMs)
  const isNeeded$ = new BehaviorSubject(isNeeded)
  const subscription = recording.record(
    watchSchemaVersion({
      intervalMs$,
      isNeeded$,
      health: recording.health,
      scheduler: recording.clock.scheduler,
    }),
  )
  return { ...recording, intervalMs$, isNeeded$, subscription }
}

test('asks for a check each interval', async () => {
  const { clock, told } = createPoll(500)
  await clock.advance(1600)
  expect(told()).toEqual([
    '0 up poll',
    '500 poll schema check',
    '1000 poll schema check',
    '1500 poll schema check',
  ])
})

test('of interval 0 asks for nothing', async () => {
  const { clock, told, health } = createPoll(0)
  await clock.advance(100_000)
  expect(told()).toEqual([])
  expect(health.list()).toMatchObject([{ name: 'poll', state: 'off' }])
})

test('stands in each second for a source that is down, and rests when that is up again', async () => {
  const { clock, told, isNeeded$ } = createPoll(0)
  await clock.advance(300)
  isNeeded$.next(true)
  await clock.advance(2500)
  isNeeded$.next(false)
  await clock.advance(100_000)
  expect(told()).toEqual(['300 up poll', '1300 poll schema check', '2300 poll schema check'])
})

test('that asks more often keeps its pace while it stands in, one that asks less often hurries', async () => {
  const fast = createPoll(400, true)
  await fast.clock.advance(900)
  expect(fast.told()).toHaveLength(3)
  const slow = createPoll(60_000, true)
  await slow.clock.advance(2100)
  expect(slow.told()).toEqual(['0 up poll', '1000 poll schema check', '2000 poll schema check'])
})

test('takes up a new interval at once', async () => {
  const { clock, told, intervalMs$ } = createPoll(10_000)
  await clock.advance(100)
  intervalMs$.next(200)
  await clock.advance(450)
  intervalMs$.next(0)
  await clock.advance(10_000)
  expect(told()).toEqual(['0 up poll', '300 poll schema check', '500 poll schema check'])
})

test('stops with its subscription', async () => {
  const { clock, told, subscription } = createPoll(100)
  await clock.advance(150)
  subscription.unsubscribe()
  told()
  await clock.advance(1000)
  expect(told()).toEqual([])
  expect(clock.scheduler.actions).toEqual([])
})
