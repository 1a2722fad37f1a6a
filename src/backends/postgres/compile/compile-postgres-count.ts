/**
 * The query that the rows of a read are counted by: conditions only, one constant a row, neither
 * order nor window. Inner joins become EXISTS, so that a to-many child does not multiply rows.
 */
import type { ReadNode } from '../../../plan/plan.ts'
import { compileCondition, compileWhere, type FilterScope } from '../../sql/compile-filter.ts'
import { raw, type SqlText, sql } from '../../sql/sql-text.ts'
import { compileFilter } from './compile-postgres-filter.ts'
import { type NodeScope, scopeOfNode } from './compile-postgres-scope.ts'

/**
 * Shape  `SELECT 1  FROM "public"."projects" WHERE …`; the two blanks are PostgREST's, and tools
 *        that read the log rely on them
 */
export function compileCount(root: ReadNode): SqlText {
  return countNode(root, null)
}

function countNode(node: ReadNode, parent: NodeScope | null): SqlText {
  const scope = scopeOfNode(node, parent)
  const children = new Map(node.children.map((child) => [child.key, child]))
  const compiled = new Map<ReadNode, SqlText>()
  // conditions may name a child any number of times
  const exists = (child: ReadNode): SqlText => {
    const text = compiled.get(child) ?? sql`EXISTS (${countNode(child, scope)})`
    compiled.set(child, text)
    return text
  }
  const filterScope: FilterScope = {
    filter: (field, operation) => compileFilter(scope.table, field, operation),
    embedIsNull: (key, negated) => {
      const child = children.get(key)
      if (child === undefined) throw new Error('a condition on an embed that is not there')
      return sql`${raw(negated ? '' : 'NOT ')}${exists(child)}`
    },
  }
  const conditions = [
    ...node.where.map((where) => compileCondition(where, filterScope)),
    ...scope.joinConditions,
    ...node.children.filter((child) => child.join?.type === 'inner').map(exists),
  ]
  return sql`SELECT 1  FROM ${scope.from}${compileWhere(conditions)}`
}
