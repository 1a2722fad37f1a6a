/**
 * What one reload looks at, reads and publishes, step by step in virtual time.
 */
import { describe, expect, test } from 'vitest'
import type { ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { createRig, databaseFailure } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('depth and scope', () => {
  test('a check of an unmoved version reads nothing else', async () => {
    const rig = createRig()
    await rig.startUp()
    const { snapshot } = rig.store.current()
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual(['1000 start poll schema check', '1000 version', '1001 unchanged 1'])
    expect(rig.store.current().snapshot).toBe(snapshot)
    expect(rig.published).toEqual([])
  })

  test('a check of a moved version loads, labelled with the version that was loaded', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(5)
    rig.db.version = 'v3'
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start poll schema check',
      '1000 version',
      '1001 load load',
      '1021 queried in 20',
      '1021 published 2',
    ])
    // the change that came in between makes the next check load again
    expect(rig.store.current().snapshot?.schemaVersion).toBe('v2')
  })

  test('a load does not ask whether the version moved', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.send({ depth: 'load' })
    await rig.clock.advance(500)
    expect(rig.told()).not.toContain('1000 version')
    expect(rig.introspections).toHaveLength(1)
  })

  test.each<[Partial<ReloadSignal>, Partial<ReloadSignal>, string]>([
    [{ depth: 'check' }, { depth: 'load' }, 'notify schema load'],
    [{ depth: 'full' }, { depth: 'check' }, 'notify schema full'],
    [{ depth: 'check' }, { scope: 'config', depth: 'full' }, 'notify both check'],
    [{ scope: 'config', depth: 'check' }, { depth: 'load' }, 'notify both load'],
    [{ scope: 'both' }, { scope: 'config' }, 'notify both load'],
    [{ scope: 'config' }, { scope: 'config' }, 'notify config load'],
  ])('%j and %j merge into %s', async (first, second, expected) => {
    const rig = createRig()
    await rig.startUp()
    rig.send({})
    await rig.clock.advance(50)
    rig.send(first)
    rig.send(second)
    await rig.clock.advance(500)
    expect(
      rig
        .told()
        .filter((text) => text.includes('start'))
        .at(-1),
    ).toBe(`1100 start ${expected}`)
  })
})

describe('a catalog row that vanished in mid-load', () => {
  test('is read again at once', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failures = [databaseFailure('XX000', 'gone', { mayRetryAtOnce: true })]
    rig.send({})
    await rig.clock.advance(100)
    expect(rig.told()).toEqual([
      '1000 start notify schema load',
      '1000 load load',
      '1020 load load',
      '1040 queried in 40',
      '1040 published 2',
    ])
  })

  test('over and over is a failure like any other', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failure = databaseFailure('XX000', 'gone', { mayRetryAtOnce: true })
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.introspections).toHaveLength(5)
    expect(rig.told().at(-1)).toBe('1101 retry in 1000')
  })
})

describe('the deadline', () => {
  test('ends a load that hangs, which is cancelled and counts as failed', async () => {
    const rig = createRig({ deadlineMs: () => 5000 })
    await rig.startUp()
    rig.db.introspectMs = 1_000_000
    rig.send({})
    await rig.clock.advance(4999)
    expect(rig.introspections[0]?.signal.aborted).toBe(false)
    await rig.clock.advance(1)
    expect(rig.introspections[0]?.signal.aborted).toBe(true)
    expect(rig.told().slice(-2)).toEqual(['6000 failed #1', '6000 retry in 1000'])
    expect(rig.pipeline.state()).toMatchObject({
      kind: 'retrying',
      cause: 'The database did not answer within 5000 ms (db-schema-load-timeout).',
    })
  })

  test('holds for the version and for the configuration as well', async () => {
    const rig = createRig({ deadlineMs: () => 100 })
    rig.db.configMs = 1_000_000
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.told().slice(0, 2)).toEqual([
      '0 start start both full',
      '100 config invalid: The database did not answer within 100 ms (db-schema-load-timeout).',
    ])
    expect(rig.pipeline.state().kind).toBe('retrying')
  })

  test('passed, the late answer of that load is not published', async () => {
    const rig = createRig({ deadlineMs: () => 50 })
    await rig.startUp()
    rig.db.introspectMs = 80
    rig.send({})
    await rig.clock.advance(900)
    expect(rig.store.current().snapshot?.snapshotVersion).toBe(1)
  })

  test('does not end anything when the load was in time', async () => {
    const rig = createRig({ deadlineMs: () => 50 })
    await rig.startUp()
    await rig.clock.advance(1000)
    expect(rig.told()).toEqual([])
  })
})
