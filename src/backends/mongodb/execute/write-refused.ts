/**
 * How a write is given up where it runs: thrown, so that its transaction is undone.
 */
import type { ApiError, DatabaseFailure } from '../../../errors/api-error.ts'

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
