/** Raw documents → the types of their fields. */
import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  DBRef,
  Decimal128,
  type Document,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  UUID,
} from 'mongodb'
import { describe, expect, test } from 'vitest'
import {
  type SeenFields,
  seeFields,
} from '../../../../../src/backends/mongodb/catalog/seen-fields.ts'

const nothing: SeenFields = new Map()

function see(...documents: readonly Document[]): SeenFields {
  return seeFields(
    nothing,
    documents.map((each) => BSON.serialize(each)),
  )
}

function fieldOf(seen: SeenFields, name: string) {
  const field = seen.get(name)
  if (field === undefined) throw new Error(`${name} was not seen`)
  return {
    kinds: [...field.kinds],
    elements: [...field.elements],
    hasNan: field.hasNan,
    references: [...field.references],
  }
}

describe('the fields of documents', () => {
  test.each([
    [new Int32(1), 'int'],
    [Long.fromNumber(1), 'long'],
    [new Double(1), 'double'],
    [Decimal128.fromString('1'), 'decimal'],
    ['x', 'string'],
    [new BSONSymbol('x'), 'string'],
    [true, 'bool'],
    [new Date(0), 'date'],
    [new ObjectId(), 'objectId'],
    [new UUID(), 'uuid'],
    [new Binary(Buffer.from('x')), 'binary'],
    [new Binary(Buffer.alloc(16), 3), 'binary'],
    [new Binary(Buffer.alloc(16), 4), 'uuid'],
    // as it is shown
    [new Binary(Buffer.from('x'), 4), 'binary'],
    [[], 'array'],
    [{ a: 1 }, 'document'],
    [new BSONRegExp('x'), 'other'],
    [new Timestamp({ t: 1, i: 1 }), 'other'],
    [new Code('x'), 'other'],
    [new Code('x', { a: 1 }), 'other'],
    [new MinKey(), 'other'],
    [new MaxKey(), 'other'],
  ])('%s is %s', (value, kind) => {
    expect(fieldOf(see({ x: value }), 'x').kinds).toEqual([kind])
  })

  test('have no kind where there is null, and are there all the same', () => {
    expect(fieldOf(see({ x: null }), 'x').kinds).toEqual([])
  })

  test('add up over documents, in the order in which they were seen', () => {
    const seen = see({ a: 1, b: 'x' }, { c: true, a: 'y' })
    expect([...seen.keys()]).toEqual(['a', 'b', 'c'])
    expect(fieldOf(seen, 'a').kinds).toEqual(['int', 'string'])
  })

  test('add up over samples, and what was seen before stays as it was', () => {
    const before = see({ a: 1 })
    const after = seeFields(before, [BSON.serialize({ a: 'x', b: 1 })])
    expect(fieldOf(after, 'a').kinds).toEqual(['int', 'string'])
    expect(fieldOf(before, 'a').kinds).toEqual(['int'])
    expect(before.size).toBe(1)
  })

  test('of lists have the kinds of their members', () => {
    const seen = see({ x: [1, null, 'a'] }, { x: [Number.NaN] })
    expect(fieldOf(seen, 'x')).toMatchObject({
      kinds: ['array'],
      elements: ['int', 'string', 'double'],
      hasNan: true,
    })
  })

  test.each([
    [new Double(Number.NaN), true],
    [new Double(-Number.NaN), true],
    [new Double(Number.POSITIVE_INFINITY), false],
    [new Double(1.5), false],
    [Decimal128.fromString('NaN'), true],
    [Decimal128.fromString('Infinity'), false],
    [Decimal128.fromString('9.999999999999999999999999999999999E+6144'), false],
    [Decimal128.fromString('-1.5'), false],
  ])('know whether %s is no number: %s', (value, hasNan) => {
    expect(fieldOf(see({ x: value }), 'x').hasNan).toBe(hasNan)
  })

  test('know where DBRefs lead', () => {
    const seen = see({ x: new DBRef('films', new ObjectId()) }, { x: { $id: 1, $ref: 'no' } })
    expect(fieldOf(seen, 'x').references).toEqual(['films'])
  })

  test('keep names as they are, whatever is in them', () => {
    const seen = see({ 'a.b': 1, $c: 1, __proto__x: 1, ['__proto__']: 1, 映画: 1, '': 1 })
    expect([...seen.keys()]).toEqual(['a.b', '$c', '__proto__x', '__proto__', '映画'])
  })

  test('are no more than a table has columns', () => {
    const names = Array.from({ length: 2000 }, (_, index) => [`f${index}`, 1])
    expect(see(Object.fromEntries(names)).size).toBe(1600)
  })
})
