/**
 * The first load of the pipeline, in virtual time: from the start to the first schema.
 */
import { describe, expect, test } from 'vitest'
import type { CacheState } from '../../../src/cache/cache-state.ts'
import { connectionFailure, createRig, databaseFailure } from './reload-rig.ts'

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
