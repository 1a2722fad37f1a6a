/**
 * Oids of relations and attribute numbers → names. The exposed relations are known by the time keys
 * are read; hidden ones, which keys and views may lead to, are asked for by oid.
 */
import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { Steps } from '../../../core/run-in-slices.ts'
import type { ControlQuery } from '../connect/control-connection.ts'
import { asList, asNumber, asText, listIn, numberIn, textIn } from './catalog-row.ts'
import type { CatalogTable } from './catalog-tables.ts'

export interface RelationName extends QualifiedName {
  /** By attribute number. */
  readonly columns: ReadonlyMap<number, string>
}

export type RelationNames = ReadonlyMap<number, RelationName>

export function* namesOfTables(tables: readonly CatalogTable[]): Steps<RelationNames> {
  const names = new Map<number, RelationName>()
  for (const { oid, schema, name, columns } of tables) {
    yield
    const byPosition = new Map(columns.map((column) => [column.position, column.name]))
    names.set(oid, { schema, name, columns: byPosition })
  }
  return names
}

const namesSql = `
select c.oid, n.nspname as schema, c.relname as name, (
  select json_agg(json_build_array(a.attnum, a.attname))
  from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0
) as columns
from unnest($1::oid[]) as asked(oid)
  join pg_catalog.pg_class c on c.oid = asked.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace`

/** `known` and the names of those of `oids` that are missing in it. */
export async function completeNames(
  query: ControlQuery,
  known: RelationNames,
  oids: ReadonlySet<number>,
): Promise<RelationNames> {
  const missing = [...oids].filter((oid) => !known.has(oid))
  if (missing.length === 0) return known
  const names = new Map(known)
  for (const row of await query(namesSql, [`{${missing.join()}}`])) {
    const columns = listIn(row, 'columns').map((column): readonly [number, string] => {
      const [position, name] = asList(column)
      return [asNumber(position), asText(name)]
    })
    names.set(numberIn(row, 'oid'), {
      schema: textIn(row, 'schema'),
      name: textIn(row, 'name'),
      columns: new Map(columns),
    })
  }
  return names
}
