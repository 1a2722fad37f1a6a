/**
 * Turns a read node into the query for its rows, each already the text that the answer is made of.
 * A child is a scalar sub-select that gives JSON text, written into its parent's; a to-one spread
 * is a left join, since its columns are the parent's own and may be grouped by or aggregated.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { OrderBy, ReadNode, SelectColumn, SpreadColumn } from '../../../plan/plan.ts'
import { compileWhere } from '../../sql/compile-filter.ts'
import { constant, join, noSql, raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { refuse } from './compile-refusal.ts'
import { compileAggregate, countRows } from './compile-sqlite-aggregate.ts'
import { compileCast } from './compile-sqlite-cast.ts'
import { compileColumn, compileField } from './compile-sqlite-field.ts'
import { compileOrder, type OrderValue } from './compile-sqlite-order.ts'
import {
  type CompileContext,
  childNamed,
  conditionsOf,
  joinOf,
  type NodeScope,
  openScope,
} from './compile-sqlite-scope.ts'
import { limitOperand, offsetOperand } from './sqlite-operands.ts'
import { concatenated, exact, type SqliteValue, toJson } from './sqlite-value.ts'

/** One thing selected, under the name it has in the answer. */
export interface Output {
  readonly name: string
  readonly value: SqliteValue
  readonly isAggregate: boolean
  /** The plain column that it shows; null for all else. */
  readonly column: string | null
}

/** What a node selects, and the joins that this takes. */
interface Selection {
  readonly outputs: readonly Output[]
  readonly joins: readonly SqlText[]
  /** Of to-one spreads, by the child's key. */
  readonly joined: ReadonlyMap<string, NodeScope>
}

/** From what is selected to the one text that a row becomes. */
export type Projection = (outputs: readonly Output[]) => SqlText

export interface RowsSql {
  /** One column, `r`. */
  readonly query: SqlText
  /** What is selected, by its names in the answer. */
  readonly names: readonly string[]
}

/** The query for the rows of a scope. */
export function compileRows(
  scope: NodeScope,
  project: Projection,
  context: CompileContext,
): RowsSql {
  const selection = selectionOf(scope, context)
  const { outputs } = selection
  const names = outputs.map((output) => output.name)
  const conditions = [...scope.joinConditions, ...conditionsOf(scope, context)]
  const from = sql`${scope.from}${join(selection.joins, '')}${compileWhere(conditions)}`
  const rest = (group: SqlText) => {
    const order = compileOrder(scope.node.order, (term) =>
      orderValue(term, scope, selection, context),
    )
    return sql`${from}${group}${order}${windowOf(scope.node)}`
  }
  if (!outputs.some((output) => output.isAggregate)) {
    return { names, query: sql`SELECT ${project(outputs)} AS r FROM ${rest(noSql)}` }
  }
  // aggregates first, texts of what came out of them around it
  const inner = outputs.map(({ value }, index) => sql`${value.sql} AS ${groupColumn(index)}`)
  const outer = outputs.map((output, index) => ({
    ...output,
    value: { ...output.value, sql: sql`g.${groupColumn(index)}` },
  }))
  const grouped = sql`SELECT ${join(inner, ', ')} FROM ${rest(groupBy(outputs))}`
  return { names, query: sql`SELECT ${project(outer)} AS r FROM (${grouped}) AS g` }
}

/** Rows as a JSON array, which is never null. */
function compileArray(rows: SqlText): SqlText {
  return sql`(SELECT '[' || ifnull(group_concat(r, ','), '') || ']' FROM (${rows}))`
}

export const objectProjection: Projection = (outputs) => {
  const members = outputs.flatMap(({ name, value }, index) => [
    constant(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    toJson(value),
  ])
  return concatenated([...members, raw(outputs.length === 0 ? `'{}'` : `'}'`)])
}

function groupColumn(index: number): SqlText {
  return raw(`c${index + 1}`)
}

function groupBy(outputs: readonly Output[]): SqlText {
  const positions = outputs.flatMap((output, index) => (output.isAggregate ? [] : [index + 1]))
  return positions.length === 0 ? noSql : raw(` GROUP BY ${positions.join(', ')}`)
}

function selectionOf(scope: NodeScope, context: CompileContext): Selection {
  const { node } = scope
  const showsAll = node.select.length === 0 && node.children.length === 0
  const own = showsAll
    ? allColumns(scope)
    : node.select.flatMap((column) => selectColumn(column, scope))
  const joined = new Map<string, NodeScope>()
  const joins: SqlText[] = []
  const embedded = node.children.flatMap((child): readonly Output[] => {
    const { output } = joinOf(child)
    switch (output.kind) {
      case 'object':
      case 'array': {
        if (output.isEmpty) return []
        const { query } = compileRows(openScope(child, scope, context), objectProjection, context)
        const value = output.kind === 'object' ? sql`(${query})` : compileArray(query)
        return [plainOutput(output.name, exact('document', value))]
      }
      case 'spread-one': {
        const childScope = openScope(child, scope, context)
        const inner = selectionOf(childScope, context)
        joined.set(child.key, childScope)
        joins.push(leftJoin(childScope, context), ...inner.joins)
        return output.columns.flatMap((column) => lift(column, inner.outputs, childScope))
      }
      case 'spread-many':
        return output.columns.flatMap((column) => gather(column, child, scope, context))
      default:
        return assertNever(output)
    }
  })
  return { outputs: [...own, ...embedded], joins, joined }
}

function plainOutput(name: string, value: SqliteValue): Output {
  return { name, value, isAggregate: false, column: null }
}

function allColumns(scope: NodeScope): readonly Output[] {
  return [...scope.relation.columns.values()].map((column) => ({
    ...plainOutput(column.name, compileColumn(scope, column)),
    column: column.name,
  }))
}

function selectColumn(column: SelectColumn, scope: NodeScope): readonly Output[] {
  const { field, aggregate, aggregateCast, cast } = column
  if (field.isFullRow) return [plainOutput(column.alias ?? field.name, foundRow(scope))]
  if (field.name === '*' && aggregate === null) return allColumns(scope)
  const name = column.alias ?? aggregate ?? field.name
  if (field.name === '*' && aggregate === 'count') {
    const count = exact('integer', countRows)
    const value = aggregateCast === null ? count : compileCast(count, aggregateCast)
    return [{ ...plainOutput(name, value), isAggregate: true }]
  }
  const plain = compileField(scope, field)
  const value = cast === null ? plain : compileCast(plain, cast)
  if (aggregate !== null) {
    const aggregated = compileAggregate(value, aggregate, aggregateCast)
    return [{ ...plainOutput(name, aggregated), isAggregate: true }]
  }
  const isPlain = cast === null && field.jsonPath.length === 0
  return [{ ...plainOutput(name, value), column: isPlain ? field.name : null }]
}

/** 1 where the left join found a row, for `count()` of a spread. */
function foundRow(scope: NodeScope): SqliteValue {
  const mark = scope.mark ?? raw('1')
  return exact('integer', sql`CASE WHEN ${mark} IS NOT NULL THEN 1 END`)
}

function leftJoin(scope: NodeScope, context: CompileContext): SqlText {
  const { window } = scope.node
  const conditions = [...scope.joinConditions, ...conditionsOf(scope, context)]
  // there is one row at most: a window shows it or not
  if (window.hasLimit) conditions.push(sql`${limitOperand(window)} <> 0`)
  if (window.hasOffset) conditions.push(sql`${offsetOperand(window)} = 0`)
  return sql` LEFT JOIN ${scope.from} ON ${join(conditions, ' AND ')}`
}

/** A column of a to-one spread as its parent's. */
function lift(column: SpreadColumn, inner: readonly Output[], scope: NodeScope): readonly Output[] {
  return outputsNamed(column.name, inner).map((output) => {
    // an embed inside the spread gives an array even where there is no row to embed into
    const value =
      output.value.kind === 'document' && scope.mark !== null
        ? {
            ...output.value,
            sql: sql`CASE WHEN ${scope.mark} IS NOT NULL THEN ${output.value.sql} END`,
          }
        : output.value
    const { aggregate, aggregateCast } = column
    const name = column.alias ?? aggregate ?? output.name
    if (aggregate === null) return plainOutput(name, value)
    return {
      ...plainOutput(name, compileAggregate(value, aggregate, aggregateCast)),
      isAggregate: true,
    }
  })
}

/** A column of a to-many spread: an array of its values. */
function gather(
  column: SpreadColumn,
  child: ReadNode,
  parent: NodeScope,
  context: CompileContext,
): readonly Output[] {
  const names = outputsNamed(
    column.name,
    selectionOf(openScope(child, parent, context), context).outputs,
  ).map((output) => output.name)
  return names.map((name) => {
    const project: Projection = (outputs) => {
      const [output] = outputsNamed(name, outputs)
      return output === undefined ? sql`'null'` : toJson(output.value)
    }
    const { query } = compileRows(openScope(child, parent, context), project, context)
    return plainOutput(column.alias ?? name, exact('document', compileArray(query)))
  })
}

/** A star that was not expanded is all that the spread has, its own spreads and embeds included. */
function outputsNamed(name: string, outputs: readonly Output[]): readonly Output[] {
  if (name === '*') return outputs
  const found = outputs.find((output) => output.name === name)
  if (found === undefined) throw new Error(`a spread lifts ${name}, which it does not select`)
  return [found]
}

function orderValue(
  term: OrderBy,
  scope: NodeScope,
  selection: Selection,
  context: CompileContext,
): OrderValue {
  if (term.child !== null) {
    return { value: relatedValue(term, term.child, scope, selection, context), isNullable: true }
  }
  const isPlain = term.field.jsonPath.length === 0
  if (selection.outputs.some((output) => output.isAggregate)) {
    // PostgreSQL reads `films.count` as count(films)
    if (term.field.name === 'count' && isPlain && !scope.relation.columns.has('count')) {
      return { value: exact('integer', countRows), isNullable: false }
    }
    requireGrouped(term, scope, selection)
  }
  return {
    value: compileField(scope, term.field),
    isNullable: !isPlain || scope.relation.columns.get(term.field.name)?.isNullable !== false,
  }
}

/** The column of a to-one embed's row, as filtered as the embed is. */
function relatedValue(
  term: OrderBy,
  key: string,
  scope: NodeScope,
  selection: Selection,
  context: CompileContext,
): SqliteValue {
  const joined = selection.joined.get(key)
  if (joined !== undefined) return compileField(joined, term.field)
  const child = openScope(childNamed(scope.node, key), scope, context)
  const value = compileField(child, term.field)
  const conditions = [...child.joinConditions, ...conditionsOf(child, context)]
  const text = sql`(SELECT ${value.sql} FROM ${child.from}${compileWhere(conditions)} LIMIT 1)`
  return { ...value, sql: text }
}

/** SQLite would sort groups by any of their rows. */
function requireGrouped(term: OrderBy, scope: NodeScope, { outputs }: Selection): void {
  const shown = new Set(outputs.map((output) => output.column))
  const { primaryKey, isView } = scope.relation
  const hasKey = !isView && primaryKey.length > 0 && primaryKey.every((column) => shown.has(column))
  if (hasKey || shown.has(term.field.name)) return
  const column = `${scope.label}.${term.field.name}`
  const message = `column "${column}" must appear in the GROUP BY clause or be used in an aggregate function`
  refuse(valueFailure('42803', message))
}

/** A limit also keeps an ordered sub-select ordered. */
function windowOf(node: ReadNode): SqlText {
  const { window } = node
  const offset = window.hasOffset ? sql` OFFSET ${offsetOperand(window)}` : noSql
  if (node.join?.output.kind === 'object') {
    const limit = window.hasLimit ? sql`${limitOperand(window)} <> 0` : sql`1`
    return sql` LIMIT ${limit}${offset}`
  }
  if (window.hasLimit || window.maxRows !== null) {
    return sql` LIMIT ${limitOperand(window)}${offset}`
  }
  return window.hasOffset || node.order.length > 0 ? sql` LIMIT -1${offset}` : noSql
}
