/**
 * What is read of documents can be sent back and means the same.
 */
import {
  Binary,
  BSON,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb'
import { expect, test } from 'vitest'
import { readExact } from '../../../../../src/backends/mongodb/bson/read-exact.ts'

const documents: readonly ReadonlyMap<string, unknown>[] = [
  new Map(),
  new Map<string, unknown>([
    ['double', new Double(5)],
    ['int', new Int32(5)],
    ['long', Long.MAX_VALUE],
    ['decimal', Decimal128.fromString('1.50')],
    ['text', 'é\n'],
    ['yes', true],
    ['none', null],
    ['date', new Date(7)],
    ['id', new ObjectId('507f1f77bcf86cd799439011')],
    ['bytes', new Binary(Buffer.from('a'), 128)],
    ['regex', new BSONRegExp('a', 'i')],
    ['code', new Code('x')],
    ['scoped', new Code('x', { a: 1 })],
    ['time', new Timestamp({ t: 1, i: 2 })],
    ['min', new MinKey()],
  ]),
  new Map([
    [
      '_id',
      new Map(
        Object.entries({ b: 'x' }).concat([
          ['2', 'y'],
          ['1', 'z'],
        ]),
      ),
    ],
  ]),
  new Map([['_id', new Map([['_bsontype', 'MinKey']])]]),
  new Map([
    [
      '_id',
      new Map([
        ['$ref', 'a'],
        ['$id', 'b'],
        ['__proto__', 'c'],
      ]),
    ],
  ]),
  new Map([
    [
      'list',
      [
        new Map([
          ['2', [[]]],
          ['1', []],
        ]),
        'a',
      ],
    ],
  ]),
]

test.each(documents.map((document) => [document]))('document %# is the same again', (document) => {
  const bytes = BSON.serialize(document)
  expect(Buffer.from(BSON.serialize(readExact(bytes)))).toEqual(Buffer.from(bytes))
})

test('a document is read where it stands among others', () => {
  const bytes = BSON.serialize({ a: new Int32(1) })
  const amid = Buffer.concat([Buffer.from([1, 2, 3]), bytes, Buffer.from([4])])
  expect(readExact(amid.subarray(3, 3 + bytes.length))).toEqual(new Map([['a', new Int32(1)]]))
})
