/**
 * A database type's name → what Swagger 2.0 calls it: format, element type of arrays, and the schema
 * of a value.
 *
 * Rule  PostgREST docs: openapi; v16.2 spec: OpenApiSpec (PostgreSQL to Swagger Type Mapping)
 */
import { jsonTypeOf } from '../../schema/json-type.ts'

const integerFormats: ReadonlyMap<string, string> = new Map([
  ['smallint', 'int32'],
  ['integer', 'int32'],
  ['bigint', 'int64'],
])

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
  const jsonType = jsonTypeOf(type) ?? undefined
  const element = jsonType === 'array' ? jsonTypeOf(elementType(type)) : null
  return {
    format: swaggerFormat(type),
    items: jsonType === 'array' ? { type: element ?? undefined } : undefined,
    type: jsonType,
  }
}
