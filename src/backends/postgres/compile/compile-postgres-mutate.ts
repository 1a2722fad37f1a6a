/**
 * Turns the writing part of a mutate plan into INSERT, UPDATE or DELETE, and what `Location` says of
 * it. What it returns is read by the plan's root like a relation; `compile-postgres.ts` puts both
 * together.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { MutatePlan, PlanField } from '../../../plan/plan.ts'
import { compileCondition, compileWhere, type FilterScope } from '../../sql/compile-filter.ts'
import {
  constant,
  ident,
  join,
  noSql,
  qualified,
  raw,
  type SqlText,
  sql,
} from '../../sql/sql-text.ts'
import { toArrayLiteral } from '../../values/array-literal.ts'
import { compileFilter } from './compile-postgres-filter.ts'
import { compilePayload, payload } from './compile-postgres-payload.ts'
import { source } from './compile-postgres-scope.ts'

export function compileMutation(plan: MutatePlan): SqlText {
  switch (plan.mutation) {
    case 'insert':
    case 'upsert':
      return compileInsert(plan)
    case 'update':
      return compileUpdate(plan)
    case 'delete': {
      const relation = qualified(plan.relation)
      return sql`DELETE FROM ${relation}${conditions(plan, relation)}${returning(plan)}`
    }
    default:
      return assertNever(plan.mutation)
  }
}

/** Takes the rows that a write is to change, so that nobody else does before it ends. */
export function compileRowLock(plan: MutatePlan): SqlText {
  const relation = qualified(plan.relation)
  return sql`SELECT 1 FROM ${relation}${conditions(plan, relation)} FOR UPDATE`
}

/** Whether new rows are told from merged ones, for the status of the answer. */
export function countsInserted(plan: MutatePlan): boolean {
  return plan.mutation === 'upsert' || mergesDuplicates(plan)
}

const noPairs = sql`array[]::text[]`

/**
 * What `Location` says of an insert: the key of the one row that came of it, read from the returned
 * row, so that triggers and defaults have had their say.
 *
 * Shape  a text[] of columns, each followed by `eq.value` or `is.null`; empty when no such header
 *         is due
 */
export function compileLocation(plan: MutatePlan): SqlText {
  const { mutation, representation, primaryKey } = plan
  const isInsert = mutation === 'insert' || mutation === 'upsert'
  if (!isInsert || representation !== 'headers-only' || primaryKey.length === 0) return noPairs
  const keys = constant(toArrayLiteral(primaryKey))
  const pairs = sql`SELECT array_agg(part) FROM (SELECT row_to_json(inserted) AS object FROM (SELECT * FROM ${source} LIMIT 1) inserted) objects, json_each_text(object), unnest(ARRAY[key, coalesce('eq.' || value, 'is.null')]) AS part WHERE key = ANY (${keys}::text[])`
  return sql`CASE WHEN count(*) = 1 THEN coalesce((${pairs}), ${noPairs}) ELSE ${noPairs} END`
}

function mergesDuplicates(plan: MutatePlan): boolean {
  return plan.mutation === 'insert' && plan.resolution === 'merge-duplicates'
}

function compileInsert(plan: MutatePlan): SqlText {
  const names = plan.columns.map((column) => ident(column.name))
  const into = names.length === 0 ? noSql : sql` (${join(names, ', ')})`
  const values = join(
    plan.columns.map((column) => ofPayload(column)),
    ', ',
  )
  const filters = plan.mutation === 'upsert' ? whereTerms(plan, payload) : []
  const counted = countsInserted(plan) ? [countInserted(1)] : []
  const from = compilePayload(payloadShape(plan))
  return sql`INSERT INTO ${qualified(plan.relation)}${into} SELECT ${values}${from}${compileWhere([...filters, ...counted])}${onConflict(plan)}${returning(plan)}`
}

function onConflict(plan: MutatePlan): SqlText {
  if (plan.onConflict === null || plan.onConflict.columns.length === 0) return noSql
  const target = join(plan.onConflict.columns.map(ident), ', ')
  if (plan.onConflict.resolution === 'ignore-duplicates' || plan.columns.length === 0) {
    return sql` ON CONFLICT (${target}) DO NOTHING`
  }
  const merged = plan.columns.map(({ name }) => sql`${ident(name)} = EXCLUDED.${ident(name)}`)
  return sql` ON CONFLICT (${target}) DO UPDATE SET ${join(merged, ', ')} WHERE ${countInserted(-1)}`
}

/**
 * Adds `step` to the number of new rows: 1 for each row of the payload, -1 again where that row was
 * merged into an existing one. A setting of the transaction, since no system column tells on views
 * and foreign tables. True for every row.
 */
function countInserted(step: 1 | -1): SqlText {
  const current = sql`coalesce(nullif(current_setting('pgrst.inserted', true), '')::int, 0)`
  return sql`set_config('pgrst.inserted', (${current} + ${raw(String(step))})::text, true) <> ''`
}

function compileUpdate(plan: MutatePlan): SqlText {
  const relation = qualified(plan.relation)
  if (plan.columns.length === 0) return updateNothing(plan)
  const assignments = plan.columns.map((column) => {
    return sql`${ident(column.name)} = ${ofPayload(column)}`
  })
  const from = compilePayload(payloadShape(plan))
  return sql`UPDATE ${relation} SET ${join(assignments, ', ')}${from}${conditions(plan, relation)}${returning(plan)}`
}

/** SET needs a column; the empty result still has the columns that the answer selects from. */
function updateNothing(plan: MutatePlan): SqlText {
  const columns = plan.returning.map((name) => column(ident(plan.relation.name), name))
  const selected = columns.length === 0 ? sql`NULL` : join(columns, ', ')
  return sql`SELECT ${selected} FROM ${qualified(plan.relation)} WHERE false`
}

function payloadShape(plan: MutatePlan) {
  const { columns, payloadIsArray, applyDefaults } = plan
  const appliesDefaults =
    applyDefaults &&
    plan.mutation !== 'upsert' &&
    columns.some((field) => field.defaultExpression !== null)
  return { fields: columns, isArray: payloadIsArray, appliesDefaults }
}

function ofPayload(field: PlanField): SqlText {
  return sql`${payload}.${ident(field.name)}`
}

function conditions(plan: MutatePlan, relation: SqlText): SqlText {
  return compileWhere(whereTerms(plan, relation))
}

function whereTerms(plan: MutatePlan, table: SqlText): readonly SqlText[] {
  const scope: FilterScope = {
    filter: (field, operation) => compileFilter(table, field, operation),
    embedIsNull: () => {
      throw new Error('a write filtered by an embed')
    },
  }
  return plan.where.map((where) => compileCondition(where, scope))
}

/** One column at least, so that the rows can be counted; it needs no SELECT privilege. */
function returning(plan: MutatePlan): SqlText {
  const table = qualified(plan.relation)
  const columns = plan.returning.map((name) => column(table, name))
  return sql` RETURNING ${columns.length === 0 ? sql`1` : join(columns, ', ')}`
}

function column(table: SqlText, name: string): SqlText {
  return name === '*' ? sql`${table}.*` : sql`${table}.${ident(name)}`
}
