/**
 * Columns as the catalog holds them, and the types they use → the columns of a snapshot. Pure;
 * called by `introspect-postgres.ts` for each relation.
 */
import type { Column } from '../../../schema/catalog.ts'
import { shownDefault } from '../../values/shown-default.ts'
import type { CatalogColumn, Comments } from './catalog-tables.ts'
import type { CatalogType, TypeCatalog } from './catalog-types.ts'
import type { ColumnPool } from './column-pool.ts'

/**
 * Columns whose type is gone are left out: no statement could name them.
 *
 * Rule  PostgREST docs: tables_views, openapi; v16.2 spec: OpenApiSpec. A generated column has no
 *       default, be it stored or (PostgreSQL 18) virtual.
 */
export function describeColumns(
  columns: readonly CatalogColumn[],
  types: TypeCatalog,
  comments: Comments,
  pool: ColumnPool,
): readonly Column[] {
  const pooled = columns.map((column) => {
    const description = comments.get(column.position) ?? null
    return pool.column(textOf(column, description), () =>
      types.isThere(column.type) ? describeColumn(column, description, types) : null,
    )
  })
  return pool.list(pooled)
}

/** All that a column rests on. Names hold no NUL, and it ends with the texts that might look alike. */
function textOf(column: CatalogColumn, description: string | null): string {
  const { name, type, modifier, isNotNull, isGenerated, ownDefault } = column
  const plain = `${name}\0${type}\0${modifier}\0${isNotNull}\0${isGenerated}`
  return ownDefault === null && description === null
    ? plain
    : `${plain}\0${JSON.stringify([ownDefault, description])}`
}

function describeColumn(
  column: CatalogColumn,
  description: string | null,
  types: TypeCatalog,
): Column {
  const type = types.typeOf(column.type)
  const base = types.baseOf(column.type)
  const nominalType = type.modifiedTexts.get(column.modifier) ?? type.text
  // built-in types are known by their bare name, others as they are declared
  const isBuiltIn = base.schema === 'pg_catalog'
  const baseType = isBuiltIn ? base.text : nominalType
  const defaultExpression = column.isGenerated
    ? null
    : (column.ownDefault ?? type.defaultExpression)
  return {
    name: column.name,
    description,
    isNullable: !column.isNotNull && !type.isNotNull,
    baseType,
    nominalType,
    ...(type.isDomain && !isBuiltIn ? { domainBase: base.text } : {}),
    maxLength: maxLength(column, type),
    defaultExpression,
    shownDefault: shownDefault(defaultExpression, baseType, jsonOfConstant),
    enumValues: Object.freeze(base.enumLabels),
    isGenerated: column.isGenerated,
    isDocument: documentTypes.includes(column.type),
    isComposite: base.isComposite || base.isArray,
  }
}

/**
 * A constant without the quotes and the cast that PostgreSQL prints it with; anything else whole. As
 * PostgREST has it: neither doubled quotes nor what JSON would escape are looked at.
 */
export function jsonOfConstant(expression: string, type: string): string {
  const cast = `::${type}`
  if (!expression.endsWith(cast)) return `"${expression}"`
  return `"${expression.slice(0, -cast.length).replace(/^'+|'+$/g, '')}"`
}

/** json and jsonb. Domains over them are none: they take no arrows before they are cast. */
const documentTypes = [114, 3802]
const characterTypes = [1042, 1043]
const bitTypes = [1560, 1562]

/** As information_schema.columns.character_maximum_length has it: domains count one level deep. */
function maxLength(column: CatalogColumn, type: CatalogType): number | null {
  const trueType = type.isDomain ? type.domainOf : type.oid
  const modifier = type.isDomain ? type.domainModifier : column.modifier
  if (modifier === -1) return null
  // the modifier of character types counts the four bytes of the length as well
  if (characterTypes.includes(trueType)) return modifier - 4
  return bitTypes.includes(trueType) ? modifier : null
}
