/**
 * Relations of a catalog, what views carry of keys, and computed fields → the relations of a snapshot,
 * sorted by name. Made from those of the snapshot before: a relation that rests on the same stays the
 * very same object. `build-snapshot.ts` calls it.
 */
import { isSame } from '../core/is-same.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type {
  Catalog,
  CatalogRelation,
  Column,
  ComputedField,
  ViewKeyDependency,
} from './catalog.ts'
import { ColumnMap } from './column-map.ts'
import { type Exposure, exposes } from './exposure.ts'
import type { Regrouped } from './incremental/grouping.ts'
import { listChanges } from './incremental/list-changes.ts'
import { patchSorted } from './incremental/patch-sorted.ts'
import type { Relation } from './schema-snapshot.ts'

export interface RelationParts {
  readonly catalog: Pick<Catalog, 'relations' | 'hiddenPrimaryKeys'>
  /** By the view. */
  readonly keysOfViews: Regrouped<ViewKeyDependency>
  readonly computedFields: Regrouped<ComputedField>
  readonly exposure: Exposure
}

export interface BuiltRelations {
  readonly relations: ReadonlyMap<string, Relation>
  /** Primary keys of relations that are not exposed. */
  readonly hiddenKeys: ReadonlyMap<string, readonly string[]>
  /** Keys of the relations that are others than before, or not there. */
  readonly changed: ReadonlySet<string>
}

/** Relations between two rests. */
const stride = 64

const none: readonly never[] = Object.freeze([])
const noTypes: Relation['computedTypes'] = Object.freeze(new Map())

/** `previous`: the relations before, and the list of the catalog that they were made of. */
export function* buildRelations(
  previous: Omit<BuiltRelations, 'changed'> & { readonly list: readonly CatalogRelation[] },
  parts: RelationParts,
): Steps<BuiltRelations> {
  const { catalog } = parts
  const isExposed = (name: QualifiedName) => exposes(parts.exposure, name)
  const { gone, fresh } = listChanges(previous.list, catalog.relations)
  const changes = new Map<string, Relation | undefined>()
  for (const relation of gone) if (isExposed(relation)) changes.set(nameKey(relation), undefined)
  let at = 0
  for (const relation of [...fresh, ...(yield* restingOnChanges(parts))]) {
    if (isExposed(relation)) {
      const key = nameKey(relation)
      changes.set(key, makeRelation(relation, previous.relations.get(key), key, parts))
    }
    at += 1
    if (at % stride === 0) yield
  }
  const relations = yield* patchSorted(previous.relations, changes)
  const changed = new Set<string>()
  for (const [key, relation] of changes) {
    if (previous.relations.get(key) !== relation) changed.add(key)
  }
  const hidden = hiddenKeys(parts, relations.size)
  const hiddenStay = isSame(previous.hiddenKeys, hidden)
  return { relations, hiddenKeys: hiddenStay ? previous.hiddenKeys : hidden, changed }
}

/** Relations whose keys, where they are views, or computed fields are others than before. */
function* restingOnChanges({
  catalog,
  keysOfViews,
  computedFields,
}: RelationParts): Steps<readonly CatalogRelation[]> {
  const touched = new Set([...keysOfViews.touched, ...computedFields.touched])
  if (touched.size === 0) return none
  const names = new Set([...touched].map((key) => key.slice(key.indexOf('\0') + 1)))
  yield
  return catalog.relations.filter(
    (relation) => names.has(relation.name) && touched.has(nameKey(relation)),
  )
}

function isView({ kind }: CatalogRelation): boolean {
  return kind === 'view' || kind === 'materialized-view'
}

function makeRelation(
  relation: CatalogRelation,
  before: Relation | undefined,
  key: string,
  { keysOfViews, computedFields }: RelationParts,
): Relation {
  const primaryKey = isView(relation)
    ? keyOfView(keysOfViews.grouping.groups.get(key) ?? none)
    : relation.primaryKey
  // member by member: a frozen copy by spread takes four times the memory
  const made: Relation = Object.freeze({
    schema: relation.schema,
    name: relation.name,
    kind: relation.kind,
    description: relation.description,
    canInsert: relation.canInsert,
    canUpdate: relation.canUpdate,
    canDelete: relation.canDelete,
    primaryKey: primaryKey.length === 0 ? none : Object.freeze(primaryKey),
    columns: columnsOf(relation, before),
    isClosed: relation.isClosed,
    isView: isView(relation),
    computedTypes: computedTypes(computedFields.grouping.groups.get(key)),
  })
  return before !== undefined && isSame(before, made) ? before : made
}

function columnsOf({ columns }: CatalogRelation, before: Relation | undefined): ColumnMap {
  const known = before?.columns
  if (known instanceof ColumnMap && known.list === columns) return known
  for (const column of columns) freezeColumn(column)
  return new ColumnMap(Object.freeze(columns))
}

function freezeColumn(column: Column): void {
  if (Object.isFrozen(column)) return
  Object.freeze(column.enumValues)
  Object.freeze(column)
}

/**
 * The key of a view is made of the keys of the tables below it that it carries in full; of a
 * column that it selects several times the first stands for all. Later tables come first, as in
 * PostgREST, where it shows in `Location` and in the default of `on_conflict`.
 */
function keyOfView(dependencies: readonly ViewKeyDependency[]): readonly string[] {
  return dependencies
    .filter(({ kind }) => kind === 'primary-key')
    .toReversed()
    .flatMap(({ columns }) => columns.flatMap(([, viewColumns]) => viewColumns.slice(0, 1)))
}

function computedTypes(fields: readonly ComputedField[] | undefined): Relation['computedTypes'] {
  if (fields === undefined) return noTypes
  return Object.freeze(new Map(fields.map(({ name, baseType }) => [name, baseType])))
}

function hiddenKeys(
  { catalog, keysOfViews, exposure }: RelationParts,
  exposedCount: number,
): BuiltRelations['hiddenKeys'] {
  const keys = new Map<string, readonly string[]>()
  // most often all are exposed, and none of them need be looked at
  const unexposed = catalog.relations.length === exposedCount ? none : catalog.relations
  for (const relation of unexposed) {
    if (exposes(exposure, relation)) continue
    const carried = () => keyOfView(keysOfViews.grouping.groups.get(nameKey(relation)) ?? none)
    keys.set(nameKey(relation), isView(relation) ? carried() : relation.primaryKey)
  }
  for (const { schema, name, primaryKey } of catalog.hiddenPrimaryKeys ?? none) {
    keys.set(nameKey({ schema, name }), primaryKey)
  }
  return keys
}
