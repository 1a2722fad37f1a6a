import { describe, expect, test } from 'vitest'
import { valueSchema } from '../../../../src/http/openapi/swagger-type.ts'
import { jsonTypeOf } from '../../../../src/schema/json-type.ts'

describe('a type in Swagger', () => {
  test.each([
    ['character varying', { format: 'character varying', type: 'string' }],
    ['character', { format: 'character', type: 'string' }],
    ['text', { format: 'text', type: 'string' }],
    ['boolean', { format: 'boolean', type: 'boolean' }],
    ['smallint', { format: 'int32', type: 'integer' }],
    ['integer', { format: 'int32', type: 'integer' }],
    ['bigint', { format: 'int64', type: 'integer' }],
    ['numeric', { format: 'numeric', type: 'number' }],
    ['real', { format: 'real', type: 'number' }],
    ['double precision', { format: 'double precision', type: 'number' }],
    ['app.color', { format: 'app.color', type: 'string' }],
    ['timestamp with time zone', { format: 'timestamp with time zone', type: 'string' }],
  ])('%s is a string, a number or a boolean', (type, schema) => {
    expect(valueSchema(type)).toEqual(schema)
  })

  test.each([
    ['text[]', 'string'],
    ['integer[]', 'integer'],
    ['boolean[]', 'boolean'],
    ['character varying[]', 'string'],
    ['bigint[]', 'integer'],
    ['numeric[]', 'number'],
  ])('%s is an array of its elements', (type, element) => {
    expect(valueSchema(type)).toEqual({ format: type, items: { type: element }, type: 'array' })
  })

  test.each(['json[]', 'jsonb[]'])('%s is an array of anything', (type) => {
    expect(valueSchema(type)).toEqual({ format: type, items: {}, type: 'array' })
  })

  test.each(['json', 'jsonb'])('%s is anything, and says what it is called', (type) => {
    expect(jsonTypeOf(type)).toBeNull()
    expect(valueSchema(type)).toEqual({ format: type })
  })

  test.each(['any', ''])('a column that declares nothing (%j) is anything', (type) => {
    expect(valueSchema(type)).toEqual({})
  })
})
