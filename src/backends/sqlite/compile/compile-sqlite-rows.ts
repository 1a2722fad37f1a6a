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
import { noQuickForm, refuse } from './compile-refusal.ts'
import { compileAggregate, countRows } from './compile-sqlite-aggregate.ts'
import { compileCast } from './compile-sqlite-cast.ts'
import { compileColumn, compileField } from './compile-sqlite-field.ts'
import { compileRank } from './compile-sqlite-fts.ts'
import { compileOrder, type OrderValue } from './compile-sqlite-order.ts'
import {
  type CompileContext,
  childNamed,
  conditionsOf,
  joinOf,
  type NodeScope,
  openScope,
} from './compile-sqlite-scope.ts'
import { bareColumns, mostMembers, quickObject } from './quick-object.ts'
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

/** An output whose value is compiled where it is shown: at each level, spreads show some of many. */
interface Offer {
  readonly name: string
  readonly value: () => SqliteValue
  readonly isAggregate: boolean
  readonly column: string | null
}

/** What a node selects, and the joins that this takes. */
interface Selection {
  readonly offers: readonly Offer[]
  readonly isGrouped: boolean
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

export interface QuickRowsSql {
  /** One row, as an expression that SQLite knows as JSON. */
  readonly object: SqlText
  /** What follows FROM, up to the end of the query. */
  readonly from: SqlText
}

/** The query for the rows of a scope. */
export function compileRows(
  scope: NodeScope,
  project: Projection,
  context: CompileContext,
): RowsSql {
  const selection = selectionOf(scope, context)
  const source = sourceOf(scope, selection, context)
  const outputs = selection.offers.map(taken)
  const names = outputs.map((output) => output.name)
  if (!selection.isGrouped) {
    return { names, query: sql`SELECT ${project(outputs)} AS r FROM ${source(noSql)}` }
  }
  // aggregates first, texts of what came out of them around it
  const inner = outputs.map(({ value }, index) => sql`${value.sql} AS ${groupColumn(index)}`)
  const outer = outputs.map((output, index) => ({
    ...output,
    value: { ...output.value, sql: sql`g.${groupColumn(index)}` },
  }))
  const grouped = sql`SELECT ${join(inner, ', ')} FROM ${source(groupBy(outputs))}`
  return { names, query: sql`SELECT ${project(outer)} AS r FROM (${grouped}) AS g` }
}

/** What follows FROM, with the given GROUP BY. */
function sourceOf(
  scope: NodeScope,
  selection: Selection,
  context: CompileContext,
): (group: SqlText) => SqlText {
  const conditions = [...scope.joinConditions, ...conditionsOf(scope, context)]
  const from = sql`${scope.from}${join(selection.joins, '')}${compileWhere(conditions)}`
  const order = compileOrder(scope.node.order, orderValues(scope, selection, context))
  return (group) => sql`${from}${group}${order}${windowOf(scope.node)}`
}

function taken({ name, value, isAggregate, column }: Offer): Output {
  return { name, value: value(), isAggregate, column }
}

function compileEmbed(
  scope: NodeScope,
  kind: 'object' | 'array',
  context: CompileContext,
): SqliteValue {
  if (context.jsonForm === 'quick') {
    const { object, from } = compileQuickRows(scope, context)
    const shown = kind === 'object' ? object : sql`json_group_array(${object})`
    return { ...exact('document', sql`(SELECT ${shown} FROM ${from})`), isMarked: true }
  }
  const { query } = compileRows(scope, objectProjection, context)
  return exact('document', kind === 'object' ? sql`(${query})` : compileArray(query))
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

/**
 * The rows of a scope in the quick form. What sorts or limits them handles bare columns, under the
 * name that the query has for the relation, and objects are made of what is left: they would not stay
 * JSON to SQLite on their way through a sub-select.
 *
 * Throws  what `noQuickForm` does
 */
export function compileQuickRows(scope: NodeScope, context: CompileContext): QuickRowsSql {
  const { node, table } = scope
  // refused before its children are compiled in vain
  if (node.children.length > mostMembers) return noQuickForm()
  const selection = selectionOf(scope, context)
  // a sub-select would ask for the collation of its columns
  if (selection.isGrouped || scope.incomparable.size > 0) return noQuickForm()
  const object = quickObject(scope, selection.offers.map(taken))
  const source = sourceOf(scope, selection, context)(noSql)
  const isOne = node.join?.output.kind === 'object'
  const isBare = node.order.length === 0 && (isOne || windowOf(node) === noSql)
  if (isBare) return { object, from: source }
  // what ranks finds the row by a key that may be no column
  if (node.select.some(({ field }) => compileRank(scope, field) !== null)) return noQuickForm()
  return { object, from: sql`(SELECT ${bareColumns(scope)} FROM ${source}) AS ${table}` }
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
  const embedded = node.children.flatMap((child): readonly Offer[] => {
    const { output } = joinOf(child)
    switch (output.kind) {
      case 'object':
      case 'array': {
        if (output.isEmpty) return []
        const value = compileEmbed(openScope(child, scope, context), output.kind, context)
        return [offer(output.name, () => value)]
      }
      case 'spread-one': {
        if (context.jsonForm === 'quick') return noQuickForm()
        const childScope = openScope(child, scope, context)
        const inner = selectionOf(childScope, context)
        joined.set(child.key, childScope)
        for (const text of [leftJoin(childScope, context), ...inner.joins]) joins.push(text)
        const named = findByName(inner.offers)
        return output.columns.flatMap((column) => lift(column, named(column.name), childScope))
      }
      case 'spread-many':
        if (context.jsonForm === 'quick') return noQuickForm()
        return gather(output.columns, openScope(child, scope, context), context)
      default:
        return assertNever(output)
    }
  })
  const offers = [...own, ...embedded]
  return { offers, isGrouped: offers.some((each) => each.isAggregate), joins, joined }
}

function offer(name: string, value: () => SqliteValue): Offer {
  return { name, value, isAggregate: false, column: null }
}

function allColumns(scope: NodeScope): readonly Offer[] {
  return [...scope.relation.columns.values()].map((column) => ({
    ...offer(column.name, () => compileColumn(scope, column)),
    column: column.name,
  }))
}

function selectColumn(column: SelectColumn, scope: NodeScope): readonly Offer[] {
  const { field, aggregate, aggregateCast, cast } = column
  if (field.isFullRow) return [offer(column.alias ?? field.name, () => foundRow(scope))]
  if (field.name === '*' && aggregate === null) return allColumns(scope)
  const name = column.alias ?? aggregate ?? field.name
  if (field.name === '*' && aggregate === 'count') {
    const counted = () =>
      aggregateCast === null ? countRows : compileCast(countRows, aggregateCast)
    return [{ ...offer(name, counted), isAggregate: true }]
  }
  const selected = () => {
    const plain = compileRank(scope, field) ?? compileField(scope, field)
    return cast === null ? plain : compileCast(plain, cast)
  }
  if (aggregate !== null) {
    const aggregated = () => compileAggregate(selected(), aggregate, aggregateCast)
    return [{ ...offer(name, aggregated), isAggregate: true }]
  }
  const isPlain = cast === null && field.jsonPath.length === 0
  return [{ ...offer(name, selected), column: isPlain ? field.name : null }]
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
function lift(column: SpreadColumn, inner: readonly Offer[], scope: NodeScope): readonly Offer[] {
  const { aggregate, aggregateCast } = column
  return inner.map((each) => {
    const name = column.alias ?? aggregate ?? each.name
    const lifted = () => whereFound(each.value(), scope)
    if (aggregate === null) return offer(name, lifted)
    const aggregated = () => compileAggregate(lifted(), aggregate, aggregateCast)
    return { ...offer(name, aggregated), isAggregate: true }
  })
}

/** An embed inside the spread gives an array even where there is no row to embed into. */
function whereFound(value: SqliteValue, { mark }: NodeScope): SqliteValue {
  if (value.kind !== 'document' || mark === null) return value
  return { ...value, sql: sql`CASE WHEN ${mark} IS NOT NULL THEN ${value.sql} END` }
}

/** The columns of a to-many spread: each an array of its values, all over the same rows. */
function gather(
  columns: readonly SpreadColumn[],
  child: NodeScope,
  context: CompileContext,
): readonly Offer[] {
  const selection = selectionOf(child, context)
  const rows = sourceOf(child, selection, context)(noSql)
  const named = findByName(selection.offers)
  return columns.flatMap((column) => {
    return named(column.name).map((each) => {
      return offer(column.alias ?? each.name, () => {
        const array = compileArray(sql`SELECT ${toJson(each.value())} AS r FROM ${rows}`)
        return exact('document', array)
      })
    })
  })
}

/** A star that was not expanded is all that the spread has, its own spreads and embeds included. */
function findByName(offers: readonly Offer[]): (name: string) => readonly Offer[] {
  // of equal names the first one counts
  const byName = new Map(offers.map((each) => [each.name, each] as const).toReversed())
  return (name) => {
    if (name === '*') return offers
    const found = byName.get(name)
    if (found === undefined) throw new Error(`a spread lifts ${name}, which it does not select`)
    return [found]
  }
}

function orderValues(
  scope: NodeScope,
  selection: Selection,
  context: CompileContext,
): (term: OrderBy) => OrderValue {
  const requireGrouped = selection.isGrouped ? groupGuard(scope, selection) : null
  return (term) => {
    if (term.child !== null) {
      return { value: relatedValue(term, term.child, scope, selection, context), isNullable: true }
    }
    const isPlain = term.field.jsonPath.length === 0
    if (requireGrouped !== null) {
      // PostgreSQL reads `films.count` as count(films)
      if (term.field.name === 'count' && isPlain && !scope.relation.columns.has('count')) {
        return { value: countRows, isNullable: false }
      }
      requireGrouped(term)
    }
    return {
      value: compileRank(scope, term.field) ?? compileField(scope, term.field),
      isNullable: !isPlain || scope.relation.columns.get(term.field.name)?.isNullable !== false,
    }
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
  const child = openScope(childNamed(scope, key), scope, context)
  const value = compileField(child, term.field)
  const conditions = [...child.joinConditions, ...conditionsOf(child, context)]
  const text = sql`(SELECT ${value.sql} FROM ${child.from}${compileWhere(conditions)} LIMIT 1)`
  return { ...value, sql: text }
}

/** Refuses terms that are not grouped by: SQLite would sort groups by any of their rows. */
function groupGuard(scope: NodeScope, { offers }: Selection): (term: OrderBy) => void {
  const shown = new Set(offers.map((each) => each.column))
  const { primaryKey, isView } = scope.relation
  const hasKey = !isView && primaryKey.length > 0 && primaryKey.every((column) => shown.has(column))
  return ({ field }) => {
    if (hasKey || shown.has(field.name)) return
    const column = `${scope.label}.${field.name}`
    const message = `column "${column}" must appear in the GROUP BY clause or be used in an aggregate function`
    refuse(valueFailure('42803', message))
  }
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
