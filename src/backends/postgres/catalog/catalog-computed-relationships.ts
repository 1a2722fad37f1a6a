/**
 * Functions from one relation's row to another's, in whatever schema: relationships that the
 * schema's author computes.
 *
 * Rule  PostgREST docs: resource_embedding (computed relationships)
 */
import { sameName } from '../../../core/qualified-name.ts'
import type { ComputedRelationship } from '../../../schema/relationships/relationship.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import { type CatalogRow, flagIn, textIn } from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'

// The relation is looked up per candidate: joined, a planner without statistics of the catalogs
// walks all relations for each of them.
const isExposedSql = (type: string) => `(
  select c.relkind in ('r', 'v', 'm', 'f', 'p') and c.relnamespace = any ($1::oid[])
  from pg_catalog.pg_class c where c.oid = ${type}.typrelid
)`

const computedSql = `
with candidates as materialized (
  select p.pronamespace, p.proname, p.proargtypes[0] as argument, p.prorettype as result,
    not p.proretset or p.prorows = 1 as is_to_one
  from pg_catalog.pg_proc p
  where p.pronargs = 1 and p.proargtypes[0] >= 16384 and p.prorettype >= 16384
)
select n.nspname as schema, p.proname as name,
  (select nspname from pg_catalog.pg_namespace where oid = a.typnamespace) as origin_schema,
  a.typname as origin_name,
  (select nspname from pg_catalog.pg_namespace where oid = r.typnamespace) as target_schema,
  r.typname as target_name,
  p.is_to_one
from candidates p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_type a on a.oid = p.argument
  join pg_catalog.pg_type r on r.oid = p.result
where ${isExposedSql('a')} and ${isExposedSql('r')}
order by 1, 2, 3, 4`

export function computedRelationshipsStatement({ exposed }: CatalogScope): ControlStatement {
  return { text: computedSql, params: [exposed], isPrepared: true }
}

export function computedRelationships(
  rows: readonly CatalogRow[],
): readonly ComputedRelationship[] {
  return rows.map((row) => {
    const origin = { schema: textIn(row, 'origin_schema'), name: textIn(row, 'origin_name') }
    const target = { schema: textIn(row, 'target_schema'), name: textIn(row, 'target_name') }
    return {
      kind: 'computed',
      routine: { schema: textIn(row, 'schema'), name: textIn(row, 'name') },
      origin,
      target,
      isToOne: flagIn(row, 'is_to_one'),
      isSelf: sameName(origin, target),
    }
  })
}
