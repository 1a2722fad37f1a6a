/**
 * `GET /schema/has`: whether the schema in use has a relation, a column or a function, for who waits
 * until a migration is served before what rests on it is let loose.
 */
import type { CacheState } from '../cache/cache-state.ts'
import { nameKey, qualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { servedSnapshot } from './readiness.ts'
import { refuseParameters } from './refuse-parameters.ts'

interface FoundNames {
  readonly version: number
  readonly loadedAt: string
  /** Of what was asked for, in words; empty: all is there. */
  readonly missing: readonly string[]
}

const parameterNames = ['schema', 'relation', 'column', 'function']

/** Without a `schema` the first one is looked at. Errors  malformed-request, cache-not-loaded */
export function lookForNames(
  parameters: URLSearchParams,
  cache: CacheState,
): Result<FoundNames, ApiError> {
  const problem = refuseParameters(parameters, parameterNames)
  if (problem !== null) return malformed(problem)
  const [asked, relation, column, routine] = parameterNames.map(
    (name) => parameters.get(name) || null,
  )
  if (!relation && !routine) return malformed('relation or function says what to look for')
  if (column && !relation) return malformed('column needs its relation')
  const snapshot = servedSnapshot(cache)
  if (snapshot === null) return err({ kind: 'cache-not-loaded' })
  const schema = asked ? (snapshot.schemaAliases.get(asked) ?? asked) : (snapshot.schemas[0] ?? '')
  const missing = [
    relation ? missingOf(snapshot, schema, relation, column ?? null) : null,
    routine && !snapshot.routines.has(nameKey(qualifiedName(schema, routine)))
      ? `function ${schema}.${routine}`
      : null,
  ]
  return ok({
    version: snapshot.snapshotVersion,
    loadedAt: snapshot.loadedAt.toISOString(),
    missing: missing.filter((each) => each !== null),
  })
}

/** Computed fields are columns to who reads them. Null: it is there. */
function missingOf(
  { relations }: SchemaSnapshot,
  schema: string,
  name: string,
  column: string | null,
): string | null {
  const relation = relations.get(nameKey(qualifiedName(schema, name)))
  if (relation === undefined) return `relation ${schema}.${name}`
  const { columns, computedTypes } = relation
  const isThere = column === null || columns.has(column) || computedTypes.has(column)
  return isThere ? null : `column ${schema}.${name}.${column}`
}

function malformed(details: string): Result<never, ApiError> {
  return err({ kind: 'malformed-request', details })
}
