/**
 * Rules of views → for each exposed view, which of its columns hold which columns of the relations
 * below it, unchanged. Views over views are followed down to the tables, through views of the
 * schemas that a load is about.
 */
import { oncePerObject } from '../../../core/once-per-object.ts'
import type { CatalogView } from './catalog-views.ts'
import type { RelationName } from './relation-names.ts'
import type { ViewRule, ViewRuleColumn } from './view-rule.ts'

/** Oid of a relation below → attribute number there → the view's columns, in the view's order. */
export type ViewOrigins = ReadonlyMap<number, ReadonlyMap<number, readonly string[]>>

/** @param name of the view, with its columns */
export function viewOrigins(
  view: CatalogView,
  name: RelationName,
  views: Pick<ReadonlyMap<number, CatalogView>, 'get'>,
): ViewOrigins {
  const origins = new Map<number, Map<number, string[]>>()
  for (const [at, position] of name.positions.entries()) {
    for (const { relation, column } of pathOf(views, view.oid, position)) {
      const columns = origins.get(relation) ?? new Map<number, string[]>()
      origins.set(relation, columns)
      columns.set(column, [...(columns.get(column) ?? []), name.columns[at] ?? ''])
    }
  }
  return origins
}

interface Origin {
  readonly relation: number
  readonly column: number
}

/** What a view's column is a copy of, one step down after the other. */
function pathOf(
  views: Pick<ReadonlyMap<number, CatalogView>, 'get'>,
  view: number,
  position: number,
): readonly Origin[] {
  const path: Origin[] = []
  let at: Origin = { relation: view, column: position }
  for (;;) {
    const followed = views.get(at.relation)
    if (followed === undefined || !followed.isFollowed || followed.rule === null) return path
    const column = columnsOf(followed.rule).get(at.column)
    if (column === undefined || column.originRelation === 0) return path
    const next = { relation: column.originRelation, column: column.originColumn }
    // a view may have been replaced by one over itself
    if (path.some(({ relation }) => relation === next.relation)) return path
    path.push(next)
    at = next
  }
}

const columnsOf = oncePerObject(
  (rule: ViewRule): ReadonlyMap<number, ViewRuleColumn> =>
    new Map(rule.columns.map((column) => [column.position, column])),
)
