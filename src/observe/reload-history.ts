/**
 * The last reloads, folded from the records of those that ended: what `GET /reloads` lists. A check
 * that finds nothing, and a retry that fails like the one before it, take the place of the reload
 * that they repeat, so that an outage of a night does not push out what happened before it.
 */

import type { Observe } from './observation.ts'
import type { ReloadRecord } from './reload-record.ts'
import { repeatedOrigins } from './repeated-origins.ts'

/** As many reloads are kept. */
export const keptReloads = 100

/** Oldest first. */
export type ReloadHistory = readonly ReloadRecord[]

/** Whether a reload says no more than the one before it: it found nothing, or failed again alike. */
function isRepeat(before: ReloadRecord, record: ReloadRecord): boolean {
  if (record.outcome !== before.outcome || record.trigger.scope !== before.trigger.scope)
    return false
  if (record.outcome === 'failed') {
    return record.cause === before.cause && repeating.has(record.trigger.origin)
  }
  const hasLoaded = [before, record].some(({ timings }) => timings.queryMs !== null)
  return (
    record.outcome === 'unchanged' && !hasLoaded && record.trigger.origin === before.trigger.origin
  )
}

/** What asks again and again by itself while a load is owed. */
const repeating: ReadonlySet<string> = new Set<string>(['retry', ...repeatedOrigins])

/** The history with one more reload, at most `capacity` of them. */
export function keepRecord(
  history: ReloadHistory,
  record: ReloadRecord,
  capacity = keptReloads,
): ReloadHistory {
  const last = history.at(-1)
  if (last === undefined || !isRepeat(last, record)) return [...history, record].slice(-capacity)
  const repeats = {
    count: (last.repeats?.count ?? 0) + 1,
    since: last.repeats?.since ?? last.startedAt,
  }
  return [...history.slice(0, -1), { ...record, repeats }]
}

export interface ReloadHistorySink {
  readonly observe: Observe
  readonly list: () => ReloadHistory
}

export function createReloadHistory(): ReloadHistorySink {
  let history: ReloadHistory = []
  return {
    observe(observation) {
      if (observation.kind === 'reload-ended') history = keepRecord(history, observation.record)
    },
    list: () => history,
  }
}
