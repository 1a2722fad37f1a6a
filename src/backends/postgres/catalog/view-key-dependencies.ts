/**
 * Where the columns of exposed views come from, and keys → which views carry all columns of a key.
 *
 * Rule  PostgREST docs: resource_embedding (foreign keys on views); v16.2 spec:
 *       EmbedDisambiguationSpec
 */
import { compareTexts } from '../../../core/compare-texts.ts'
import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { ViewKeyDependency } from '../../../schema/catalog.ts'
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
 * Those of one view.
 *
 * @param keysAt the keys that have the relation at either end
 */
export function viewKeyDependencies(
  view: QualifiedName,
  origins: ViewOrigins,
  keysAt: (relation: number) => readonly CatalogKey[],
  names: RelationNames,
): readonly ViewKeyDependency[] {
  const dependencies: ViewKeyDependency[] = []
  for (const [relation, columns] of origins) {
    for (const { constraint, kind, end } of carriedKeys(relation, keysAt(relation))) {
      const carried = end.positions.map((position) => columns.get(position) ?? [])
      // a view that lacks a column of the key does not carry it
      if (carried.some((viewColumns) => viewColumns.length === 0)) continue
      const table = nameEnd(end, names)
      dependencies.push({
        table: table.relation,
        view,
        constraint,
        kind,
        columns: table.columns.map((column, at) => [column, carried[at] ?? []]),
      })
    }
  }
  return dependencies
}

/**
 * In the order of the tables' names, then the views': it decides which key of a view comes first.
 */
export function compareDependencies(a: ViewKeyDependency, b: ViewKeyDependency): number {
  return (
    compareNames(a.table, b.table) ||
    compareNames(a.view, b.view) ||
    compareTexts(a.constraint, b.constraint) ||
    compareTexts(a.kind, b.kind)
  )
}

function compareNames(a: QualifiedName, b: QualifiedName): number {
  return compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name)
}

function carriedKeys(relation: number, keys: readonly CatalogKey[]): readonly CarriedKey[] {
  const carried: CarriedKey[] = []
  for (const key of keys) {
    if (key.kind === 'unique') continue
    if (key.origin.relation === relation) {
      const kind = key.kind === 'primary' ? 'primary-key' : 'foreign-key'
      carried.push({ constraint: key.name, kind, end: key.origin })
    }
    if (key.kind === 'foreign' && key.target.relation === relation) {
      carried.push({ constraint: key.name, kind: 'foreign-key-reference', end: key.target })
    }
  }
  return withoutNamesakes(carried)
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
