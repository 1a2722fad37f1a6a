/**
 * Implicit casts by function between a domain and json or text, as far as the connected role may
 * execute them: how values of the domain are shown and read.
 *
 * Rule  PostgREST docs: domain_representations
 */
import { qualifiedName } from '../../../core/qualified-name.ts'
import type { Representation } from '../../../schema/catalog.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import { type CatalogRow, numberIn, textIn } from './catalog-row.ts'
import type { TypeCatalog } from './catalog-types.ts'

const castsSql = `
select k.castsource as source, k.casttarget as target,
  n.nspname as routine_schema, p.proname as routine_name,
  quote_ident(n.nspname) || '.' || quote_ident(p.proname) as routine_text
from pg_catalog.pg_cast k
  join pg_catalog.pg_type s on s.oid = k.castsource
  join pg_catalog.pg_type t on t.oid = k.casttarget
  join pg_catalog.pg_proc p on p.oid = k.castfunc
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where k.castcontext = 'i' and k.castmethod = 'f' and has_function_privilege(p.oid, 'execute')
  and (
    s.typtype = 'd' and k.casttarget in ('pg_catalog.json'::regtype, 'pg_catalog.text'::regtype)
    or t.typtype = 'd' and k.castsource in ('pg_catalog.json'::regtype, 'pg_catalog.text'::regtype)
  )
order by k.oid`

export const castsStatement: ControlStatement = { text: castsSql, isPrepared: true }

/** Types that the casts name, for `readTypes`. */
export function typesOfCasts(rows: readonly CatalogRow[]): ReadonlySet<number> {
  return new Set(rows.flatMap((row) => [numberIn(row, 'source'), numberIn(row, 'target')]))
}

export function representations(
  rows: readonly CatalogRow[],
  types: TypeCatalog,
): readonly Representation[] {
  return rows
    .filter((row) => ['source', 'target'].every((type) => types.isThere(numberIn(row, type))))
    .map((row) => ({
      sourceType: types.typeOf(numberIn(row, 'source')).text,
      targetType: types.typeOf(numberIn(row, 'target')).text,
      routine: qualifiedName(textIn(row, 'routine_schema'), textIn(row, 'routine_name')),
      routineText: textIn(row, 'routine_text'),
    }))
}
