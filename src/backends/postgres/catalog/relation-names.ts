/**
 * Oids of relations and attribute numbers → names. The exposed relations are known by the time keys
 * are read; hidden ones, which keys and views may lead to, are asked for by oid.
 */
import type { QualifiedName } from '../../../core/qualified-name.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import {
  asList,
  asNumber,
  asText,
  type CatalogRow,
  listIn,
  numberIn,
  oidsText,
  textIn,
} from './catalog-row.ts'

export interface RelationName {
  /** One object for all that name the relation. */
  readonly relation: QualifiedName
  /** Attribute numbers. */
  readonly positions: readonly number[]
  /** The columns' names, in the order of the numbers. */
  readonly columns: readonly string[]
}

export interface RelationNames {
  get(oid: number): RelationName | undefined
}

const namesSql = `
select c.oid, n.nspname as schema, c.relname as name, (
  select json_agg(json_build_array(a.attnum, a.attname))
  from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0
) as columns
from unnest($1::oid[]) as asked(oid)
  join pg_catalog.pg_class c on c.oid = asked.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace`

export function namesStatement(relations: Iterable<number>): ControlStatement {
  return { text: namesSql, params: [oidsText(relations)], isPrepared: true }
}

/** The relation's oid, and its name. */
export function parseName(row: CatalogRow): readonly [number, RelationName] {
  const columns = listIn(row, 'columns').map((column): readonly [number, string] => {
    const [position, name] = asList(column)
    return [asNumber(position), asText(name)]
  })
  columns.sort(([a], [b]) => a - b)
  return [
    numberIn(row, 'oid'),
    {
      relation: Object.freeze({ schema: textIn(row, 'schema'), name: textIn(row, 'name') }),
      positions: columns.map(([position]) => position),
      columns: columns.map(([, name]) => name),
    },
  ]
}
