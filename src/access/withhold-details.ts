/**
 * Details of a broken constraint name values: of the row that is in the way, of the row that is
 * missing, of the columns that a row was to have. A role that may not read all of these is told
 * which constraint it was, and no more.
 *
 * Rule  PostgreSQL leaves the values out as well where row security is on, or a column not granted
 */
import type { ApiError } from '../errors/api-error.ts'
import type { UnruledPlan } from '../plan/plan.ts'
import type { RoleAccess } from './access-rules.ts'

/** Whose details a role may read: of all constraints, of those within its relation, of none. */
export type ReadableDetails = 'all' | 'own' | 'none'

export function readableDetails(plan: UnruledPlan, access: RoleAccess): ReadableDetails {
  if (plan.kind !== 'mutate') return 'none'
  const found = access.relation(plan.relation)
  return found !== null && !found.isPoliced && found.select.kind === 'all' ? 'own' : 'none'
}

/** SQLSTATEs of broken constraints begin so; the one of foreign keys speaks of another relation. */
const constraintClass = '23'
const foreignKeyViolation = '23503'

export function withheldDetails(error: ApiError, readable: ReadableDetails): ApiError {
  if (readable === 'all' || error.kind !== 'database') return error
  const { sqlState } = error.failure
  const isReadable = readable === 'own' && sqlState !== foreignKeyViolation
  if (isReadable || !sqlState.startsWith(constraintClass)) return error
  return { ...error, failure: { ...error.failure, details: null } }
}
