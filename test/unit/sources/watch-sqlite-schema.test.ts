import { BehaviorSubject } from 'rxjs'
import { expect, test } from 'vitest'
import {
  type SqliteSchemaState,
  watchSqliteSchema,
} from '../../../src/sources/watch-sqlite-schema.ts'
import { createRecording } from './record-source.ts'

function createWatch(intervalMs = 100) {
  const recording = createRecording()
  const { clock } = recording
  const file: { state: SqliteSchemaState | Error; readMs: number } = {
    state: { version: '1', file: 'a' },
    readMs: 1,
  }
  let reads = 0
  const intervalMs$ = new BehaviorSubject(intervalMs)
  const subscription = recording.record(
    watchSqliteSchema({
      read: async () => {
        reads += 1
        await clock.delay(file.readMs)
        if (file.state instanceof Error) throw file.state
        return file.state
      },
      intervalMs$,
      health: recording.health,
      scheduler: clock.scheduler,
    }),
  )
  return { ...recording, file, intervalMs$, subscription, reads: () => reads }
}

test('asks for a check at its first look, and when the version has changed', async () => {
  const { clock, file, told } = createWatch()
  await clock.advance(250)
  expect(told()).toEqual(['1 up sqlite', '1 poll schema check'])
  file.state = { version: '2', file: 'a' }
  await clock.advance(500)
  expect(told()).toEqual(['301 poll schema check'])
})

test('of another file under the same name asks for a load, whatever its version', async () => {
  const { clock, file, told } = createWatch()
  await clock.advance(50)
  told()
  file.state = { version: '1', file: 'b' }
  await clock.advance(300)
  expect(told()).toEqual(['101 poll schema load'])
})

test('tells a file that cannot be read once, and asks for a check when it can be again', async () => {
  const { clock, file, told, health } = createWatch()
  await clock.advance(50)
  told()
  file.state = new Error('file is not a database')
  await clock.advance(500)
  expect(told()).toEqual(['101 down sqlite: file is not a database'])
  expect(health.list()).toMatchObject([
    { name: 'sqlite', state: 'down', cause: 'file is not a database' },
  ])
  file.state = { version: '1', file: 'a' }
  await clock.advance(300)
  expect(told()).toEqual(['601 up sqlite', '601 poll schema check'])
})

test('a read that hangs counts as failed, and no second one runs beside it', async () => {
  const { clock, file, told, reads } = createWatch()
  await clock.advance(50)
  told()
  file.readMs = 1_000_000
  await clock.advance(5049)
  expect(reads()).toBe(2)
  await clock.advance(60)
  expect(told()).toEqual(['5100 down sqlite: no answer within 5000 ms'])
})

test('is switched off and on by the configuration', async () => {
  const { clock, intervalMs$, told, health, reads } = createWatch()
  await clock.advance(50)
  intervalMs$.next(0)
  const before = reads()
  await clock.advance(1000)
  expect(reads()).toBe(before)
  expect(health.list()).toMatchObject([{ state: 'off' }])
  intervalMs$.next(100)
  told()
  await clock.advance(50)
  expect(told()).toEqual(['1051 up sqlite', '1051 poll schema check'])
})
