/**
 * The pipeline as a whole, in virtual time: what starts a reload, and how it stops.
 */
import { NEVER } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { createRig, databaseFailure } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('a trigger', () => {
  test('starts a reload at once', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start notify schema load',
      '1000 load load',
      '1020 queried in 20',
      '1020 published 2',
    ])
    expect(rig.observations.find(({ kind }) => kind === 'reload-published')).toMatchObject({
      origin: 'notify',
      snapshotVersion: 2,
      durationMs: 20,
      queuedMs: 0,
      queryMs: 20,
      summary: expect.stringMatching(/^1 Relations, 0 Relationships/),
    })
  })

  test('during a reload makes exactly one more, however many there are', async () => {
    const rig = createRig({}, (clock, { signal }) =>
      clock.marbles('1100ms n 4ms (nnn) 2ms n 3ms (nn)', { n: signal({ at: 1100 }) }),
    )
    await rig.startUp()
    await rig.clock.advance(1000)
    expect(rig.told().filter((text) => /start|confirmed/.test(text))).toEqual([
      '1100 start notify schema load',
      '1120 confirmed 1',
      '1200 start notify schema load',
      '1220 confirmed 1',
    ])
  })

  test('within 100 ms of the beginning waits until they are over', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.send({})
    await rig.clock.advance(60)
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.told().filter((text) => text.includes('start'))).toEqual([
      '1000 start notify schema load',
      '1100 start notify schema load',
    ])
  })

  test('after a long reload starts the next at its end', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.introspectMs = 1000
    rig.send({})
    await rig.clock.advance(500)
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(2000)
    expect(rig.told().filter((text) => /start|published|confirmed/.test(text))).toEqual([
      '1000 start notify schema load',
      '2000 confirmed 1',
      '2000 start notify schema load',
      '3000 published 2',
    ])
    expect(rig.store.current().snapshot?.schemaVersion).toBe('v2')
  })

  test('in a storm of 1000 costs ten reloads a second, and the last change is seen', async () => {
    const rig = createRig()
    await rig.startUp()
    for (let sent = 1; sent <= 1000; sent += 1) {
      rig.db.version = `v${sent}`
      rig.send({})
      await rig.clock.advance(1)
    }
    await rig.clock.advance(1000)
    expect(rig.introspections.length).toBeGreaterThanOrEqual(10)
    expect(rig.introspections.length).toBeLessThanOrEqual(11)
    expect(rig.store.current().snapshot?.relations.has('test\0v1000')).toBe(true)
    expect(rig.observations.filter(({ kind }) => kind === 'trigger')).toHaveLength(1000)
  })
})

describe('stop', () => {
  test('gives up the load that runs, and tells whoever waits', async () => {
    const rig = createRig()
    await rig.startUp()
    const first = rig.pipeline.requestReload({ scope: 'schema', depth: 'load', origin: 'admin' })
    await rig.clock.advance(5)
    const second = rig.pipeline.requestReload({ scope: 'schema', depth: 'load', origin: 'admin' })
    rig.pipeline.stop()
    expect(rig.introspections[0]?.signal.aborted).toBe(true)
    expect(await first).toMatchObject({ kind: 'failed', cause: 'The server is stopping.' })
    expect(await second).toMatchObject({ kind: 'failed', cause: 'The server is stopping.' })
    rig.told()
    await rig.clock.advance(100_000)
    expect(rig.told()).toEqual([])
    expect(rig.store.current().snapshot?.snapshotVersion).toBe(1)
    expect(rig.pipeline.state().kind).toBe('ready')
  })

  test('ends the retries', async () => {
    const rig = createRig()
    rig.db.failure = databaseFailure('57014')
    void rig.pipeline.start()
    await rig.clock.advance(500)
    rig.pipeline.stop()
    rig.told()
    await rig.clock.advance(100_000)
    expect(rig.told()).toEqual([])
  })

  test('leaves the sources', async () => {
    const rig = createRig()
    await rig.startUp()
    expect(rig.signals.observed).toBe(true)
    rig.pipeline.stop()
    expect(rig.signals.observed).toBe(false)
  })

  test('answers what is asked afterwards', async () => {
    const rig = createRig({}, () => NEVER)
    rig.pipeline.stop()
    const request = { scope: 'schema', depth: 'load', origin: 'admin' } as const
    expect(await rig.pipeline.requestReload(request)).toMatchObject({ kind: 'failed' })
    expect(await rig.pipeline.start()).toMatchObject({ kind: 'failed' })
  })
})
