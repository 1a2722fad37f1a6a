/**
 * What produces a media type: domains named like one, returned by aggregates over a relation's rows
 * (or over any), and by functions, whose result is the body.
 *
 * Rule  PostgREST docs: media_type_handlers; names as declared, `*` + `/*` stands for any
 */
import type { MediaHandlerSource } from '../../../schema/catalog.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import { type CatalogRow, flagIn, textIn } from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'

// both sides are made small before they are joined: a planner without statistics of the catalogs
// would otherwise read all functions once for each media type
const handlersSql = `
with media as materialized (
  select t.oid, t.typname as name, n.nspname as schema
  from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  where t.typbasetype <> 0
    and (t.typname ~* '^[a-z0-9.-]+/[a-z0-9.+-]+$' or t.typname = '*/*')
),
candidates as materialized (
  select p.proname as name, n.nspname as schema, p.prorettype, p.prokind = 'a' as is_aggregate,
    p.proargtypes[0] as argument
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.pronamespace = any ($1::oid[]) and p.prorettype >= 16384
    and (p.prokind = 'a' and p.pronargs = 1 or p.prokind = 'f' and not p.proretset)
),
handlers as materialized (
  select p.name, p.schema, p.is_aggregate, p.argument, m.name as media_type,
    m.schema as media_schema
  from candidates p join media m on m.oid = p.prorettype
)
select h.media_type, h.schema, h.name, n.nspname as relation_schema, a.typname as relation_name,
  a.oid = 'pg_catalog.anyelement'::regtype as is_for_any
from handlers h
  join pg_catalog.pg_type a on a.oid = h.argument
  join pg_catalog.pg_namespace n on n.oid = a.typnamespace
where h.is_aggregate and (
  a.oid = 'pg_catalog.anyelement'::regtype
  or (select c.relkind from pg_catalog.pg_class c where c.oid = a.typrelid)
    in ('r', 'v', 'm', 'f', 'p')
)
union
select h.media_type, h.media_schema, h.media_type, h.schema, h.name, false
from handlers h
where not h.is_aggregate
order by media_type, schema, name, relation_schema, relation_name`

export function mediaHandlersStatement({ exposed }: CatalogScope): ControlStatement {
  return { text: handlersSql, params: [exposed], isPrepared: true }
}

/** For functions `relation` is the function's name and `routine` that of its domain. */
export function mediaHandlers(rows: readonly CatalogRow[]): readonly MediaHandlerSource[] {
  return rows.map((row) => ({
    mediaType: textIn(row, 'media_type'),
    relation: flagIn(row, 'is_for_any')
      ? null
      : { schema: textIn(row, 'relation_schema'), name: textIn(row, 'relation_name') },
    routine: { schema: textIn(row, 'schema'), name: textIn(row, 'name') },
  }))
}
