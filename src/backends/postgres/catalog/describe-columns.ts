/**
 * Columns as the catalog holds them, and the types they use → the columns of a snapshot. Pure;
 * called by `introspect-postgres.ts` for each relation.
 */
import type { Column } from '../../../schema/catalog.ts'
import type { CatalogColumn, Comments } from './catalog-tables.ts'
import type { CatalogType, TypeCatalog } from './catalog-types.ts'

/**
 * Rule  PostgREST docs: tables_views, openapi; v16.2 spec: OpenApiSpec. A generated column has no
 *       default, be it stored or (PostgreSQL 18) virtual.
 */
export function describeColumns(
  columns: readonly CatalogColumn[],
  types: TypeCatalog,
  comments: Comments,
): readonly Column[] {
  return columns.map((column) => {
    const type = types.typeOf(column.type)
    const base = types.baseOf(column.type)
    const nominalType = type.modifiedTexts.get(column.modifier) ?? type.text
    return {
      name: column.name,
      description: comments.get(column.position) ?? null,
      isNullable: !column.isNotNull && !type.isNotNull,
      // built-in types are known by their bare name, others as they are declared
      baseType: base.schema === 'pg_catalog' ? base.text : nominalType,
      nominalType,
      maxLength: maxLength(column, type),
      defaultExpression: column.isGenerated ? null : (column.ownDefault ?? type.defaultExpression),
      enumValues: base.enumLabels,
      isGenerated: column.isGenerated,
      isComposite: base.isComposite || base.isArray,
    }
  })
}

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
