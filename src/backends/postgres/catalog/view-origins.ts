/**
 * Rules of views → for each exposed view, which of its columns hold which columns of the relations
 * below it, unchanged. Views over views are followed down to the tables, through views of the
 * schemas that a load is about.
 */
import type { Steps } from '../../../core/run-in-slices.ts'
import type { CatalogView } from './catalog-views.ts'
import type { RelationNames } from './relation-names.ts'
import type { ViewRuleColumn } from './view-rule.ts'

/** Oid of a relation below → attribute number there → the view's columns, in the view's order. */
export type ViewOrigins = ReadonlyMap<number, ReadonlyMap<number, readonly string[]>>

type FollowedColumns = ReadonlyMap<number, ReadonlyMap<number, ViewRuleColumn>>

/** By the view's oid. */
export function* viewOrigins(
  views: ReadonlyMap<number, CatalogView>,
  names: RelationNames,
): Steps<ReadonlyMap<number, ViewOrigins>> {
  const followed = new Map<number, ReadonlyMap<number, ViewRuleColumn>>()
  for (const view of views.values()) {
    yield
    if (!view.isFollowed || view.rule === null) continue
    followed.set(view.oid, new Map(view.rule.columns.map((column) => [column.position, column])))
  }
  const originsByView = new Map<number, ViewOrigins>()
  for (const view of views.values()) {
    yield
    if (view.isExposed) originsByView.set(view.oid, originsOf(view, followed, names))
  }
  return originsByView
}

function originsOf(
  view: CatalogView,
  followed: FollowedColumns,
  names: RelationNames,
): ViewOrigins {
  const origins = new Map<number, Map<number, string[]>>()
  for (const [position, name] of names.get(view.oid)?.columns ?? []) {
    for (const { relation, column } of pathOf(followed, view.oid, position)) {
      const columns = origins.get(relation) ?? new Map<number, string[]>()
      origins.set(relation, columns)
      columns.set(column, [...(columns.get(column) ?? []), name])
    }
  }
  return origins
}

interface Origin {
  readonly relation: number
  readonly column: number
}

/** What a view's column is a copy of, one step down after the other. */
function pathOf(followed: FollowedColumns, view: number, position: number): readonly Origin[] {
  const path: Origin[] = []
  let at: Origin = { relation: view, column: position }
  for (;;) {
    const column = followed.get(at.relation)?.get(at.column)
    if (column === undefined || column.originRelation === 0) return path
    const next = { relation: column.originRelation, column: column.originColumn }
    // a view may have been replaced by one over itself
    if (path.some(({ relation }) => relation === next.relation)) return path
    path.push(next)
    at = next
  }
}
