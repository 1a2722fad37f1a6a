/**
 * Whose defaults print a name that may be another one now. PostgreSQL keeps defaults as trees of
 * oids, so that no row of a relation or domain changes with the names in them.
 */
import type { ControlStatement } from '../../connect/control-connection.ts'
import { oidsText } from '../catalog-row.ts'

// Of a relation its row type and that type's array count too, of a type its array. The default of an
// identity column is its sequence, which depends on the column, and not the other way round.
const printingSql = `
with named(class, oid) as materialized (
  select 'pg_catalog.pg_class'::regclass, unnest($1::oid[])
  union all
  select 'pg_catalog.pg_proc'::regclass, unnest($2::oid[])
  union all
  select 'pg_catalog.pg_type'::regclass, unnest(array[t.oid, t.typarray])
  from pg_catalog.pg_type t where t.oid = any ($3::oid[])
  union all
  select 'pg_catalog.pg_type'::regclass, unnest(array[t.oid, t.typarray])
  from pg_catalog.pg_class c join pg_catalog.pg_type t on t.oid = c.reltype
  where c.oid = any ($1::oid[])
),
printing as materialized (
  select d.classid, d.objid
  from named n join pg_catalog.pg_depend d on d.refclassid = n.class and d.refobjid = n.oid
  where d.classid in ('pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_type'::regclass)
)
select distinct 'relation' as kind, a.adrelid as oid
from printing p join pg_catalog.pg_attrdef a on a.oid = p.objid
where p.classid = 'pg_catalog.pg_attrdef'::regclass
union
select 'type', p.objid from printing p where p.classid = 'pg_catalog.pg_type'::regclass
union
select 'relation', d.refobjid
from pg_catalog.pg_depend d
where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = any ($1::oid[])
  and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype = 'i'`

/**
 * Relations and domains whose defaults name one of the objects.
 *
 * Shape   rows of `kind` (relation, type) and `oid`
 */
export function printingStatement(
  relations: Iterable<number>,
  routines: Iterable<number>,
  types: Iterable<number>,
): ControlStatement {
  return {
    text: printingSql,
    params: [oidsText(relations), oidsText(routines), oidsText(types)],
    isPrepared: true,
  }
}
