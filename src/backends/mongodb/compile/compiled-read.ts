/**
 * What a plan is compiled to: aggregation pipelines as functions of a request, and what the documents
 * look like that come out of them. A plan is compiled once; each request fills in its values.
 */
import type { Document } from 'mongodb'
import type { ApiRequest } from '../../../api/api-request.ts'
import type { Result } from '../../../core/result.ts'
import type { BodyEncoder } from '../../../plan/plan.ts'
import type { RowShape } from '../bson/answer-shape.ts'
import type { Refusal } from './mongodb-refusal.ts'

/**
 * A part of a pipeline with the values of a request in it. Throws what `refusalOf` reads for values
 * that are none of their type.
 */
export type Bound<T> = (request: ApiRequest) => T

/** Stages in a row. */
export type Stages = Bound<readonly Document[]>

export interface CompiledRead {
  readonly database: string
  readonly collection: string
  /** Gives the rows of the page. Null: nothing is to be read, as of `limit=0`. */
  readonly pipeline: Bound<readonly Document[] | null>
  /**
   * Gives one document `{total: n}`, or none for 0. Null where no count is asked for, or the rows of
   * the page are all there are.
   */
  readonly count: Stages | null
  readonly shape: RowShape
  readonly encoder: BodyEncoder
  /** The row there is where the pipeline finds none: of an aggregate over nothing. Else null. */
  readonly whenEmpty: Bound<Document | null>
}

export type CompiledPlan = Result<CompiledRead, Refusal>
