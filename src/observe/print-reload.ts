/**
 * The record of a reload as `GET /reloads` and the events of `GET /events` have it: as it is kept,
 * times rounded to a tenth of a millisecond.
 */
import type { ReloadHistory } from './reload-history.ts'
import type { ReloadRecord } from './reload-record.ts'

/** Newest first. */
export function printReloads(history: ReloadHistory): readonly ReloadRecord[] {
  return [...history].reverse().map(printReload)
}

export function printReload(record: ReloadRecord): ReloadRecord {
  const { timings } = record
  const queries = Object.entries(timings.queries).map(([group, ms]) => [group, tenths(ms)] as const)
  return {
    ...record,
    durationMs: tenths(record.durationMs),
    queuedMs: tenths(record.queuedMs),
    timings: {
      checkMs: tenthsIfAny(timings.checkMs),
      queryMs: tenthsIfAny(timings.queryMs),
      queries: Object.fromEntries(queries),
      buildMs: tenthsIfAny(timings.buildMs),
      diffMs: tenthsIfAny(timings.diffMs),
      publishMs: tenthsIfAny(timings.publishMs),
    },
  }
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10
}

function tenthsIfAny(ms: number | null): number | null {
  return ms === null ? null : tenths(ms)
}
