/**
 * How a request on SQLite ends that was refused or failed: the same for reads and writes.
 */
import type { ApiError, DatabaseFailure } from '../../errors/api-error.ts'
import type { Execution, RequestContext } from '../backend.ts'
import type { Refusal } from './compile/compile-refusal.ts'

export function failedExecution(error: ApiError, statements: readonly string[]): Execution {
  return { kind: 'failed', error, contradictsSchema: false, statements }
}

export function databaseError(failure: DatabaseFailure, context: RequestContext): ApiError {
  return { kind: 'database', failure, authenticated: context.isAuthenticated }
}

/** What the compiler gave up for. */
export function refusalError(refusal: Refusal, context: RequestContext): ApiError {
  if (refusal.kind === 'database') return databaseError(refusal.failure, context)
  const { engine } = context.snapshot.capabilities
  return { kind: 'not-implemented', feature: refusal.feature, engine }
}
