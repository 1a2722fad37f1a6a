/**
 * The record of a reload, folded from its steps in a pipeline in virtual time.
 */
import { describe, expect, test } from 'vitest'
import { noReloadChanges, type ReloadRecord } from '../../../src/observe/reload-record.ts'
import { createRig, databaseFailure, type Rig, testConfig } from './reload-rig.ts'

/** Of reloads that ended. */
function records(rig: Rig): readonly ReloadRecord[] {
  return rig.observations.flatMap((each) => (each.kind === 'reload-ended' ? [each.record] : []))
}

const iso = (ms: number) => new Date(ms).toISOString()

describe('the record of a reload', () => {
  test('that was the first counts all that is new, and lists none of it', async () => {
    const rig = createRig()
    void rig.pipeline.start()
    await rig.clock.advance(1000)
    expect(records(rig)).toMatchObject([
      { id: 1, before: null, after: { number: 1 }, changes: { added: 1, list: [], isCut: true } },
    ])
  })

  test('that found a change has trigger, steps, marks and what changed', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.version = 'v2'
    const request = { method: 'GET', path: '/v2', names: 'test.v2' }
    rig.send({ depth: 'check', origin: 'stale-name', request })
    await rig.clock.advance(500)
    expect(records(rig)).toEqual([
      {
        id: 2,
        startedAt: iso(1000),
        endedAt: iso(1021),
        trigger: { origin: 'stale-name', scope: 'schema', depth: 'check', asked: 1, request },
        outcome: 'published',
        cause: null,
        retry: null,
        durationMs: 21,
        queuedMs: 0,
        timings: { checkMs: 1, queryMs: 20, queries: {}, buildMs: 0, diffMs: 0, publishMs: 0 },
        before: { number: 1, label: 'v1' },
        after: { number: 2, label: 'v2' },
        changes: {
          added: 1,
          removed: 1,
          changed: 0,
          list: [
            expect.objectContaining({ kind: 'added', subject: 'relation', name: 'test.v2' }),
            expect.objectContaining({ kind: 'removed', subject: 'relation', name: 'test.v1' }),
          ],
          isCut: false,
        },
        repeats: null,
      },
    ])
  })

  test('is told at its beginning, as one that runs', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.send({ depth: 'load' })
    await rig.clock.advance(5)
    const began = rig.observations.flatMap((each) =>
      each.kind === 'reload-began' ? [each.record] : [],
    )
    expect(began).toMatchObject([
      { id: 2, outcome: 'running', endedAt: null, startedAt: iso(1000) },
    ])
    expect(records(rig)).toEqual([])
  })

  test('that found nothing has no changes, and the mark that was in use', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.send({ depth: 'check', origin: 'poll' })
    await rig.clock.advance(500)
    const mark = { number: 1, label: 'v1' }
    expect(records(rig)).toMatchObject([
      { outcome: 'unchanged', before: mark, after: mark, changes: noReloadChanges },
    ])
    expect(records(rig)[0]?.timings).toMatchObject({ checkMs: 1, queryMs: null, buildMs: null })
  })

  test('that failed has the cause, the try and the pause', async () => {
    const rig = createRig()
    await rig.startUp()
    rig.db.failure = databaseFailure('57014', 'canceling statement due to statement timeout')
    rig.send({ depth: 'load', origin: 'signal' })
    await rig.clock.advance(500)
    expect(records(rig)).toMatchObject([
      {
        outcome: 'failed',
        cause: 'canceling statement due to statement timeout',
        retry: { attempt: 1, retryInMs: 1000 },
        before: { number: 1 },
        after: { number: 1 },
      },
    ])
  })

  test('counts the triggers that were merged into it', async () => {
    const rig = createRig()
    await rig.startUp()
    for (let times = 0; times < 4; times += 1) rig.send({ depth: 'load' })
    await rig.clock.advance(500)
    expect(records(rig).map(({ trigger }) => trigger.asked)).toEqual([4])
  })

  test('names the options that changed, and hides secrets', async () => {
    const rig = createRig()
    await rig.startUp()
    const value = {
      ...testConfig,
      dbMaxRows: 5,
      jwtSecret: Buffer.from('a-secret-of-thirty-two-characters'),
    }
    rig.db.config = { ok: true, value }
    rig.send({ scope: 'config', origin: 'signal' })
    await rig.clock.advance(500)
    const [record] = records(rig)
    expect(record).toMatchObject({ outcome: 'published', changes: { changed: 2 } })
    expect(record?.changes.list).toEqual([
      {
        kind: 'changed',
        subject: 'setting',
        name: 'db-max-rows',
        part: null,
        before: '""',
        after: '5',
      },
      expect.objectContaining({ name: 'jwt-secret', before: '***', after: '***' }),
    ])
    expect(JSON.stringify(record)).not.toContain('thirty-two')
  })
})
