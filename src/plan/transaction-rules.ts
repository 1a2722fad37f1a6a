/**
 * What clients and operators can rely on of a request's transaction, whatever the engine: whether
 * it may write, and whether what it did stays. An engine puts it into its own words.
 *
 * Rule    PostgREST docs: transactions (Access Mode); preferences (tx)
 */
import type { Preferences } from '../api/api-request.ts'
import type { Config } from '../config/config.ts'
import type { DatabasePlan, InspectPlan } from './plan.ts'

/** GET and HEAD never write, nor do calls of functions that promise not to. */
export function isReadOnly(plan: DatabasePlan<unknown> | Pick<InspectPlan, 'kind'>): boolean {
  switch (plan.kind) {
    case 'read':
    case 'inspect':
      return true
    case 'mutate':
      return false
    case 'call':
      return plan.isReadOnly
  }
}

/**
 * Whether the transaction of a request that went well is committed. Where it is rolled back, all
 * that committing would have checked is checked first, so that the answer is the same.
 */
export function commits(
  { dbTxEnd }: Pick<Config, 'dbTxEnd'>,
  preferences: Pick<Preferences, 'tx'>,
): boolean {
  // a preference that the configuration does not allow counts as not given
  const wish = dbTxEnd.endsWith('-allow-override') ? preferences.tx : undefined
  return wish === undefined ? dbTxEnd.startsWith('commit') : wish === 'commit'
}
