/**
 * What waits in the pipeline: a reload asked for, once or by many, and which requests it answers.
 */
import { repeatedOrigins } from '../observe/repeated-origins.ts'
import {
  mergeSignals,
  type ReloadOrigin,
  type ReloadRequest,
  type ReloadSignal,
} from './reload-signal.ts'

/**
 * How an order stands to a load that failed before it, from weak to strong.
 *
 * patient  only checks that clocks or clients repeat: they neither hasten nor replace the retry,
 *          unless the database answers with another schema than the one it failed at
 * retry    the retry itself: if it fails, the next pause is longer
 * fresh    a new trigger: takes the place of the retry, and begins a new series if it fails
 */
const urgencies = ['patient', 'retry', 'fresh'] as const
export type ReloadUrgency = (typeof urgencies)[number]

export interface ReloadOrder {
  readonly signal: ReloadSignal
  /** The requests that wait for its outcome. */
  readonly requests: readonly ReloadRequest[]
  /** How many triggers it is made of. */
  readonly triggers: number
  readonly urgency: ReloadUrgency
  /** Somebody asked for the configuration alone, and is not to wait for a schema. */
  readonly wantsConfigFirst: boolean
}

const repeated: readonly ReloadOrigin[] = repeatedOrigins

function urgencyOf({ origin, scope, depth }: ReloadSignal): ReloadUrgency {
  if (origin === 'retry') return 'retry'
  const isRepeated = repeated.includes(origin)
  return isRepeated && scope === 'schema' && depth === 'check' ? 'patient' : 'fresh'
}

export function reloadOrder(
  signal: ReloadSignal,
  requests: ReloadOrder['requests'] = [],
): ReloadOrder {
  return {
    signal,
    requests,
    triggers: signal.times ?? 1,
    urgency: urgencyOf(signal),
    wantsConfigFirst: signal.scope === 'config',
  }
}

/** The stronger urgency holds for both. */
export function mergeOrders(older: ReloadOrder, newer: ReloadOrder): ReloadOrder {
  const stronger = Math.max(urgencies.indexOf(older.urgency), urgencies.indexOf(newer.urgency))
  return {
    signal: mergeSignals(older.signal, newer.signal),
    requests: [...older.requests, ...newer.requests],
    triggers: older.triggers + newer.triggers,
    urgency: urgencies[stronger] ?? 'fresh',
    wantsConfigFirst: older.wantsConfigFirst || newer.wantsConfigFirst,
  }
}

/** Strict mode answers nobody before this reload: it is not put off so that more can join it. */
export function isAwaited({ requests }: ReloadOrder): boolean {
  return requests.some(({ origin }) => origin === 'stale-mark')
}
