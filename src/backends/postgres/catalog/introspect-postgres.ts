/**
 * One load of a PostgreSQL schema: system catalogs → Catalog. All rows are of one moment (one
 * repeatable-read transaction), the number of queries does not grow with that of relations, and
 * none of them waits for a lock that a migration holds on a relation. Views are read from their
 * stored rules. What the rows mean is worked out here, in slices, so that requests go on meanwhile.
 *
 * `timings` has PostgREST's names for the groups of queries, in its order.
 */
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import { runInSlices, type Steps } from '../../../core/run-in-slices.ts'
import type { Catalog } from '../../../schema/catalog.ts'
import type { IntrospectionRequest } from '../../backend.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { assembleRelations } from './assemble-relations.ts'
import {
  computedFields,
  readComputedFields,
  typesOfComputedFields,
} from './catalog-computed-fields.ts'
import { readComputedRelationships } from './catalog-computed-relationships.ts'
import { endsOf, keysAbout, parseKeys, readKeys } from './catalog-keys.ts'
import { readMediaHandlers } from './catalog-media-handlers.ts'
import { readCasts, representations, typesOfCasts } from './catalog-representations.ts'
import { parseRoutines, readRoutines, typesOfRoutines } from './catalog-routines.ts'
import { resolveScope } from './catalog-scope.ts'
import { parseComments, parseTables, readTables } from './catalog-tables.ts'
import { readTypes, typeUses } from './catalog-types.ts'
import { parseViews, readFollowedViews, readViewsBelow } from './catalog-views.ts'
import { readForeignWrites } from './foreign-writes.ts'
import { foreignKeys, hiddenPrimaryKeys, primaryKeys } from './name-keys.ts'
import { openVersion } from './open-version.ts'
import { readPostgresCapabilities } from './postgres-capabilities.ts'
import { PostgresFacts, type RoleSettings } from './postgres-facts.ts'
import { catalogLockTimeout, readSchemaVersion } from './postgres-schema-version.ts'
import { readRoleSettings } from './read-role-settings.ts'
import { completeNames, namesOfTables } from './relation-names.ts'
import { viewKeyDependencies } from './view-key-dependencies.ts'
import { viewOrigins } from './view-origins.ts'

/** The connection's owner answers to `signal`: it cancels what runs and rejects what is asked. */
export interface PostgresIntrospectionRequest extends IntrospectionRequest {
  /** Settings of roles are read with `db-config` only. */
  readonly readRoleSettings: boolean
  /** Milliseconds; a shorter statement_timeout of the login role stays. */
  readonly statementTimeoutMs?: number
  /** Milliseconds to sleep inside the transaction, for tests of the pipeline. */
  readonly sleepMs?: { readonly beforeQueries: number; readonly afterQueries: number }
}

/**
 * Loads the catalog. A transaction that a failure leaves open is for the connection's owner to
 * roll back.
 *
 * Shape   where an answer had to be left open, `schemaVersion` equals no version that is ever read,
 *         so that the next check loads again
 * Errors  rejects with BackendFailure; 3F000 for a schema that does not exist
 */
export async function introspectPostgres(
  query: ControlQuery,
  request: PostgresIntrospectionRequest,
): Promise<Catalog> {
  const { options, previous, sleepMs } = request
  const { timings, timed } = createTimings()

  await begin(query, request.statementTimeoutMs ?? 0)
  const schemaVersion = await readSchemaVersion(query, options)
  await sleep(query, sleepMs?.beforeQueries ?? 0)
  const scope = await resolveScope(query, options)
  const capabilities = await readPostgresCapabilities(query)
  const tableRows = await timed('tables', () => readTables(query, scope))
  const viewRows = await timed('keydeps', () => readFollowedViews(query, scope))
  const keyRows = await timed('rels', () => readKeys(query))
  const routineRows = await timed('funcs', () => readRoutines(query, scope))
  const computedRelationships = await timed('comprels', () =>
    readComputedRelationships(query, scope),
  )
  const computedRows = await timed('comprels', () => readComputedFields(query, scope))
  const castRows = await timed('dreps', () => readCasts(query))
  const mediaHandlers = await timed('mhandlers', () => readMediaHandlers(query, scope))
  const roles = request.readRoleSettings
    ? await readRoleSettings(query, scope.serverVersion)
    : new Map<string, RoleSettings>()

  const tables = await sliced(parseTables(tableRows.tables))
  const otherTypes = [
    ...(await sliced(typesOfRoutines(routineRows))),
    ...typesOfComputedFields(computedRows),
    ...typesOfCasts(castRows),
  ]
  const uses = await sliced(typeUses(tables, otherTypes))
  const types = await timed('tables', () => readTypes(query, uses))
  const followedViews = await sliced(parseViews(viewRows))
  const viewRowsBelow = await timed('keydeps', () => readViewsBelow(query, scope, followedViews))
  const views = new Map([...(await sliced(parseViews(viewRowsBelow))), ...followedViews])
  const tableNames = await sliced(namesOfTables(tables))
  const origins = await sliced(viewOrigins(views, tableNames))
  const originRelations = [...origins.values()].flatMap((origin) => [...origin.keys()])
  const relevant = new Set([...tableNames.keys(), ...originRelations])
  const allKeys = await sliced(parseKeys(keyRows))
  const keys = keysAbout(allKeys, relevant)
  const names = await timed('rels', () => completeNames(query, tableNames, endsOf(keys)))
  await sleep(query, sleepMs?.afterQueries ?? 0)
  await query('commit')

  const foreignTables = [...views.values()].flatMap(({ oid, kind }) => (kind === 'f' ? [oid] : []))
  const foreign = await timed('tables', () => readForeignWrites(query, foreignTables))
  const comments = await sliced(parseComments(tableRows.comments))
  const relations = assembleRelations({
    tables,
    types,
    comments,
    primaryKeys: primaryKeys(keys, names),
    views,
    foreign,
    previous,
  })
  return {
    schemaVersion: foreign.open.size === 0 ? schemaVersion : openVersion(schemaVersion),
    capabilities,
    relations: await sliced(relations),
    foreignKeys: await sliced(foreignKeys(keys, allKeys, names)),
    hiddenPrimaryKeys: hiddenPrimaryKeys(keys, allKeys, relevant, names),
    viewKeyDependencies: await sliced(viewKeyDependencies(origins, keys, names)),
    routines: await sliced(
      parseRoutines(
        routineRows,
        { ...types, columnTypeOf: (oid) => types.baseOf(oid).text },
        options.dbHoistedTxSettings,
      ),
    ),
    computedRelationships,
    computedFields: computedFields(computedRows, types),
    representations: representations(castRows, types),
    mediaHandlers,
    engineFacts: new PostgresFacts(roles),
    timings,
  }
}

async function begin(query: ControlQuery, statementTimeoutMs: number): Promise<void> {
  await query('begin isolation level repeatable read read only')
  // an empty search path makes PostgreSQL qualify the names that it prints; JIT compilation of a
  // catalog query would take longer than running it
  await query(
    `select set_config('search_path', '', true), set_config('lock_timeout', '${catalogLockTimeout}', true),
      set_config('quote_all_identifiers', 'off', true), set_config('jit', 'off', true)`,
  )
  if (statementTimeoutMs === 0) return
  await query(
    `select set_config('statement_timeout', $1, true)
    where current_setting('statement_timeout') = '0'
      or current_setting('statement_timeout')::interval > ($1 || ' milliseconds')::interval`,
    [String(Math.ceil(statementTimeoutMs))],
  )
}

async function sleep(query: ControlQuery, milliseconds: number): Promise<void> {
  if (milliseconds > 0) await query('select pg_sleep($1::float8 / 1000)', [String(milliseconds)])
}

function sliced<T>(steps: Steps<T>): Promise<T> {
  return runInSlices(steps, { pause: () => setImmediate(), now: () => performance.now() })
}

const groups = ['tables', 'keydeps', 'rels', 'funcs', 'comprels', 'dreps', 'mhandlers'] as const
type Group = (typeof groups)[number]

function createTimings() {
  const timings: Record<string, number> = Object.fromEntries(groups.map((group) => [group, 0]))
  async function timed<T>(group: Group, work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await work()
    timings[group] = (timings[group] ?? 0) + performance.now() - start
    return result
  }
  return { timings, timed }
}
