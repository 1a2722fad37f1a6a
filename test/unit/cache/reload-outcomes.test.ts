/**
 * How reloads end, in virtual time: what whoever asked learns, and what is told of changes.
 */
import { describe, expect, test } from 'vitest'
import type { ReloadOutcome, ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { createRig, databaseFailure, testConfig } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('requestReload', () => {
  test('during a load resolves with the outcome of the next one', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.send({})
    await rig.clock.advance(10)
    rig.db.version = 'v2'
    const outcome = rig.pipeline.requestReload({
      scope: 'schema',
      depth: 'check',
      origin: 'stale-name',
    })
    await rig.clock.advance(1000)
    expect(await outcome).toMatchObject({
      kind: 'published',
      snapshotVersion: 2,
      // the work alone, and from the request to its beginning
      durationMs: 21,
      queuedMs: 90,
      changes: { added: ['test.v2'], removed: ['test.v1'], changed: [] },
    })
  })

  test('before the database was looked at joins the reload that has begun', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.send({ scope: 'both', depth: 'check' })
    await rig.clock.advance(1)
    const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'full', origin: 'admin' })
    await rig.clock.advance(1000)
    expect(await outcome).toMatchObject({ kind: 'published', snapshotVersion: 2 })
    expect(rig.introspections.map(({ depth }) => depth)).toEqual(['full'])
  })

  test('asked for by many is one reload, and all learn its end', async () => {
    const rig = createRig()
    await rig.startUp()
    const outcomes = Array.from({ length: 50 }, () =>
      rig.pipeline.requestReload({ scope: 'schema', depth: 'check', origin: 'stale-name' }),
    )
    await rig.clock.advance(1000)
    expect(new Set((await Promise.all(outcomes)).map(({ kind }) => kind))).toEqual(
      new Set(['unchanged']),
    )
    // the others join the first, which has not looked at the database yet
    expect(rig.told().filter((text) => text.includes('start'))).toHaveLength(1)
  })

  test.each<[string, Partial<ReloadOutcome>]>([
    ['schema', { kind: 'unchanged', snapshotVersion: 1, foundBy: 'load' }],
    ['both', { kind: 'unchanged', snapshotVersion: 1, foundBy: 'load' }],
    ['config', { kind: 'unchanged', snapshotVersion: 1, foundBy: 'check' }],
  ])('of scope %s tells %j', async (scope, expected) => {
    const rig = createRig()
    await rig.startUp()
    const outcome = rig.pipeline.requestReload({
      scope: scope as ReloadSignal['scope'],
      depth: 'full',
      origin: 'admin',
    })
    await rig.clock.advance(1000)
    expect(await outcome).toMatchObject(expected)
  })

  test.each(['check', 'full'] as const)(
    'of a changed configuration is published though the schema is the same (%s)',
    async (depth) => {
      const rig = createRig()
      await rig.startUp()
      rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 1 } }
      const outcome = rig.pipeline.requestReload({ scope: 'both', depth, origin: 'admin' })
      await rig.clock.advance(1000)
      expect(await outcome).toMatchObject({
        kind: 'published',
        snapshotVersion: 1,
        changes: { changed: ['configuration'] },
      })
    },
  )

  test('of both parts tells the changes of both', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 1 } }
    rig.db.version = 'v2'
    const outcome = rig.pipeline.requestReload({ scope: 'both', depth: 'full', origin: 'admin' })
    await rig.clock.advance(1000)
    expect(await outcome).toMatchObject({
      changes: { added: ['test.v2'], removed: ['test.v1'], changed: ['configuration'] },
    })
  })
})

describe('a load that finds the schema as it was', () => {
  test('publishes nothing and gives the next no number, but connections are told', async () => {
    const rig = createRig()
    await rig.startUp()
    const before = rig.store.current()
    const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'full', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1000 start admin schema full',
      '1000 load full',
      '1020 queried in 20',
      '1020 confirmed 1',
    ])
    expect(await outcome).toEqual({
      kind: 'unchanged',
      snapshotVersion: 1,
      foundBy: 'load',
      durationMs: 20,
      queuedMs: 0,
    })
    expect(rig.store.current()).toBe(before)
    expect(rig.published).toEqual([])
    expect(rig.reloaded).toEqual([1020])
    expect(rig.pipeline.lastReload()).toMatchObject({ origin: 'admin' })
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.snapshotVersion).toBe(2)
  })

  test('what connections keep is given up before the snapshot is published', async () => {
    const told: string[] = []
    const rig = createRig({
      onReloaded: () => told.push('reloaded'),
      onPublished: () => told.push('published'),
    })
    await rig.startUp()
    told.length = 0
    rig.db.version = 'v2'
    rig.send({})
    await rig.clock.advance(500)
    expect(told).toEqual(['reloaded', 'published'])
  })

  test('under another version is not loaded again by checks of that version', async () => {
    const rig = createRig()
    await rig.startUp()
    const before = rig.store.current().snapshot
    rig.db.relation = 'v1'
    rig.db.version = 'v2'
    rig.send({ depth: 'check' })
    await rig.clock.advance(500)
    expect(rig.told().at(-1)).toBe('1021 confirmed 1')
    expect(rig.store.current().snapshot).toEqual({ ...before, schemaVersion: 'v2' })
    rig.send({ depth: 'check' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '1500 start notify schema check',
      '1500 version',
      '1501 unchanged 1',
    ])
  })

  test('ends a series of failures', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('57014')]
    rig.send({})
    await rig.clock.advance(1500)
    expect(rig.pipeline.state().kind).toBe('ready')
    expect(rig.pipeline.lastReload()).toMatchObject({
      origin: 'retry',
      outcome: { kind: 'unchanged' },
    })
  })
})

describe('what a reload changed', () => {
  test('is told with its trigger and the time it took, the first load apart', async () => {
    const rig = createRig()
    void rig.pipeline.start()
    await rig.clock.advance(1000)
    const changes = () => rig.observations.filter(({ kind }) => kind === 'schema-changed')
    expect(changes()).toEqual([])
    rig.db.version = 'v2'
    rig.send({ depth: 'check' })
    await rig.clock.advance(500)
    expect(changes()).toEqual([
      {
        kind: 'schema-changed',
        reload: 2,
        origin: 'notify',
        snapshotVersion: 2,
        changes: { added: ['test.v2'], removed: ['test.v1'], changed: [] },
        durationMs: 21,
        queuedMs: 0,
      },
    ])
  })
})
