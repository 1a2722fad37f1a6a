/**
 * Turns order terms into ORDER BY. Where nulls go is said only if the client says so: PostgreSQL's
 * own way, last when ascending and first when descending, is the contract's.
 */
import type { OrderBy } from '../../../plan/plan.ts'
import { join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'

/** ` ORDER BY a DESC, b`, or nothing. `fieldOf` gives what a term sorts by. */
export function compileOrder(
  terms: readonly OrderBy[],
  fieldOf: (term: OrderBy, index: number) => SqlText,
): SqlText {
  if (terms.length === 0) return noSql
  const compiled = terms.map((term, index) => {
    return sql`${fieldOf(term, index)}${raw(directionOf(term))}`
  })
  return sql` ORDER BY ${join(compiled, ', ')}`
}

function directionOf({ direction, nulls }: OrderBy): string {
  const way = direction === null ? '' : ` ${direction.toUpperCase()}`
  return nulls === null ? way : `${way} NULLS ${nulls.toUpperCase()}`
}
