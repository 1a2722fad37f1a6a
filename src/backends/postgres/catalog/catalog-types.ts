/**
 * Oids of types, with the modifiers they are used with → their names and what a column or parameter
 * of that type inherits from it: domains down to their base, labels of enums, default and NOT NULL
 * of domains; what arrays and composite types are made of. Names are asked for once per type, not
 * once per column.
 */
import type { ControlStatement } from '../connect/control-connection.ts'
import { vanishedFailure } from '../protocol/map-postgres-error.ts'
import {
  asList,
  asNumber,
  asText,
  type CatalogRow,
  flagIn,
  listIn,
  numberIn,
  oidsText,
  textIn,
  textOrNull,
  textsIn,
} from './catalog-row.ts'
import type { CatalogScope } from './catalog-scope.ts'

export interface CatalogType {
  readonly oid: number
  readonly schema: string
  /** The type's own name; that of a row type is its relation's. */
  readonly name: string
  /** As SQL spells it, without modifiers; qualified unless built in. */
  readonly text: string
  /** The same with each modifier in use. */
  readonly modifiedTexts: ReadonlyMap<number, string>
  readonly isDomain: boolean
  readonly isComposite: boolean
  readonly isArray: boolean
  /** Of a row type, or an array of it: its relation; else 0. */
  readonly relation: number
  /** Of an array: what it is of; else 0. */
  readonly elementOf: number
  /** Of a domain: the type it is over, one step down; else 0. */
  readonly domainOf: number
  readonly domainModifier: number
  readonly isNotNull: boolean
  readonly defaultExpression: string | null
  readonly enumLabels: readonly string[]
  /** Of a composite type that is no relation's: names and types of what it is made of, in order. */
  readonly attributes: readonly (readonly [name: string, type: number])[]
}

export interface TypeCatalog {
  /**
   * Whether it is there, with all that it is over. Types take no locks, so PostgreSQL lets one be dropped
   * while another transaction makes a column or a function of it.
   */
  readonly isThere: (oid: number) => boolean
  /** Throws  for a type that was not asked for */
  readonly typeOf: (oid: number) => CatalogType
  /** Domains followed to the end; the type itself if it is none. */
  readonly baseOf: (oid: number) => CatalogType
}

/** Oid of a type → the modifiers that columns use it with; -1: without one. */
export type TypeUses = ReadonlyMap<number, ReadonlySet<number>>

// Rows of pg_type are fetched one by one, behind fences: how many are used is nothing that a planner
// knows, and there are two for each table.
/** @param asked more types, each as `union select oid, null …` */
const typesSql = (asked: string) => `
with recursive asked(oid, modifier) as materialized (
  select * from unnest($1::oid[], $2::int[])
  union
  select a.atttypid, a.atttypmod from pg_catalog.pg_attribute a
  where a.attrelid = any ($3::oid[]) and a.attnum > 0 and not a.attisdropped
  union
  select unnest(p.prorettype || coalesce(p.proallargtypes, p.proargtypes::oid[])), null
  from pg_catalog.pg_proc p where p.oid = any ($4::oid[])
  union
  select k.reltype, null from pg_catalog.pg_class k
  where k.relkind = 'c' and k.oid = any ($3::oid[])
  ${asked}
),
used(oid) as (
  select oid from asked
  union
  select below.oid from used u, lateral (
    select * from pg_catalog.pg_type t where t.oid = u.oid offset 0
  ) t, lateral (
    select t.typbasetype as oid where t.typtype = 'd'
    union all
    select t.typelem where t.typcategory = 'A' and t.typelem <> 0
    union all
    select a.atttypid from pg_catalog.pg_class k join pg_catalog.pg_attribute a on a.attrelid = k.oid
    where k.oid = t.typrelid and k.relkind = 'c' and a.attnum > 0 and not a.attisdropped
  ) below
),
modified as (
  select oid, json_agg(json_build_array(modifier, format_type(oid, modifier))) as texts
  from asked where modifier is not null group by oid
),
types as materialized (
  select t.*, k.relname, k.relkind
  from used u
    cross join lateral (select * from pg_catalog.pg_type t where t.oid = u.oid offset 0) t
    left join lateral (
      select k.relname, k.relkind from pg_catalog.pg_class k where k.oid = t.typrelid offset 0
    ) k on true
)
select t.oid,
  (select n.nspname from pg_catalog.pg_namespace n where n.oid = t.typnamespace) as schema,
  coalesce(t.relname, t.typname) as name,
  format_type(t.oid, null) as text, m.texts, t.typtype = 'd' as is_domain,
  t.typtype = 'c' as is_composite, t.typcategory = 'A' as is_array,
  case when t.typelem = 0 then t.typrelid
    else (select e.typrelid from pg_catalog.pg_type e where e.oid = t.typelem) end as relation,
  t.typelem, t.typbasetype, t.typtypmod,
  t.typnotnull, pg_get_expr(t.typdefaultbin, 0) as default_expression,
  case when t.typtype = 'e' then (
    select json_agg(e.enumlabel order by e.enumsortorder)
    from pg_catalog.pg_enum e where e.enumtypid = t.oid
  ) end as labels,
  case when t.relkind = 'c' then (
    select json_agg(json_build_array(a.attname, a.atttypid::bigint) order by a.attnum)
    from pg_catalog.pg_attribute a
    where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
  ) end as attributes
from types t left join modified m on m.oid = t.oid`

/** The enums and composite types of schemas: a pass over large catalogs. */
const ofSchemasSql = `union
  select k.reltype, null from pg_catalog.pg_class k
  where k.relkind = 'c' and k.relnamespace = any ($5::oid[])
  union
  select t.oid, null from pg_catalog.pg_type t
  where t.oid in (select e.enumtypid from pg_catalog.pg_enum e) and t.typnamespace = any ($5::oid[])`

/**
 * Asks for types and all that they are over or made of: `uses`, the types of the columns of relations
 * (or the composite type that a relation stands for) and of what routines name.
 */
export function typesStatement(
  uses: TypeUses,
  relations: Iterable<number>,
  routines: Iterable<number>,
): ControlStatement {
  const pairs = [...uses].flatMap(([type, modifiers]): readonly (readonly [number, string])[] =>
    modifiers.size === 0 ? [[type, 'null']] : [...modifiers].map((each) => [type, String(each)]),
  )
  return {
    text: typesSql(''),
    params: [
      oidsText(pairs.map(([type]) => type)),
      `{${pairs.map(([, modifier]) => modifier).join()}}`,
      oidsText(relations),
      oidsText(routines),
    ],
    isPrepared: true,
  }
}

/** Asks for the enums and composite types of the exposed schemas, whoever uses them. */
export function ownTypesStatement({ exposed }: CatalogScope): ControlStatement {
  return { text: typesSql(ofSchemasSql), params: ['{}', '{}', '{}', '{}', exposed] }
}

/** Throws  BackendFailure when a type vanishes while it is being read: to be retried */
export function parseType(row: CatalogRow): CatalogType {
  const oid = numberIn(row, 'oid')
  return {
    oid,
    schema: textIn(row, 'schema'),
    name: textIn(row, 'name'),
    text: printed(oid, textIn(row, 'text')),
    modifiedTexts: new Map(
      listIn(row, 'texts').map((entry) => {
        const [modifier, text] = asList(entry)
        return [asNumber(modifier), printed(oid, asText(text))]
      }),
    ),
    isDomain: flagIn(row, 'is_domain'),
    isComposite: flagIn(row, 'is_composite'),
    isArray: flagIn(row, 'is_array'),
    relation: numberIn(row, 'relation'),
    elementOf: numberIn(row, 'typelem'),
    domainOf: numberIn(row, 'typbasetype'),
    domainModifier: numberIn(row, 'typtypmod'),
    isNotNull: flagIn(row, 'typnotnull'),
    defaultExpression: textOrNull(row, 'default_expression'),
    enumLabels: Object.freeze(textsIn(row, 'labels')),
    attributes: listIn(row, 'attributes').map((entry) => {
      const [name, type] = asList(entry)
      return [asText(name), asNumber(type)]
    }),
  }
}

export function typeCatalog(types: ReadonlyMap<number, CatalogType>): TypeCatalog {
  function typeOf(oid: number): CatalogType {
    const type = types.get(oid)
    if (type === undefined) throw new Error(`catalog query: type ${oid} was not read`)
    return type
  }
  function isThere(oid: number): boolean {
    const type = types.get(oid)
    return type !== undefined && (!type.isDomain || isThere(type.domainOf))
  }
  function baseOf(oid: number): CatalogType {
    const type = typeOf(oid)
    return type.isDomain ? baseOf(type.domainOf) : type
  }
  return { isThere, typeOf, baseOf }
}

/**
 * The rows show one moment, but PostgreSQL looks names up now: a type that was dropped in between
 * has no name any more.
 */
function printed(oid: number, text: string): string {
  if (text !== '???' && text !== '???[]') return text
  throw vanishedFailure(`cache lookup failed for type ${oid}`)
}
