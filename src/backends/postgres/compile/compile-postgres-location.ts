/**
 * What `Location` says of an insert: the key of the one row that came of it, as filters. Read from
 * the returned row, so that triggers and defaults have had their say.
 */
import type { MutatePlan } from '../../../plan/plan.ts'
import { constant, type SqlText, sql } from '../../sql/sql-text.ts'
import { quoteMembers } from '../../values/array-literal.ts'
import { source } from './compile-postgres-scope.ts'

const none = sql`array[]::text[]`

/** A text[] of `column=eq.value` and `column=is.null`; empty when no such header is due. */
export function compileLocation(plan: MutatePlan): SqlText {
  const { mutation, representation, primaryKey } = plan
  const isInsert = mutation === 'insert' || mutation === 'upsert'
  if (!isInsert || representation !== 'headers-only' || primaryKey.length === 0) return none
  const keys = constant(quoteMembers(primaryKey))
  const pairs = sql`SELECT array_agg(key || '=' || coalesce('eq.' || value, 'is.null')) FROM (SELECT row_to_json(inserted) AS object FROM (SELECT * FROM ${source} LIMIT 1) inserted) objects, json_each_text(object) WHERE key = ANY (${keys}::text[])`
  return sql`CASE WHEN count(*) = 1 THEN coalesce((${pairs}), ${none}) ELSE ${none} END`
}
