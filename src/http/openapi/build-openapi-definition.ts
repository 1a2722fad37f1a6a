/**
 * A relation → its entry among the document's `definitions`: one property a column with its type,
 * default, enum labels, comment, and notes on the keys that it is part of.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (table, Detects default values)
 */
import type { Column } from '../../schema/catalog.ts'
import type { KeyRelationship, Relationship } from '../../schema/relationships/relationship.ts'
import type { Relation } from '../../schema/schema-snapshot.ts'
import { jsonObject } from './json-text.ts'
import { valueSchema } from './swagger-type.ts'

/** `relationships`: those of the relation with relations of its own schema. */
export function buildOpenapiDefinition(
  relation: Relation,
  relationships: readonly Relationship[],
): string {
  const columns = [...relation.columns.values()]
  const required = columns.filter((column) => !column.isNullable).map((column) => column.name)
  const targets = foreignKeyTargets(relationships)
  const properties = columns.map((column) => {
    const isKey = relation.primaryKey.includes(column.name)
    return [column.name, property(column, isKey, targets.get(column.name))] as const
  })
  return jsonObject([
    ['description', textOrNull(relation.description)],
    ['required', required.length === 0 ? null : JSON.stringify(required)],
    ['properties', properties.length === 0 ? null : jsonObject(properties)],
    ['type', '"object"'],
    // what other fields rows have is known to them alone
    ['additionalProperties', relation.isClosed ? null : 'true'],
  ])
}

export interface KeyTarget {
  readonly table: string
  readonly column: string
}

/** Column → what its foreign key of one column leads to: a table rather than a view of it. */
export function foreignKeyTargets(
  relationships: readonly Relationship[],
): ReadonlyMap<string, KeyTarget> {
  const targets = new Map<string, KeyTarget>()
  const keys = relationships.filter((each) => each.kind === 'key')
  const tablesFirst = [
    ...keys.filter((each) => !each.targetIsView),
    ...keys.filter((each) => each.targetIsView),
  ]
  for (const key of tablesFirst) {
    const [pair, ...others] = referencingColumns(key)
    if (pair === undefined || others.length > 0 || targets.has(pair[0])) continue
    targets.set(pair[0], { table: key.target.name, column: pair[1] })
  }
  return targets
}

function referencingColumns({ cardinality }: KeyRelationship) {
  switch (cardinality.kind) {
    case 'many-to-one':
      return cardinality.columns
    case 'one-to-one':
      return cardinality.originIsParent ? [] : cardinality.columns
    case 'one-to-many':
    case 'many-to-many':
      return []
  }
}

function property(column: Column, isKey: boolean, target: KeyTarget | undefined): string {
  const { format, items, type } = valueSchema(column.baseType)
  return jsonObject([
    ['default', column.shownDefault],
    ['description', textOrNull(describeColumn(column, isKey, target))],
    ['enum', column.enumValues.length === 0 ? null : JSON.stringify(column.enumValues)],
    ['format', textOrNull(format)],
    ['items', items === undefined ? null : JSON.stringify(items)],
    ['maxLength', column.maxLength === null ? null : String(column.maxLength)],
    ['type', textOrNull(type)],
  ])
}

/** A column's comment, and notes on the keys that it is part of. */
export function describeColumn(
  { description }: Column,
  isKey: boolean,
  target: KeyTarget | undefined,
): string | null {
  const notes: string[] = []
  if (isKey) notes.push('This is a Primary Key.<pk/>')
  if (target !== undefined) {
    const { table, column } = target
    notes.push(
      `This is a Foreign Key to \`${table}.${column}\`.<fk table='${table}' column='${column}'/>`,
    )
  }
  if (notes.length === 0) return description
  return `${description === null ? '' : `${description}\n\n`}${['Note:', ...notes].join('\n')}`
}

function textOrNull(text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : JSON.stringify(text)
}
