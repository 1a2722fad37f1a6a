/**
 * A relation → its entry among `Tables` or `Views`: what a row has, what an insert and an update may
 * give, and the foreign keys that a client embeds along. Columns that the database fills in by itself
 * are `never` where they would be written.
 */
import { compareTexts } from '../core/compare-texts.ts'
import type { Capabilities } from '../schema/capabilities.ts'
import type { Column } from '../schema/catalog.ts'
import type { KeyRelationship, Relationship } from '../schema/relationships/relationship.ts'
import type { Relation } from '../schema/schema-snapshot.ts'
import { block, docLines, indented, propertyName, quoted } from './code-text.ts'
import type { ValueTypes } from './value-types.ts'

/** What documents hold beside the fields that are known. */
const otherFields = '[field: string]: Json | undefined'

/** `relationships`: those of the relation with relations of its own schema. */
export function printRelation(
  relation: Relation,
  relationships: readonly Relationship[],
  types: ValueTypes,
  grades: Capabilities['grades'],
): readonly string[] {
  const canInsert = relation.canInsert && grades.insert !== 'unsupported'
  const canUpdate = relation.canUpdate && grades.update !== 'unsupported'
  // a table has both, as clients' types want it; a view that takes no writes has neither
  const isWritable = !relation.isView || canInsert || canUpdate
  return [
    ...docLines(relation.description),
    ...block(`${propertyName(relation.name)}:`, [
      ...block('Row:', rowLines(relation, types)),
      ...(isWritable ? written('Insert', canInsert, relation, types) : []),
      ...(isWritable ? written('Update', canUpdate, relation, types) : []),
      ...relationshipLines(relationships),
    ]),
  ]
}

function rowLines(
  { columns, computedTypes, isClosed }: Relation,
  types: ValueTypes,
): readonly string[] {
  const own = [...columns.values()].flatMap((column) => [
    ...docLines(column.description),
    `${propertyName(column.name)}: ${nullable(types.ofColumn(column), column.isNullable)}`,
  ])
  const computed = [...computedTypes].flatMap(([name, type]) =>
    columns.has(name) ? [] : [`${propertyName(name)}: ${nullable(types.ofText(type), true)}`],
  )
  return [...own, ...computed, ...(isClosed ? [] : [otherFields])]
}

function written(
  part: 'Insert' | 'Update',
  isPossible: boolean,
  relation: Relation,
  types: ValueTypes,
): readonly string[] {
  if (!isPossible) return [`${part}: Record<string, never>`]
  const properties = [...relation.columns.values()].flatMap((column) => {
    const name = propertyName(column.name)
    if (column.isGenerated) return [...docLines(column.description), `${name}?: never`]
    // a view does not tell which columns the tables below it require
    const isOptional =
      part === 'Update' || relation.isView || column.isNullable || hasDefault(column)
    const type = nullable(types.ofColumn(column), column.isNullable)
    return [...docLines(column.description), `${name}${isOptional ? '?' : ''}: ${type}`]
  })
  return block(`${part}:`, [...properties, ...(relation.isClosed ? [] : [otherFields])])
}

function hasDefault({ defaultExpression }: Column): boolean {
  return defaultExpression !== null
}

function nullable(type: string, isNullable: boolean): string {
  return isNullable ? `${type} | null` : type
}

interface ForeignKey {
  readonly constraint: string
  readonly target: string
  readonly isOneToOne: boolean
  readonly columns: readonly (readonly [string, string])[]
}

function relationshipLines(relationships: readonly Relationship[]): readonly string[] {
  const keys = relationships
    .flatMap((each) => (each.kind === 'key' ? foreignKeysOf(each) : []))
    .map((key) => ({ key, order: JSON.stringify([key.constraint, key.target, key.columns]) }))
    .sort((a, b) => compareTexts(a.order, b.order))
    .map(({ key }) => key)
  if (keys.length === 0) return ['Relationships: []']
  return ['Relationships: [', ...indented(keys.flatMap(keyLines)), ']']
}

/** Of the two ends of a key the one that holds it tells of it. */
function foreignKeysOf({ target, cardinality }: KeyRelationship): readonly ForeignKey[] {
  switch (cardinality.kind) {
    case 'many-to-one':
      return [{ ...cardinality, target: target.name, isOneToOne: false }]
    case 'one-to-one':
      return cardinality.originIsParent
        ? []
        : [{ ...cardinality, target: target.name, isOneToOne: true }]
    case 'one-to-many':
    case 'many-to-many':
      return []
  }
}

function keyLines({ constraint, target, isOneToOne, columns }: ForeignKey): readonly string[] {
  const list = (names: readonly string[]) => names.map(quoted).join(', ')
  return [
    '{',
    ...indented([
      `foreignKeyName: ${quoted(constraint)}`,
      `columns: [${list(columns.map(([own]) => own))}]`,
      `isOneToOne: ${isOneToOne}`,
      `referencedRelation: ${quoted(target)}`,
      `referencedColumns: [${list(columns.map(([, other]) => other))}]`,
    ]),
    '},',
  ]
}
