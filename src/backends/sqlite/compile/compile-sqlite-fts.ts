/**
 * Full-text operators, by way of an FTS5 index on the column's relation. Without one the request is
 * refused: scanning texts would find other rows than an index made of the same ones.
 */
import type { Operation } from '../../../api/api-request.ts'
import type { Condition, PlanField, ReadNode } from '../../../plan/plan.ts'
import { constant, ident, noSql, qualified, type SqlText, sql } from '../../sql/sql-text.ts'
import type { FtsIndex } from '../catalog/sqlite-facts.ts'
import { notImplemented } from './compile-refusal.ts'
import { compileField, type FieldTable } from './compile-sqlite-field.ts'
import { operand } from './sqlite-operands.ts'
import { exact, type SqliteValue } from './sqlite-value.ts'

type FtsOperation = Extract<Operation, { kind: 'fts' }>

/** A relation with what it can be searched by. */
interface SearchPlace extends FieldTable {
  readonly ftsIndexes: readonly FtsIndex[]
}

export function compileTextSearch(
  place: SearchPlace,
  field: PlanField,
  operation: FtsOperation,
): SqlText {
  const { relation, table } = place
  const index = searchedIndex(place, field)
  if (index === undefined) {
    // refuses a name that is no column, which is told first
    compileField(place, field)
    const name = `${relation.name}.${field.name}`
    return notImplemented(`full-text search on ${name}, which no FTS5 table indexes`)
  }
  const key = ident(index.keyColumn)
  const matches = sql`SELECT rowid FROM ${matching(index, place, field, operation)}`
  const { operator, value: slot } = operation
  const negated = operand(slot, `${operator} negated`)
  const hasText = isOfColumn(place, field) ? sql` AND ${ident(field.name)} IS NOT NULL` : noSql
  // both halves inside the list, so that its members lead to the rows
  const others = sql`SELECT ${key} FROM ${qualified(relation)} WHERE ${negated} = 1${hasText} AND ${key} NOT IN (${matches})`
  return sql`${table}.${key} IN (${matches} AND ${negated} = 0 UNION ALL ${others})`
}

/** The index's rows that match: what follows FROM. */
function matching(
  index: FtsIndex,
  place: SearchPlace,
  field: PlanField,
  { operator, value: slot }: FtsOperation,
): SqlText {
  const asked = operand(slot, `${operator} query`)
  const column = constant(`{"${field.name.replaceAll('"', '""')}"} : (`)
  const query = isOfColumn(place, field) ? sql`${column} || ${asked} || ')'` : asked
  return sql`${qualified({ schema: 'main', name: index.table })} WHERE ${ident(index.table)} MATCH ${query}`
}

/** By a column that it indexes, or by its own name, which stands for all of them. */
function searchedIndex(place: SearchPlace, field: PlanField): FtsIndex | undefined {
  if (field.jsonPath.length > 0) return undefined
  return place.ftsIndexes.find((each) => {
    return isOfColumn(place, field) ? each.columns.has(field.name) : each.table === field.name
  })
}

function isOfColumn({ relation }: FieldTable, { name }: PlanField): boolean {
  return relation.columns.has(name)
}

/**
 * What FTS5 calls `rank`: how well a row matches the search of its node, the best one lowest. Null
 * where it is no such name, or where nothing is searched for.
 */
export function compileRank(
  place: SearchPlace & { readonly node: Pick<ReadNode, 'where' | 'rows'> },
  field: PlanField,
): SqliteValue | null {
  if (field.name !== 'rank' || field.jsonPath.length > 0 || isOfColumn(place, field)) return null
  for (const condition of place.node.where) {
    if (condition.kind !== 'filter' || condition.negated) continue
    const { field: searched, operation } = condition
    const index = operation.kind === 'fts' ? searchedIndex(place, searched) : undefined
    if (operation.kind !== 'fts' || index === undefined) continue
    // it counts the words of all rows
    if (place.node.rows.kind !== 'all') notImplemented('the rank of rows under a policy')
    const rows = matching(index, place, searched, operation)
    const key = sql`${place.table}.${ident(index.keyColumn)}`
    return exact('real', sql`(SELECT rank FROM ${rows} AND rowid = ${key})`)
  }
  return null
}

/** A null has no text that could fail to match: `not.fts` does not find it. */
export function guardNegatedSearch(condition: Condition, place: FieldTable): Condition {
  if (condition.kind === 'logic') {
    const operands = condition.operands.map((operand) => guardNegatedSearch(operand, place))
    return { ...condition, operands }
  }
  if (condition.kind !== 'filter' || !condition.negated || condition.operation.kind !== 'fts') {
    return condition
  }
  const { field } = condition
  if (!isOfColumn(place, field)) return condition
  const hasText: Condition = {
    kind: 'filter',
    field,
    negated: false,
    operation: { kind: 'is', value: 'not_null' },
  }
  return { kind: 'logic', operator: 'and', negated: false, operands: [hasText, condition] }
}
