/**
 * All that relationships are derived from, found by the relation that asks: foreign keys from either
 * end, what views carry of them, functions that stand for relationships, and the keys that make a
 * relation a junction. A snapshot's own, for `derive-relationships.ts` and `affected-origins.ts`.
 */
import { nameKey, type QualifiedName } from '../../core/qualified-name.ts'
import type { CatalogRelation, ForeignKey, ViewKeyDependency } from '../catalog.ts'
import type { Exposure } from '../exposure.ts'
import type { Grouping } from '../incremental/grouping.ts'
import type { ComputedRelationship } from './relationship.ts'

export type UniqueKey = QualifiedName & { readonly columns: readonly string[] }

export interface RelationshipFacts {
  readonly exposure: Exposure
  readonly keysFrom: Grouping<ForeignKey>
  readonly keysTo: Grouping<ForeignKey>
  /** By the table whose keys the views carry. */
  readonly viewsOver: Grouping<ViewKeyDependency>
  /** By the view. */
  readonly keysOfViews: Grouping<ViewKeyDependency>
  readonly computedFrom: Grouping<ComputedRelationship>
  readonly uniqueKeys: Grouping<UniqueKey>
  readonly relations: ReadonlyMap<string, Pick<CatalogRelation, 'primaryKey'>>
  /** Primary keys of relations that are not exposed. */
  readonly hiddenKeys: ReadonlyMap<string, readonly string[]>
}

const none: readonly never[] = Object.freeze([])

export function groupOf<T>({ groups }: Grouping<T>, name: QualifiedName): readonly T[] {
  return groups.get(nameKey(name)) ?? none
}

/** Columns of a relation's primary key, those of views as far as they carry one. */
export function primaryKeyOf(facts: RelationshipFacts, name: QualifiedName): readonly string[] {
  const key = nameKey(name)
  return facts.hiddenKeys.get(key) ?? facts.relations.get(key)?.primaryKey ?? none
}

/** The views that carry a key, at the end that has it or at the one that it points to. */
export function carriersOf(
  facts: RelationshipFacts,
  { constraint }: ForeignKey,
  end: QualifiedName,
  kind: Exclude<ViewKeyDependency['kind'], 'primary-key'>,
): readonly ViewKeyDependency[] {
  return groupOf(facts.viewsOver, end).filter(
    (carrier) => carrier.kind === kind && carrier.constraint === constraint,
  )
}
