/**
 * What an engine reported → the frozen snapshot that requests are planned on: exposed schemas only,
 * keys of views worked out, relationships derived, lookups made. Freezes what it makes and copies
 * what it is given, so a backend may keep its catalog. The pipeline runs it in slices.
 */
import { createFuzzySet, type FuzzySet } from '../core/fuzzy-set.ts'
import { onlySchema, onlySchemaAlias } from '../core/only-schema.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import type { Capabilities } from './capabilities.ts'
import type {
  Catalog,
  CatalogRelation,
  Column,
  ComputedField,
  Representation,
  Routine,
  ViewKeyDependency,
} from './catalog.ts'
import { compareTexts } from './compare-relationships.ts'
import { compareRoutines } from './compare-routines.ts'
import { deriveRelationships } from './derive-relationships.ts'
import { copyName } from './key-relationships.ts'
import type { Relation, SchemaOptions, SchemaSnapshot } from './schema-snapshot.ts'

/** Similarity from which a name counts as meant; names of more distant relations are not revealed. */
const minSimilarity = 0.75
/** From this many relations in a schema on none is suggested: the index would cost too much. */
const maxSuggestible = 500

const none: readonly never[] = Object.freeze([])

const noAliases: SchemaSnapshot['schemaAliases'] = Object.freeze(new Map())
const onlySchemaAliases: SchemaSnapshot['schemaAliases'] = Object.freeze(
  new Map([[onlySchemaAlias, onlySchema]]),
)

function copyList<T>(list: readonly T[], copy: (item: T) => T): readonly T[] {
  return list.length === 0 ? none : Object.freeze(list.map(copy))
}

function copyTexts(list: readonly string[]): readonly string[] {
  return list.length === 0 ? none : Object.freeze([...list])
}

function copyPairs(
  list: readonly (readonly [string, string])[],
): readonly (readonly [string, string])[] {
  return copyList(list, ([a, b]) => Object.freeze<[string, string]>([a, b]))
}

/** A column that is frozen already, from an earlier snapshot that the backend reuses, is kept. */
function copyColumn(column: Column): Column {
  if (Object.isFrozen(column) && Object.isFrozen(column.enumValues)) return column
  return Object.freeze({ ...column, enumValues: copyTexts(column.enumValues) })
}

function copyRoutine(routine: Routine): Routine {
  return Object.freeze({
    ...routine,
    parameters: copyList(routine.parameters, (parameter) => Object.freeze({ ...parameter })),
    returns: Object.freeze({ ...routine.returns, type: copyName(routine.returns.type) }),
    settings: copyPairs(routine.settings),
  })
}

function isView({ kind }: CatalogRelation): boolean {
  return kind === 'view' || kind === 'materialized-view'
}

/**
 * The key of a view is made of the keys of the tables below it that it carries in full; of a
 * column that it selects several times the first stands for all. Later tables come first, as in
 * PostgREST, where it shows in `Location` and in the default of `on_conflict`.
 */
function viewPrimaryKeys(
  dependencies: readonly ViewKeyDependency[],
): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>()
  for (const { kind, view, columns } of dependencies) {
    if (kind !== 'primary-key') continue
    const own = columns.flatMap(([, viewColumns]) => viewColumns.slice(0, 1))
    keys.set(nameKey(view), [...own, ...(keys.get(nameKey(view)) ?? [])])
  }
  return keys
}

const noTypes: ReadonlyMap<string, string> = Object.freeze(new Map())

/** By `nameKey` of the relation. */
function computedTypes(
  fields: readonly ComputedField[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const byRelation = new Map<string, Map<string, string>>()
  for (const { relation, name, baseType } of fields) {
    const types = byRelation.get(nameKey(relation))
    if (types === undefined) byRelation.set(nameKey(relation), new Map([[name, baseType]]))
    else types.set(name, baseType)
  }
  for (const types of byRelation.values()) Object.freeze(types)
  return byRelation
}

function* copyRelation(
  relation: CatalogRelation,
  primaryKey: readonly string[],
  computedTypes: ReadonlyMap<string, string>,
): Generator<void, Relation, void> {
  const columns = new Map<string, Column>()
  for (const column of relation.columns) {
    columns.set(column.name, copyColumn(column))
    yield
  }
  return Object.freeze({
    ...relation,
    primaryKey: copyTexts(primaryKey),
    columns: Object.freeze(columns),
    isView: isView(relation),
    computedTypes,
  })
}

function* groupRoutines(
  routines: readonly Routine[],
  exposed: ReadonlySet<string>,
): Steps<SchemaSnapshot['routines']> {
  const byName = new Map<string, Routine[]>()
  for (const routine of routines) {
    if (!exposed.has(routine.schema)) continue
    const overloads = byName.get(nameKey(routine))
    if (overloads === undefined) byName.set(nameKey(routine), [copyRoutine(routine)])
    else overloads.push(copyRoutine(routine))
    yield
  }
  const sorted = [...byName].sort(([a], [b]) => compareTexts(a, b))
  for (const [, overloads] of sorted) Object.freeze(overloads.sort(compareRoutines))
  return Object.freeze(new Map(sorted))
}

function groupRepresentations(
  representations: readonly Representation[],
): SchemaSnapshot['representations'] {
  const bySource = new Map<string, Map<string, Representation>>()
  for (const representation of representations) {
    const { sourceType, targetType, routine } = representation
    const copy = Object.freeze({ ...representation, routine: copyName(routine) })
    const targets = bySource.get(sourceType)
    if (targets === undefined) bySource.set(sourceType, new Map([[targetType, copy]]))
    else targets.set(targetType, copy)
  }
  for (const targets of bySource.values()) Object.freeze(targets)
  return Object.freeze(bySource)
}

function copyOptions(options: SchemaOptions): SchemaOptions {
  const copy = structuredClone(options)
  for (const value of Object.values(copy)) Object.freeze(value)
  return Object.freeze(copy)
}

function copyCapabilities(capabilities: Capabilities): Capabilities {
  return Object.freeze({ ...capabilities, grades: Object.freeze({ ...capabilities.grades }) })
}

/** The index of a schema's names is made when the first miss asks for it, and kept. */
function createSuggester(
  relations: SchemaSnapshot['relations'],
): (name: QualifiedName) => string | null {
  const indexes = new Map<string, FuzzySet | null>()
  return ({ schema, name }) => {
    let index = indexes.get(schema)
    if (index === undefined) {
      const names = [...relations.values()].filter((relation) => relation.schema === schema)
      index =
        names.length === 0 || names.length >= maxSuggestible
          ? null
          : createFuzzySet(names.map((relation) => relation.name))
      indexes.set(schema, index)
    }
    return index?.best(name, minSimilarity) ?? null
  }
}

function* buildSteps(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
): Steps<SchemaSnapshot> {
  const capabilities = copyCapabilities(catalog.capabilities)
  const hasSchemas = capabilities.grades.schemas !== 'unsupported'
  const schemas = copyTexts(hasSchemas ? options.dbSchemas : [onlySchema])
  const exposed = new Set(schemas)

  const viewKeys = viewPrimaryKeys(catalog.viewKeyDependencies)
  const computed = computedTypes(catalog.computedFields ?? none)
  const tableKeys = new Map<string, readonly string[]>()
  const relations: (readonly [string, Relation])[] = []
  for (const relation of catalog.relations) {
    const key = nameKey(relation)
    const primaryKey = isView(relation) ? (viewKeys.get(key) ?? none) : relation.primaryKey
    tableKeys.set(key, primaryKey)
    if (exposed.has(relation.schema)) {
      relations.push([key, yield* copyRelation(relation, primaryKey, computed.get(key) ?? noTypes)])
    }
    yield
  }
  for (const { schema, name, primaryKey } of catalog.hiddenPrimaryKeys ?? none) {
    tableKeys.set(nameKey({ schema, name }), primaryKey)
  }
  const sortedRelations: SchemaSnapshot['relations'] = Object.freeze(
    new Map(relations.sort(([a], [b]) => compareTexts(a, b))),
  )
  yield
  const uniqueKeys = new Map<string, (readonly string[])[]>()
  for (const { schema, name, columns } of catalog.uniqueKeys ?? none) {
    const known = uniqueKeys.get(nameKey({ schema, name }))
    if (known === undefined) uniqueKeys.set(nameKey({ schema, name }), [columns])
    else known.push(columns)
  }
  const relationships = yield* deriveRelationships(catalog, {
    schemas,
    primaryKeyOf: (relation) => tableKeys.get(nameKey(relation)) ?? none,
    uniqueKeysOf: (relation) => uniqueKeys.get(nameKey(relation)) ?? none,
  })
  const routines = yield* groupRoutines(catalog.routines, exposed)

  return Object.freeze({
    snapshotVersion,
    schemaVersion: catalog.schemaVersion,
    loadedAt: new Date(loadedAt),
    options: copyOptions(options),
    schemas,
    schemaAliases: hasSchemas ? noAliases : onlySchemaAliases,
    capabilities,
    relations: sortedRelations,
    unreadableRelations: copyList(
      (catalog.unreadableRelations ?? none).filter(({ schema }) => exposed.has(schema)),
      (relation) => Object.freeze({ ...relation }),
    ),
    relationships,
    unusableRelationships: copyList(catalog.unusableRelationships ?? none, (each) =>
      Object.freeze({ ...each }),
    ),
    routines,
    unusableRoutines: copyList(
      (catalog.unusableRoutines ?? none).filter(({ schema }) => exposed.has(schema)),
      (routine) => Object.freeze({ ...routine }),
    ),
    representations: groupRepresentations(catalog.representations),
    mediaHandlers: copyList(catalog.mediaHandlers, (handler) =>
      Object.freeze({
        ...handler,
        relation: handler.relation === null ? null : copyName(handler.relation),
        routine: copyName(handler.routine),
      }),
    ),
    engineFacts: catalog.engineFacts,
    suggestRelation: createSuggester(sortedRelations),
  })
}

/** Builds without a pause: for tests and the command line. */
export function buildSnapshot(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
): SchemaSnapshot {
  return runAtOnce(buildSteps(catalog, options, snapshotVersion, loadedAt))
}

/** Builds in slices, so that requests are served meanwhile however large the schema is. */
export function buildSnapshotInSlices(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
  slices: SliceDeps,
): Promise<SchemaSnapshot> {
  return runInSlices(buildSteps(catalog, options, snapshotVersion, loadedAt), slices)
}
