/**
 * PostgreSQL's order of `jsonb` values around a scalar: null, texts, numbers, booleans, lists,
 * objects; but an empty list is less than all of them. Lists and objects have an order among
 * themselves that the server cannot compare by.
 */
import type { Document } from 'mongodb'
import type { Expression } from '../field-place.ts'
import { notImplemented } from '../mongodb-refusal.ts'
import { isOrdered, type Ordering } from './bson-bracket.ts'
import { anyOf, asExpression, expr, type FilterTarget, named, noRow } from './filter-target.ts'
import type { JsonOperand, JsonScalar } from './json-operand.ts'

/** The types that are shown as each kind of scalar, least first. Null is looked for by itself. */
const ranks: readonly (readonly [JsonScalar['kind'], readonly string[]])[] = [
  ['null', []],
  ['string', ['string', 'symbol', 'objectId', 'date', 'binData']],
  ['number', ['int', 'long', 'double', 'decimal']],
  ['bool', ['bool']],
]

/** Whether it is JSON's null: where a path reaches it that is a value, in a column it is none. */
export function isJsonNull(target: FilterTarget): Document {
  if (target.kind === 'path' || target.isReached === null) return noRow
  return expr({ $and: [target.isReached, { $eq: [target.value, null] }] })
}

export function isOrderedJson(
  target: FilterTarget,
  ordering: Ordering,
  operand: JsonOperand,
): Document {
  if (operand.kind === 'list' || operand.kind === 'object') {
    return notImplemented('the order of JSON lists and objects')
  }
  const isUpwards = ordering === 'gt' || ordering === 'gte'
  const rank = ranks.findIndex(([kind]) => kind === operand.kind)
  const others = isUpwards ? ranks.slice(rank + 1) : ranks.slice(0, rank)
  const types = others.flatMap(([, names]) => names)
  const isOther = isUpwards ? isAbove(types) : isBelow(types)
  const takesNull = isUpwards ? ordering === 'gte' && rank === 0 : ordering === 'lte' || rank > 0
  return anyOf([
    expr(named(asExpression(target), 'value', isOther)),
    ...(operand.kind === 'null' ? [] : [isOrdered(target, ordering, operand.readings)]),
    ...(takesNull ? [isJsonNull(target)] : []),
  ])
}

function isAbove(types: readonly string[]) {
  return (value: string): Expression => ({
    $or: [
      { $in: [{ $type: value }, [...types, 'object']] },
      { $cond: [{ $isArray: [value] }, { $gt: [{ $size: value }, 0] }, false] },
    ],
  })
}

function isBelow(types: readonly string[]) {
  return (value: string): Expression => ({
    $or: [
      { $in: [{ $type: value }, types] },
      { $cond: [{ $isArray: [value] }, { $eq: [{ $size: value }, 0] }, false] },
    ],
  })
}
