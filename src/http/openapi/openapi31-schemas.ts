/**
 * Relations and functions → the JSON Schemas of an OpenAPI 3.1 document: rows as they are read, what
 * an insert and an update may give, arguments and results. Values that may be null say so.
 *
 * Rule  OpenAPI 3.1: Schema Object, Components Object (names)
 */
import type { Column, Routine } from '../../schema/catalog.ts'
import type { Relationship } from '../../schema/relationships/relationship.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'
import { describeColumn, foreignKeyTargets } from './build-openapi-definition.ts'
import { valueSchema } from './swagger-type.ts'

export type RowUse = 'row' | 'insert' | 'update'

/**
 * Components have names of letters, digits, `_` and `-`; other characters stand there by number. No
 * two names meet, since dots come in pairs around numbers, and once before what is said of a use.
 *
 * Shape  `Order Details`, insert → `Order.20.Details.insert`
 */
export function componentName(name: string, use: RowUse = 'row'): string {
  const encoded = name.replace(/[^A-Za-z0-9_-]/gu, (c) => `.${c.codePointAt(0)?.toString(16)}.`)
  return use === 'row' ? encoded : `${encoded}.${use}`
}

export function schemaReference(name: string, use: RowUse = 'row') {
  return { $ref: `#/components/schemas/${componentName(name, use)}` }
}

/** `relationships`: those of the relation with relations of its own schema. */
export function relationSchema(
  relation: Relation,
  relationships: readonly Relationship[],
  use: RowUse,
): object {
  const targets = foreignKeyTargets(relationships)
  const columns = [...relation.columns.values()].filter(
    ({ isGenerated }) => use === 'row' || !isGenerated,
  )
  const properties = columns.map((column) => {
    const isKey = relation.primaryKey.includes(column.name)
    const description = describeColumn(column, isKey, targets.get(column.name)) ?? undefined
    return [column.name, { ...columnSchema(column, use), description }] as const
  })
  const required = columns.filter((column) => isRequired(column, relation, use))
  return {
    type: 'object',
    description: use === 'row' ? (relation.description ?? undefined) : undefined,
    properties: Object.fromEntries(properties),
    required: required.length === 0 ? undefined : required.map(({ name }) => name),
    // rows have what `select` asks for as well, writes what is a column and nothing else
    additionalProperties: use === 'row' || !relation.isClosed ? undefined : false,
  }
}

function isRequired(column: Column, relation: Relation, use: RowUse): boolean {
  switch (use) {
    case 'row':
      return !column.isNullable
    case 'insert':
      return !column.isNullable && column.defaultExpression === null && !relation.isView
    case 'update':
      return false
  }
}

function columnSchema(column: Column, use: RowUse): object {
  const { isNullable, enumValues, maxLength, shownDefault } = column
  const { type, ...rest } = typeSchema(column.baseType)
  return {
    ...rest,
    type: type !== undefined && isNullable ? [type, 'null'] : type,
    enum: enumValues.length === 0 ? undefined : [...enumValues, ...(isNullable ? [null] : [])],
    maxLength: maxLength ?? undefined,
    default: use === 'insert' && shownDefault !== null ? JSON.parse(shownDefault) : undefined,
  }
}

/** Without a type: any JSON. */
export function typeSchema(type: string): {
  readonly type?: string
  readonly [key: string]: unknown
} {
  const { type: json, items, format } = valueSchema(type)
  return { ...(json === undefined ? {} : { type: json }), items, format }
}

export function argumentsSchema({ parameters }: Routine): object {
  const required = parameters.filter(({ isRequired: is }) => is).map(({ name }) => name)
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, type }) => [name, typeSchema(type)])),
    required: required.length === 0 ? undefined : required,
  }
}

/** `shown`: the relation that the document has of the rows that are returned. */
export function resultSchema({ returns }: Routine, shown: Relation | undefined): object {
  const { columnTypes, isSet } = returns
  const one =
    shown !== undefined
      ? schemaReference(shown.name)
      : columnTypes === undefined
        ? {}
        : {
            type: 'object',
            properties: Object.fromEntries(
              [...columnTypes].map(([name, type]) => [name, typeSchema(type)]),
            ),
          }
  return isSet ? { type: 'array', items: one } : one
}
