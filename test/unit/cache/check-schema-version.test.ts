import { expect, test } from 'vitest'
import { createSchemaVersionCheck } from '../../../src/cache/check-schema-version.ts'
import { createGenerationStore } from '../../../src/cache/generation-store.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { createVirtualClock } from '../../support/virtual-clock.ts'
import { catalog, options } from '../schema/sample-catalog.ts'
import { testConfig } from './reload-rig.ts'

function snapshotAt(version: string) {
  return buildSnapshot(catalog({ schemaVersion: version }), options, 1, new Date(0))
}

function setUp(version: string | null) {
  const clock = createVirtualClock()
  const snapshot = version === null ? null : snapshotAt(version)
  const store = createGenerationStore({ config: testConfig, snapshot })
  const db = { version: 'v1', answerMs: 5 }
  const signals: AbortSignal[] = []
  const isCurrent = createSchemaVersionCheck({
    store,
    reader: {
      async schemaVersion(asked, signal) {
        expect(asked).toEqual(options)
        signals.push(signal)
        await clock.delay(db.answerMs)
        return db.version
      },
    },
    scheduler: clock.scheduler,
    limitMs: 100,
  })
  return { clock, store, db, signals, isCurrent }
}

test.each([
  ['v1', true],
  ['v2', false],
])('of a snapshot of %s a database at v1 says %s', async (version, expected) => {
  const { clock, isCurrent } = setUp(version)
  const answer = isCurrent()
  await clock.advance(10)
  expect(await answer).toBe(expected)
})

test('without a snapshot nothing is current, and nothing is asked', async () => {
  const { isCurrent, signals } = setUp(null)
  expect(await isCurrent()).toBe(false)
  expect(signals).toEqual([])
})

test('compares with the snapshot that is current when the answer comes', async () => {
  const { clock, store, db, isCurrent } = setUp('v1')
  db.version = 'v2'
  const answer = isCurrent()
  store.publish({ config: testConfig, snapshot: snapshotAt('v2') })
  await clock.advance(10)
  expect(await answer).toBe(true)
})

test('gives up at its limit, and cancels the question', async () => {
  const { clock, db, isCurrent, signals } = setUp('v1')
  db.answerMs = 1000
  const answer = isCurrent()
  answer.catch(() => undefined)
  await clock.advance(100)
  await expect(answer).rejects.toThrow('did not answer within 100 ms')
  expect(signals[0]?.aborted).toBe(true)
})
