/**
 * How a write is given up where it runs: thrown, so that its transaction is undone.
 */
import type { ApiError, DatabaseFailure } from '../../../errors/api-error.ts'
import { valueFailure } from '../../values/value-failure.ts'

/** Rows are too few or too many, or nothing can be done without a transaction. */
export class WriteRefused extends Error {
  readonly error: ApiError

  constructor(error: ApiError) {
    super(`a write was refused: ${error.kind}`)
    this.name = 'WriteRefused'
    this.error = error
  }
}

/** In PostgreSQL's words. */
export class WriteFailed extends Error {
  readonly failure: DatabaseFailure
  readonly contradictsSchema: boolean

  constructor(failure: DatabaseFailure, contradictsSchema = false) {
    super(failure.message)
    this.name = 'WriteFailed'
    this.failure = failure
    this.contradictsSchema = contradictsSchema
  }
}

/** Rows are not any more what they were found as. */
export function refuseConcurrent(): never {
  throw new WriteFailed(
    valueFailure('40001', 'could not serialize access due to concurrent update'),
  )
}
