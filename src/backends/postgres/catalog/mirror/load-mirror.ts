/**
 * One load of a PostgreSQL schema: dirty objects, or everything → the mirror brought up to date, and
 * the catalog that it shows. All rows are of one moment (the repeatable-read transaction that the
 * caller has begun), the number of queries does not grow with that of relations, and none of them
 * waits for a lock that a migration holds on a relation: views are read from their stored rules.
 * What the rows mean is worked out in slices, so that requests go on meanwhile.
 *
 * `timings` has PostgREST's names for the groups of queries, in its order; the one batch that a load
 * of dirty objects sends counts as the first group.
 */

import { performance } from 'node:perf_hooks'
import { eventLoopSlices } from '../../../../core/event-loop-slices.ts'
import { runInSlices, type Steps } from '../../../../core/run-in-slices.ts'
import type { Catalog } from '../../../../schema/catalog.ts'
import type { IntrospectionRequest } from '../../../backend.ts'
import type { ControlQuery } from '../../connect/control-connection.ts'
import { computedFields } from '../catalog-computed-fields.ts'
import { computedRelationships } from '../catalog-computed-relationships.ts'
import { mediaHandlers } from '../catalog-media-handlers.ts'
import { representations } from '../catalog-representations.ts'
import { hoistedNames } from '../catalog-routines.ts'
import { resolveScope } from '../catalog-scope.ts'
import type { CatalogSession } from '../catalog-transaction.ts'
import { typeCatalog } from '../catalog-types.ts'
import type { DirtyObjects } from '../changes/dirty-objects.ts'
import { readForeignWrites } from '../foreign-writes.ts'
import { PostgresFacts } from '../postgres-facts.ts'
import { applyUpdates } from './apply-updates.ts'
import { DerivedCatalog } from './derive-catalog.ts'
import type { QueryGroup, Question } from './fact-questions.ts'
import { kept, keptList } from './keep-equal.ts'
import { readFacts } from './read-facts.ts'
import { type FactUpdates, noFacts, type SchemaFacts, type WholeFacts } from './schema-facts.ts'
import { schemaTypes } from './schema-types.ts'

/** The connection's owner answers to `signal`: it cancels what runs and rejects what is asked. */
export interface PostgresIntrospectionRequest extends IntrospectionRequest {
  /** Settings of roles are read with `db-config` only. */
  readonly readRoleSettings: boolean
  /** Milliseconds for each statement, whatever the login role has set; 0: no limit. */
  readonly statementTimeoutMs: number
  /** Milliseconds to sleep inside the transaction, for tests of the pipeline. */
  readonly sleepMs?: { readonly beforeQueries: number; readonly afterQueries: number }
}

/** The cursor over what may be long, and how many rows are decoded without a rest. */
const pages = 'dbrest_rows'
const pageSize = 200

/** What a load has made, and the next one builds upon. Changed in place. */
export interface SchemaMirror {
  readonly facts: SchemaFacts
  readonly derived: DerivedCatalog
  readonly catalog: Omit<Catalog, 'schemaVersion'>
}

/**
 * Everything that is read, before anything is changed. Ends the transaction, or leaves that to the
 * connection's owner.
 *
 * @param mirror of the same server and options; null: everything is read
 *
 * Errors  rejects with BackendFailure; 3F000 for a schema that does not exist
 */
export async function readUpdates(
  { query, batch }: CatalogSession,
  mirror: SchemaMirror | null,
  dirty: DirtyObjects,
  request: PostgresIntrospectionRequest,
): Promise<LoadedUpdates> {
  const { options, readRoleSettings, sleepMs } = request
  const { timings, timed } = createTimings()
  await sleep(query, sleepMs?.beforeQueries ?? 0)
  const facts = mirror?.facts ?? null
  const scope = facts?.scope ?? (await resolveScope(query, options))
  async function askEach(questions: readonly Question[]): Promise<void> {
    for (const { group, statement, take, hasMany } of questions) {
      const { text, params } = statement
      if (hasMany)
        await timed(group, () => query(`declare ${pages} no scroll cursor for ${text}`, params))
      for (let rowsRead = pageSize; rowsRead === pageSize; ) {
        const rows = await timed(group, () =>
          hasMany ? query(`fetch forward ${pageSize} from ${pages}`) : query(text, params),
        )
        await sliced(take(rows))
        rowsRead = hasMany ? rows.length : 0
      }
      if (hasMany) await query(`close ${pages}`)
    }
  }
  async function askAtOnce(questions: readonly Question[]): Promise<void> {
    if (questions.length === 0) return
    const answers = await timed('tables', () => batch(questions.map(({ statement }) => statement)))
    for (const [at, { take }] of questions.entries()) await sliced(take(answers[at] ?? []))
  }
  const updates = await readFacts({
    scope,
    facts,
    origins: { has: (oid) => mirror?.derived.hasOrigin(oid) === true },
    dirty,
    readRoleSettings,
    ask: facts === null ? askEach : askAtOnce,
    sliced,
  })
  await sleep(query, sleepMs?.afterQueries ?? 0)
  const asked = foreignTables(updates, facts, dirty)
  if (facts === null || asked.length > 0) await query('commit')
  const foreign = await timed('tables', () =>
    readForeignWrites(query, asked, request.statementTimeoutMs),
  )
  for (const [oid, writes] of foreign) updates.foreign.set(oid, writes)
  return { updates, timings, facts: facts ?? noFacts(scope, wholeFacts(updates)) }
}

export interface LoadedUpdates {
  readonly updates: FactUpdates
  readonly facts: SchemaFacts
  readonly timings: Catalog['timings']
}

/**
 * Brings the mirror up to date, in place: one that this does not end for is of no use any more.
 *
 * @param before the mirror that was read into, or whose objects are taken over where they are equal
 */
export async function updateMirror(
  { updates, facts, timings }: LoadedUpdates,
  before: SchemaMirror | null,
  { options, previous, signal }: PostgresIntrospectionRequest,
): Promise<SchemaMirror> {
  const derived =
    before?.facts === facts ? before.derived : new DerivedCatalog(before?.derived ?? null)
  const hoisted = hoistedNames(options.dbHoistedTxSettings)
  const changes = await sliced(
    (function* () {
      const found = yield* applyUpdates(facts, updates)
      yield* derived.update({ facts, updates, changes: found, hoisted, previous })
      return found
    })(),
  )
  signal.throwIfAborted()
  const types = typeCatalog(facts.types)
  const known = before?.catalog
  // where everything was read anew, the changes do not say which types are gone
  const isSameTypes = before?.facts === facts && changes.types.size + changes.routines.size === 0
  const sameTypes = isSameTypes ? known?.types : undefined
  const { whole } = facts
  const catalog = {
    capabilities: kept(known?.capabilities, whole.capabilities),
    relations: derived.relations.list,
    foreignKeys: derived.foreignKeys.list,
    hiddenPrimaryKeys: derived.hiddenPrimaryKeys.list,
    viewKeyDependencies: derived.viewKeyDependencies,
    routines: derived.routines,
    types: sameTypes ?? keptList(known?.types, schemaTypes(facts, options.dbSchemas)),
    computedRelationships: keptList(
      known?.computedRelationships,
      computedRelationships(whole.computedRelationships),
    ),
    computedFields: keptList(known?.computedFields, computedFields(whole.computedFields, types)),
    representations: keptList(known?.representations, representations(whole.casts, types)),
    mediaHandlers: keptList(known?.mediaHandlers, mediaHandlers(whole.mediaHandlers)),
    engineFacts: kept(known?.engineFacts, new PostgresFacts(whole.roles)),
    timings,
  }
  return { facts, derived, catalog }
}

/** Those that changed, and those that could not be asked the last time. */
function foreignTables(
  { views }: FactUpdates,
  facts: SchemaFacts | null,
  { servers }: DirtyObjects,
): readonly number[] {
  const known = new Map([...(facts?.views ?? []), ...views])
  return [...known].flatMap(([oid, view]) => {
    if (view?.kind !== 'f') return []
    return servers || views.has(oid) || facts?.open.has(oid) === true ? [oid] : []
  })
}

/** Throws  where not all was asked for */
function wholeFacts({ whole }: FactUpdates): WholeFacts {
  const { capabilities, computedRelationships, computedFields, casts, mediaHandlers } = whole
  if (
    capabilities === undefined ||
    computedRelationships === undefined ||
    computedFields === undefined ||
    casts === undefined ||
    mediaHandlers === undefined
  ) {
    throw new Error('a load of everything has read everything')
  }
  const roles = whole.roles ?? new Map()
  return { capabilities, computedRelationships, computedFields, casts, mediaHandlers, roles }
}

async function sleep(query: ControlQuery, milliseconds: number): Promise<void> {
  if (milliseconds > 0) await query('select pg_sleep($1::float8 / 1000)', [String(milliseconds)])
}

function sliced<T>(steps: Steps<T>): Promise<T> {
  return runInSlices(steps, eventLoopSlices)
}

const groups: readonly QueryGroup[] = [
  'tables',
  'keydeps',
  'rels',
  'funcs',
  'comprels',
  'dreps',
  'mhandlers',
]

function createTimings() {
  const timings: Record<string, number> = Object.fromEntries(groups.map((group) => [group, 0]))
  async function timed<T>(group: QueryGroup, work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await work()
    timings[group] = (timings[group] ?? 0) + performance.now() - start
    return result
  }
  return { timings, timed }
}
