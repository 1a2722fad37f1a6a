/**
 * One collection, as listed, indexed and sampled → its relation in the catalog and what the compiler
 * has to know of it.
 */
import { isDeepStrictEqual } from 'node:util'
import { qualifiedName } from '../../../core/qualified-name.ts'
import type { CatalogRelation } from '../../../schema/catalog.ts'
import type { DeclaredRelation } from '../../registry/declared-schema.ts'
import { isPlainName } from '../bson/plain-name.ts'
import { type BuiltColumn, buildColumns, idField } from './build-columns.ts'
import type { ListedCollection } from './list-collections.ts'
import type { CollectionFacts, Sample, UniqueIndex } from './mongodb-facts.ts'
import { hasCollation, type Indexes } from './read-indexes.ts'
import { readValidator } from './read-validator.ts'
import type { SeenFields } from './seen-fields.ts'

export interface ReadCollection {
  readonly listed: ListedCollection
  readonly indexes: Indexes
  readonly seen: SeenFields
}

export interface BuiltRelation {
  readonly relation: CatalogRelation
  readonly facts: CollectionFacts
  /** Null: it is found out. */
  readonly declaredKey: readonly string[] | null
}

/** What an operator says of a relation: null, nothing is declared. */
interface Declared {
  readonly declared: DeclaredRelation | null
  readonly isReadOnly: boolean
}

/** `sample`: what `read` was found out from. */
export type RelationBuilder = (
  read: ReadCollection,
  sample: Sample,
  declared: Declared,
) => BuiltRelation

/**
 * Gives the very same relation again for as long as the sample is the same and so is what is
 * declared: a snapshot then shares with the one before what has not moved.
 */
export function createRelationBuilder(): RelationBuilder {
  const built = new WeakMap<Sample, { readonly from: Declared; readonly made: BuiltRelation }>()
  return (read, sample, declared) => {
    const before = built.get(sample)
    if (before !== undefined && isDeepStrictEqual(before.from, declared)) return before.made
    const made = buildRelation(read, declared)
    built.set(sample, { from: declared, made })
    return made
  }
}

export function buildRelation(
  { listed, indexes, seen }: ReadCollection,
  { declared, isReadOnly }: Declared,
): BuiltRelation {
  const { database, name, kind, options } = listed
  const validator = readValidator(options)
  const columns = buildColumns({ declared, validator, seen, indexes, isView: kind === 'view' })
  const isCapped = options['capped'] === true
  const isChangeable = !isReadOnly && kind === 'collection' && !isCapped
  const id = columns.find(({ facts }) => facts.field === idField)
  const unique = uniqueIndexes(columns, indexes, kind)
  return {
    relation: {
      ...qualifiedName(database, name),
      kind: kind === 'view' ? 'view' : 'table',
      description: declared?.comment ?? validator.description,
      canInsert: !isReadOnly && kind !== 'view',
      canUpdate: isChangeable,
      canDelete: isChangeable || (!isReadOnly && kind === 'time-series'),
      primaryKey:
        declared?.primaryKey ??
        // documents of a time series may share an _id
        (id === undefined || kind === 'time-series' ? [] : [id.column.name]),
      columns: columns.map(({ column }) => column),
      isClosed: declared?.isClosed === true || validator.isClosed,
    },
    facts: {
      collection: name,
      database,
      kind,
      isCapped,
      hasCollation: hasCollation(options),
      fields: new Map(columns.map(({ column, facts }) => [column.name, facts])),
      uniqueIndexes: unique,
      isUniqueByIdAlone: indexes.isUniqueByIdAlone,
      textIndexColumn: columnOf(columns, indexes.textField),
    },
    declaredKey: declared?.primaryKey ?? null,
  }
}

/** `_id` first. Indexes over what is no column cannot be named by a request. */
function uniqueIndexes(
  columns: readonly BuiltColumn[],
  { unique }: Indexes,
  kind: ListedCollection['kind'],
): readonly UniqueIndex[] {
  if (kind !== 'collection') return []
  const own = { name: '_id_', fields: [idField] }
  return [own, ...unique.filter(({ name }) => name !== own.name)].flatMap(({ name, fields }) => {
    const named = fields.map((field) => columnOf(columns, field))
    const known = named.filter((column) => column !== null)
    return known.length === named.length ? [{ name, columns: known }] : []
  })
}

/** A field of unique and text indexes may not have been seen in any document. */
function columnOf(columns: readonly BuiltColumn[], field: string | null): string | null {
  // to an index another name is a path, and not that of the column which is called so
  if (field === null || !isPlainName(field)) return null
  return columns.find(({ facts }) => facts.field === field)?.column.name ?? null
}
