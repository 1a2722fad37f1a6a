/**
 * Where a node's rows come from and by which names its query speaks of them: the relation, the
 * statement's own result, a function (computed relationship), with a junction beside it where
 * there is one; and the conditions that join it to its parent. The names show in error messages,
 * so they are PostgREST's: `<target>_<depth>`, and no alias for the root and behind a junction.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ReadNode } from '../../../plan/plan.ts'
import type { Relationship } from '../../../schema/relationships/relationship.ts'
import { equalColumns } from '../../sql/equal-columns.ts'
import { ident, qualified, raw, type SqlText, sql } from '../../sql/sql-text.ts'

/** The CTE with the rows of the read, write or call. */
export const source = raw('pgrst_source')

export interface NodeScope {
  /** What follows FROM. */
  readonly from: SqlText
  /** Qualifies the node's columns. */
  readonly table: SqlText
  /** A whole row of the node, as an argument. */
  readonly row: SqlText
  readonly joinConditions: readonly SqlText[]
}

/** `parent` is null at the root. */
export function scopeOfNode(node: ReadNode, parent: NodeScope | null): NodeScope {
  if (node.join !== null && parent !== null) {
    return scopeOfChild(node, node.join.relationship, parent)
  }
  if (node.readsResult) return aliased(source, node.relation.name, [])
  const table = qualified(node.relation)
  return { from: table, table, row: ident(node.relation.name), joinConditions: [] }
}

function scopeOfChild(node: ReadNode, relationship: Relationship, parent: NodeScope): NodeScope {
  const alias = `${relationship.target.name}_${node.depth}`
  if (relationship.kind === 'computed') {
    // the cast finds the right overload where the parent's rows come from a CTE
    const argument = sql`${parent.row}::${qualified(relationship.origin)}`
    return aliased(sql`${qualified(relationship.routine)}(${argument})`, alias, [])
  }
  const { cardinality, target } = relationship
  switch (cardinality.kind) {
    case 'many-to-one':
    case 'one-to-many':
    case 'one-to-one':
      return aliased(
        qualified(target),
        alias,
        equalColumns(cardinality.columns, parent.table, ident(alias)),
      )
    case 'many-to-many': {
      const { junction } = cardinality
      return {
        from: sql`${qualified(target)}, ${qualified(junction.relation)}`,
        table: qualified(target),
        row: ident(target.name),
        joinConditions: [
          ...equalColumns(junction.targetColumns, qualified(target), qualified(junction.relation)),
          ...equalColumns(junction.originColumns, parent.table, qualified(junction.relation)),
        ],
      }
    }
    default:
      return assertNever(cardinality)
  }
}

function aliased(rows: SqlText, alias: string, joinConditions: readonly SqlText[]): NodeScope {
  const name = ident(alias)
  return { from: sql`${rows} AS ${name}`, table: name, row: name, joinConditions }
}
