/**
 * Functions of one row that are read like columns of it → what they return. The engine finds them by
 * itself; their types are known here because an operator may mean another thing for one type than
 * for others.
 *
 * Rule  PostgREST docs: computed_fields
 */

import type { ComputedField } from '../../../schema/catalog.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import { type CatalogRow, numberIn, textIn } from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'
import type { TypeCatalog } from './catalog-types.ts'

// A request's search path is the schema of its relation, then the extra ones. Of functions on one
// schema the nearest is called: rows of a table are rows of those that it inherits from too.
// A materialized list, since a planner without statistics would walk the relations first. Functions that
// came with the server take no type of a user's, and most functions are such.
const computedSql = `
with recursive candidates as materialized (
  select p.pronamespace, p.proname, p.prorettype,
    (select t.typrelid from pg_catalog.pg_type t where t.oid = p.proargtypes[0]) as relation
  from pg_catalog.pg_proc p
  where p.oid >= 16384 and p.pronamespace = any ($2::oid[]) and p.prokind = 'f' and not p.proretset
    and p.pronargs >= 1 and p.pronargs - p.pronargdefaults <= 1 and p.proargtypes[0] >= 16384
),
fields(pronamespace, proname, prorettype, relation, distance) as (
  select c.*, 0 from candidates c where c.relation <> 0
  union all
  select f.pronamespace, f.proname, f.prorettype, i.inhrelid, f.distance + 1
  from fields f join pg_catalog.pg_inherits i on i.inhparent = f.relation
)
select distinct on (c.oid, f.proname)
  n.nspname as schema, c.relname as relation, f.proname as name, f.prorettype as type
from fields f
  join pg_catalog.pg_class c on c.oid = f.relation
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relnamespace = any ($1::oid[]) and c.relkind in ('r', 'v', 'm', 'f', 'p')
  and (f.pronamespace = c.relnamespace or f.pronamespace = any ($3::oid[]))
order by c.oid, f.proname, f.distance, f.pronamespace <> c.relnamespace,
  array_position($3::oid[], f.pronamespace)`

export function computedFieldsStatement({
  exposed,
  followed,
  extra,
}: CatalogScope): ControlStatement {
  return { text: computedSql, params: [exposed, followed, extra], isPrepared: true }
}

/** Types that the fields have, for `readTypes`. */
export function typesOfComputedFields(rows: readonly CatalogRow[]): readonly number[] {
  return rows.map((row) => numberIn(row, 'type'))
}

export function computedFields(
  rows: readonly CatalogRow[],
  types: Pick<TypeCatalog, 'isThere' | 'baseOf'>,
): readonly ComputedField[] {
  return rows
    .filter((row) => types.isThere(numberIn(row, 'type')))
    .map((row) => ({
      relation: { schema: textIn(row, 'schema'), name: textIn(row, 'relation') },
      name: textIn(row, 'name'),
      baseType: types.baseOf(numberIn(row, 'type')).text,
    }))
}
