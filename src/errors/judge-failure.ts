/**
 * What a failure of the database means for the process. Everyone who meets one asks here: loads,
 * the feed of schema changes, requests.
 */
import { BackendFailure } from './backend-failure.ts'

/**
 * fatal   the process is to end: wrong credentials, or recovery is switched off
 * retry   the database cannot be reached: it is asked again, and its schema checked once it answers
 * ignore  it answers, and the failure is that of one request or load
 */
export type FailureVerdict = 'fatal' | 'retry' | 'ignore'

/**
 * @param config `db-pool-automatic-recovery` off means that a lost connection ends the process
 *
 * Rule  PostgREST docs: configuration (db-pool-automatic-recovery)
 */
export function judgeFailure(
  failure: unknown,
  { dbPoolAutomaticRecovery }: { readonly dbPoolAutomaticRecovery: boolean },
): FailureVerdict {
  if (!(failure instanceof BackendFailure)) return 'ignore'
  if (failure.isFatal) return 'fatal'
  if (!isUnreachable(failure)) return 'ignore'
  return dbPoolAutomaticRecovery ? 'retry' : 'fatal'
}

/** Whether the connection was refused or lost, as opposed to a database that answers with an error. */
export function isUnreachable({ error }: Pick<BackendFailure, 'error'>): boolean {
  return error.kind === 'connection' || error.kind === 'connection-lost'
}
