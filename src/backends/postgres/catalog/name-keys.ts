/**
 * Keys as numbers, and names → primary keys and foreign keys of a catalog. Pure.
 *
 * Rule  PostgREST docs: resource_embedding (foreign keys, one-to-one)
 */

import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { Steps } from '../../../core/run-in-slices.ts'
import type { ForeignKey } from '../../../schema/catalog.ts'
import { compareTexts } from '../../../schema/compare-relationships.ts'
import type { CatalogKey, KeyEnd } from './catalog-keys.ts'
import type { RelationNames } from './relation-names.ts'

export interface NamedEnd {
  readonly relation: QualifiedName
  readonly columns: readonly string[]
}

/** Throws  for a relation or column whose name was not read */
export function nameEnd({ relation, positions }: KeyEnd, names: RelationNames): NamedEnd {
  const known = names.get(relation)
  if (known === undefined) throw new Error(`catalog query: no name of relation ${relation}`)
  const { schema, name, columns } = known
  return {
    relation: { schema, name },
    columns: positions.map((position) => {
      const column = columns.get(position)
      if (column === undefined) throw new Error(`catalog query: no column ${position} of ${name}`)
      return column
    }),
  }
}

/** Columns of primary keys by the relation's oid, sorted by name as PostgREST has them. */
export function primaryKeys(
  keys: readonly CatalogKey[],
  names: RelationNames,
): ReadonlyMap<number, readonly string[]> {
  return new Map(
    keys
      .filter(({ kind }) => kind === 'primary')
      .map(({ origin }) => [
        origin.relation,
        nameEnd(origin, names).columns.toSorted(compareTexts),
      ]),
  )
}

/** Of relations that are not `relevant` but have a foreign key to one that is. */
export function hiddenPrimaryKeys(
  keys: readonly CatalogKey[],
  all: readonly CatalogKey[],
  relevant: ReadonlySet<number>,
  names: RelationNames,
): readonly (QualifiedName & { readonly primaryKey: readonly string[] })[] {
  const hidden = new Set(
    keys.map(({ origin }) => origin.relation).filter((relation) => !relevant.has(relation)),
  )
  return all
    .filter(({ kind, origin }) => kind === 'primary' && hidden.has(origin.relation))
    .map(({ origin }) => {
      const { relation, columns } = nameEnd(origin, names)
      return { ...relation, primaryKey: columns }
    })
}

function columnSet({ positions }: KeyEnd): string {
  return positions.toSorted((a, b) => a - b).join()
}

/**
 * The foreign keys among `keys` as declared, without the copies on partitions, in the order of names.
 * `all` tells which columns are unique, also of relations whose other keys do not matter.
 */
export function* foreignKeys(
  keys: readonly CatalogKey[],
  all: readonly CatalogKey[],
  names: RelationNames,
): Steps<readonly ForeignKey[]> {
  const uniqueSets = new Map<number, Set<string>>()
  for (const { kind, origin } of all) {
    if (kind === 'foreign') continue
    const known = uniqueSets.get(origin.relation) ?? new Set()
    uniqueSets.set(origin.relation, known.add(columnSet(origin)))
    yield
  }
  const found: ForeignKey[] = []
  for (const key of keys) {
    yield
    if (key.kind !== 'foreign' || key.isInherited) continue
    const origin = nameEnd(key.origin, names)
    const target = nameEnd(key.target, names)
    found.push({
      constraint: key.name,
      origin: origin.relation,
      target: target.relation,
      columns: origin.columns.map((column, at) => [column, target.columns[at] ?? '']),
      isUnique: uniqueSets.get(key.origin.relation)?.has(columnSet(key.origin)) ?? false,
    })
  }
  return found.sort(
    (a, b) =>
      compareTexts(a.origin.schema, b.origin.schema) ||
      compareTexts(a.origin.name, b.origin.name) ||
      compareTexts(a.constraint, b.constraint),
  )
}
