/**
 * The pipeline as a whole, in virtual time: what starts a reload, who learns its end, how it stops.
 */
import { NEVER } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { CacheState } from '../../../src/cache/cache-state.ts'
import type { ReloadOutcome, ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { connectionFailure, createRig, databaseFailure, testConfig } from './reload-rig.ts'

// start-up of the rig takes 1000 ms of virtual time; times below are since the epoch of the clock

describe('the first load', () => {
  test('reads the configuration, then the schema, and says ready last', async () => {
    const rig = createRig()
    const states: CacheState['kind'][] = []
    rig.pipeline.cacheState$.subscribe((state) => {
      states.push(state.kind)
      rig.timeline.push(`${rig.clock.now()} state ${state.kind}`)
    })
    const begun = rig.pipeline.start()
    await rig.clock.advance(100)
    expect(rig.told()).toEqual([
      '0 state starting',
      '0 start start both full',
      '2 config-loaded',
      '2 load full',
      '22 queried in 20',
      '22 published 1',
      '22 state ready',
    ])
    expect(await begun).toEqual({
      kind: 'published',
      snapshotVersion: 1,
      durationMs: 22,
      queuedMs: 0,
      changes: { added: ['test.v1'], removed: [], changed: [] },
    })
    expect(rig.store.current().snapshot).toMatchObject({ snapshotVersion: 1, schemaVersion: 'v1' })
    expect(rig.pipeline.lastReload()).toMatchObject({
      origin: 'start',
      at: '1970-01-01T00:00:00.022Z',
    })
  })

  test('that fails leaves no snapshot, and is tried again after 1, 2, 4 … 32 s until it succeeds', async () => {
    const rig = createRig()
    rig.db.failure = databaseFailure('3F000', 'schema "test" does not exist')
    const begun = rig.pipeline.start()
    await rig.clock.advance(140_000)
    const tries = rig.timeline.filter((text) => / start /.test(text))
    expect(tries).toEqual([
      '0 start start both full',
      '1023 start retry both full',
      '3046 start retry both full',
      '7069 start retry both full',
      '15092 start retry both full',
      '31115 start retry both full',
      '63138 start retry both full',
      '95161 start retry both full',
      '127184 start retry both full',
    ])
    expect(await begun).toMatchObject({ kind: 'failed', cause: 'schema "test" does not exist' })
    expect(rig.pipeline.state()).toEqual({
      kind: 'retrying',
      snapshot: null,
      cause: 'schema "test" does not exist',
      attempt: 9,
      retryInMs: 32_000,
    })
    rig.db.failure = null
    await rig.clock.advance(40_000)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { snapshotVersion: 1 } })
    await rig.clock.advance(100_000)
    expect(rig.told().at(-1)).toBe('159229 published 1')
  })

  test('counts tries, and says what it was loading', async () => {
    const rig = createRig()
    rig.db.failure = databaseFailure('3F000')
    void rig.pipeline.start()
    await rig.clock.advance(1100)
    expect(rig.observations.filter(({ kind }) => kind === 'reload-failed')).toEqual([
      expect.objectContaining({ attempt: 1, schemas: ['test'], extraSearchPath: ['public'] }),
      expect.objectContaining({ attempt: 2, error: expect.objectContaining({ kind: 'database' }) }),
    ])
  })

  test('goes before what the sources say while they begin, and serves it', async () => {
    const rig = createRig({}, (clock, { signal }) =>
      clock.marbles('c', { c: signal({ origin: 'listener-connected', depth: 'check' }) }),
    )
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.told()).toEqual([
      '0 start start both full',
      '2 config-loaded',
      '2 load full',
      '22 queried in 20',
      '22 published 1',
    ])
  })

  test('serves requests from before the start', async () => {
    const rig = createRig()
    const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'load', origin: 'admin' })
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(await outcome).toMatchObject({ kind: 'published', snapshotVersion: 1 })
    expect(rig.introspections).toHaveLength(1)
  })

  test('waits for what has to stand before it; the configuration is read though it does not', async () => {
    const rig = createRig({
      beforeLoad: async () => {
        await rig.clock.delay(7)
        rig.timeline.push(`${rig.clock.now()} connected`)
        if (rig.db.silence !== null) throw rig.db.silence
      },
    })
    rig.db.silence = connectionFailure
    void rig.pipeline.start()
    await rig.clock.advance(100)
    expect(rig.told()).toEqual([
      '0 start start both full',
      '7 connected',
      '9 config-loaded',
      '9 failed #1',
      '9 retry in 1000',
    ])
    rig.db.silence = null
    await rig.clock.advance(1000)
    expect(rig.told().map((text) => text.replace(/^\d+ /, ''))).toEqual([
      'start retry both full',
      'connected',
      'config-loaded',
      'load full',
      'queried in 20',
      'published 1',
    ])
  })
})

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
  test('publishes nothing and gives the next no number, but connections are replaced', async () => {
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
        origin: 'notify',
        snapshotVersion: 2,
        changes: { added: ['test.v2'], removed: ['test.v1'], changed: [] },
        durationMs: 21,
        queuedMs: 0,
      },
    ])
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
