import { NEVER, throwError } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { CacheState } from '../../../src/cache/cache-state.ts'
import type { ReloadOutcome, ReloadSignal } from '../../../src/cache/reload-signal.ts'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
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
      version: 1,
      durationMs: 22,
      changes: { added: ['test.v1'], removed: [], changed: [] },
    })
    expect(rig.store.current().snapshot).toMatchObject({ version: 1, schemaVersion: 'v1' })
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
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { version: 1 } })
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
    expect(await outcome).toMatchObject({ kind: 'published', version: 1 })
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
    expect(rig.observations.at(-1)).toMatchObject({
      kind: 'reload-published',
      durationMs: 20,
      queryMs: 20,
      summary: expect.stringMatching(/^1 Relations, 0 Relationships/),
      added: 1,
      removed: 1,
      changed: 0,
    })
  })

  test('during a reload makes exactly one more, however many there are', async () => {
    const rig = createRig({}, (clock, { signal }) =>
      clock.marbles('1100ms n 4ms (nnn) 2ms n 3ms (nn)', { n: signal({ at: 1100 }) }),
    )
    await rig.startUp()
    await rig.clock.advance(1000)
    expect(rig.told().filter((text) => /start|published/.test(text))).toEqual([
      '1100 start notify schema load',
      '1120 published 2',
      '1200 start notify schema load',
      '1220 published 3',
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
    expect(rig.told().filter((text) => /start|published/.test(text))).toEqual([
      '1000 start notify schema load',
      '2000 published 2',
      '2000 start notify schema load',
      '3000 published 3',
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
    expect(rig.store.current().snapshot?.version).toBe(2)
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

  test('a reload of the configuration alone does not touch the database', async () => {
    const rig = createRig()
    await rig.startUp()
    const config = { ...testConfig, dbMaxRows: 5 }
    rig.db.config = { ok: true, value: config }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    expect(rig.told()).toEqual(['1000 start signal config load', '1002 config-loaded'])
    expect(rig.store.current()).toMatchObject({ config, snapshot: { version: 1 } })
    expect(rig.published).toEqual([
      {
        generation: rig.store.current(),
        previous: expect.objectContaining({ config: testConfig }),
      },
    ])
  })

  test('options that shape the schema wait for a load, and checks do not make one of them', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['other'] } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.options.schemas).toEqual(['test'])
    rig.send({ depth: 'full', origin: 'signal' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.options.schemas).toEqual(['other'])
    expect(rig.introspections.at(-1)?.options.schemas).toEqual(['other'])
  })

  test('options that shape the schema act when the listener is back, which may have missed the load', async () => {
    const rig = createRig()
    await rig.startUp()
    const config = { ...testConfig, dbSchemas: ['other'] }
    rig.db.config = { ok: true, value: config }
    rig.send({ scope: 'both', depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(500)
    expect(rig.published.map(({ generation }) => generation)).toEqual([
      { config, snapshot: expect.objectContaining({ version: 2 }) },
    ])
    expect(rig.store.current().snapshot?.options.schemas).toEqual(['other'])
  })

  test('as do those that were read before it was lost', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['other'] } }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    rig.send({ scope: 'schema', depth: 'check', origin: 'listener-connected' })
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.options.schemas).toEqual(['other'])
  })

  test('configuration and schema of one reload are published in one assignment', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbSchemas: ['test', 'v1'] } }
    rig.send({ scope: 'both' })
    await rig.clock.advance(10)
    expect(rig.store.current()).toMatchObject({ config: testConfig, snapshot: { version: 1 } })
    await rig.clock.advance(500)
    expect(rig.store.current()).toMatchObject({
      config: { dbSchemas: ['test', 'v1'] },
      snapshot: { version: 2, options: { schemas: ['test', 'v1'] } },
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
    expect(rig.store.current()).toMatchObject({
      config: { dbMaxRows: 5 },
      snapshot: { version: 2 },
    })
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
    const outcome = rig.pipeline.requestReload({ scope: 'both', depth: 'full', origin: 'admin' })
    await rig.clock.advance(500)
    expect(rig.told().map((text) => text.replace(/^\d+ /, ''))).toEqual([
      'start admin both full',
      'config invalid: failed to parse role-claim-key value (role)',
      'load full',
      'queried in 20',
      'published 2',
    ])
    expect(rig.store.current()).toMatchObject({ config: testConfig, snapshot: { version: 2 } })
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

describe('a failure', () => {
  test('keeps the snapshot, is told with its cause, and is tried again', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failures = [databaseFailure('57014', 'canceling statement')]
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.store.current().snapshot?.version).toBe(1)
    expect(rig.pipeline.state()).toMatchObject({
      kind: 'retrying',
      snapshot: { version: 1 },
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
    expect(rig.told().filter((text) => /start|published/.test(text))).toEqual([
      '1000 start notify schema load',
      '1500 start notify schema load',
      '1520 published 2',
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
      '1520 published 2',
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
    expect(rig.pipeline.state()).toMatchObject({ kind: 'retrying', snapshot: { version: 1 } })
  })

  test('that the release stops on is handed on', async () => {
    const rig = createRig()
    const fatal = databaseFailure('28P01', 'password authentication failed', true)
    rig.db.silence = fatal
    void rig.pipeline.start()
    await rig.clock.advance(100)
    expect(rig.fatal).toEqual([fatal])
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
      snapshot: { version: 1 },
    })
  })
})

describe('while a load is owed', () => {
  async function owing(rig: ReturnType<typeof createRig>): Promise<void> {
    await rig.startUp()
    rig.db.version = 'v2'
    rig.db.failure = databaseFailure('57014')
    rig.send({})
    // the tries at 1000 and 2021 fail, the next is due at 4042
    await rig.clock.advance(1500)
    rig.told()
  }

  test.each(['poll', 'stale-name', 'stale-hit', 'connection-lost'] as const)(
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
      '2600 start stale-name schema load',
      '2620 published 2',
    ])
    expect(await outcome).toMatchObject({ kind: 'published', version: 2 })
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

describe('a catalog row that vanished in mid-load', () => {
  test('is read again at once', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failures = [databaseFailure('XX000', 'cache lookup failed for relation 4711')]
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
    rig.db.failure = databaseFailure('XX000', 'could not open relation with OID 4711')
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
    expect(rig.store.current().snapshot?.version).toBe(1)
  })

  test('does not end anything when the load was in time', async () => {
    const rig = createRig({ deadlineMs: () => 50 })
    await rig.startUp()
    await rig.clock.advance(1000)
    expect(rig.told()).toEqual([])
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
      version: 3,
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
    expect(await outcome).toMatchObject({ kind: 'published', version: 2 })
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
    // the first one ran at once, the others share the second
    expect(rig.told().filter((text) => text.includes('start'))).toHaveLength(2)
  })

  test.each<[string, Partial<ReloadOutcome>]>([
    ['schema', { kind: 'published', version: 2 }],
    ['both', { kind: 'published', version: 2 }],
    ['config', { kind: 'unchanged', version: 1 }],
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

  test('of a changed configuration is published though the schema is the same', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.config = { ok: true, value: { ...testConfig, dbMaxRows: 1 } }
    const outcome = rig.pipeline.requestReload({ scope: 'both', depth: 'check', origin: 'admin' })
    await rig.clock.advance(1000)
    expect(await outcome).toMatchObject({
      kind: 'published',
      version: 1,
      changes: { changed: ['configuration'] },
    })
  })
})

describe('whatever the effects do, the pipeline goes on', () => {
  test.each([
    [
      'onPublished throws',
      {
        onPublished: () => {
          throw new Error('bug')
        },
      },
    ],
    ['the diff rejects', { diffSnapshots: () => Promise.reject(new Error('bug')) }],
  ])('%s: the snapshot is published all the same', async (_, override) => {
    const rig = createRig(override)
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.timeline).toContain('22 crashed: Error: bug')
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { version: 1 } })
    rig.send({})
    await rig.clock.advance(500)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { version: 2 } })
  })

  test.each([
    ['the build rejects', { buildSnapshot: () => Promise.reject(new Error('bug')) }],
    [
      'the build throws',
      {
        buildSnapshot: () => {
          throw new Error('bug')
        },
      },
    ],
    [
      'the deadline cannot be told',
      {
        deadlineMs: () => {
          throw new Error('bug')
        },
      },
    ],
    [
      'the reader throws',
      {
        reader: {
          schemaVersion: () => {
            throw new Error('bug')
          },
          introspect: () => {
            throw new Error('bug')
          },
        },
      },
    ],
  ])('%s: it is told and tried again', async (_, override) => {
    const rig = createRig(override)
    void rig.pipeline.start()
    await rig.clock.advance(1500)
    expect(rig.timeline.filter((text) => text.includes('crashed: Error: bug'))).toHaveLength(2)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'retrying', cause: 'bug', attempt: 2 })
  })

  test('observe throws: nothing else happens', async () => {
    const rig = createRig({
      observe: () => {
        throw new Error('disk full')
      },
    })
    void rig.pipeline.start()
    await rig.clock.advance(500)
    expect(rig.pipeline.state()).toMatchObject({ kind: 'ready', snapshot: { version: 1 } })
  })

  test('a source errors: it is told, the others are heard, it is listened to again', async () => {
    let subscriptions = 0
    const rig = createRig({}, () => {
      subscriptions += 1
      return throwError(() => new Error('broken source'))
    })
    void rig.pipeline.start()
    await rig.clock.advance(3500)
    expect(subscriptions).toBe(1)
    expect(rig.timeline.filter((text) => text.includes('crashed: Error: broken source'))).toEqual([
      '0 crashed: Error: broken source',
      '1000 crashed: Error: broken source',
      '2000 crashed: Error: broken source',
      '3000 crashed: Error: broken source',
    ])
    const outcome = rig.pipeline.requestReload({ scope: 'schema', depth: 'load', origin: 'admin' })
    await rig.clock.advance(500)
    expect(await outcome).toMatchObject({ kind: 'published' })
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
    expect(rig.store.current().snapshot?.version).toBe(1)
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
