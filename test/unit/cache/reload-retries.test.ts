/**
 * A load that failed: what is kept, when it is tried again, and what checks may do meanwhile.
 */
import { describe, expect, test } from 'vitest'
import type { ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { connectionFailure, createRig, databaseFailure, testConfig } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('a failure', () => {
  test('keeps the snapshot, is told with its cause, and is tried again', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failures = [databaseFailure('57014', 'canceling statement')]
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.snapshotVersion).toBe(1)
    expect(rig.pipeline.state()).toMatchObject({
      kind: 'retrying',
      snapshot: { snapshotVersion: 1 },
      cause: 'canceling statement',
      attempt: 1,
      retryInMs: 1000,
    })
    expect(rig.pipeline.lastReload()?.outcome).toMatchObject({ kind: 'failed' })
    await rig.clock.advance(1000)
    expect(rig.told().filter((text) => /start|failed|retry|published/.test(text))).toEqual([
      '1000 start notify schema load',
      '1021 failed #1',
      '1021 retry in 1000',
      '2021 start retry schema load',
      '2041 published 2',
    ])
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { schemaVersion: 'v2' } })
  })

  test('waits with jitter, told without', async () => {
    const rig = createRig({ random: () => 0.5 })
    rig.db.failure = databaseFailure('57014')
    void rig.pipeline.start()
    await rig.clock.advance(4000)
    expect(rig.timeline.filter((text) => /start|retry in/.test(text))).toEqual([
      '0 start start both full',
      '23 retry in 1000',
      '1073 start retry both full',
      '1096 retry in 2000',
      '3196 start retry both full',
      '3219 retry in 4000',
    ])
  })

  test('for a database that was silent is made good once anyone could connect', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.silence = connectionFailure
    rig.send({})
    // tries at 1000, 2020 and 4040: the next one is due at 8060
    await rig.clock.advance(4000)
    rig.told()
    rig.db.silence = null
    rig.aliveSubject.next()
    await rig.clock.advance(100)
    rig.aliveSubject.next()
    await rig.clock.advance(10_000)
    expect(rig.told().filter((text) => /start|published/.test(text))).toEqual([
      '5060 start retry schema load',
      '5080 published 2',
    ])
  })

  test('of a database that answers waits its time, whoever connects', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failure = databaseFailure('57014')
    rig.send({})
    for (let made = 0; made < 60; made += 1) {
      await rig.clock.advance(100)
      rig.aliveSubject.next()
    }
    expect(rig.told().filter((text) => /failed/.test(text))).toEqual([
      '1021 failed #1',
      '2042 failed #2',
      '4063 failed #3',
    ])
  })

  test('is superseded by a newer trigger, whose own failure begins a new series', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failure = databaseFailure('57014')
    rig.send({})
    // failures at 1021, 2042, 4063: the fourth try is due at 8063
    await rig.clock.advance(4000)
    rig.told()
    rig.send({})
    await rig.clock.advance(4500)
    expect(rig.told().filter((text) => /start|failed/.test(text))).toEqual([
      '5000 start notify schema load',
      '5021 failed #1',
      '6021 start retry schema load',
      '6042 failed #2',
      '8042 start retry schema load',
      '8063 failed #3',
    ])
  })

  test('superseded by a success ends the series', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('57014')]
    rig.send({})
    await rig.clock.advance(500)
    rig.send({})
    await rig.clock.advance(100_000)
    expect(rig.told().filter((text) => /start|confirmed/.test(text))).toEqual([
      '1000 start notify schema load',
      '1500 start notify schema load',
      '1520 confirmed 1',
    ])
  })

  test('of a full reload is made good by a full one, of both parts by both', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('57014')]
    rig.send({ depth: 'full', scope: 'both', origin: 'signal' })
    await rig.clock.advance(500)
    rig.told()
    rig.send({ depth: 'load' })
    await rig.clock.advance(500)
    expect(rig.told()).toContain('1502 config-loaded')
    expect(rig.introspections.map(({ depth }) => depth)).toEqual(['full', 'full'])
  })

  test('makes the next check load, though the version has not moved', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('57014')]
    rig.send({})
    await rig.clock.advance(500)
    rig.told()
    rig.send({ depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(400)
    expect(rig.told()).toEqual([
      '1500 start listener-connected schema check',
      '1500 load load',
      '1520 queried in 20',
      '1520 confirmed 1',
    ])
  })

  test('does not stop a reload of the configuration, which leaves the retry as it is', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('57014')]
    rig.send({})
    await rig.clock.advance(500)
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 7 } }
    rig.send({ scope: 'config' })
    await rig.clock.advance(200)
    expect(rig.store.current().config.dbMaxRows).toBe(7)
    await rig.clock.advance(1000)
    expect(rig.told().filter((text) => / start /.test(text))).toEqual([
      '1000 start notify schema load',
      '1500 start notify config load',
      '2021 start retry schema load',
    ])
  })

  test('of the version read is a failure too', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.silence = connectionFailure
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start poll schema check',
      '1000 version',
      '1001 failed #1',
      '1001 retry in 1000',
    ])
    expect(rig.pipeline.state()).toMatchObject({
      kind: 'retrying',
      snapshot: { snapshotVersion: 1 },
    })
  })

  test('is handed on with all that it says', async () => {
    const rig = createRig()
    const fatal = databaseFailure('28P01', 'password authentication failed', { isFatal: true })
    rig.db.silence = fatal
    void rig.pipeline.start()
    await rig.clock.advance(100)
    expect(rig.failures).toEqual([fatal])
  })

  test('of both parts publishes the configuration alone', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 3 } }
    rig.db.failure = databaseFailure('57014')
    rig.send({ scope: 'both' })
    await rig.clock.advance(100)
    expect(rig.store.current()).toMatchObject({
      config: { dbMaxRows: 3 },
      snapshot: { snapshotVersion: 1 },
    })
  })
})

describe('while a load is owed', () => {
  async function owing(
    rig: ReturnType<typeof createRig>,
    scope: ReloadSignal['scope'] = 'schema',
  ): Promise<void> {
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failure = databaseFailure('57014')
    rig.send({ scope })
    // the tries at 1000 and 2021 fail, the next is due at 4042
    await rig.clock.advance(1500)
    rig.told()
  }

  test.each(['poll', 'stale-name', 'stale-hit', 'stale-mark', 'connection-lost', 'fleet'] as const)(
    'a check by %s at the version that failed leaves the retry as it is',
    async (origin) => {
      const rig = createRig()
      await owing(rig)
      const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'check', origin })
      await rig.clock.advance(300)
      expect(rig.told()).toEqual([`2500 start ${origin} schema check`, '2500 version'])
      expect(await outcome).toMatchObject({ kind: 'failed', cause: 'broken' })
      await rig.clock.advance(2000)
      expect(rig.told()[0]).toBe('4042 start retry schema load')
    },
  )

  test('such a check at another version begins the load at once and learns its end', async () => {
    const rig = createRig()
    await owing(rig)
    rig.db.version = 'v3'
    rig.db.failure = null
    const outcome = rig.pipeline.requestReload({
      scope: 'schema',
      depth: 'check',
      origin: 'stale-name',
    })
    await rig.clock.advance(5000)
    expect(rig.told().filter((text) => /start|published/.test(text))).toEqual([
      '2500 start stale-name schema check',
      '2521 published 2',
    ])
    expect(await outcome).toMatchObject({ kind: 'published', snapshotVersion: 2 })
  })

  test('such a check that is still looking when the retry falls due leaves it nothing to load', async () => {
    const rig = createRig()
    await owing(rig, 'both')
    rig.db.version = 'v3'
    rig.db.failure = null
    rig.db.versionMs = 2000
    rig.send({ depth: 'check', origin: 'poll' })
    // the retry is due at 4046, the look ends at 4500
    await rig.clock.advance(10_000)
    expect(rig.told().filter((text) => /start|load |published|unchanged/.test(text))).toEqual([
      '2500 start poll schema check',
      '4502 load load',
      '4522 published 2',
    ])
  })

  test('such a check that fails counts as the retry that fell due meanwhile', async () => {
    const rig = createRig()
    await owing(rig, 'both')
    rig.db.version = 'v3'
    rig.db.versionMs = 2000
    rig.send({ depth: 'check', origin: 'poll' })
    // two tries have failed; the third was due at 4046, the look ends at 4500
    await rig.clock.advance(7000)
    expect(rig.told().filter((text) => /start|load |failed|retry in/.test(text))).toEqual([
      '2500 start poll schema check',
      '4502 load load',
      '6522 failed #3',
      '6522 retry in 4000',
    ])
  })

  test('requests that fail by the dozen do not hasten the retries, nor fill the log', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.silence = connectionFailure
    for (let sent = 0; sent < 500; sent += 1) {
      rig.send({ depth: 'check', origin: 'connection-lost' })
      await rig.clock.advance(10)
    }
    expect(rig.told().filter((text) => /failed|load /.test(text))).toEqual([
      '1001 failed #1',
      '2100 load load',
      '2120 failed #2',
      '4200 load load',
      '4220 failed #3',
    ])
  })

  test('a load that kills its connection each time is not begun anew by every check', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failure = new BackendFailure(
      { kind: 'connection-lost', details: 'gone' },
      'server closed the connection unexpectedly',
    )
    rig.send({})
    for (let sent = 0; sent < 400; sent += 1) {
      rig.send({ depth: 'check', origin: 'poll' })
      await rig.clock.advance(10)
    }
    expect(rig.introspections).toHaveLength(3)
  })

  test('such a check that gets no answer is no failure of its own', async () => {
    const rig = createRig()
    await owing(rig)
    rig.db.silence = connectionFailure
    const outcome = rig.pipeline.requestReload({
      scope: 'schema',
      depth: 'check',
      origin: 'poll',
    })
    await rig.clock.advance(100)
    expect(await outcome).toMatchObject({ kind: 'failed', cause: 'connection refused' })
    expect(rig.told()).toEqual(['2500 start poll schema check', '2500 version'])
    // the server is back with the version that failed: worth a try at once
    rig.db.silence = null
    rig.db.failure = null
    void rig.pipeline.requestReload({ scope: 'schema', depth: 'check', origin: 'poll' })
    await rig.clock.advance(200)
    expect(rig.pipeline.state().kind).toBe('ready')
  })
})
