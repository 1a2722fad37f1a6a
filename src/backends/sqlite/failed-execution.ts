/**
 * How a request on SQLite ends that was refused or failed: the same for reads and writes.
 */
import { assertNever } from '../../core/assert-never.ts'
import type { ApiError, DatabaseFailure } from '../../errors/api-error.ts'
import type { Execution, RequestContext } from '../backend.ts'
import { statementTooLong } from '../sql/sql-text.ts'
import type { Refusal } from './compile/compile-refusal.ts'
import { databaseFailure } from './map-sqlite-error.ts'

/** One that gives no result. */
export type FailedExecution = Exclude<Execution, { readonly kind: 'done' }>

export function failedExecution(error: ApiError, statements: readonly string[]): FailedExecution {
  return { kind: 'failed', error, contradictsSchema: false, statements }
}

export function databaseError(failure: DatabaseFailure, context: RequestContext): ApiError {
  return databaseFailure(failure, context.isAuthenticated)
}

/** What the compiler gave up for. */
export function refusalError(refusal: Refusal, context: RequestContext): ApiError {
  switch (refusal.kind) {
    case 'database':
      return databaseError(refusal.failure, context)
    case 'not-implemented': {
      const { engine } = context.snapshot.capabilities
      return { kind: 'not-implemented', feature: refusal.feature, engine }
    }
    case 'too-long':
      return statementTooLong
    default:
      return assertNever(refusal)
  }
}
