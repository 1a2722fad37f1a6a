/**
 * A database type's name → what Swagger 2.0 calls it: JSON type, format, element type of arrays.
 * Types speak PostgreSQL's words on every engine.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (PostgreSQL to Swagger Type Mapping)
 */

export type SwaggerType = 'array' | 'boolean' | 'integer' | 'number' | 'string'

/** Null: any JSON value. */
const jsonTypes: ReadonlyMap<string, SwaggerType | null> = new Map([
  ['boolean', 'boolean'],
  ['smallint', 'integer'],
  ['integer', 'integer'],
  ['bigint', 'integer'],
  ['numeric', 'number'],
  ['real', 'number'],
  ['double precision', 'number'],
  ['json', null],
  ['jsonb', null],
  // columns of engines that take values of any type
  ['any', null],
  ['', null],
])

const integerFormats: ReadonlyMap<string, string> = new Map([
  ['smallint', 'int32'],
  ['integer', 'int32'],
  ['bigint', 'int64'],
])

/** Null for a type whose values may be any JSON. What is unknown travels as a string. */
export function swaggerType(type: string): SwaggerType | null {
  const known = jsonTypes.get(type)
  if (known !== undefined) return known
  return type.endsWith('[]') ? 'array' : 'string'
}

/** Undefined where nothing is known of the values. */
export function swaggerFormat(type: string): string | undefined {
  if (type === '' || type === 'any') return undefined
  return integerFormats.get(type) ?? type
}

/** `integer[]` → `integer` */
export function elementType(type: string): string {
  return type.slice(0, -2)
}

/** What a schema says of a value of that type. */
export function valueSchema(type: string) {
  const jsonType = swaggerType(type) ?? undefined
  const element = jsonType === 'array' ? swaggerType(elementType(type)) : null
  return {
    format: swaggerFormat(type),
    items: jsonType === 'array' ? { type: element ?? undefined } : undefined,
    type: jsonType,
  }
}
