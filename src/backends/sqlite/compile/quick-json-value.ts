/**
 * A value as SQLite's JSON functions take it. What a column is declared for is written by them as it
 * is: two comparisons find the value that it is not declared for, since SQLite has an order of all
 * values, numbers before texts before bytes. `toJson` of `sqlite-value.ts` gives the same as text.
 *
 * Rule  SQLite manual: Comparison Expressions; json_object takes some bytes for JSON and no others
 */
import { assertNever } from '../../../core/assert-never.ts'
import { type SqlText, sql } from '../../sql/sql-text.ts'
import type { SqliteValue } from './sqlite-value.ts'

/** Null where only the careful form has an expression for it. */
export function toQuickJson({ sql: text, kind, isExact, isMarked }: SqliteValue): SqlText | null {
  switch (kind) {
    case 'document':
      return isMarked === true ? text : null
    case 'boolean':
      return sql`CASE ${text} WHEN 1 THEN json('true') WHEN 0 THEN json('false') ELSE ${anyValue(text)} END`
    case 'json':
      return sql`CASE WHEN json_valid(${text}, 10) THEN json(${text}) ELSE ${anyValue(text)} END`
    case 'integer':
      return isExact ? text : whereFinite(text)
    case 'real':
    case 'numeric':
      return whereFinite(text)
    case 'text':
    case 'uuid':
    case 'date':
    case 'time':
    case 'timestamp':
      return isExact ? text : sql`iif(${text} >= x'' OR ${text} < '', ${anyValue(text)}, ${text})`
    case 'blob':
    case 'any':
      return anyValue(text)
    default:
      return assertNever(kind)
  }
}

/** Between the ends of finite numbers. */
function whereFinite(text: SqlText): SqlText {
  return sql`iif(${text} NOT BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308, ${anyValue(text)}, ${text})`
}

/** Bytes and infinities as PostgreSQL writes them. */
function anyValue(text: SqlText): SqlText {
  // a view's expression may carry SQLite's mark of JSON, which a sort would take off
  return sql`CASE typeof(${text}) WHEN 'text' THEN ${text} || '' WHEN 'blob' THEN '\\x' || lower(hex(${text})) WHEN 'real' THEN iif(abs(${text}) < 9e999, ${text}, iif(${text} > 0, 'Infinity', '-Infinity')) ELSE ${text} END`
}
