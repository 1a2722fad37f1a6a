/** Validators → what they say of fields. */
import { describe, expect, test } from 'vitest'
import { readValidator } from '../../../../../src/backends/mongodb/catalog/read-validator.ts'

function fieldOf(rule: object, required: readonly string[] = []) {
  const validator = { $jsonSchema: { required, properties: { x: rule } } }
  const field = readValidator({ validator }).fields.get('x')
  return field === undefined
    ? null
    : { ...field, kinds: [...field.kinds], elements: [...field.elements] }
}

describe('a field of a validator', () => {
  test.each([
    [{ bsonType: 'int' }, ['int'], false],
    [{ type: 'string' }, ['string'], false],
    [{ bsonType: ['date', 'null'] }, ['date'], true],
    [{ bsonType: 'number' }, ['int', 'long', 'double', 'decimal'], false],
    [{ bsonType: 'object' }, ['document'], false],
    [{ bsonType: 'toString' }, [], false],
    [{}, [], true],
    [{ enum: ['a', 'b'] }, ['string'], false],
    [{ enum: ['a', null] }, [], true],
    [{ enum: [1, 2] }, [], false],
  ])('%j has the kinds %j, null: %s', (rule, kinds, allowsNull) => {
    expect(fieldOf(rule)).toMatchObject({ kinds, allowsNull, isRequired: false })
  })

  test('has members, values, length and words', () => {
    const rule = {
      bsonType: 'array',
      items: { bsonType: 'objectId' },
      description: 'Friends',
      maxLength: 4,
      enum: ['a', 'b', 1],
    }
    expect(fieldOf(rule, ['x'])).toEqual({
      kinds: ['array'],
      elements: ['objectId'],
      allowsNull: false,
      isRequired: true,
      description: 'Friends',
      maxLength: 4,
      enumValues: ['a', 'b'],
    })
  })

  test('that says nothing sensible says nothing', () => {
    const odd = { required: 'x', properties: { x: 1, y: null, z: [1] } }
    expect(readValidator({ validator: { $jsonSchema: odd } }).fields.size).toBe(0)
    expect(readValidator({ validator: { x: { $type: 'int' } } }).fields.size).toBe(0)
    expect(readValidator({}).fields.size).toBe(0)
  })
})

describe('a validator', () => {
  const closing = { $jsonSchema: { properties: {}, additionalProperties: false } }
  test.each([
    [{}, true],
    [{ validationLevel: 'strict', validationAction: 'error' }, true],
    [{ validationLevel: 'moderate' }, false],
    [{ validationLevel: 'off' }, false],
    [{ validationAction: 'warn' }, false],
  ])('with %j is enforced: %s', (options, isEnforced) => {
    const read = readValidator({ validator: closing, ...options })
    expect(read).toMatchObject({ isEnforced, isClosed: isEnforced })
  })

  test('that lets other fields in does not close', () => {
    const validator = { $jsonSchema: { properties: {} } }
    expect(readValidator({ validator }).isClosed).toBe(false)
  })
})
