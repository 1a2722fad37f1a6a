import { BehaviorSubject, type Observable, of, Subject } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { createGenerationStore } from '../../../src/cache/generation-store.ts'
import type { Config } from '../../../src/config/config.ts'
import { defaultConfig } from '../../../src/config/default-config.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import type { SchemaOptions } from '../../../src/schema/schema-snapshot.ts'
import { watchSchemaVersion } from '../../../src/sources/watch-schema-version.ts'
import { catalog } from '../schema/sample-catalog.ts'
import { createRecording } from './record-source.ts'

const config: Config = { ...defaultConfig('postgres'), dbSchemaLoadTimeout: 4000 }

function snapshotAt(version: string) {
  return buildSnapshot(
    { ...catalog({}), schemaVersion: version },
    schemaOptions(config),
    1,
    new Date(0),
  )
}

interface Surroundings {
  readonly isNeeded?: boolean
  /** While a feed tells of every change. */
  readonly restMs?: () => number | null
  readonly started$?: Observable<unknown>
}

function createPoll(intervalMs: number, around: Surroundings = {}) {
  const recording = createRecording()
  const { clock } = recording
  const database = { version: 'A', failure: null as Error | null, answerMs: 1 }
  const asked: SchemaOptions[] = []
  const aborted: string[] = []
  const failures: unknown[] = []
  const store = createGenerationStore({ config, snapshot: snapshotAt('A') })
  const intervalMs$ = new BehaviorSubject(intervalMs)
  const isNeeded$ = new BehaviorSubject(around.isNeeded ?? false)
  const subscription = recording.record(
    watchSchemaVersion({
      reader: {
        async schemaVersion(options, signal) {
          asked.push(options)
          signal.addEventListener('abort', () => aborted.push(`${clock.now()}`))
          await clock.delay(database.answerMs)
          if (database.failure !== null) throw database.failure
          return database.version
        },
      },
      store,
      intervalMs$,
      isNeeded$,
      started$: around.started$ ?? of('at once'),
      restMs: around.restMs ?? (() => null),
      fleet: null,
      health: recording.health,
      onFailure: (failure) => failures.push(failure),
      scheduler: clock.scheduler,
    }),
  )
  return {
    ...recording,
    database,
    asked,
    aborted,
    failures,
    store,
    intervalMs$,
    isNeeded$,
    subscription,
    load: (version: string) => {
      store.publish({ ...store.current(), snapshot: snapshotAt(version) })
    },
  }
}

describe('a poll', () => {
  test('asks for a check when the version has moved, and not at its first look', async () => {
    const { clock, database, told, asked, load } = createPoll(500)
    await clock.advance(2100)
    expect(told()).toEqual(['0 up poll'])
    expect(asked).toHaveLength(4)
    database.version = 'B'
    await clock.advance(500)
    expect(told()).toEqual(['2505 poll schema check'])
    load('B')
    await clock.advance(10_000)
    expect(told()).toEqual([])
  })

  test.each([false, true])('rests until the first load has ended, needed: %s', async (isNeeded) => {
    const started$ = new Subject<void>()
    const { clock, told, asked } = createPoll(500, { isNeeded, started$ })
    await clock.advance(10_000)
    expect(told()).toEqual(['0 up poll'])
    expect(asked).toEqual([])
    started$.next()
    await clock.advance(499)
    expect(asked).toEqual([])
    await clock.advance(600)
    expect(asked).toHaveLength(2)
  })

  test('asks again for as long as the snapshot is of another version', async () => {
    const { clock, database, told, load } = createPoll(500)
    await clock.advance(600)
    told()
    database.version = 'B'
    await clock.advance(1000)
    expect(told()).toEqual(['1002 poll schema check', '1503 poll schema check'])
    load('B')
    await clock.advance(1000)
    expect(told()).toEqual([])
  })

  test('notices a version that has come back between two looks, whatever was loaded meanwhile', async () => {
    const { clock, told, load } = createPoll(500)
    await clock.advance(600)
    told()
    load('B')
    await clock.advance(500)
    expect(told()).toEqual(['1002 poll schema check'])
  })

  test('tells of a version that has gone back to that of the snapshot: a failed load may be owed', async () => {
    const { clock, database, told } = createPoll(500)
    await clock.advance(600)
    database.version = 'B'
    await clock.advance(500)
    told()
    database.version = 'A'
    await clock.advance(1000)
    expect(told()).toEqual(['1503 poll schema check'])
  })

  test('looks under the options of the snapshot; changed ones wait until a load is asked for', async () => {
    const { clock, store, told, asked } = createPoll(500)
    await clock.advance(600)
    told()
    const changed = { ...config, dbSchemas: ['public', 'later'] }
    store.publish({ ...store.current(), config: changed })
    await clock.advance(1000)
    expect(told()).toEqual([])
    expect(asked).toEqual([schemaOptions(config), schemaOptions(config), schemaOptions(config)])
  })

  test('is down while a look hangs, and waits for its answer all the same', async () => {
    const { clock, store, told, database, aborted } = createPoll(500)
    store.publish({ ...store.current(), config: { ...config, dbSchemaLoadTimeout: 60_000 } })
    database.answerMs = 8000
    database.version = 'B'
    await clock.advance(8600)
    expect(told()).toEqual([
      '0 up poll',
      '5500 down poll: no answer within 5000 ms',
      '8500 up poll',
      '8500 poll schema check',
    ])
    expect(aborted).toEqual([])
  })

  test('asks at each look while nothing is loaded', async () => {
    const { clock, store, told, asked } = createPoll(500)
    store.publish({ config, snapshot: null })
    await clock.advance(1600)
    expect(told()).toEqual([
      '0 up poll',
      '501 poll schema check',
      '1002 poll schema check',
      '1503 poll schema check',
    ])
    expect(asked[0]).toEqual(schemaOptions(config))
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
})

describe('a look', () => {
  test('that fails is told once, and the first that works again asks for a check', async () => {
    const { clock, database, told, health } = createPoll(100)
    await clock.advance(150)
    told()
    database.failure = new Error('file is not a database')
    await clock.advance(500)
    expect(told()).toEqual(['202 down poll: file is not a database'])
    expect(health.list()).toMatchObject([
      { name: 'poll', state: 'down', cause: 'file is not a database' },
    ])
    database.failure = null
    await clock.advance(300)
    expect(told()).toEqual(['707 up poll', '707 poll schema check'])
  })

  test('that hangs counts as failed and is cancelled, and no second one runs beside it', async () => {
    const { clock, database, told, asked, aborted } = createPoll(100)
    await clock.advance(150)
    told()
    database.answerMs = 1_000_000
    await clock.advance(4049)
    expect(asked).toHaveLength(2)
    expect(aborted).toEqual([])
    await clock.advance(60)
    expect(aborted).toEqual(['4201'])
    expect(told()).toEqual([
      '4201 down poll: The database did not answer within 4000 ms (db-schema-load-timeout).',
    ])
  })

  test('that ends when the poll is off already says nothing', async () => {
    const { clock, database, intervalMs$, told, health } = createPoll(100)
    database.answerMs = 50
    await clock.advance(120)
    intervalMs$.next(0)
    told()
    await clock.advance(1000)
    expect(told()).toEqual([])
    expect(health.list()).toMatchObject([{ name: 'poll', state: 'off' }])
  })

  test('that fails is handed on each time, for it may end the server', async () => {
    const { clock, database, failures } = createPoll(100)
    const failure = new BackendFailure({ kind: 'connection', details: 'gone' }, 'gone', {
      isFatal: true,
    })
    database.failure = failure
    await clock.advance(250)
    expect(failures).toEqual([failure, failure])
    database.failure = null
    await clock.advance(250)
    expect(failures).toHaveLength(2)
  })
})

describe('the pace of a poll', () => {
  test('of interval 0 is none', async () => {
    const { clock, told, health, asked } = createPoll(0)
    await clock.advance(100_000)
    expect(told()).toEqual([])
    expect(asked).toEqual([])
    expect(health.list()).toMatchObject([{ name: 'poll', state: 'off' }])
  })

  test('is a second while a source is down, and none when that is up again', async () => {
    const { clock, told, isNeeded$, asked } = createPoll(0)
    await clock.advance(300)
    isNeeded$.next(true)
    await clock.advance(2500)
    isNeeded$.next(false)
    await clock.advance(100_000)
    expect(told()).toEqual(['300 up poll', '1301 poll schema check'])
    expect(asked).toHaveLength(2)
  })

  test('stays that of the configuration where it is faster, and hurries where it is slower', async () => {
    const fast = createPoll(400, { isNeeded: true })
    await fast.clock.advance(900)
    expect(fast.asked).toHaveLength(2)
    const slow = createPoll(60_000, { isNeeded: true })
    await slow.clock.advance(2100)
    expect(slow.asked).toHaveLength(2)
  })

  test('is at once a new one that the configuration names', async () => {
    const { clock, told, intervalMs$, asked } = createPoll(10_000)
    await clock.advance(100)
    intervalMs$.next(200)
    await clock.advance(450)
    intervalMs$.next(0)
    await clock.advance(10_000)
    expect(told()).toEqual(['0 up poll'])
    expect(asked).toHaveLength(2)
  })

  test('leaves the database 33 times as long in peace as a look takes', async () => {
    const { clock, database, asked } = createPoll(500)
    database.answerMs = 100
    await clock.advance(600 + 3 * 3400)
    expect(asked).toHaveLength(4)
    database.answerMs = 1
    await clock.advance(3400 + 4 * 501)
    expect(asked).toHaveLength(9)
  })

  test('is not slowed down by one look that had to wait', async () => {
    const { clock, database, asked } = createPoll(500)
    await clock.advance(600)
    database.answerMs = 3000
    await clock.advance(500)
    database.answerMs = 1
    await clock.advance(3000 + 4 * 501)
    expect(asked).toHaveLength(6)
  })

  test('is that of the backstop while a feed tells of everything', async () => {
    let restMs: number | null = 60_000
    const { clock, isNeeded$, asked } = createPoll(2000, { restMs: () => restMs })
    await clock.advance(59_000)
    expect(asked).toHaveLength(0)
    await clock.advance(61_500)
    expect(asked).toHaveLength(2)
    // the pause that has begun goes on; a feed that goes down ends it at once
    isNeeded$.next(true)
    await clock.advance(1500)
    expect(asked).toHaveLength(3)
    restMs = null
    isNeeded$.next(false)
    await clock.advance(4500)
    expect(asked).toHaveLength(5)
  })
})
