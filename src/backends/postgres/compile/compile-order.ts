/**
 * Turns order terms into ORDER BY. Where nulls go follows PostgreSQL on every engine: last when
 * ascending, first when descending, unless the client says otherwise.
 */
import type { OrderBy } from '../../../plan/plan.ts'
import type { Dialect } from '../../sql/dialect.ts'
import { join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'

/** ` ORDER BY a DESC, b`, or nothing. `fieldOf` gives what a term sorts by. */
export function compileOrder(
  terms: readonly OrderBy[],
  fieldOf: (term: OrderBy, index: number) => SqlText,
  dialect: Dialect,
): SqlText {
  if (terms.length === 0) return noSql
  const compiled = terms.map((term, index) => {
    return sql`${fieldOf(term, index)}${raw(directionOf(term, dialect))}`
  })
  return sql` ORDER BY ${join(compiled, ', ')}`
}

function directionOf(term: OrderBy, dialect: Dialect): string {
  const direction = term.direction === null ? '' : ` ${term.direction.toUpperCase()}`
  const nulls = term.nulls ?? (dialect.nullsSortAsLargest ? null : defaultNulls(term))
  return nulls === null ? direction : `${direction} NULLS ${nulls.toUpperCase()}`
}

function defaultNulls(term: OrderBy): 'first' | 'last' {
  return term.direction === 'desc' ? 'first' : 'last'
}
