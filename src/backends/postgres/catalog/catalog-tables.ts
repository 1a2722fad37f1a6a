/**
 * Relations of the exposed schemas and their columns, as rows of pg_class and pg_attribute hold
 * them; partitions are left out, their parent stands for them. `describe-columns.ts` makes columns
 * of a snapshot of it once their types are known.
 */

import type { RelationKind } from '../../../schema/catalog.ts'
import type { ControlStatement } from '../connect/control-connection.ts'
import {
  asFlag,
  asList,
  asNumber,
  asText,
  asTextOrNull,
  type CatalogRow,
  listIn,
  numberIn,
  restricted,
  textIn,
} from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'

export interface CatalogTable {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly columns: readonly CatalogColumn[]
}

export interface CatalogColumn {
  /** Attribute number, from 1; dropped columns leave gaps. */
  readonly position: number
  readonly name: string
  readonly type: number
  readonly modifier: number
  readonly isNotNull: boolean
  /** `GENERATED ALWAYS`: AS an expression, stored or virtual, or AS IDENTITY. */
  readonly isGenerated: boolean
  /** Not that of its domain. Identity columns filled by default have their sequence's next value. */
  readonly ownDefault: string | null
}

/** Comments of one relation by attribute number; 0 is the relation itself. */
export type Comments = ReadonlyMap<number, string>

// Without the relation pg_get_expr takes no lock on it; only the expressions of generated columns
// name columns and would need it, and those are no defaults.
const defaultSql = `case
  when a.attidentity = 'd' then (
    select format('nextval(%L)', quote_ident(n.nspname) || '.' || quote_ident(s.relname))
    from pg_catalog.pg_depend d
      join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
      join pg_catalog.pg_namespace n on n.oid = s.relnamespace
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = a.attrelid
      and d.refobjsubid = a.attnum and d.classid = 'pg_catalog.pg_class'::regclass
      and d.deptype = 'i'
  )
  when a.atthasdef and a.attgenerated = '' then (
    select pg_get_expr(d.adbin, 0) from pg_catalog.pg_attrdef d
    where d.adrelid = a.attrelid and d.adnum = a.attnum
  )
end`

const tablesSql = (restriction: string) => `
select c.oid, n.nspname as schema, c.relname as name, c.relkind as kind, (
  select json_agg(json_build_array(
    a.attnum, a.attname, a.atttypid::bigint, a.atttypmod, a.attnotnull,
    a.attgenerated <> '' or a.attidentity = 'a',
    ${defaultSql}
  ))
  from pg_catalog.pg_attribute a
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
) as columns
from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relnamespace = any ($1::oid[]) and c.relkind in ('r', 'v', 'm', 'f', 'p')
  and not c.relispartition ${restriction}`

const commentsSql = (restriction: string) => `
select d.objoid as relation, json_agg(json_build_array(d.objsubid, d.description)) as texts
from pg_catalog.pg_description d join pg_catalog.pg_class c on c.oid = d.objoid
where d.classoid = 'pg_catalog.pg_class'::regclass and c.relnamespace = any ($1::oid[])
  ${restriction}
group by d.objoid`

/** @param only oids as an array literal; null: all relations of the exposed schemas */
export function tablesStatement({ exposed }: CatalogScope, only: string | null): ControlStatement {
  return restricted(tablesSql, 'and c.oid = any ($2::oid[])', [exposed], only)
}

/** Comments on relations and their columns. */
export function commentsStatement(
  { exposed }: CatalogScope,
  only: string | null,
): ControlStatement {
  return restricted(commentsSql, 'and d.objoid = any ($2::oid[])', [exposed], only)
}

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  v: 'view',
  m: 'materialized-view',
  f: 'foreign-table',
  p: 'partitioned-table',
}

export function parseTable(row: CatalogRow): CatalogTable {
  const kind = kinds[textIn(row, 'kind')]
  if (kind === undefined) throw new Error(`catalog query: relation of kind ${textIn(row, 'kind')}`)
  const columns = listIn(row, 'columns').map((column): CatalogColumn => {
    const [position, name, type, modifier, isNotNull, isGenerated, ownDefault] = asList(column)
    return {
      position: asNumber(position),
      name: asText(name),
      type: asNumber(type),
      modifier: asNumber(modifier),
      isNotNull: asFlag(isNotNull),
      isGenerated: asFlag(isGenerated),
      ownDefault: asTextOrNull(ownDefault),
    }
  })
  return {
    oid: numberIn(row, 'oid'),
    schema: textIn(row, 'schema'),
    name: textIn(row, 'name'),
    kind,
    columns: columns.sort((a, b) => a.position - b.position),
  }
}

/** A row about one relation, whose oid is its `relation`. */
export function parseComment(row: CatalogRow): Comments {
  return new Map(
    listIn(row, 'texts').map((entry): readonly [number, string] => {
      const [position, text] = asList(entry)
      return [asNumber(position), asText(text)]
    }),
  )
}
