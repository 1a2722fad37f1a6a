import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId, UUID } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { BsonValue } from '../../../../../src/backends/mongodb/bson/bson-value.ts'
import type { FieldKind } from '../../../../../src/backends/mongodb/bson/field-kind.ts'
import {
  everyReading,
  readOperand,
} from '../../../../../src/backends/mongodb/bson/typed-operand.ts'

const hex = '65a0c0ffee65a0c0ffee65a0'
const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
const decimal = (text: string) => Decimal128.fromString(text)
const subtyped = (text: string, subtypes: readonly number[]) =>
  subtypes.map((subtype) => new Binary(Buffer.from(text, 'latin1'), subtype))

describe('readOperand', () => {
  test.each<readonly [FieldKind, string, BsonValue]>([
    ['int', ' 12 ', Long.fromNumber(12)],
    ['int', '3000000000', Long.fromNumber(3000000000)],
    ['long', '-9223372036854775808', Long.MIN_VALUE],
    ['dateText', '20240229', '2024-02-29'],
    ['timeText', '1030', '10:30:00'],
    ['timestampText', '2024-02-29 10:30:00.50', '2024-02-29T10:30:00.5'],
    ['timestampText', '2024-02-29', '2024-02-29T00:00:00'],
    ['double', '1e2', new Double(100)],
    ['double', 'nan', new Double(Number.NaN)],
    ['double', '-infinity', new Double(-Infinity)],
    ['decimal', ' -1.50 ', decimal('-1.50')],
    ['decimal', '.5', decimal('0.5')],
    ['decimal', '1e3', decimal('1E+3')],
    ['decimal', '0.00', decimal('0.00')],
    [
      'decimal',
      '00012345678901234567890123456789012.34',
      decimal('12345678901234567890123456789012.34'),
    ],
    ['decimal', `1.${'0'.repeat(50)}`, decimal(`1.${'0'.repeat(33)}`)],
    ['decimal', `1${'0'.repeat(50)}`, decimal(`1${'0'.repeat(33)}E+17`)],
    ['decimal', '1e-6176', decimal('1E-6176')],
    ['decimal', '1e6144', decimal('1E+6144')],
    ['decimal', 'NaN', decimal('NaN')],
    ['decimal', 'inf', decimal('Infinity')],
    ['decimal', '-Infinity', decimal('-Infinity')],
    ['bool', 'yes', true],
    ['bool', 'off', false],
    ['date', '2024-01-05', new Date('2024-01-05T00:00:00Z')],
    ['date', '2024-01-05 02:00:00.1235+02', new Date('2024-01-05T00:00:00.124Z')],
    ['date', '9999-12-31T23:59:59.999Z', new Date('9999-12-31T23:59:59.999Z')],
    ['dateText', '20240105', '2024-01-05'],
    ['timeText', '4:05', '04:05:00'],
    ['timestampText', '2024-1-5 4:05:06.70', '2024-01-05T04:05:06.7'],
    ['objectId', hex.toUpperCase(), new ObjectId(hex)],
    ['uuid', `{${uuid.toUpperCase()}}`, new UUID(uuid)],
    ['binary', '\\x6869', new Binary(Buffer.from('hi'))],
    ['binary', 'hi', new Binary(Buffer.from('hi'))],
    ['array', '{a,"b c",null}', ['a', 'b c', null]],
    ['string', '$g', '$g'],
    ['any', '5', '5'],
  ])('%s %s', (kind, text, expected) => {
    expect(readOperand(kind, text)).toEqual({ ok: true, value: expected })
  })

  test.each([
    ['infinity', Long.MAX_VALUE],
    ['-infinity', Long.MIN_VALUE],
  ])('a moment that is %s is sent as the outermost one of BSON', (text, ms) => {
    const read = readOperand('date', text)
    if (!read.ok) throw new Error(text)
    const sent = Buffer.from(BSON.serialize({ v: read.value }))
    expect(sent.readBigInt64LE(sent.indexOf('v') + 2)).toBe(ms.toBigInt())
  })

  test('JSON documents keep the order of their keys and every digit', () => {
    const read = readOperand('document', '{"b": 1.10, "2": [true, null], "1": 12345678901}')
    expect(read).toEqual({
      ok: true,
      value: new Map<string, BsonValue>([
        ['b', new Double(1.1)],
        ['2', [true, null]],
        ['1', Long.fromNumber(12345678901)],
      ]),
    })
    expect(read.ok && [...Object(read.value).keys()]).toEqual(['b', '2', '1'])
  })

  test.each<readonly [FieldKind, string, string, string]>([
    ['int', '1.5', '22P02', 'invalid input syntax for type integer: "1.5"'],
    [
      'int',
      '99999999999999999999',
      '22003',
      'value "99999999999999999999" is out of range for type integer',
    ],
    ['long', 'abc', '22P02', 'invalid input syntax for type bigint: "abc"'],
    ['dateText', 'soon', '22007', 'invalid input syntax for type date: "soon"'],
    ['timeText', '25:00', '22008', 'date/time field value out of range: "25:00"'],
    ['timestampText', '2024', '22007', 'invalid input syntax for type timestamp: "2024"'],
    ['double', '1e400', '22003', '"1e400" is out of range for type double precision'],
    ['decimal', '1,5', '22P02', 'invalid input syntax for type numeric: "1,5"'],
    ['decimal', '1e6145', '22003', 'value "1e6145" is out of range for type numeric'],
    ['decimal', '1e-6177', '22003', 'value "1e-6177" is out of range for type numeric'],
    ['decimal', '1e999999999', '22003', 'value "1e999999999" is out of range for type numeric'],
    [
      'decimal',
      '1'.repeat(35),
      '22003',
      `value "${'1'.repeat(35)}" is out of range for type numeric`,
    ],
    ['bool', '2', '22P02', 'invalid input syntax for type boolean: "2"'],
    ['date', 'soon', '22007', 'invalid input syntax for type timestamp with time zone: "soon"'],
    ['objectId', 'abc', '22P02', 'invalid input syntax for type objectid: "abc"'],
    ['objectId', 'abcdefghijkl', '22P02', 'invalid input syntax for type objectid: "abcdefghijkl"'],
    ['uuid', 'abc', '22P02', 'invalid input syntax for type uuid: "abc"'],
    ['binary', '\\x6', '22023', 'invalid hexadecimal data in bytea'],
    ['array', 'a', '22P02', 'malformed array literal: "a"'],
    ['document', '{a', '22P02', 'invalid input syntax for type json'],
    ['document', '{"\\u0000": 1}', '22P05', 'unsupported Unicode escape sequence'],
    [
      'document',
      `[1${'1'.repeat(40)}]`,
      '22003',
      `value "1${'1'.repeat(40)}" is out of range for type numeric`,
    ],
    ['string', 'a\0', '22021', 'invalid byte sequence for encoding "UTF8": 0x00'],
  ])('%s of %s fails', (kind, text, sqlState, message) => {
    expect(readOperand(kind, text)).toMatchObject({ ok: false, error: { sqlState, message } })
  })
})

describe('everyReading', () => {
  test.each<readonly [string, readonly BsonValue[]]>([
    ['5', [new Int32(5)]],
    ['-05', [new Int32(-5)]],
    ['5.0', [new Int32(5)]],
    ['1e2', [new Int32(100)]],
    ['3000000000', [Long.fromNumber(3000000000)]],
    ['9007199254740993', [Long.fromString('9007199254740993')]],
    ['0.1', [new Double(0.1), decimal('0.1')]],
    ['1e300', [new Double(1e300), decimal('1e300')]],
    ['1e400', [decimal('1e400')]],
    [`0.${'1'.repeat(40)}`, [new Double(1 / 9)]],
    ['NaN', [new Double(Number.NaN)]],
    ['-Infinity', [new Double(-Infinity)]],
    ['nan', []],
    ['true', [true]],
    ['false', [false]],
    ['yes', []],
    [hex, [new ObjectId(hex)]],
    [
      '123456789012345678901234',
      [
        new Double(Number('123456789012345678901234')),
        decimal('123456789012345678901234'),
        new ObjectId('123456789012345678901234'),
      ],
    ],
    [uuid, [new UUID(uuid)]],
    ['\\x6869', subtyped('hi', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 128])],
    // what the driver takes for no vector is none
    ['\\x2701', subtyped("'\x01", [0, 1, 2, 3, 4, 5, 6, 7, 8, 128])],
    // as many bytes as a UUID has are shown as one where they are of its subtype
    [`\\x${'61'.repeat(16)}`, subtyped('a'.repeat(16), [0, 1, 2, 3, 5, 6, 7, 8, 9, 128])],
    ['2024-01-05', [new Date('2024-01-05T00:00:00Z')]],
    ['2024-01-05T10:00:00.123+00:00', [new Date('2024-01-05T10:00:00.123Z')]],
    ['20240105', [new Int32(20240105)]],
    ['today', []],
    ['', []],
    ['constructor', []],
    ['{"$gt": 5}', []],
  ])('%s', (text, others) => {
    expect(everyReading(text)).toEqual([text, ...others])
  })
})
