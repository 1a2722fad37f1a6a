import { describe, expect, test } from 'vitest'
import { keepRecord, keptReloads, type ReloadHistory } from '../../../src/observe/reload-history.ts'
import { noReloadChanges, type ReloadRecord } from '../../../src/observe/reload-record.ts'

const noTimings = {
  checkMs: null,
  queryMs: null,
  queries: {},
  buildMs: null,
  diffMs: null,
  publishMs: null,
}

function record(id: number, part: Partial<ReloadRecord> = {}, origin = 'notify'): ReloadRecord {
  return {
    id,
    startedAt: new Date(id * 1000).toISOString(),
    endedAt: new Date(id * 1000 + 5).toISOString(),
    trigger: { origin, scope: 'schema', depth: 'check', asked: 1, request: null },
    outcome: 'published',
    cause: null,
    retry: null,
    durationMs: 5,
    queuedMs: 0,
    timings: noTimings,
    before: null,
    after: null,
    changes: noReloadChanges,
    repeats: null,
    ...part,
  }
}

function kept(...records: readonly ReloadRecord[]): ReloadHistory {
  return records.reduce<ReloadHistory>((history, each) => keepRecord(history, each), [])
}

const told = (history: ReloadHistory) =>
  history.map(({ id, repeats }) => (repeats === null ? `${id}` : `${id} (${repeats.count} before)`))

describe('the history of reloads', () => {
  test('keeps the last hundred', () => {
    const history = kept(...Array.from({ length: 130 }, (_, at) => record(at + 1)))
    expect(history).toHaveLength(keptReloads)
    expect(history[0]?.id).toBe(31)
    expect(history.at(-1)?.id).toBe(130)
  })

  test('has one entry for checks that find nothing, one after the other', () => {
    const nothing = { outcome: 'unchanged' } as const
    const history = kept(
      record(1),
      record(2, nothing, 'poll'),
      record(3, nothing, 'poll'),
      record(4, nothing, 'connection-lost'),
      record(5),
      record(6, nothing, 'poll'),
    )
    expect(told(history)).toEqual(['1', '3 (1 before)', '4', '5', '6'])
    expect(history[1]?.repeats?.since).toBe(new Date(2000).toISOString())
  })

  test('keeps each load that was asked for, though it finds nothing', () => {
    const loaded = { outcome: 'unchanged', timings: { ...noTimings, queryMs: 20 } } as const
    expect(told(kept(record(1, loaded, 'admin'), record(2, loaded, 'admin')))).toEqual(['1', '2'])
  })

  test('has one entry for retries that fail alike, so that an outage pushes nothing out', () => {
    const failed = { outcome: 'failed', cause: 'connection refused' } as const
    const history = kept(
      record(1),
      record(2, failed),
      ...Array.from({ length: 500 }, (_, at) =>
        record(at + 3, failed, ['retry', 'poll', 'stale-mark', 'fleet'][at % 4]),
      ),
      record(503, { ...failed, cause: 'another' }, 'retry'),
      record(504, { ...failed, cause: 'another' }, 'notify'),
    )
    expect(told(history)).toEqual(['1', '502 (500 before)', '503', '504'])
  })
})
