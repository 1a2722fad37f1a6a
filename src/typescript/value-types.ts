/**
 * A type of the database → the TypeScript type of its values in JSON bodies. What a client writes has
 * the same type as what it reads.
 */
import { assertNever } from '../core/assert-never.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Column } from '../schema/catalog.ts'
import { type JsonType, jsonTypeOf } from '../schema/json-type.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { literalUnion, quoted } from './code-text.ts'
import { type NamedTypes, typeNameOf } from './named-types.ts'

export interface ValueTypes {
  /** Without null. */
  readonly ofColumn: (column: Column) => string
  /** Of a type as SQL spells it. */
  readonly ofText: (type: string) => string
  /** Of a type by its own name: what a function returns. */
  readonly ofName: (type: QualifiedName) => string
  readonly ofRow: (relation: Relation) => string
  /** Of a row as a value, which has no computed fields. */
  readonly ofResult: (relation: Relation) => string
}

/** Any JSON: the alias that the file begins with. */
const anyJson = 'Json'

const plainTypes: Readonly<Record<Exclude<JsonType, 'array'>, string>> = {
  boolean: 'boolean',
  integer: 'number',
  number: 'number',
  string: 'string',
}

/** PostgreSQL's own names of types → as SQL spells them, where the values are no strings. */
const spelled: ReadonlyMap<string, string> = new Map([
  ['bool', 'boolean'],
  ['int2', 'smallint'],
  ['int4', 'integer'],
  ['int8', 'bigint'],
  ['float4', 'real'],
  ['float8', 'double precision'],
])

/** Extensions' types whose values are strings in JSON; of others nothing is known. */
const textTypes: ReadonlySet<string> = new Set([
  'citext',
  'ltree',
  'lquery',
  'ltxtquery',
  'vector',
  'halfvec',
  'sparsevec',
])

/** `keyOf`: the name under which the file shows a schema. */
export function createValueTypes(
  {
    schemas,
    relations,
    representations,
  }: Pick<SchemaSnapshot, 'schemas' | 'relations' | 'representations'>,
  known: NamedTypes,
  keyOf: (schema: string) => string,
): ValueTypes {
  function ofOther(name: QualifiedName): string {
    const key = nameKey(name)
    const type = known.get(key)
    const relation = relations.get(key)
    switch (type?.kind) {
      case 'enum':
        return ofEnum(name, type.labels)
      case 'composite':
        return schemas.includes(name.schema) ? pathTo(name, 'CompositeTypes') : anyJson
      case 'domain':
        return ofText(type.base)
      case undefined:
        if (relation !== undefined) return ofResult(relation)
        return textTypes.has(name.name) ? 'string' : anyJson
      default:
        return assertNever(type)
    }
  }

  function pathTo({ schema, name }: QualifiedName, section: string, ...more: readonly string[]) {
    const path = [keyOf(schema), section, name, ...more]
    return `Database${path.map((step) => `[${quoted(step)}]`).join('')}`
  }

  function ofRow(relation: Relation): string {
    return pathTo(relation, relation.isView ? 'Views' : 'Tables', 'Row')
  }

  function ofResult(relation: Relation): string {
    const { columns, computedTypes } = relation
    const computed = [...computedTypes.keys()].filter((name) => !columns.has(name))
    const row = ofRow(relation)
    return computed.length === 0 ? row : `Omit<${row}, ${literalUnion(computed)}>`
  }

  function ofEnum(name: QualifiedName, labels: readonly string[]): string {
    return schemas.includes(name.schema) ? pathTo(name, 'Enums') : literalUnion(labels)
  }

  function ofText(type: string): string {
    if (type.endsWith('[]')) return arrayOf(ofText(type.slice(0, -2)))
    if (type === 'void') return 'undefined'
    if (type === 'record') return 'Record<string, unknown>'
    const other = typeNameOf(type)
    if (other !== null) return ofOther(other)
    const json = jsonTypeOf(spelled.get(type) ?? type)
    return json === null || json === 'array' ? anyJson : plainTypes[json]
  }

  return {
    ofText,
    ofRow,
    ofResult,
    ofColumn(column) {
      const { baseType, nominalType, enumValues } = column
      // what a domain shows as is made by a function, and may be anything
      if (representations.get(nominalType)?.has('json') === true) return anyJson
      if (enumValues.length === 0) return ofText(baseType)
      const name = typeNameOf(nominalType)
      return name === null ? literalUnion(enumValues) : ofOther(name)
    },
    ofName(type) {
      const isBuiltIn = type.schema === 'pg_catalog' || type.schema === ''
      if (type.name.startsWith('_') && type.schema !== '') {
        const element = { ...type, name: type.name.slice(1) }
        return arrayOf(isBuiltIn ? ofText(element.name) : ofOther(element))
      }
      return isBuiltIn ? ofText(type.name) : ofOther(type)
    },
  }
}

function arrayOf(element: string): string {
  return /[ |]/.test(element) ? `(${element})[]` : `${element}[]`
}
