/**
 * What an engine reported → the frozen snapshot that requests are planned on: exposed schemas only,
 * keys of views worked out, lookups made; relationships are derived from it when they are needed. Each
 * build goes on from the snapshot before and takes over what is the same, so that it costs what changed;
 * a build from nothing goes on from nothing. The pipeline runs it in slices.
 *
 * A catalog belongs to its snapshot from here on: parts of it are frozen, and a backend may hand the
 * very same objects over again, but never changed ones.
 */
import { createFuzzySet, type FuzzySet } from '../core/fuzzy-set.ts'
import { isSame } from '../core/is-same.ts'
import { onlySchema, onlySchemaAlias } from '../core/only-schema.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import { type BuiltRelations, buildRelations } from './build-relations.ts'
import type { Catalog, Representation, Routine } from './catalog.ts'
import { compareRoutines } from './compare-routines.ts'
import { frozenFacts } from './engine-facts.ts'
import { type Exposure, exposes, exposureOf, isSameFence } from './exposure.ts'
import { type Regrouped, regroup } from './incremental/grouping.ts'
import { patchSorted } from './incremental/patch-sorted.ts'
import { affectedOrigins } from './relationships/affected-origins.ts'
import type { RelationshipFacts } from './relationships/relationship-facts.ts'
import { LazyRelationships } from './relationships/snapshot-relationships.ts'
import type { SchemaOptions, SchemaSnapshot } from './schema-snapshot.ts'
import type { SnapshotSources } from './snapshot-sources.ts'

/** Similarity from which a name counts as meant; names of more distant relations are not revealed. */
const minSimilarity = 0.75
/** From this many relations in a schema on none is suggested: the index would cost too much. */
const maxSuggestible = 500

const none: readonly never[] = Object.freeze([])

const noAliases: SchemaSnapshot['schemaAliases'] = Object.freeze(new Map())
const onlySchemaAliases: SchemaSnapshot['schemaAliases'] = Object.freeze(
  new Map([[onlySchemaAlias, onlySchema]]),
)

/** What was before, where it is equal in depth: so that others know by identity that it is. */
function unlessSame<T>(before: T | undefined, now: T): T {
  return before !== undefined && isSame(before, now) ? before : frozenFacts(now)
}

function* buildRoutines(
  previous: SchemaSnapshot['routines'],
  { grouping: { groups }, touched }: Regrouped<Routine>,
  { schemas }: Exposure,
): Steps<SchemaSnapshot['routines']> {
  const changes = new Map<string, readonly Routine[] | undefined>()
  for (const key of touched) {
    const overloads = groups.get(key)
    const [first] = overloads ?? none
    if (overloads === undefined || first === undefined) changes.set(key, undefined)
    else if (schemas.has(first.schema)) {
      changes.set(key, unlessSame(previous.get(key), overloads.toSorted(compareRoutines)))
    }
    yield
  }
  return yield* patchSorted(previous, changes)
}

function groupRepresentations(
  representations: readonly Representation[],
): SchemaSnapshot['representations'] {
  const bySource = new Map<string, Map<string, Representation>>()
  for (const representation of representations) {
    const { sourceType, targetType } = representation
    const targets = bySource.get(sourceType)
    if (targets === undefined) bySource.set(sourceType, new Map([[targetType, representation]]))
    else targets.set(targetType, representation)
  }
  return bySource
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

/** The lists of a catalog by the names that they are looked up by. */
function* groupCatalog(catalog: Catalog, before: SnapshotSources | undefined) {
  const known = before?.relationships.facts
  const { foreignKeys, viewKeyDependencies, computedRelationships } = catalog
  const { uniqueKeys = none, computedFields = none } = catalog
  return {
    keysFrom: yield* regroup(known?.keysFrom, foreignKeys, ({ origin }) => origin),
    keysTo: yield* regroup(known?.keysTo, foreignKeys, ({ target }) => target),
    viewsOver: yield* regroup(known?.viewsOver, viewKeyDependencies, ({ table }) => table),
    keysOfViews: yield* regroup(known?.keysOfViews, viewKeyDependencies, ({ view }) => view),
    computedFrom: yield* regroup(
      known?.computedFrom,
      computedRelationships,
      ({ origin }) => origin,
    ),
    uniqueKeys: yield* regroup(known?.uniqueKeys, uniqueKeys, (key) => key),
    computedFields: yield* regroup(
      before?.computedFields,
      computedFields,
      ({ relation }) => relation,
    ),
    routines: yield* regroup(before?.routines, catalog.routines, (routine) => routine),
  }
}

type GroupedCatalog = ReturnType<typeof groupCatalog> extends Steps<infer T> ? T : never

function* relate(
  before: SnapshotSources | undefined,
  grouped: GroupedCatalog,
  { relations, hiddenKeys, changed }: BuiltRelations,
  exposure: Exposure,
): Steps<LazyRelationships> {
  const facts: RelationshipFacts = Object.freeze({
    exposure,
    keysFrom: grouped.keysFrom.grouping,
    keysTo: grouped.keysTo.grouping,
    viewsOver: grouped.viewsOver.grouping,
    keysOfViews: grouped.keysOfViews.grouping,
    computedFrom: grouped.computedFrom.grouping,
    uniqueKeys: grouped.uniqueKeys.grouping,
    relations,
    hiddenKeys,
  })
  if (before === undefined) return yield* LazyRelationships.of(facts)
  const affected = affectedOrigins(before.relationships.facts, facts, {
    keysFrom: grouped.keysFrom.touched,
    viewsOver: grouped.viewsOver.touched,
    computedFrom: grouped.computedFrom.touched,
    uniqueKeys: grouped.uniqueKeys.touched,
    relations: changed,
  })
  yield
  return yield* before.relationships.next(facts, affected)
}

function* buildSteps(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
  previous: SchemaSnapshot | null,
): Steps<SchemaSnapshot> {
  const hasSchemas = catalog.capabilities.grades.schemas !== 'unsupported'
  const schemas = unlessSame(previous?.schemas, hasSchemas ? [...options.dbSchemas] : [onlySchema])
  const exposure = exposureOf(schemas, options)
  // where other schemas or relations are exposed, nothing of the last snapshot can be taken over
  const last =
    previous?.schemas === schemas && isSameFence(previous.options, options) ? previous : undefined
  const before = last?.sources
  const grouped = yield* groupCatalog(catalog, before)
  const built = yield* buildRelations(
    {
      relations: last?.relations ?? new Map(),
      hiddenKeys: before?.relationships.facts.hiddenKeys ?? new Map(),
      list: before?.catalog.relations ?? none,
    },
    { catalog, ...grouped, exposure },
  )
  const { relations } = built
  const relationships = yield* relate(before, grouped, built, exposure)
  const isInSchema = ({ schema }: QualifiedName) => exposure.schemas.has(schema)
  const sources: SnapshotSources = {
    catalog,
    computedFields: grouped.computedFields.grouping,
    routines: grouped.routines.grouping,
    relationships,
  }
  return Object.freeze({
    snapshotVersion,
    schemaVersion: catalog.schemaVersion,
    loadedAt: new Date(loadedAt),
    options: unlessSame(last?.options, structuredClone(options)),
    schemas,
    schemaAliases: hasSchemas ? noAliases : onlySchemaAliases,
    capabilities: unlessSame(last?.capabilities, catalog.capabilities),
    relations,
    unreadableRelations: unlessSame(
      last?.unreadableRelations,
      (catalog.unreadableRelations ?? none).filter((name) => exposes(exposure, name)),
    ),
    relationships,
    unusableRelationships: unlessSame(
      last?.unusableRelationships,
      catalog.unusableRelationships ?? none,
    ),
    routines: yield* buildRoutines(last?.routines ?? new Map(), grouped.routines, exposure),
    unusableRoutines: unlessSame(
      last?.unusableRoutines,
      (catalog.unusableRoutines ?? none).filter(isInSchema),
    ),
    types: unlessSame(last?.types, catalog.types ?? none),
    representations: unlessSame(
      last?.representations,
      groupRepresentations(catalog.representations),
    ),
    mediaHandlers: unlessSame(last?.mediaHandlers, catalog.mediaHandlers),
    engineFacts: catalog.engineFacts,
    suggestRelation:
      last?.relations === relations ? last.suggestRelation : createSuggester(relations),
    sources: Object.freeze(sources),
  })
}

/** Builds without a pause: for tests and the command line. */
export function buildSnapshot(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
  previous: SchemaSnapshot | null = null,
): SchemaSnapshot {
  return runAtOnce(buildSteps(catalog, options, snapshotVersion, loadedAt, previous))
}

/** Builds in slices, so that requests are served meanwhile however large the schema is. */
export function buildSnapshotInSlices(
  catalog: Catalog,
  options: SchemaOptions,
  snapshotVersion: number,
  loadedAt: Date,
  previous: SchemaSnapshot | null,
  slices: SliceDeps,
): Promise<SchemaSnapshot> {
  return runInSlices(buildSteps(catalog, options, snapshotVersion, loadedAt, previous), slices)
}
