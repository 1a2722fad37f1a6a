/**
 * Which BSON values compare with each other: numbers with numbers, texts with texts. The query
 * language keeps to that by itself, an expression has to be told. NaN, which PostgreSQL finds greater
 * than all numbers, is apart.
 */
import { Binary, Decimal128, type Document, Double, Int32, Long, ObjectId } from 'mongodb'
import { assertNever } from '../../../../core/assert-never.ts'
import type { BsonValue } from '../../bson/bson-value.ts'
import { notImplemented } from '../mongodb-refusal.ts'
import { anyOf, expr, type FilterTarget, literal, named, noRow, onPath } from './filter-target.ts'

/** What is refused of bytes, by themselves and in lists. */
export const orderOfBytes = 'comparing the order of bytes'

export const orderings = { gt: '$gt', gte: '$gte', lt: '$lt', lte: '$lte' } as const
export type Ordering = keyof typeof orderings

export type Bracket = 'number' | 'string' | 'bool' | 'date' | 'objectId' | 'binData' | 'array'

/** Null for bytes that are no UUID: MongoDB orders them by their length and subtype first. */
function bracketOf(value: BsonValue): Bracket | null {
  if (isNumeric(value)) return 'number'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  if (value instanceof Date) return 'date'
  if (value instanceof ObjectId) return 'objectId'
  if (value instanceof Binary && value.sub_type === Binary.SUBTYPE_UUID) return 'binData'
  return Array.isArray(value) ? 'array' : null
}

export function isNumeric(value: BsonValue): boolean {
  if (typeof value === 'number' || typeof value === 'bigint') return true
  return (
    value instanceof Int32 ||
    value instanceof Double ||
    value instanceof Long ||
    value instanceof Decimal128
  )
}

function isNan(value: BsonValue): boolean {
  return isNumeric(value) && String(value) === 'NaN'
}

/**
 * Whether the target is greater or less than one of the readings of an operand: one of each bracket,
 * but of a number that a double cannot hold exactly the double and the decimal.
 *
 * Throws  not-implemented: one of the readings is bytes that are no UUID
 */
export function isOrdered(
  target: FilterTarget,
  ordering: Ordering,
  readings: readonly BsonValue[],
  mayBeNan = true,
): Document {
  const numbers = readings.filter(isNumeric)
  const others = readings.filter((value) => !isNumeric(value))
  return anyOf([
    ...others.map((value) => isOrderedValue(target, ordering, value)),
    ...(numbers.some(isNan)
      ? [besideNan(target, ordering)]
      : isOrderedNumber(target, ordering, numbers, mayBeNan)),
  ])
}

function isOrderedValue(target: FilterTarget, ordering: Ordering, value: BsonValue): Document {
  const bracket = bracketOf(value) ?? notImplemented(orderOfBytes)
  const operator = orderings[ordering]
  // whole arrays are compared by an expression only
  if (target.kind === 'path' && bracket !== 'array') {
    return onPath(target, { [operator]: value })
  }
  const compared = target.kind === 'path' ? `$${target.path}` : target.value
  return expr(
    named(compared, 'value', (named) => ({
      $and: [{ $eq: [{ $type: named }, bracket] }, { [operator]: [named, literal(value)] }],
    })),
  )
}

const exactTypes = ['int', 'long', 'decimal'] as const

/** By the double among doubles, by the decimal among the other numbers. */
function isOrderedNumber(
  target: FilterTarget,
  ordering: Ordering,
  numbers: readonly BsonValue[],
  mayBeNan: boolean,
): readonly Document[] {
  const [only] = numbers
  if (only === undefined) return []
  const operator = orderings[ordering]
  const double = numbers.find((value) => value instanceof Double)
  const exact = numbers.find((value) => value instanceof Decimal128)
  const isSame = double === undefined || exact === undefined
  const isUpwards = ordering === 'gt' || ordering === 'gte'
  if (target.kind === 'path') {
    const compared = isSame
      ? [onPath(target, { [operator]: only })]
      : [
          onPath(target, { [operator]: double, $type: 'double' }),
          onPath(target, { [operator]: exact, $type: exactTypes }),
        ]
    return isUpwards && mayBeNan ? [...compared, onPath(target, { $eq: Number.NaN })] : compared
  }
  const nan = literal(Number.NaN)
  return [
    expr(
      named(target.value, 'value', (value) => {
        const test = isSame
          ? { [operator]: [value, literal(only)] }
          : {
              [operator]: [
                value,
                {
                  $cond: [{ $eq: [{ $type: value }, 'double'] }, literal(double), literal(exact)],
                },
              ],
            }
        if (!mayBeNan) return { $and: [{ $isNumber: value }, test] }
        const besides = isUpwards
          ? { $or: [test, { $eq: [value, nan] }] }
          : { $and: [test, { $ne: [value, nan] }] }
        return { $and: [{ $isNumber: value }, besides] }
      }),
    ),
  ]
}

/** Compared with NaN itself. */
function besideNan(target: FilterTarget, ordering: Ordering): Document {
  switch (ordering) {
    case 'gt':
      return noRow
    case 'gte':
      return target.kind === 'path'
        ? onPath(target, { $eq: Number.NaN })
        : expr({ $eq: [target.value, literal(Number.NaN)] })
    case 'lt':
      return target.kind === 'path'
        ? onPath(target, { $type: 'number', $ne: Number.NaN })
        : expr(
            named(target.value, 'value', (value) => ({
              $and: [{ $isNumber: value }, { $ne: [value, literal(Number.NaN)] }],
            })),
          )
    case 'lte':
      return target.kind === 'path'
        ? onPath(target, { $type: 'number' })
        : expr({ $isNumber: target.value })
    default:
      return assertNever(ordering)
  }
}
