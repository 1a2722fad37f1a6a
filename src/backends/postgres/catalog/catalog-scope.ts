/**
 * Names of the schemas that a load is about → their oids, as parameters of the catalog queries.
 * A schema that does not exist makes the load fail here, in PostgreSQL's own words (3F000). So does one
 * that came after the load's snapshot was taken: nothing of it could be read.
 */
import type { SchemaOptions } from '../../../schema/schema-snapshot.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { vanishedFailure } from '../protocol/map-postgres-error.ts'
import { type CatalogRow, flagIn, numberIn, textIn, textOrNull } from './catalog-row.ts'

export interface CatalogScope {
  /** Array literal of oids, for `any ($1::oid[])`. */
  readonly exposed: string
  /** The exposed schemas and those of the extra search path: views are followed through them. */
  readonly followed: string
  /** Schemas of the extra search path, in its order. */
  readonly extra: string
  /** `180004`. */
  readonly serverVersion: number
}

// the first cast is what fails for an unknown schema: it looks at what there is now, past the snapshot;
// both cut off what is too long for a name
const scopeSql = `
select quote_ident(x.name)::regnamespace as now, x.name, x.is_exposed,
  (select n.oid from pg_catalog.pg_namespace n where n.nspname = x.name::name) as oid,
  current_setting('server_version_num') as server_version
from (
  select name, true from json_array_elements_text($1::json) as e(name)
  union all
  select name, false from json_array_elements_text($2::json) as e(name)
) as x(name, is_exposed)`

/**
 * In a transaction of repeatable read.
 *
 * Errors  rejects with BackendFailure 3F000 `schema "x" does not exist`
 */
export async function resolveScope(
  query: ControlQuery,
  options: Pick<SchemaOptions, 'dbSchemas' | 'dbExtraSearchPath'>,
): Promise<CatalogScope> {
  const { dbSchemas, dbExtraSearchPath } = options
  const rows = await query(scopeSql, [JSON.stringify(dbSchemas), JSON.stringify(dbExtraSearchPath)])
  const [first] = rows
  if (first === undefined) throw new Error('a load needs at least one schema')
  const late = rows.find((row) => textOrNull(row, 'oid') === null)
  if (late !== undefined) {
    throw vanishedFailure(`schema "${textIn(late, 'name')}" came while the catalogs were read`)
  }
  const oids = (some: readonly CatalogRow[]) => `{${some.map((row) => textIn(row, 'oid')).join()}}`
  return {
    exposed: oids(rows.filter((row) => flagIn(row, 'is_exposed'))),
    followed: oids(rows),
    extra: oids(rows.filter((row) => !flagIn(row, 'is_exposed'))),
    serverVersion: numberIn(first, 'server_version'),
  }
}
