/**
 * Where the columns of exposed views come from, and keys → which views carry all columns of a key.
 *
 * Rule  PostgREST docs: resource_embedding (foreign keys on views); v16.2 spec:
 *       EmbedDisambiguationSpec
 */

import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { Steps } from '../../../core/run-in-slices.ts'
import type { ViewKeyDependency } from '../../../schema/catalog.ts'
import { compareTexts } from '../../../schema/compare-relationships.ts'
import type { CatalogKey, KeyEnd } from './catalog-keys.ts'
import { nameEnd } from './name-keys.ts'
import type { RelationNames } from './relation-names.ts'
import type { ViewOrigins } from './view-origins.ts'

/** A key as a view may carry it: from the side that has it, or from the side that it points to. */
interface CarriedKey {
  readonly constraint: string
  readonly kind: ViewKeyDependency['kind']
  readonly end: KeyEnd
}

/**
 * In the order of the tables' names, then the views': it decides which key of a view comes first.
 */
export function* viewKeyDependencies(
  originsByView: ReadonlyMap<number, ViewOrigins>,
  keys: readonly CatalogKey[],
  names: RelationNames,
): Steps<readonly ViewKeyDependency[]> {
  const keysByRelation = groupKeys(keys)
  const dependencies: ViewKeyDependency[] = []
  for (const [view, origins] of originsByView) {
    yield
    const known = names.get(view)
    if (known === undefined) continue
    for (const [relation, columns] of origins) {
      for (const { constraint, kind, end } of keysByRelation.get(relation) ?? []) {
        const carried = end.positions.map((position) => columns.get(position) ?? [])
        // a view that lacks a column of the key does not carry it
        if (carried.some((viewColumns) => viewColumns.length === 0)) continue
        const table = nameEnd(end, names)
        dependencies.push({
          table: table.relation,
          view: { schema: known.schema, name: known.name },
          constraint,
          kind,
          columns: table.columns.map((column, at) => [column, carried[at] ?? []]),
        })
      }
    }
  }
  return dependencies.sort(
    (a, b) =>
      compareNames(a.table, b.table) ||
      compareNames(a.view, b.view) ||
      compareTexts(a.constraint, b.constraint),
  )
}

function compareNames(a: QualifiedName, b: QualifiedName): number {
  return compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name)
}

function groupKeys(keys: readonly CatalogKey[]): ReadonlyMap<number, readonly CarriedKey[]> {
  const byRelation = new Map<number, CarriedKey[]>()
  function add(constraint: string, kind: CarriedKey['kind'], end: KeyEnd): void {
    const known = byRelation.get(end.relation)
    if (known === undefined) byRelation.set(end.relation, [{ constraint, kind, end }])
    else known.push({ constraint, kind, end })
  }
  for (const key of keys) {
    if (key.kind === 'primary') add(key.name, 'primary-key', key.origin)
    if (key.kind !== 'foreign') continue
    add(key.name, 'foreign-key', key.origin)
    add(key.name, 'foreign-key-reference', key.target)
  }
  return new Map([...byRelation].map(([relation, all]) => [relation, withoutNamesakes(all)]))
}

/**
 * Foreign keys of several tables that share a name are one dependency of the table that they point
 * to, provided they point to the same columns; otherwise none, for names cannot tell them apart.
 */
function withoutNamesakes(carried: readonly CarriedKey[]): readonly CarriedKey[] {
  const byName = new Map<string, CarriedKey | null>()
  for (const key of carried) {
    const name = `${key.kind} ${key.constraint}`
    const known = byName.get(name)
    if (known === undefined) byName.set(name, key)
    else if (known?.end.positions.join() !== key.end.positions.join()) byName.set(name, null)
  }
  return [...byName.values()].filter((key) => key !== null)
}
