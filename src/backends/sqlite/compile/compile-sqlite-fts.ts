/**
 * Full-text operators, by way of an FTS5 index on the column's relation. Without one the request is
 * refused: scanning texts would find other rows than an index made of the same ones.
 */
import type { Operation } from '../../../api/api-request.ts'
import type { Condition, PlanField } from '../../../plan/plan.ts'
import { constant, ident, qualified, type SqlText, sql } from '../../sql/sql-text.ts'
import type { FtsIndex } from '../catalog/sqlite-facts.ts'
import { notImplemented } from './compile-refusal.ts'
import type { FieldTable } from './compile-sqlite-field.ts'
import { operand } from './sqlite-operands.ts'

type FtsOperation = Extract<Operation, { kind: 'fts' }>

export function compileTextSearch(
  place: FieldTable & { readonly ftsIndexes: readonly FtsIndex[] },
  field: PlanField,
  { operator, value: slot }: FtsOperation,
): SqlText {
  const { relation, table } = place
  const index = place.ftsIndexes.find((each) => each.columns.has(field.name))
  if (index === undefined || field.jsonPath.length > 0) {
    const name = `${relation.name}.${field.name}`
    return notImplemented(`full-text search on ${name}, which no FTS5 table indexes`)
  }
  const key = ident(index.keyColumn)
  const column = constant(`{"${field.name.replaceAll('"', '""')}"} : (`)
  const query = sql`${column} || ${operand(slot, `${operator} query`)} || ')'`
  const matches = sql`SELECT rowid FROM ${qualified({ schema: 'main', name: index.table })} WHERE ${ident(index.table)} MATCH ${query}`
  const negated = operand(slot, `${operator} negated`)
  // both halves inside the list, so that its members lead to the rows
  const others = sql`SELECT ${key} FROM ${qualified(relation)} WHERE ${negated} = 1 AND ${ident(field.name)} IS NOT NULL AND ${key} NOT IN (${matches})`
  return sql`${table}.${key} IN (${matches} AND ${negated} = 0 UNION ALL ${others})`
}

/** A null has no text that could fail to match: `not.fts` does not find it. */
export function guardNegatedSearch(condition: Condition): Condition {
  if (condition.kind === 'logic') {
    return { ...condition, operands: condition.operands.map(guardNegatedSearch) }
  }
  if (condition.kind !== 'filter' || !condition.negated || condition.operation.kind !== 'fts') {
    return condition
  }
  const { field } = condition
  const hasText: Condition = {
    kind: 'filter',
    field,
    negated: false,
    operation: { kind: 'is', value: 'not_null' },
  }
  return { kind: 'logic', operator: 'and', negated: false, operands: [hasText, condition] }
}
