/**
 * What one reload looks at, reads and publishes, step by step in virtual time.
 */
import { describe, expect, test } from 'vitest'
import type { ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { connectionFailure, createRig, databaseFailure, testConfig } from './reload-rig.ts'

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

  test('a reload of the configuration alone loads no schema that is the same', async () => {
    const rig = createRig()
    await rig.startUp()
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start signal config load',
      '1002 config-loaded',
      '1002 version',
    ])
    expect(rig.store.current()).toMatchObject({ config, snapshot: { snapshotVersion: 1 } })
    expect(rig.published).toEqual([
      {
        generation: rig.store.current(),
        previous: expect.objectContaining({ config: testConfig }),
      },
    ])
  })

  test('a reload of the configuration loads a schema that has moved: roles may have set something', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    const outcome = rig.pipeline.requestReload({ scope: 'config', depth: 'full', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start admin config full',
      '1002 config-loaded',
      '1002 version',
      '1003 load load',
      '1023 queried in 20',
      '1023 published 2',
    ])
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v2' } })
    expect(await outcome).toMatchObject({
      kind: 'published',
      snapshotVersion: 2,
      changes: { added: ['test.v2'], removed: ['test.v1'], changed: ['configuration'] },
    })
  })

  test('such a load that fails is owed, and the configuration is in use', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failures = [databaseFailure('57014')]
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    rig.send({ scope: 'config' })
    await rig.clock.advance(500)
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v1' } })
    expect(rig.pipeline.state().kind).toBe('retrying')
    await rig.clock.advance(1000)
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v2' } })
  })

  test('a database that does not answer leaves a reload of the configuration alone', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.silence = connectionFailure
    const outcome = rig.pipeline.requestReload({ scope: 'config', depth: 'check', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told().slice(2)).toEqual(['1002 version'])
    expect((await outcome).kind).not.toBe('failed')
    expect(rig.pipeline.state().kind).toBe('ready')
  })

  test('db-config switched by a reload loads what roles have set, or have no more', async () => {
    const rig = createRig()
    await rig.startUp()
    for (const dbConfig of [false, true]) {
      rig.db.config = { ok: true, value: { ...testConfig, dbConfig } }
      rig.send({ scope: 'config', origin: 'signal' })
      await rig.clock.advance(500)
      expect(rig.store.current().config.dbConfig).toBe(dbConfig)
    }
    expect(rig.introspections.map(({ depth }) => depth)).toEqual(['load', 'load'])
    rig.db.config = { ok: true, value: { ...testConfig, dbConfig: false } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    rig.told()
    rig.db.version = 'v2'
    rig.db.config = { ok: true, value: { ...testConfig, dbConfig: false, dbMaxRows: 5 } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    // not to be asked for settings: its version is nobody's question here
    expect(rig.told().some((text) => /version|load /.test(text))).toBe(false)
  })

  test('options that shape the schema wait for a load, and checks do not make one of them', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['other'] } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.schemas).toEqual(['test'])
    rig.send({ depth: 'full', origin: 'signal' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.schemas).toEqual(['other'])
    expect(rig.introspections.at(-1)?.options.dbSchemas).toEqual(['other'])
  })

  test('options that shape the schema act when the listener is back, which may have missed the load', async () => {
    const rig = createRig()
    await rig.startUp()
    const config = { ...testConfig, dbSchemas: ['other'] }
    rig.db.config = { ok: true, value: config }
    rig.send({ scope: 'both', depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(500)
    expect(rig.published.map(({ generation }) => generation)).toEqual([
      { config, snapshot: expect.objectContaining({ snapshotVersion: 2 }) },
    ])
    expect(rig.store.current().snapshot?.schemas).toEqual(['other'])
  })

  test.each(['schema', 'both'] as const)(
    'options that shape the schema act when a change of the %s is announced, though none is found',
    async (scope) => {
      const rig = createRig()
      await rig.startUp()
      rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['test', 'other'] } }
      rig.send({ scope: 'config', origin: 'signal' })
      await rig.clock.advance(500)
      rig.send({ scope, depth: 'check', origin: 'notify' })
      await rig.clock.advance(500)
      expect(rig.store.current().snapshot).toMatchObject({
        snapshotVersion: 2,
        options: { dbSchemas: ['test', 'other'] },
      })
    },
  )

  test('as do those that were read before it was lost', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['other'] } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    rig.send({ scope: 'schema', depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.schemas).toEqual(['other'])
  })

  test('configuration and schema of one reload are published in one assignment', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['test', 'v1'] } }
    rig.send({ scope: 'both' })
    await rig.clock.advance(10)
    expect(rig.store.current()).toMatchObject({
      config: testConfig,
      snapshot: { snapshotVersion: 1 },
    })
    await rig.clock.advance(500)
    expect(rig.store.current()).toMatchObject({
      config: { dbSchemas: ['test', 'v1'] },
      snapshot: { snapshotVersion: 2, options: { dbSchemas: ['test', 'v1'] } },
    })
    expect(rig.published).toHaveLength(1)
  })

  test('a configuration that was asked for alone does not wait for the schema it runs with', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.introspectMs = 1000
    rig.send({})
    await rig.clock.advance(10)
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 5 } }
    rig.send({ scope: 'config', origin: 'signal' })
    rig.send({})
    await rig.clock.advance(1000)
    expect(rig.told().at(-1)).toBe('2002 load load')
    expect(rig.store.current().config).toMatchObject({ dbMaxRows: 5 })
  })

  test('a configuration that is read with a check is in use when it is told', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.versionMs = 500
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 5 } }
    rig.send({ scope: 'both', depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(10)
    expect(rig.told()).toContain('1002 config-loaded')
    expect(rig.store.current().config.dbMaxRows).toBe(5)
    const outcome = rig.pipeline.requestReload({ scope: 'config', depth: 'check', origin: 'admin' })
    await rig.clock.advance(2000)
    expect(rig.published).toHaveLength(1)
    expect(await outcome).toMatchObject({ kind: 'unchanged' })
  })

  test('an equal configuration is not published again', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: structuredClone(testConfig) }
    rig.send({ scope: 'config' })
    await rig.clock.advance(500)
    expect(rig.published).toEqual([])
    expect(rig.store.current().config).toBe(testConfig)
  })

  test('an invalid configuration is told and the old one stays; the schema is loaded all the same', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: false, error: ['failed to parse role-claim-key value (role)'] }
    rig.db.version = 'v2'
    const outcome = rig.pipeline.requestReload({ scope: 'both', depth: 'full', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told().map((text) => text.replace(/^\d+ /, ''))).toEqual([
      'start admin both full',
      'config invalid: failed to parse role-claim-key value (role)',
      'load full',
      'queried in 20',
      'published 2',
    ])
    expect(rig.store.current()).toMatchObject({
      config: testConfig,
      snapshot: { snapshotVersion: 2 },
    })
    expect(await outcome).toMatchObject({
      kind: 'failed',
      cause: 'failed to parse role-claim-key value (role)',
    })
    expect(rig.pipeline.state().kind).toBe('ready')
  })

  test('a configuration that cannot be read counts as invalid', async () => {
    const rig = createRig({ loadConfig: () => Promise.reject(new Error('no such file')) })
    await rig.startUp()
    rig.send({ scope: 'config' })
    await rig.clock.advance(500)
    expect(rig.told()).toContain('1000 config invalid: no such file')
    expect(rig.store.current().config).toBe(testConfig)
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
