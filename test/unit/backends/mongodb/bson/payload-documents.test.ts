import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { BsonValue } from '../../../../../src/backends/mongodb/bson/bson-value.ts'
import type { FieldKind } from '../../../../../src/backends/mongodb/bson/field-kind.ts'
import { assign } from '../../../../../src/backends/mongodb/bson/payload-documents.ts'

const hex = '65a0c0ffee65a0c0ffee65a0'
const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
const decimal = (text: string) => Decimal128.fromString(text)

describe('a field of a known kind', () => {
  test.each<readonly [FieldKind, FieldKind | null, string, BsonValue]>([
    ['int', null, '7', new Int32(7)],
    ['int', null, '"7"', new Int32(7)],
    ['long', null, '7', Long.fromNumber(7)],
    ['double', null, '7', new Double(7)],
    ['double', null, '"NaN"', new Double(Number.NaN)],
    ['decimal', null, '1.50', decimal('1.50')],
    ['decimal', null, '12345678901234567890.123', decimal('12345678901234567890.123')],
    ['decimal', null, '1e2', decimal('1E+2')],
    ['string', null, '"a\\u00e9"', 'aé'],
    ['string', null, '1.50', '1.50'],
    ['string', null, 'true', 'true'],
    ['string', null, '{"a" : 1}', '{"a" : 1}'],
    ['bool', null, 'true', true],
    ['bool', null, '1', true],
    ['bool', null, '"off"', false],
    ['date', null, '"2024-01-05T10:00:00+02:00"', new Date('2024-01-05T08:00:00Z')],
    ['objectId', null, `"${hex}"`, new ObjectId(hex)],
    ['uuid', null, `"${uuid}"`, new UUID(uuid)],
    ['binary', null, '"\\\\x6869"', new Binary(Buffer.from('hi'))],
    ['array', 'int', '[1,null,"2"]', [new Int32(1), null, new Int32(2)]],
    ['array', 'int', '"{1,NULL,2}"', [new Int32(1), null, new Int32(2)]],
    ['array', 'string', '["a",1]', ['a', '1']],
    ['array', null, '[1,"a",[{}]]', [new Int32(1), 'a', [new Map()]]],
    ['array', 'date', '["2024-01-05"]', [new Date('2024-01-05T00:00:00Z')]],
    ['document', null, '"a"', 'a'],
    ['int', null, 'null', null],
    ['document', null, 'null', null],
  ])('%s of %s: %s', (kind, elements, json, expected) => {
    expect(assign(kind, elements, json)).toEqual({ ok: true, value: expected })
  })

  // PostgreSQL 15: select x from json_to_record('{"x": …}') r(x …)
  test.each<readonly [FieldKind, FieldKind | null, string, string, string]>([
    ['int', null, '1.5', '22P02', 'invalid input syntax for type integer: "1.5"'],
    ['int', null, '1e2', '22P02', 'invalid input syntax for type integer: "1e2"'],
    ['int', null, 'true', '22P02', 'invalid input syntax for type integer: "true"'],
    ['int', null, '{"a":1}', '22P02', 'invalid input syntax for type integer: "{"a":1}"'],
    ['int', null, '3000000000', '22003', 'value "3000000000" is out of range for type integer'],
    [
      'long',
      null,
      '9223372036854775808',
      '22003',
      'value "9223372036854775808" is out of range for type bigint',
    ],
    ['double', null, '1e400', '22003', '"1e400" is out of range for type double precision'],
    ['decimal', null, '"a"', '22P02', 'invalid input syntax for type numeric: "a"'],
    [
      'decimal',
      null,
      '1'.repeat(35),
      '22003',
      `value "${'1'.repeat(35)}" is out of range for type numeric`,
    ],
    ['bool', null, '2', '22P02', 'invalid input syntax for type boolean: "2"'],
    ['date', null, '5', '22007', 'invalid input syntax for type timestamp with time zone: "5"'],
    ['date', null, '"infinity"', '22008', 'date/time field value out of range: "infinity"'],
    ['objectId', null, '5', '22P02', 'invalid input syntax for type objectid: "5"'],
    ['array', 'int', '5', '22P02', 'expected JSON array'],
    ['array', 'int', '{"a":1}', '22P02', 'expected JSON array'],
    ['array', 'int', '[1,"a"]', '22P02', 'invalid input syntax for type integer: "a"'],
    ['array', 'int', '[1,[2]]', '22P02', 'invalid input syntax for type integer: "[2]"'],
    ['array', 'int', '"{1"', '22P02', 'malformed array literal: "{1"'],
  ])('%s of %s: %s fails', (kind, elements, json, sqlState, message) => {
    expect(assign(kind, elements, json)).toMatchObject({ ok: false, error: { sqlState, message } })
  })
})

describe('a field of which nothing is known', () => {
  test.each<readonly [string, BsonValue]>([
    ['5', new Int32(5)],
    ['-2147483648', new Int32(-2147483648)],
    ['2147483648', Long.fromNumber(2147483648)],
    ['-9223372036854775808', Long.MIN_VALUE],
    ['1.50', new Double(1.5)],
    ['1e2', new Double(100)],
    ['-0.0', new Double(-0)],
    ['9223372036854775808', decimal('9223372036854775808')],
    ['100000000000000000000', new Double(1e20)],
    ['0.1000000000000000055', decimal('0.1000000000000000055')],
    ['1e400', decimal('1e400')],
    ['true', true],
    ['null', null],
    [`"${hex}"`, hex],
    ['"2024-01-05T00:00:00Z"', '2024-01-05T00:00:00Z'],
    ['[1,[2.5,{}]]', [new Int32(1), [new Double(2.5), new Map()]]],
  ])('%s', (json, expected) => {
    expect(assign('any', null, json)).toEqual({ ok: true, value: expected })
    expect(assign('mixed', null, json)).toEqual({ ok: true, value: expected })
  })

  test('keys that mean something to JavaScript or the driver are keys, in their order', () => {
    const json =
      '{"z":1,"2":2,"1":1,"__proto__":{"a":1},"_bsontype":"Long","toBSON":0,"$gt":5,"a.b":1,"z":9}'
    const read = assign('any', null, json)
    if (!read.ok) throw new Error(read.error.message)
    const bytes = BSON.serialize(new Map([['v', [read.value]]]))
    const [value] = BSON.deserialize(bytes, { useBigInt64: true })['v']
    expect(value['_bsontype']).toBe('Long')
    expect(value['$gt']).toBe(5)
    expect(value['a.b']).toBe(1)
    expect(value['z']).toBe(9)
    expect(read.value instanceof Map && [...read.value.keys()]).toEqual([
      'z',
      '2',
      '1',
      '__proto__',
      '_bsontype',
      'toBSON',
      '$gt',
      'a.b',
    ])
  })

  test('what is too deep or too long for a document is refused', () => {
    const nested = (levels: number) => `${'[{"a":'.repeat(levels)}0${'}]'.repeat(levels)}`
    expect(assign('any', null, nested(49))).toMatchObject({ ok: true })
    expect(assign('any', null, `[${nested(49)}]`)).toMatchObject({ ok: true })
    expect(assign('any', null, nested(50))).toMatchObject({ error: { sqlState: '54001' } })
    expect(assign('any', null, nested(100_000))).toMatchObject({ error: { sqlState: '54001' } })
    expect(assign('any', null, '1'.repeat(1_000_000))).toMatchObject({
      error: { sqlState: '22003' },
    })
    expect(assign('any', null, `0.${'1'.repeat(1_000_000)}`)).toMatchObject({
      error: { sqlState: '22003' },
    })
  })
})
