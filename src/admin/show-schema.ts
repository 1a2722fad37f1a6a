/**
 * `GET /schema`: the schema in use for who looks around in it, in small answers however many relations
 * there are. Without a name it is a page of the list, narrowed by a search; with one it is one relation,
 * with its columns, keys and relationships.
 */
import type { CacheState } from '../cache/cache-state.ts'
import { compareTexts } from '../core/compare-texts.ts'
import { eventLoopSlices } from '../core/event-loop-slices.ts'
import { nameKey, type QualifiedName, qualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import { runInSlices, type Steps } from '../core/run-in-slices.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Column, RelationKind } from '../schema/catalog.ts'
import type { Cardinality, ColumnPair, Relationship } from '../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { servedSnapshot } from './readiness.ts'
import { refuseParameters } from './refuse-parameters.ts'
import { sortInSteps } from './sort-in-steps.ts'

export interface RelationSummary extends QualifiedName {
  readonly kind: RelationKind
  readonly columns: number
  readonly primaryKey: readonly string[]
  readonly relationships: number
}

export interface SchemaPage {
  /** Null: no schema is in use yet. */
  readonly version: number | null
  readonly loadedAt: string | null
  readonly schemas: readonly string[]
  readonly functions: number
  /** Relations in all, and those that were searched for. */
  readonly total: number
  readonly found: number
  readonly offset: number
  readonly relations: readonly RelationSummary[]
}

export interface ShownColumn {
  readonly name: string
  readonly type: string
  readonly isNullable: boolean
  readonly isKey: boolean
  readonly default: string | null
  readonly values: readonly string[]
  readonly comment: string | null
}

export interface ShownRelationship {
  readonly kind: Cardinality['kind'] | 'computed'
  readonly target: QualifiedName
  /** The constraint, the junction or the function that it is made of. */
  readonly by: string
  /** [column here, column there] */
  readonly columns: readonly ColumnPair[]
  readonly isSelf: boolean
}

export interface ShownRelation {
  readonly version: number
  readonly relation: QualifiedName & {
    readonly kind: RelationKind
    readonly comment: string | null
    readonly primaryKey: readonly string[]
    readonly writes: readonly ('insert' | 'update' | 'delete')[]
    readonly columns: readonly ShownColumn[]
    /** [name, type] of functions that are read like columns. */
    readonly computed: readonly (readonly [string, string])[]
    readonly relationships: readonly ShownRelationship[]
    /** How many relationships there are, of which the first are listed. */
    readonly related: number
  }
}

const parameterNames = ['search', 'offset', 'limit', 'schema', 'name']
const mostListed = 200
const usuallyListed = 50
/** Relationships and columns of one relation that are listed. */
const mostShown = 500

/** Errors  malformed-request, relation-not-found */
export async function showSchema(
  parameters: URLSearchParams,
  cache: CacheState,
): Promise<Result<SchemaPage | ShownRelation, ApiError>> {
  const problem = refuseParameters(parameters, parameterNames)
  if (problem !== null) return malformed(problem)
  const snapshot = servedSnapshot(cache)
  const name = parameters.get('name')
  if (name !== null) return showRelation(snapshot, parameters.get('schema') ?? '', name)

  const offset = numberOf(parameters.get('offset'), 0)
  const limit = numberOf(parameters.get('limit'), usuallyListed)
  if (offset === null || limit === null) {
    return malformed('offset and limit are whole numbers from 0 on')
  }
  if (snapshot === null) return ok(noSchema)
  const search = parameters.get('search')?.trim().toLowerCase() ?? ''
  const found = await runInSlices(findRelations(snapshot, search), eventLoopSlices)
  const page = found.slice(offset, offset + Math.min(limit, mostListed))
  return ok({
    version: snapshot.snapshotVersion,
    loadedAt: snapshot.loadedAt.toISOString(),
    schemas: snapshot.schemas,
    functions: snapshot.routines.size,
    total: snapshot.relations.size,
    found: found.length,
    offset,
    relations: page.map((relation) => summaryOf(relation, snapshot)),
  })
}

const noSchema: SchemaPage = {
  version: null,
  loadedAt: null,
  schemas: [],
  functions: 0,
  total: 0,
  found: 0,
  offset: 0,
  relations: [],
}

function malformed(details: string): Result<never, ApiError> {
  return err({ kind: 'malformed-request', details })
}

function numberOf(text: string | null, otherwise: number): number | null {
  if (text === null) return otherwise
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}

/** What is named so comes before what begins so, and that before what has it in it. */
function* findRelations(snapshot: SchemaSnapshot, search: string): Steps<readonly Relation[]> {
  const ranks: readonly [Relation[], Relation[], Relation[]] = [[], [], []]
  for (const relation of yield* inOrder(snapshot)) {
    const rank = rankOf(relation, search)
    if (rank !== null) ranks[rank].push(relation)
    yield
  }
  return ranks.flat()
}

/** Who looks around asks many times of one schema. */
const ordered = new WeakMap<SchemaSnapshot, readonly Relation[]>()

/** By schema and name. */
function* inOrder(snapshot: SchemaSnapshot): Steps<readonly Relation[]> {
  const known = ordered.get(snapshot)
  if (known !== undefined) return known
  const sorted = yield* sortInSteps(
    snapshot.relations.values(),
    (a, b) => compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name),
  )
  ordered.set(snapshot, sorted)
  return sorted
}

function rankOf({ schema, name }: QualifiedName, search: string): 0 | 1 | 2 | null {
  if (search === '') return 0
  const lower = name.toLowerCase()
  if (lower === search) return 0
  if (lower.startsWith(search)) return 1
  return `${schema}.${lower}`.includes(search) ? 2 : null
}

function relationshipsOf(relation: QualifiedName, { relationships }: SchemaSnapshot) {
  return [...(relationships.get(nameKey(relation))?.values() ?? [])].flat()
}

function summaryOf(relation: Relation, snapshot: SchemaSnapshot): RelationSummary {
  const { schema, name, kind, columns, primaryKey } = relation
  const relationships = relationshipsOf(relation, snapshot).length
  return { schema, name, kind, columns: columns.size, primaryKey, relationships }
}

function showRelation(
  snapshot: SchemaSnapshot | null,
  schema: string,
  name: string,
): Result<ShownRelation, ApiError> {
  const relation = snapshot?.relations.get(nameKey(qualifiedName(schema, name)))
  if (snapshot === null || relation === undefined) {
    return err({ kind: 'relation-not-found', schema, relation: name, suggestion: null })
  }
  const { kind, description, primaryKey, canInsert, canUpdate, canDelete } = relation
  const related = relationshipsOf(relation, snapshot)
  const key = new Set(primaryKey)
  const writes = [
    canInsert ? (['insert'] as const) : [],
    canUpdate ? (['update'] as const) : [],
    canDelete ? (['delete'] as const) : [],
  ].flat()
  return ok({
    version: snapshot.snapshotVersion,
    relation: {
      schema: relation.schema,
      name: relation.name,
      kind,
      comment: description,
      primaryKey,
      writes,
      columns: [...relation.columns.values()].map((column) => showColumn(column, key)),
      computed: [...relation.computedTypes],
      relationships: related.slice(0, mostShown).map(showRelationship),
      related: related.length,
    },
  })
}

function showColumn(column: Column, key: ReadonlySet<string>): ShownColumn {
  const { name, nominalType, isNullable, defaultExpression, enumValues, description } = column
  return {
    name,
    type: nominalType,
    isNullable,
    isKey: key.has(name),
    default: defaultExpression,
    values: enumValues,
    comment: description,
  }
}

function showRelationship(relationship: Relationship): ShownRelationship {
  const { target, isSelf } = relationship
  if (relationship.kind === 'computed') {
    return { kind: 'computed', target, by: dotted(relationship.routine), columns: [], isSelf }
  }
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many') {
    const by = dotted(cardinality.junction.relation)
    return { kind: 'many-to-many', target, by, columns: [], isSelf }
  }
  const { kind, constraint: by, columns } = cardinality
  return { kind, target, by, columns, isSelf }
}

function dotted({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`
}
