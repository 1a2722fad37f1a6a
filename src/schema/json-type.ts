/**
 * What the values of a type are in JSON. Types speak PostgreSQL's words on every engine. For the
 * OpenAPI document, and for backends that prepare what it shows.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (PostgreSQL to Swagger Type Mapping)
 */

export type JsonType = 'array' | 'boolean' | 'integer' | 'number' | 'string'

const jsonTypes: ReadonlyMap<string, JsonType | null> = new Map([
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

/** Null for a type whose values may be any JSON. What is unknown travels as a string. */
export function jsonTypeOf(type: string): JsonType | null {
  const known = jsonTypes.get(type)
  if (known !== undefined) return known
  return type.endsWith('[]') ? 'array' : 'string'
}
