/**
 * What a registered function returns, where it is the rows of no relation that the snapshot has → a
 * relation for the compilers, which read its rows as they read those of a view.
 */
import type { CallPlan } from '../../plan/plan.ts'
import type { Column } from '../../schema/catalog.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'

/** @param columns null: rows may have any */
export function resultRelation(
  { routine, root }: Pick<CallPlan, 'routine' | 'root'>,
  columns: readonly Column[] | null,
): Relation {
  return {
    schema: root.relation.schema,
    name: routine.name,
    kind: 'view',
    description: null,
    canInsert: false,
    canUpdate: false,
    canDelete: false,
    primaryKey: [],
    columns: new Map((columns ?? []).map((column) => [column.name, column])),
    isClosed: columns !== null,
    isView: true,
    computedTypes: new Map(),
  }
}
