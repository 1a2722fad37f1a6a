/**
 * Order terms in SQLite's words, with nulls where PostgreSQL has them: last when ascending, first
 * when descending. Nothing is said of nulls where there are none, so that an index can be used.
 */
import type { OrderBy } from '../../../plan/plan.ts'
import { join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { sortKey } from './sqlite-sort-key.ts'
import type { SqliteValue } from './sqlite-value.ts'

export interface OrderValue {
  readonly value: SqliteValue
  readonly isNullable: boolean
}

/** ` ORDER BY a DESC NULLS FIRST, b`, or nothing. */
export function compileOrder(
  terms: readonly OrderBy[],
  orderValueOf: (term: OrderBy) => OrderValue,
): SqlText {
  if (terms.length === 0) return noSql
  return sql` ORDER BY ${join(
    terms.map((term) => compileTerm(term, orderValueOf(term))),
    ', ',
  )}`
}

function compileTerm(term: OrderBy, { value, isNullable }: OrderValue): SqlText {
  const direction = raw(term.direction === 'desc' ? ' DESC' : '')
  const nulls = term.nulls ?? (term.direction === 'desc' ? 'first' : 'last')
  const suffix = isNullable ? raw(` NULLS ${nulls.toUpperCase()}`) : noSql
  const key = sortKey(value)
  // the key of what is no date, whatever column it is in, is null
  if (key !== null) return sql`${key}${direction}${raw(` NULLS ${nulls.toUpperCase()}`)}`
  return sql`${value.sql}${direction}${suffix}`
}
