import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
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
import type {
  Rendering,
  RowShape,
  ShapeMember,
} from '../../../../../src/backends/mongodb/bson/answer-shape.ts'
import { createRowEncoder } from '../../../../../src/backends/mongodb/bson/encode-rows.ts'
import { castTarget } from '../../../../../src/backends/values/cast-target.ts'
import type { BodyEncoder } from '../../../../../src/plan/plan.ts'

const json: BodyEncoder = { kind: 'json', stripNulls: false }
const stripped: BodyEncoder = { kind: 'json', stripNulls: true }
const csv: BodyEncoder = { kind: 'csv' }

function shapeOf(...members: readonly ShapeMember[]): RowShape {
  return { members }
}

function encode(shape: RowShape, encoder: BodyEncoder, documents: readonly Document[]) {
  const bytes = documents.map((document) =>
    document instanceof Uint8Array
      ? document
      : BSON.serialize(document, { ignoreUndefined: false }),
  )
  return createRowEncoder(shape, encoder).encode(bytes)
}

/** The body of these documents as text. */
function body(shape: RowShape, encoder: BodyEncoder, documents: readonly Document[]): string {
  const encoded = encode(shape, encoder, documents)
  if (!encoded.ok) throw new Error(encoded.error.message)
  return Buffer.from(encoded.value).toString()
}

function member(name: string, key: string, rendering: Rendering = { kind: 'plain' }): ShapeMember {
  return { kind: 'value', name, key, rendering }
}

function castTo(type: string, columnType = ''): Rendering {
  const target = castTarget(type)
  if (!target.ok) throw new Error(target.error.message)
  return { kind: 'cast', target: target.value, type: columnType }
}

/** One value under one rendering. */
function shown(value: unknown, rendering?: Rendering, encoder = json): string {
  const text = body(shapeOf(member('v', 'c0', rendering)), encoder, [{ c0: value }])
  return encoder.kind === 'csv' ? text.slice('v\n'.length) : text.slice('[{"v":'.length, -2)
}

const bytes = (subtype: number, hex: string) => new Binary(Buffer.from(hex, 'hex'), subtype)
const uuid = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'

describe('values of every type', () => {
  // value, JSON, `->>`, CSV; PostgreSQL 15 gave the expectations of the types that it has
  test.each<readonly [unknown, string, string, string]>([
    [new Int32(-2147483648), '-2147483648', '"-2147483648"', '-2147483648'],
    [new Int32(1234567890), '1234567890', '"1234567890"', '1234567890'],
    [
      Long.fromString('9223372036854775807'),
      '9223372036854775807',
      '"9223372036854775807"',
      '9223372036854775807',
    ],
    [
      Long.fromString('-9223372036854775808'),
      '-9223372036854775808',
      '"-9223372036854775808"',
      '-9223372036854775808',
    ],
    [
      Long.fromString('-9007199254740993'),
      '-9007199254740993',
      '"-9007199254740993"',
      '-9007199254740993',
    ],
    [Long.fromNumber(3000000000), '3000000000', '"3000000000"', '3000000000'],
    [new Double(1e15), '1e+15', '"1e+15"', '1e+15'],
    [
      new Double(123456789012345.6),
      '123456789012345.6',
      '"123456789012345.6"',
      '123456789012345.6',
    ],
    [
      new Double(123456789012345680),
      '1.2345678901234568e+17',
      '"1.2345678901234568e+17"',
      '1.2345678901234568e+17',
    ],
    [new Double(1e-4), '0.0001', '"0.0001"', '0.0001'],
    [new Double(-1.5e-7), '-1.5e-07', '"-1.5e-07"', '-1.5e-07'],
    [new Double(5e-324), '5e-324', '"5e-324"', '5e-324'],
    [new Double(5), '5', '"5"', '5'],
    [new Double(-0), '-0', '"-0"', '-0'],
    [new Double(Number.NaN), '"NaN"', '"NaN"', 'NaN'],
    [new Double(-Infinity), '"-Infinity"', '"-Infinity"', '-Infinity'],
    [Decimal128.fromString('1.50'), '1.50', '"1.50"', '1.50'],
    [Decimal128.fromString('-0.00'), '0.00', '"0.00"', '0.00'],
    [Decimal128.fromString('1E+3'), '1000', '"1000"', '1000'],
    [Decimal128.fromString('1E-10'), '0.0000000001', '"0.0000000001"', '0.0000000001'],
    [
      Decimal128.fromString('-9.999999999999999999999999999999999'),
      '-9.999999999999999999999999999999999',
      '"-9.999999999999999999999999999999999"',
      '-9.999999999999999999999999999999999',
    ],
    [Decimal128.fromString('NaN'), '"NaN"', '"NaN"', 'NaN'],
    [Decimal128.fromString('-Infinity'), '"-Infinity"', '"-Infinity"', '-Infinity'],
    [
      'q"\u0001\u007f/\\\b\f\n\r\té\u2028',
      '"q\\"\\u0001\u007f/\\\\\\b\\f\\n\\r\\té\u2028"',
      '"q\\"\\u0001\u007f/\\\\\\b\\f\\n\\r\\té\u2028"',
      '"q""\u0001\u007f/\\\\\b\f\n\r\té\u2028"',
    ],
    ['a\0b', '"a\\u0000b"', '"a\\u0000b"', 'a\0b'],
    ['', '""', '""', '""'],
    ['é(', '"é("', '"é("', '"é("'],
    ['\u00a0', '"\u00a0"', '"\u00a0"', '\u00a0'],
    [new BSONSymbol('s'), '"s"', '"s"', 's'],
    [true, 'true', '"true"', 't'],
    [false, 'false', '"false"', 'f'],
    [null, 'null', 'null', ''],
    [undefined, 'null', 'null', ''],
    [
      new Date('2024-01-05T00:00:00.120Z'),
      '"2024-01-05T00:00:00.12+00:00"',
      '"2024-01-05T00:00:00.12+00:00"',
      '"2024-01-05 00:00:00.12+00"',
    ],
    [
      new Date('1969-12-31T23:59:59.900Z'),
      '"1969-12-31T23:59:59.9+00:00"',
      '"1969-12-31T23:59:59.9+00:00"',
      '"1969-12-31 23:59:59.9+00"',
    ],
    [
      new Date('2024-02-29T12:00:00.007Z'),
      '"2024-02-29T12:00:00.007+00:00"',
      '"2024-02-29T12:00:00.007+00:00"',
      '"2024-02-29 12:00:00.007+00"',
    ],
    [
      new Date('-000043-03-15T12:00:00Z'),
      '"0044-03-15T12:00:00+00:00 BC"',
      '"0044-03-15T12:00:00+00:00 BC"',
      '"0044-03-15 12:00:00+00 BC"',
    ],
    [
      new Date('0000-12-31T23:59:59.999Z'),
      '"0001-12-31T23:59:59.999+00:00 BC"',
      '"0001-12-31T23:59:59.999+00:00 BC"',
      '"0001-12-31 23:59:59.999+00 BC"',
    ],
    [
      new Date('+012024-01-01T00:00:00Z'),
      '"12024-01-01T00:00:00+00:00"',
      '"12024-01-01T00:00:00+00:00"',
      '"12024-01-01 00:00:00+00"',
    ],
    [
      new ObjectId('65a0c0ffee65a0c0ffee65a0'),
      '"65a0c0ffee65a0c0ffee65a0"',
      '"65a0c0ffee65a0c0ffee65a0"',
      '65a0c0ffee65a0c0ffee65a0',
    ],
    [new UUID(uuid), `"${uuid}"`, `"${uuid}"`, uuid],
    [bytes(0, '6869'), '"\\\\x6869"', '"\\\\x6869"', '"\\\\x6869"'],
    [bytes(2, '6869'), '"\\\\x6869"', '"\\\\x6869"', '"\\\\x6869"'],
    [bytes(4, '6869'), '"\\\\x6869"', '"\\\\x6869"', '"\\\\x6869"'],
    [bytes(0, ''), '"\\\\x"', '"\\\\x"', '"\\\\x"'],
    [
      { b: [1, { x: null }], a: 'q' },
      '{"b":[1,{"x":null}],"a":"q"}',
      '"{\\"b\\": [1, {\\"x\\": null}], \\"a\\": \\"q\\"}"',
      '"{""b"": [1, {""x"": null}], ""a"": ""q""}"',
    ],
    [{}, '{}', '"{}"', '{}'],
    [[], '[]', '"[]"', '{}'],
    [
      ['a', 'b c', '', null, 'NULL', '{', 'é"\\', '\u00a0nb'],
      '["a","b c","",null,"NULL","{","é\\"\\\\","\u00a0nb"]',
      '"[\\"a\\", \\"b c\\", \\"\\", null, \\"NULL\\", \\"{\\", \\"é\\\\\\"\\\\\\\\\\", \\"\u00a0nb\\"]"',
      '"{a,""b c"","""",NULL,""NULL"",""{"",""é\\\\""\\\\\\\\"",\u00a0nb}"',
    ],
    [[true, false], '[true,false]', '"[true, false]"', '"{t,f}"'],
    [
      [new Date('2024-01-05T00:00:00Z')],
      '["2024-01-05T00:00:00+00:00"]',
      '"[\\"2024-01-05T00:00:00+00:00\\"]"',
      '"{""2024-01-05 00:00:00+00""}"',
    ],
    [[1, 'a'], '[1,"a"]', '"[1, \\"a\\"]"', '"[1, ""a""]"'],
    [
      new BSONRegExp('^a"', 'i'),
      '{"$regularExpression":{"pattern":"^a\\"","options":"i"}}',
      '"{\\"$regularExpression\\": {\\"pattern\\": \\"^a\\\\\\"\\", \\"options\\": \\"i\\"}}"',
      '"{""$regularExpression"": {""pattern"": ""^a\\\\"""", ""options"": ""i""}}"',
    ],
    [
      new Timestamp({ t: 4000000000, i: 2 }),
      '{"$timestamp":{"t":4000000000,"i":2}}',
      '"{\\"$timestamp\\": {\\"t\\": 4000000000, \\"i\\": 2}}"',
      '"{""$timestamp"": {""t"": 4000000000, ""i"": 2}}"',
    ],
    [new Code('f()'), '{"$code":"f()"}', '"{\\"$code\\": \\"f()\\"}"', '"{""$code"": ""f()""}"'],
    [
      new Code('f()', { a: 1 }),
      '{"$code":"f()","$scope":{"a":1}}',
      '"{\\"$code\\": \\"f()\\", \\"$scope\\": {\\"a\\": 1}}"',
      '"{""$code"": ""f()"", ""$scope"": {""a"": 1}}"',
    ],
    [new MinKey(), '{"$minKey":1}', '"{\\"$minKey\\": 1}"', '"{""$minKey"": 1}"'],
    [new MaxKey(), '{"$maxKey":1}', '"{\\"$maxKey\\": 1}"', '"{""$maxKey"": 1}"'],
  ])('%s', (value, plain, text, inCsv) => {
    expect(shown(value)).toBe(plain)
    expect(shown(value, { kind: 'text' })).toBe(text)
    expect(shown(value, undefined, csv)).toBe(inCsv)
  })

  test('a DBPointer, which no client makes any more', () => {
    const id = '65a0c0ffee65a0c0ffee65a0'
    // type, name, length of the namespace, namespace, id
    const element = Buffer.from(`0c63300004000000612e6200${id}`, 'hex')
    const document = Buffer.alloc(element.length + 5)
    document.writeInt32LE(document.length)
    element.copy(document, 4)
    expect(body(shapeOf(member('v', 'c0')), json, [document])).toBe(
      `[{"v":{"$dbPointer":{"$ref":"a.b","$id":{"$oid":"${id}"}}}}]`,
    )
  })

  test('moments that no Date holds', () => {
    const document = BSON.serialize({ c0: Long.fromString('9223372036854775807') })
    document[4] = 9
    expect(body(shapeOf(member('v', 'c0')), json, [document])).toBe(
      '[{"v":"292278994-08-17T07:12:55.807+00:00"}]',
    )
  })

  test('a text that is no UTF-8 is repaired', () => {
    const document = Buffer.from(BSON.serialize({ c0: 'a?b', c1: 'é' }))
    document[document.indexOf('?')] = 0xc3
    expect(body(shapeOf(member('v', 'c0'), member('w', 'c1')), json, [document])).toBe(
      '[{"v":"a\ufffdb","w":"é"}]',
    )
  })

  test('lists of a column that is known to be an array or JSON', () => {
    expect(shown([1, 2], { kind: 'plain', type: 'integer[]' }, csv)).toBe('"{1,2}"')
    expect(shown([1, 2], { kind: 'plain', type: 'jsonb' }, csv)).toBe('"[1, 2]"')
    const timestamp = 'timestamp without time zone'
    const moment = '2024-02-29T10:30:00'
    expect(shown(moment, { kind: 'plain', type: timestamp }, csv)).toBe('"2024-02-29 10:30:00"')
    expect(shown(moment, { kind: 'plain', type: timestamp }, json)).toBe(`"${moment}"`)
    expect(shown(moment, castTo('text', timestamp), json)).toBe('"2024-02-29 10:30:00"')
    expect(shown(moment, castTo('date', timestamp), json)).toBe('"2024-02-29"')
  })

  test('a text in a column of documents is a JSON string', () => {
    expect(shown('s', castTo('text', 'jsonb'), json)).toBe('"\\"s\\""')
    expect(shown('s', castTo('text', 'text'), json)).toBe('"s"')
    expect(shown('s', { kind: 'plain', type: 'jsonb' }, csv)).toBe('"""s"""')
    expect(shown('s', { kind: 'plain', type: 'text' }, csv)).toBe('s')
    expect(shown(true, { kind: 'plain', type: 'jsonb' }, csv)).toBe('true')
    expect(shown(true, { kind: 'plain', type: 'boolean' }, csv)).toBe('t')
  })
})

describe('casts', () => {
  test.each<readonly [string, unknown, string, string]>([
    ['text', 5, '"5"', '5'],
    ['text', true, '"true"', 'true'],
    ['text', 1e15, '"1e+15"', '1e+15'],
    [
      'text',
      new Date('2024-01-05T00:00:00Z'),
      '"2024-01-05 00:00:00+00"',
      '"2024-01-05 00:00:00+00"',
    ],
    ['text', [true], '"{t}"', '{t}'],
    ['text', { a: 1 }, '"{\\"a\\": 1}"', '"{""a"": 1}"'],
    ['varchar(2)', 'abc', '"ab"', 'ab'],
    ['text', Decimal128.fromString('1.50'), '"1.50"', '1.50'],
    ['int', '7', '7', '7'],
    ['int', new Double(2.5), '2', '2'],
    ['int', Decimal128.fromString('-2.5'), '-3', '-3'],
    ['int', true, '1', '1'],
    ['bigint', Decimal128.fromString('9007199254740993'), '9007199254740993', '9007199254740993'],
    ['numeric', new Double(1.2345678901234567), '1.23456789012346', '1.23456789012346'],
    ['numeric', new Double(1e20), '100000000000000000000', '100000000000000000000'],
    ['numeric', '1.10', '1.10', '1.10'],
    ['numeric', 'NaN', '"NaN"', 'NaN'],
    ['numeric(5,2)', Decimal128.fromString('1.005'), '1.01', '1.01'],
    ['numeric(5,2)', 7, '7.00', '7.00'],
    [
      'numeric',
      Decimal128.fromString('12345678901234567890.123'),
      '12345678901234567890.123',
      '12345678901234567890.123',
    ],
    ['float8', Decimal128.fromString('1.50'), '1.5', '1.5'],
    [
      'float8',
      Long.fromString('9007199254740993'),
      '9.007199254740992e+15',
      '9.007199254740992e+15',
    ],
    ['float8', 'NaN', '"NaN"', 'NaN'],
    ['real', new Double(1 / 3), '0.33333334', '0.33333334'],
    ['real', 1234567, '1.234567e+06', '1.234567e+06'],
    ['real', 'NaN', '"NaN"', 'NaN'],
    ['bool', 7, 'true', 't'],
    ['date', new Date('-000043-03-15T12:00:00Z'), '"0044-03-15 BC"', '"0044-03-15 BC"'],
    [
      'timestamp',
      new Date('-000043-03-15T12:00:00Z'),
      '"0044-03-15T12:00:00 BC"',
      '"0044-03-15 12:00:00 BC"',
    ],
    [
      'timestamptz',
      new Date('+012024-03-15T12:00:00.5Z'),
      '"12024-03-15T12:00:00.5+00:00"',
      '"12024-03-15 12:00:00.5+00"',
    ],
    ['date', new Date('2024-01-05T10:00:00Z'), '"2024-01-05"', '2024-01-05'],
    ['time', new Date('2024-01-05T10:00:01.5Z'), '"10:00:01.5"', '10:00:01.5'],
    [
      'timestamp',
      new Date('2024-01-05T10:00:01.5Z'),
      '"2024-01-05T10:00:01.5"',
      '"2024-01-05 10:00:01.5"',
    ],
    ['timestamptz', '2024-01-05', '"2024-01-05T00:00:00+00:00"', '"2024-01-05 00:00:00+00"'],
    ['json', { a: [1] }, '{"a": [1]}', '"{""a"": [1]}"'],
    ['json', '{"a":1}', '{"a":1}', '"{""a"":1}"'],
    ['json', Decimal128.fromString('1.50'), '1.50', '1.50'],
    ['uuid', new UUID(uuid), `"${uuid}"`, uuid],
    ['bytea', bytes(0, '6869'), '"\\\\x6869"', '"\\\\x6869"'],
    ['int', null, 'null', ''],
    ['numeric', undefined, 'null', ''],
  ])('to %s of %s', (type, value, expected, inCsv) => {
    expect(shown(value, castTo(type))).toBe(expected)
    expect(shown(value, castTo(type), csv)).toBe(inCsv)
  })

  test.each<readonly [string, unknown, string, string]>([
    ['int', 'abc', '22P02', 'invalid input syntax for type integer: "abc"'],
    ['smallint', 40000, '22003', 'smallint out of range'],
    ['int', Decimal128.fromString('NaN'), '0A000', 'cannot convert NaN to integer'],
    ['numeric', 'abc', '22P02', 'invalid input syntax for type numeric: "abc"'],
    ['numeric', '1e999999999', '22003', 'value overflows numeric format'],
    ['numeric', true, '42846', 'cannot cast type boolean to numeric'],
    ['numeric', new Date(0), '42846', 'cannot cast type timestamp with time zone to numeric'],
    ['numeric(3,1)', 100, '22003', 'numeric field overflow'],
    ['real', new Double(1e40), '22003', 'value out of range: overflow'],
    ['real', new Double(1e-60), '22003', 'value out of range: underflow'],
    ['date', 'soon', '22007', 'invalid input syntax for type date: "soon"'],
    [
      'float8',
      Decimal128.fromString('1E+400'),
      '22003',
      `"1${'0'.repeat(400)}" is out of range for type double precision`,
    ],
  ])('to %s of %s fails', (type, value, sqlState, message) => {
    const shape = shapeOf(member('v', 'c0', castTo(type)))
    expect(encode(shape, json, [{ c0: value }])).toMatchObject({
      ok: false,
      error: { sqlState, message },
    })
  })

  test('numerics that do not fit say which would', () => {
    const shape = shapeOf(member('v', 'c0', castTo('numeric(3,1)')))
    expect(encode(shape, json, [{ c0: 100 }])).toMatchObject({
      error: {
        details:
          'A field with precision 3, scale 1 must round to an absolute value less than 10^2.',
      },
    })
  })
})

describe('averages', () => {
  // PostgreSQL 15: select s::numeric / n
  test.each<readonly [string, number, string]>([
    ['0', 3, '0.00000000000000000000'],
    ['5', 3, '1.6666666666666667'],
    ['10', 3, '3.3333333333333333'],
    ['100000', 3, '33333.333333333333'],
    ['1', 3, '0.33333333333333333333'],
    ['-2', 3, '-0.66666666666666666667'],
    ['1234567.50', 7, '176366.785714285714'],
    ['99999999', 9, '11111111.000000000000'],
    ['0.00001', 3, '0.000003333333333333333333'],
    ['10.50', 2, '5.2500000000000000'],
    ['9223372036854775807', 2, '4611686018427387904'],
    ['3', 30000, '0.000100000000000000000000'],
    ['40000', 30000, '1.3333333333333333'],
    ['7.25000000000000000000', 2, '3.62500000000000000000'],
  ])('%s by %i', (sum, count, expected) => {
    const value = { s: Decimal128.fromString(sum), n: count }
    expect(shown(value, { kind: 'average', cast: null })).toBe(expected)
  })

  test('of whole sums, of doubles, of nothing, and cast', () => {
    const average: Rendering = { kind: 'average', cast: null }
    const cast = castTo('int')
    expect(shown({ s: Long.fromNumber(5), n: 3 }, average)).toBe('1.6666666666666667')
    expect(shown({ s: new Double(1.5), n: 2 }, average)).toBe('0.75')
    expect(shown({ s: new Double(Number.NaN), n: 2 }, average)).toBe('"NaN"')
    expect(shown({ s: 0, n: 0 }, average)).toBe('null')
    expect(shown({ s: null, n: 0 }, average)).toBe('null')
    expect(shown(undefined, average)).toBe('null')
    if (cast.kind !== 'cast') throw new Error('no cast')
    expect(shown({ s: 5, n: 2 }, { kind: 'average', cast: cast.target })).toBe('3')
  })
})

describe('rows', () => {
  test('members come in the order of the shape, absent ones as null', () => {
    const shape = shapeOf(member('b', 'c0'), member('a', 'c1'))
    expect(body(shape, json, [{ c1: 1, c0: 'x' }, { c0: true }])).toBe(
      '[{"b":"x","a":1},{"b":true,"a":null}]',
    )
  })

  test('names are written as JSON, whatever they are', () => {
    const shape = shapeOf(member('a"b', 'c0'), member('é$.', 'c1'), member('a"b', 'c0'))
    expect(body(shape, json, [{ c0: 1, c1: 2 }])).toBe('[{"a\\"b":1,"é$.":2,"a\\"b":1}]')
  })

  test('no rows, no members', () => {
    expect(body(shapeOf(member('a', 'c0')), json, [])).toBe('[]')
    expect(body(shapeOf(), json, [{}, {}])).toBe('[{},{}]')
  })

  const all = (isOpen: boolean): ShapeMember => ({
    kind: 'all',
    key: 'd',
    columns: [
      { name: 'id', field: '_id' },
      { name: 'name', field: 'name' },
    ],
    isOpen,
  })

  test('all columns: known ones first, then what else a document of an open relation has', () => {
    // a field that is called like the column of another is not shown beside it
    const documents = [{ d: { z: 1, name: 'a', _id: 7, id: 8, y: null } }, { d: { id: 5 } }]
    expect(body(shapeOf(all(true)), json, documents)).toBe(
      '[{"id":7,"name":"a","z":1,"y":null},{"id":null,"name":null}]',
    )
    expect(body(shapeOf(all(false)), json, documents)).toBe(
      '[{"id":7,"name":"a"},{"id":null,"name":null}]',
    )
    expect(body(shapeOf(all(true)), csv, documents)).toBe('id,name,z,y\n7,a,1,\n,,,')
  })

  test('nulls are stripped at every depth, but not from arrays', () => {
    const shape = shapeOf(all(true), member('t', 'c0', { kind: 'text' }), {
      kind: 'object',
      name: 'o',
      key: 'e0',
      row: shapeOf(member('x', 'c0')),
    })
    const document = { d: { _id: 1, z: { a: null, b: [null, { c: null }] }, y: null }, e0: [{}] }
    expect(body(shape, stripped, [document, { d: {} }])).toBe(
      '[{"id":1,"z":{"b":[null,{}]},"o":{}},{}]',
    )
  })

  test('singular writes the first row, or null', () => {
    const shape = shapeOf(member('a', 'c0'))
    const singular: BodyEncoder = { kind: 'singular', stripNulls: false }
    expect(body(shape, singular, [{ c0: 1 }, { c0: 2 }])).toBe('{"a":1}')
    expect(body(shape, singular, [])).toBe('null')
    expect(body(shape, { kind: 'none' }, [{ c0: 1 }])).toBe('')
  })

  test('CSV has the fields of all rows of the page', () => {
    const documents = [{ d: { _id: 1, z: 'a b' } }, { d: { name: 'n', y: true } }]
    expect(body(shapeOf(all(true)), csv, documents)).toBe('id,name,z,y\n1,,"a b",\n,n,,t')
    expect(body(shapeOf(all(true)), csv, [])).toBe('\n')
  })
})

describe('embeds', () => {
  const child = shapeOf(member('x', 'c0'), member('y', 'c1'))
  const documents = [{ e0: [{ c0: 1, c1: 'a' }, { c1: 'b' }] }, { e0: [] }]

  test.each<readonly [string, ShapeMember, string]>([
    [
      'an object',
      { kind: 'object', name: 'o', key: 'e0', row: child },
      '[{"o":{"x":1,"y":"a"}},{"o":null}]',
    ],
    [
      'an array',
      { kind: 'array', name: 'o', key: 'e0', row: child },
      '[{"o":[{"x":1,"y":"a"},{"x":null,"y":"b"}]},{"o":[]}]',
    ],
    [
      'a spread of one',
      { kind: 'spread-one', key: 'e0', row: child },
      '[{"x":1,"y":"a"},{"x":null,"y":null}]',
    ],
    [
      'a spread of many',
      { kind: 'spread-many', key: 'e0', row: child },
      '[{"x":[1,null],"y":["a","b"]},{"x":[],"y":[]}]',
    ],
  ])('%s', (_, member, expected) => {
    expect(body(shapeOf(member), json, documents)).toBe(expected)
  })

  test('what is in a row that is not there is null, its lists too', () => {
    const inner = shapeOf(
      { kind: 'array', name: 'list', key: 'e0', row: child },
      { kind: 'spread-one', key: 'e1', row: shapeOf(member('z', 'c0')) },
    )
    const spread: ShapeMember = { kind: 'spread-one', key: 'e0', row: inner }
    expect(body(shapeOf(spread), json, [{ e0: [] }, { e0: [{ e0: [], e1: [] }] }])).toBe(
      '[{"list":null,"z":null},{"list":[],"z":null}]',
    )
  })

  test('spreads within spreads', () => {
    const inner = shapeOf(
      member('a', 'c0'),
      { kind: 'spread-one', key: 'e0', row: shapeOf(member('b', 'c0')) },
      { kind: 'spread-many', key: 'e1', row: shapeOf(member('c', 'c0')) },
      { kind: 'object', name: 'o', key: 'e0', row: shapeOf(member('b', 'c0')) },
      { kind: 'all', key: 'd', columns: [{ name: 'k', field: 'k' }], isOpen: true },
    )
    const document = {
      e0: [
        { c0: 1, e0: [{ c0: 'x' }], e1: [{ c0: 1 }, { c0: 2 }], d: { k: 1, m: 2 } },
        { c0: 2, e0: [], e1: [], d: { n: 3 } },
      ],
    }
    expect(body(shapeOf({ kind: 'spread-many', key: 'e0', row: inner }), json, [document])).toBe(
      '[{"a":[1,2],"b":["x",null],"c":[[1,2],[]],"o":[{"b":"x"},null],"k":[1,null],"m":[2,null],"n":[null,3]}]',
    )
  })

  test('an embed in CSV is JSON', () => {
    const shape = shapeOf(
      { kind: 'object', name: 'o', key: 'e0', row: child },
      { kind: 'spread-many', key: 'e0', row: shapeOf(member('x', 'c0')) },
    )
    expect(body(shape, csv, documents)).toBe('o,x\n"{""x"":1,""y"":""a""}","[1,null]"\n,[]')
  })
})
