/**
 * What waits in the pipeline: a reload asked for, once or by many, and who wants to know its end.
 */
import {
  mergeSignals,
  type ReloadOrigin,
  type ReloadOutcome,
  type ReloadSignal,
} from './reload-signal.ts'

export interface ReloadOrder {
  readonly signal: ReloadSignal
  readonly waiters: readonly ((outcome: ReloadOutcome) => void)[]
  /**
   * Only checks that clocks or clients repeat: they neither hasten nor replace the retry of a
   * failed load unless the database answers with another schema than the one it failed at.
   */
  readonly isPatient: boolean
}

const repeatedOrigins: readonly ReloadOrigin[] = ['poll', 'stale-name', 'stale-hit']

export function reloadOrder(
  signal: ReloadSignal,
  waiters: ReloadOrder['waiters'] = [],
): ReloadOrder {
  const isPatient =
    signal.depth === 'check' && signal.scope === 'schema' && repeatedOrigins.includes(signal.origin)
  return { signal, waiters, isPatient }
}

export function mergeOrders(older: ReloadOrder, newer: ReloadOrder): ReloadOrder {
  return {
    signal: mergeSignals(older.signal, newer.signal),
    waiters: [...older.waiters, ...newer.waiters],
    isPatient: older.isPatient && newer.isPatient,
  }
}
