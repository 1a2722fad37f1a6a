/**
 * Keys as numbers, and names → primary keys and foreign keys of a catalog. Pure.
 *
 * Rule  PostgREST docs: resource_embedding (foreign keys, one-to-one)
 */
import { compareTexts } from '../../../core/compare-texts.ts'
import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { ForeignKey } from '../../../schema/catalog.ts'
import type { CatalogKey, KeyEnd } from './catalog-keys.ts'
import type { RelationNames } from './relation-names.ts'

interface NamedEnd {
  readonly relation: QualifiedName
  readonly columns: readonly string[]
}

/** Throws  for a relation or column whose name was not read */
export function nameEnd({ relation, positions }: KeyEnd, names: RelationNames): NamedEnd {
  const known = names.get(relation)
  if (known === undefined) throw new Error(`catalog query: no name of relation ${relation}`)
  return {
    relation: known.relation,
    columns: positions.map((position) => {
      const column = known.columns[known.positions.indexOf(position)]
      if (column === undefined) {
        throw new Error(`catalog query: no column ${position} of ${known.relation.name}`)
      }
      return column
    }),
  }
}

/** The columns of a relation's primary key in their order there; null: it has none. */
export function primaryKeyOf(
  relation: number,
  keys: readonly CatalogKey[],
  names: RelationNames,
): readonly string[] | null {
  const key = keys.findLast(
    ({ kind, origin }) => kind === 'primary' && origin.relation === relation,
  )
  return key === undefined ? null : nameEnd(key.origin, names).columns
}

function columnSet({ positions }: KeyEnd): string {
  return positions.length === 1 ? String(positions[0]) : positions.toSorted((a, b) => a - b).join()
}

/**
 * A foreign key as declared; null for copies on partitions and for other keys.
 *
 * @param keysOfOrigin tell which of its columns are unique
 */
export function foreignKey(
  key: CatalogKey,
  keysOfOrigin: readonly CatalogKey[],
  names: RelationNames,
): ForeignKey | null {
  if (key.kind !== 'foreign' || key.isInherited) return null
  const origin = nameEnd(key.origin, names)
  const target = nameEnd(key.target, names)
  const columns = columnSet(key.origin)
  return {
    constraint: key.name,
    origin: origin.relation,
    target: target.relation,
    columns: origin.columns.map((column, at) => [column, target.columns[at] ?? '']),
    isUnique: keysOfOrigin.some(
      (other) =>
        other.kind !== 'foreign' &&
        other.origin.relation === key.origin.relation &&
        columnSet(other.origin) === columns,
    ),
  }
}

export function compareForeignKeys(a: ForeignKey, b: ForeignKey): number {
  return (
    compareTexts(a.origin.schema, b.origin.schema) ||
    compareTexts(a.origin.name, b.origin.name) ||
    compareTexts(a.constraint, b.constraint)
  )
}
