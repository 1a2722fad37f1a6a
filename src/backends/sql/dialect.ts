/**
 * The points where SQL engines differ in filters, order and selected columns. `compile-filter.ts`,
 * `compile-order.ts` and `compile-select.ts` hold what is the same; embedding, writes and the body
 * differ so much that each engine compiles them by itself.
 */
import type { Operation } from '../../api/api-request.ts'
import type { PlanField } from '../../plan/plan.ts'
import type { Placeholder, SqlText } from './sql-text.ts'

export interface Dialect {
  readonly placeholder: Placeholder
  /** Nulls sort as the largest values by themselves. If not, every order term says where they go. */
  readonly nullsSortAsLargest: boolean
  /** The column, or what its JSON path reaches; `table` qualifies it. */
  readonly field: (table: SqlText, field: PlanField) => SqlText
  /** The condition of one filter, without its negation. */
  readonly filter: (table: SqlText, field: PlanField, operation: Operation) => SqlText
  /** `type` as the client sent it. */
  readonly cast: (value: SqlText, type: string) => SqlText
}
