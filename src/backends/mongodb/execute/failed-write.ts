/**
 * Why a write failed → what its client is told, in PostgreSQL's codes and words.
 *
 * Rule  PostgreSQL manual: Error Codes, class 23
 */
import { MongoInvalidArgumentError, MongoServerError } from 'mongodb'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { MutatePlan } from '../../../plan/plan.ts'
import type { Execution, RequestContext } from '../../backend.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { CollectionFacts } from '../catalog/mongodb-facts.ts'
import type { BoundWrite } from '../compile/bound-write.ts'
import { cancelled, mapDriverError } from '../connect/map-mongodb-error.ts'
import { constraintOf } from './broken-constraint.ts'
import { failedRequest, failedWith, refusedRequest } from './failed-request.ts'
import { TransactionCancelled } from './mongodb-transaction.ts'
import { OutcomeUnknown, outcomeUnknown } from './outcome-unknown.ts'
import { WriteFailed, WriteRefused } from './write-refused.ts'

export interface FailedRun {
  readonly plan: MutatePlan
  readonly context: RequestContext
  readonly facts: CollectionFacts
  readonly bound: BoundWrite
  readonly statements: readonly string[]
}

/** Throws  what is neither of ours nor of the driver: a defect */
export function failedWrite(error: unknown, run: FailedRun): Execution {
  const { context, statements } = run
  const feature = unsupportedFeature(error, run)
  if (feature !== null) return refusedRequest({ kind: 'not-implemented', feature }, context)
  if (error instanceof WriteRefused) return failedWith(error.error, statements)
  if (error instanceof WriteFailed) {
    const { failure, contradictsSchema } = error
    return { ...failedRequest(failure, context, statements), contradictsSchema }
  }
  const failure = failureOf(error, run)
  return failure === null
    ? { kind: 'failed', ...mapDriverError(error, context), statements }
    : failedRequest(failure, context, statements)
}

/** Null: it has to do with no write in particular. */
function failureOf(error: unknown, run: FailedRun): DatabaseFailure | null {
  if (error instanceof TransactionCancelled) return cancelled
  if (error instanceof OutcomeUnknown) return outcomeUnknown
  if (isTooLarge(error)) return tooLarge
  if (!(error instanceof MongoServerError)) return null
  // the `_id` is of a type that it cannot be of
  if (error.code === 52 || error.code === 53) return valueFailure('22023', error.message)
  return constraintOf(error, run)
}

/** The driver does not send what no server would take, and says so in several ways. */
function isTooLarge(error: unknown): boolean {
  if (error instanceof RangeError) return 'code' in error && error.code === 'ERR_OUT_OF_RANGE'
  return error instanceof MongoInvalidArgumentError && /larger than the maximum/.test(error.message)
}

const tooLarge = valueFailure('54000', 'a document is larger than the 16 MB that MongoDB stores')

/** What MongoDB does not do, by the code of its refusal; null: that is not what is wrong. */
function unsupportedFeature(error: unknown, { facts }: FailedRun): string | null {
  if (!(error instanceof MongoServerError)) return null
  if (error.code === 66) return 'changing the _id of a document'
  // InvalidOptions, before 7.0
  const isOfSeries = facts.kind === 'time-series' && error.code === 72
  return isOfSeries ? 'deleting from a time series by other fields than its metadata' : null
}
