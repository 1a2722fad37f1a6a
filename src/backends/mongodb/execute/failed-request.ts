/**
 * How a request on MongoDB ends that was refused or failed: the same for reads and writes.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ApiError, DatabaseFailure } from '../../../errors/api-error.ts'
import type { Execution, RequestContext } from '../../backend.ts'
import type { Refusal } from '../compile/mongodb-refusal.ts'
import { databaseError } from '../connect/map-mongodb-error.ts'

export type FailedExecution = Extract<Execution, { readonly kind: 'failed' }>

/** SQLSTATEs of values, types and indexes: the snapshot that says so may be an old one. */
const schemaStates: ReadonlySet<string> = new Set([
  '22P02',
  '22003',
  '23502',
  '42883',
  '42804',
  '42P10',
])

/** What the compiler gave up for. */
export function refusedRequest(refusal: Refusal, context: RequestContext): FailedExecution {
  switch (refusal.kind) {
    case 'database': {
      const contradictsSchema = schemaStates.has(refusal.failure.sqlState)
      return { ...failedRequest(refusal.failure, context, []), contradictsSchema }
    }
    case 'not-implemented': {
      const { engine } = context.snapshot.capabilities
      return failedWith({ kind: 'not-implemented', feature: refusal.feature, engine }, [])
    }
    case 'too-complex':
      return failedWith({ kind: 'too-complex', details: refusal.details }, [])
    default:
      return assertNever(refusal)
  }
}

/** In PostgreSQL's words. */
export function failedRequest(
  failure: DatabaseFailure,
  context: RequestContext,
  statements: readonly string[],
): FailedExecution {
  return failedWith(databaseError(failure, context.isAuthenticated), statements)
}

export function failedWith(error: ApiError, statements: readonly string[]): FailedExecution {
  return { kind: 'failed', error, contradictsSchema: false, statements }
}

/** The collection is gone: reads find nothing in it, and a write would make it. */
export function missingRelation(name: string): DatabaseFailure {
  const message = `relation "${name}" does not exist`
  return { sqlState: '42P01', message, details: null, hint: null }
}
