/**
 * The configuration's part of a reload, in virtual time: when it comes into use, with or without the
 * schema, and what it asks of the schema.
 */
import { describe, expect, test } from 'vitest'
import { connectionFailure, createRig, databaseFailure, testConfig } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('the configuration', () => {
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

  test('a database that does not say whether it moved is loaded: the fault may have passed', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.silences = [connectionFailure]
    rig.db.version = 'v2'
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    const outcome = rig.pipeline.requestReload({ scope: 'config', depth: 'check', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told().slice(2)).toEqual([
      '1002 version',
      '1003 load load',
      '1023 queried in 20',
      '1023 published 2',
    ])
    expect(await outcome).toMatchObject({ kind: 'published', snapshotVersion: 2 })
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v2' } })
  })

  test('while the database does not answer, what roles have set is owed, and the configuration in use', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.silence = connectionFailure
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    const outcome = rig.pipeline.requestReload({ scope: 'config', depth: 'check', origin: 'admin' })
    await rig.clock.advance(500)
    expect(await outcome).toMatchObject({ kind: 'failed', cause: 'connection refused' })
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v1' } })
    rig.db.silence = null
    rig.db.version = 'v2'
    await rig.clock.advance(1000)
    expect(rig.store.current()).toMatchObject({ config, snapshot: { schemaVersion: 'v2' } })
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
