/**
 * Values that MongoDB holds to be equal have one key.
 */
import { Binary, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { comparableKey } from '../../../../../src/backends/mongodb/compile/comparable-key.ts'

const decimal = (text: string) => Decimal128.fromString(text)

test.each([
  [[5, new Int32(5), Long.fromNumber(5), new Double(5), decimal('5'), decimal('5.00'), 5n]],
  [[0, -0, new Double(-0), decimal('0.000'), decimal('-0')]],
  [[0.5, decimal('0.5'), decimal('5E-1'), decimal('0.50')]],
  [[100, decimal('1E+2'), decimal('100.0')]],
  [[-2.25, decimal('-2.25'), decimal('-225E-2')]],
  [[Number.NaN, decimal('NaN')]],
  [[Number.POSITIVE_INFINITY, decimal('Infinity')]],
  [[new Date(7), new Date(7)]],
  [[new Map([['a', [new Int32(1)]]]), new Map([['a', [new Double(1)]]])]],
])('values of row %# are one', (values) => {
  expect(new Set(values.map(comparableKey)).size).toBe(1)
})

test('different values have different keys', () => {
  const values = [
    5,
    '5',
    0.1,
    decimal('0.1'),
    0.2,
    50,
    -5,
    true,
    null,
    'true',
    Long.fromString('9007199254740993'),
    Long.fromString('9007199254740992'),
    decimal('1E+200'),
    decimal('1E+201'),
    new Date(5),
    new Map(Object.entries({ a: 1, b: 1 })),
    new Map(Object.entries({ b: 1, a: 1 })),
    [1, 2],
    ['1', 2],
    new ObjectId('5'.repeat(24)),
    '5'.repeat(24),
    new Binary(new Uint8Array([5]), 0),
    new Binary(new Uint8Array([5]), 4),
    new Map([['a', 1]]),
    new Map([['b', 1]]),
    [1],
    ['1'],
  ]
  expect(new Set(values.map(comparableKey)).size).toBe(values.length)
})
