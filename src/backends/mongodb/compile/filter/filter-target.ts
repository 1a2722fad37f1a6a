/**
 * What a filter compares, and how the server is asked of it: by a path of the query language, which
 * indexes serve, or by an expression where a path would mean something else.
 *
 * A client's value is the operand of an operator in the one, and inside `$literal` in the other.
 * Arrays are no scalars: a path alone would look at their elements, so that conditions leave them out.
 */
import type { Document } from 'mongodb'
import type { ApiRequest } from '../../../../api/api-request.ts'
import type { BsonValue } from '../../bson/bson-value.ts'
import type { Expression } from '../field-place.ts'

/** Compiled once, and filled in with the values of each request. Throws what `refusalOf` reads. */
export type BoundCondition = (request: ApiRequest) => Document

/** A path that the query language knows. */
export interface PathTarget {
  readonly kind: 'path'
  readonly path: string
  /** MongoDB stores no array as an `_id`. */
  readonly mayBeArray: boolean
}

export type FilterTarget =
  | PathTarget
  | {
      readonly kind: 'expression'
      /** Null where there is none. */
      readonly value: Expression
      /** Whether there is a value, where null is one too; null: where it is none. */
      readonly isReached: Expression | null
    }

const noArray = { $type: 'array' } as const

/** The target as an expression. */
export function asExpression(target: FilterTarget): Expression {
  return target.kind === 'path' ? `$${target.path}` : target.value
}

/** `{$gt: 5}` → all but arrays that are greater than 5. */
export function onPath({ path, mayBeArray }: PathTarget, operators: Document): Document {
  // `$not` only where it is needed: the server finds `_id` alone faster than `_id` and a condition
  return { [path]: mayBeArray ? { ...operators, $not: noArray } : operators }
}

export function expr(expression: Expression): Document {
  return { $expr: expression }
}

export function literal(value: unknown): Document {
  return { $literal: value }
}

/** True of no row. */
export const noRow: Document = { $nor: [{}] }

/** True of every row: what is asked has no bearing on it. */
export const everyRow: Document = {}

export function isNull(target: FilterTarget): Document {
  if (target.kind === 'path') return onPath(target, { $eq: null })
  const { value, isReached } = target
  if (isReached !== null) return expr({ $not: [isReached] })
  return expr({ $eq: [value, null] })
}

/** Whether it is one of the values, none of them null. */
export function isOneOf(target: FilterTarget, values: readonly BsonValue[]): Document {
  if (values.length === 0) return noRow
  const [only] = values
  if (target.kind === 'path') {
    return onPath(target, values.length === 1 ? { $eq: only } : { $in: values })
  }
  return expr(
    values.length === 1
      ? { $eq: [target.value, literal(only)] }
      : { $in: [target.value, literal(values)] },
  )
}

/** Whether a text matches the regular expression; what is no text does not. */
export function matches(target: FilterTarget, { pattern, options }: Regex): Document {
  if (target.kind === 'path') {
    return onPath(target, {
      $regex: pattern,
      ...(options === '' ? {} : { $options: options }),
    })
  }
  return expr(
    named(target.value, 'text', (text) => ({
      $cond: [
        { $eq: [{ $type: text }, 'string'] },
        { $regexMatch: { input: text, regex: literal(pattern), options } },
        false,
      ],
    })),
  )
}

/** Whether the digits of an ObjectId do, as which it is shown. */
export function matchesDigits(target: FilterTarget, regex: Regex): Document {
  const value = asExpression(target)
  const digits = { $cond: [{ $eq: [{ $type: value }, 'objectId'] }, { $toString: value }, null] }
  const isMatch = matches({ kind: 'expression', value: digits, isReached: null }, regex)
  // an index finds the ObjectIds among other values
  if (target.kind === 'path') return allOf([onPath(target, { $type: 'objectId' }), isMatch])
  return isMatch
}

/** In the language of PCRE. */
export interface Regex {
  readonly pattern: string
  readonly options: string
}

/** Any of the conditions; there is at least one of them, or no row. */
export function anyOf(conditions: readonly Document[]): Document {
  return joined('$or', conditions) ?? noRow
}

export function allOf(conditions: readonly Document[]): Document {
  return joined('$and', conditions) ?? everyRow
}

function joined(operator: '$and' | '$or', conditions: readonly Document[]): Document | null {
  const [only] = conditions
  if (only === undefined) return null
  return conditions.length === 1 ? only : { [operator]: conditions }
}

/** None of the conditions. */
export function noneOf(conditions: readonly Document[]): Document {
  return { $nor: conditions }
}

/** Uses a value several times, and computes it once. */
export function named(
  value: Expression,
  name: string,
  use: (value: string) => Expression,
): Expression {
  // a path or variable is as short as a name for it
  if (typeof value === 'string') return use(value)
  return { $let: { vars: { [name]: value }, in: use(`$$${name}`) } }
}
