/**
 * A type of the database → the TypeScript type of its values in JSON bodies. What a client writes has
 * the same type as what it reads.
 */
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Column } from '../schema/catalog.ts'
import { type JsonType, jsonTypeOf } from '../schema/json-type.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { literalUnion, quoted } from './code-text.ts'
import { type NamedTypes, typeNameOf } from './named-types.ts'

export interface ValueTypes {
  /** Without null. */
  readonly ofColumn: (column: Column) => string
  /** Of a type as SQL spells it. */
  readonly ofText: (type: string) => string
  /** Of a type by its own name: what a function returns. */
  readonly ofName: (type: QualifiedName) => string
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
  { schemas, representations }: Pick<SchemaSnapshot, 'schemas' | 'representations'>,
  known: NamedTypes,
  keyOf: (schema: string) => string,
): ValueTypes {
  function ofOther(name: QualifiedName): string {
    const type = known.get(nameKey(name))
    if (type !== undefined && type.labels.length > 0) return ofEnum(name, type.labels)
    if (type !== undefined && typeNameOf(type.baseType) === null) return ofText(type.baseType)
    return textTypes.has(name.name) ? 'string' : anyJson
  }

  function ofEnum({ schema, name }: QualifiedName, labels: readonly string[]): string {
    return schemas.includes(schema)
      ? `Database[${quoted(keyOf(schema))}]["Enums"][${quoted(name)}]`
      : literalUnion(labels)
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
