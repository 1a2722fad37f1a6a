/**
 * Turns a tree of read nodes into one SELECT: each node a query of its own, its children joined to
 * it laterally. Encoding the rows as a body and counting them happens around it, in
 * `compile-postgres.ts`.
 */
import type { ChildJoin, Condition, OrderBy, ReadNode } from '../../../plan/plan.ts'
import { compileCondition, compileWhere, type FilterScope } from '../../sql/compile-filter.ts'
import { ident, join, noSql, param, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileOrder } from './compile-order.ts'
import { compileEmbed, embedIsNull, spreadOrderName } from './compile-postgres-embed.ts'
import { compileField, compileFilter } from './compile-postgres-filter.ts'
import { type NodeScope, scopeOfNode } from './compile-postgres-scope.ts'
import {
  compileGroupBy,
  compileSelectColumn,
  compileSelectList,
  type SelectItemSql,
} from './compile-select.ts'

/** The query for the rows of `root`, one column for each thing selected. */
export function compileRead(root: ReadNode): SqlText {
  return compileNode(root, null)
}

function compileNode(node: ReadNode, parent: NodeScope | null): SqlText {
  const scope = scopeOfNode(node, parent)
  const wanted = new Set(node.where.flatMap(wantedChildren))
  const embeds = node.children.map((child) => {
    const isInner = joinOf(child).type === 'inner' || wanted.has(child.key)
    return compileEmbed(child, joinOf(child), compileNode(child, scope), isInner)
  })
  const items = [
    ...selectedItems(node, scope),
    ...spreadOrderItems(node, scope),
    ...embeds.flatMap((embed) => embed.items),
  ]
  const filterScope: FilterScope = {
    filter: (field, operation) => compileFilter(scope.table, field, operation),
    embedIsNull,
  }
  const conditions = node.where.map((condition) => compileCondition(condition, filterScope))
  const joins = join(
    embeds.map((embed) => embed.join),
    '',
  )
  const where = compileWhere([...conditions, ...scope.joinConditions])
  return sql`SELECT ${compileSelectList(items)} FROM ${scope.from}${joins}${where}${compileGroupBy(items)}${ordered(node, scope)}${windowed(node)}`
}

/**
 * The keys of children that must have found something: a filter `embed=not.is.null` says the same
 * as an inner join, which PostgreSQL plans better.
 */
function wantedChildren(condition: Condition): readonly string[] {
  switch (condition.kind) {
    case 'embed-null':
      return condition.negated ? [condition.child] : []
    case 'logic': {
      const holds = condition.operator === 'and' && !condition.negated
      return holds ? condition.operands.flatMap(wantedChildren) : []
    }
    case 'filter':
      return []
  }
}

function joinOf(child: ReadNode): ChildJoin {
  if (child.join === null) throw new Error('a child without a join')
  return child.join
}

function selectedItems(node: ReadNode, scope: NodeScope): readonly SelectItemSql[] {
  if (node.select.length === 0 && node.children.length === 0) {
    return [{ value: sql`${scope.table}.*`, alias: null, isAggregate: false, isStar: true }]
  }
  return node.select.map((column) => compileSelectColumn(column, scope.table))
}

/** What a to-many spread is ordered by is handed out: the arrays are ordered one level up. */
function spreadOrderItems(node: ReadNode, scope: NodeScope): readonly SelectItemSql[] {
  if (node.join?.output.kind !== 'spread-many') return []
  return node.order.map((term, index) => ({
    value: orderField(term, scope),
    alias: spreadOrderName(node, term, index),
    isAggregate: false,
    isStar: false,
  }))
}

function ordered(node: ReadNode, scope: NodeScope): SqlText {
  const isSpreadMany = node.join?.output.kind === 'spread-many'
  if (isSpreadMany && !limits(node) && !node.window.hasOffset) return noSql
  return compileOrder(node.order, (term) => orderField(term, scope))
}

function orderField(term: OrderBy, scope: NodeScope): SqlText {
  const table = term.child === null ? scope.table : ident(term.child)
  return compileField(table, term.field)
}

function windowed(node: ReadNode): SqlText {
  const limit = limits(node) ? sql` LIMIT ${param({ kind: 'limit', window: node.window })}` : noSql
  const offset = node.window.hasOffset
    ? sql` OFFSET ${param({ kind: 'offset', window: node.window })}`
    : noSql
  return sql`${limit}${offset}`
}

/** One row at most needs no `db-max-rows`, and a LIMIT would keep the join from being flattened. */
function limits(node: ReadNode): boolean {
  const { hasLimit, maxRows } = node.window
  if (hasLimit || maxRows === null) return hasLimit
  const kind = node.join?.output.kind
  return maxRows === 0 || (kind !== 'object' && kind !== 'spread-one')
}
