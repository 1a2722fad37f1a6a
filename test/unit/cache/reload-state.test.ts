/**
 * The one state of the pipeline, step by step: a pure fold, so each rule is one line here.
 */
import { describe, expect, test } from 'vitest'
import { reloadOrder } from '../../../src/cache/reload-order.ts'
import {
  cacheStateOf,
  foldStep,
  initialState,
  type ReloadState,
} from '../../../src/cache/reload-state.ts'
import type { OwedLoad, ReloadStep } from '../../../src/cache/reload-step.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import { schemaOptions } from '../../../src/schema/schema-options.ts'
import { catalog } from '../schema/sample-catalog.ts'
import { testConfig } from './reload-rig.ts'

const snapshot = buildSnapshot(catalog({}), schemaOptions(testConfig), 1, new Date(0))
const nextSnapshot = buildSnapshot(catalog({}), schemaOptions(testConfig), 2, new Date(0))
const newConfig = { ...testConfig, dbMaxRows: 5 }
const order = reloadOrder({ scope: 'schema', depth: 'load', origin: 'notify', at: 0 })

const owed: OwedLoad = {
  scope: 'schema',
  depth: 'load',
  attempt: 1,
  cause: 'broken',
  failedAt: 'v1',
  isSilent: false,
  retryInMs: 1000,
}

const starting = initialState({ config: testConfig, snapshot: null })
const ready: ReloadState = {
  ...starting,
  generation: { config: testConfig, snapshot },
}
const retrying: ReloadState = { ...ready, owed, retryAt: 1500 }

const times = { durationMs: 1, queuedMs: 0 }

function loaded(
  config: typeof testConfig | null,
  loadedSnapshot = nextSnapshot,
): Extract<ReloadStep, { kind: 'loaded' }> {
  return {
    kind: 'loaded',
    origin: 'notify',
    snapshot: loadedSnapshot,
    changes: { kind: 'unknown' },
    config,
    ...times,
    checkMs: null,
    queryMs: 1,
    timings: {},
    buildMs: 1,
    diffMs: 1,
  }
}

function failedAt(at: number): ReloadStep {
  const failure = new Error('broken')
  const origin = 'notify'
  return {
    kind: 'load-failed',
    origin,
    failure,
    owed,
    config: null,
    options: schemaOptions(testConfig),
    at,
    ...times,
  }
}

describe('foldStep', () => {
  test('publishes snapshot and configuration of one load together, and owes nothing any more', () => {
    expect(foldStep(retrying, loaded(newConfig))).toEqual({
      ...ready,
      generation: { config: newConfig, snapshot: nextSnapshot },
    })
  })

  test('keeps the configuration where the load brought none', () => {
    expect(foldStep(ready, loaded(null)).generation.config).toBe(testConfig)
  })

  test('keeps the very generation when a load found what is in use, and owes nothing', () => {
    const state = foldStep(retrying, loaded(null, snapshot))
    expect(state).toEqual(ready)
    expect(state.generation).toBe(ready.generation)
  })

  test('tells a load that found nothing new as the last reload', () => {
    const outcome = { kind: 'unchanged', snapshotVersion: 1, foundBy: 'load', ...times } as const
    const { last } = foldStep(retrying, { kind: 'ended', order, outcome, at: 1 })
    expect(last).toMatchObject({ outcome, at: '1970-01-01T00:00:00.001Z' })
  })

  test('keeps the very generation when a load fails, and owes it from then on', () => {
    const state = foldStep(ready, failedAt(500))
    expect(state.generation).toBe(ready.generation)
    expect(state).toMatchObject({ owed, retryAt: 1500 })
  })

  test('takes a retry off the clock while a reload has the load in hand, which stays owed', () => {
    expect(foldStep(retrying, { kind: 'retry-cancelled' })).toEqual({ ...retrying, retryAt: null })
  })

  test('notes what a look found without moving the retry', () => {
    const found = { failedAt: 'v2', isSilent: false }
    const state = foldStep(retrying, { kind: 'owed-load-checked', found, failure: null })
    expect(state).toEqual({ ...retrying, owed: { ...owed, failedAt: 'v2' } })
  })

  test.each<[string, ReloadStep]>([
    ['began', { kind: 'began', order }],
    ['unchanged', { kind: 'unchanged', snapshotVersion: 1, ...times }],
    ['crashed', { kind: 'crashed', failure: new Error('bug') }],
    [
      'config-read without news',
      {
        kind: 'config-read',
        read: { ok: true, value: testConfig },
        publishes: null,
        failure: null,
      },
    ],
    [
      'ended, when a check found it unchanged',
      {
        kind: 'ended',
        order,
        outcome: { kind: 'unchanged', snapshotVersion: 1, foundBy: 'check', ...times },
        at: 1,
      },
    ],
  ])('gives the same state for %s', (_, step) => {
    expect(foldStep(retrying, step)).toBe(retrying)
  })
})

describe('cacheStateOf', () => {
  test.each<[string, ReloadState, unknown]>([
    ['nothing loaded yet', starting, { kind: 'starting' }],
    ['a snapshot', ready, { kind: 'ready', snapshot }],
    [
      'a load owed beside a snapshot',
      retrying,
      { kind: 'retrying', snapshot, cause: 'broken', attempt: 1, retryInMs: 1000 },
    ],
    [
      'a first load owed',
      { ...retrying, generation: starting.generation },
      { kind: 'retrying', snapshot: null, cause: 'broken', attempt: 1, retryInMs: 1000 },
    ],
    [
      'a retry that runs',
      { ...retrying, retryAt: null },
      { kind: 'retrying', snapshot, cause: 'broken', attempt: 1, retryInMs: 1000 },
    ],
  ])('tells %s', (_, state, expected) => {
    expect(cacheStateOf(state)).toEqual(expected)
  })
})
