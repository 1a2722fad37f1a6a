/**
 * Aggregates as accumulators of a `$group`, and what their results are made of. A sum of nothing is
 * null, as in PostgreSQL, so that beside it is counted how many values there were.
 */
import type { Document } from 'mongodb'
import type { AggregateFunction } from '../../../api/api-request.ts'
import { refuseAggregate } from '../../values/type-rules.ts'
import type { Rendering } from '../bson/answer-shape.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { castTo, valueKindOf } from './compile-mongodb-cast.ts'
import type { Expression } from './field-place.ts'
import { notImplemented, refuse } from './mongodb-refusal.ts'

/** What an aggregate is taken of. */
export interface AggregateInput {
  readonly value: Expression
  readonly kind: FieldKind
  /** In PostgreSQL's words, for messages. */
  readonly type: string
  readonly mayBeNan: boolean
}

export interface CompiledAggregate {
  /** Fields of `$group`. */
  readonly accumulators: Document
  /** Over what the group has then. */
  readonly result: Expression
  /** Of no rows at all; undefined: null. */
  readonly ofNothing: number | undefined
  readonly rendering: Rendering
}

/** `input` null: rows are counted. `index`: keeps the names of several apart. */
export function compileAggregate(
  aggregate: AggregateFunction,
  input: AggregateInput | null,
  cast: string | null,
  index: number,
): CompiledAggregate {
  const { type, ...compiled } = uncast(aggregate, input, index)
  if (cast === null) return compiled
  const target = castTo(cast, type)
  const rendering: Rendering =
    compiled.rendering.kind === 'average'
      ? { kind: 'average', cast: target }
      : { kind: 'cast', target, type }
  return { ...compiled, rendering }
}

interface Typed {
  readonly kind: FieldKind
  readonly type: string
}

function uncast(
  aggregate: AggregateFunction,
  input: AggregateInput | null,
  index: number,
): CompiledAggregate & Typed {
  const value = `a${index}`
  const count = `m${index}`
  const bigint = {
    kind: 'long',
    type: 'bigint',
    rendering: { kind: 'plain', type: 'bigint' },
  } as const
  if (input === null) {
    return { ...bigint, accumulators: { [count]: { $sum: 1 } }, result: `$${count}`, ofNothing: 0 }
  }
  if (input.kind === 'timeText' && (aggregate === 'sum' || aggregate === 'avg')) {
    return notImplemented(`${aggregate} of times`)
  }
  const refusal = refuseAggregate(aggregate, valueKindOf(input.kind), input.type)
  if (refusal !== null) refuse(refusal)
  const counted = { [count]: { $sum: { $cond: [{ $gt: [input.value, null] }, 1, 0] } } }
  const orNull = (result: Expression): Document => ({
    $cond: [{ $eq: [`$${count}`, 0] }, null, result],
  })
  switch (aggregate) {
    case 'count':
      return { ...bigint, accumulators: counted, result: `$${count}`, ofNothing: 0 }
    case 'sum': {
      const typed = sumType(input.kind)
      return {
        ...typed,
        accumulators: { [value]: { $sum: summand(input) }, ...counted },
        result: orNull(`$${value}`),
        ofNothing: undefined,
        rendering: { kind: 'plain', type: typed.type },
      }
    }
    case 'avg': {
      const isExact = input.kind === 'int' || input.kind === 'long' || input.kind === 'decimal'
      if (!isExact) {
        return {
          kind: 'double',
          type: 'double precision',
          accumulators: { [value]: { $avg: summand(input) } },
          result: `$${value}`,
          ofNothing: undefined,
          rendering: { kind: 'plain', type: 'double precision' },
        }
      }
      // what a sum passes over is not averaged either: documents may hold other types by now
      const numbers = { [count]: { $sum: { $cond: [{ $isNumber: input.value }, 1, 0] } } }
      const averaged = input.kind === 'long' ? counted : numbers
      return {
        kind: 'decimal',
        type: 'numeric',
        accumulators: { [value]: { $sum: summand(input) }, ...averaged },
        result: orNull({ s: `$${value}`, n: `$${count}` }),
        ofNothing: undefined,
        rendering: { kind: 'average', cast: null },
      }
    }
    case 'max':
    case 'min':
      return {
        kind: input.kind,
        type: input.type,
        ...extreme(aggregate, input, index),
        ofNothing: undefined,
        // a text can be that of a document
        rendering: input.kind === 'string' ? { kind: 'text' } : { kind: 'plain', type: input.type },
      }
  }
}

/** PostgreSQL's type of a sum. */
function sumType(kind: FieldKind): Typed {
  switch (kind) {
    case 'int':
      return { kind: 'long', type: 'bigint' }
    case 'long':
    case 'decimal':
      return { kind: 'decimal', type: 'numeric' }
    case 'double':
      return { kind: 'double', type: 'double precision' }
    default:
      return { kind: 'any', type: '' }
  }
}

/** Sums of 64 bits can need more, and a text among the values is to be an error, not nothing. */
function summand({ value, kind }: AggregateInput): Expression {
  switch (kind) {
    case 'int':
    case 'double':
    case 'decimal':
      return value
    case 'long':
      return { $toDecimal: value }
    default:
      return { $multiply: [value, 1] }
  }
}

/** NaN is the greatest number to PostgreSQL, and the least to MongoDB. */
function extreme(
  aggregate: 'max' | 'min',
  { value, mayBeNan }: AggregateInput,
  index: number,
): Pick<CompiledAggregate, 'accumulators' | 'result'> {
  const name = `a${index}`
  const operator = `$${aggregate}`
  if (!mayBeNan) return { accumulators: { [name]: { [operator]: value } }, result: `$${name}` }
  const flag = `q${index}`
  const isNan = { $eq: [value, Number.NaN] }
  const orNan = (others: Expression | null): Document => ({
    $cond: [{ $eq: [`$${flag}`, 1] }, Number.NaN, others],
  })
  return {
    accumulators: {
      [name]: { [operator]: { $cond: [isNan, null, value] } },
      [flag]: { $max: { $cond: [isNan, 1, 0] } },
    },
    result:
      aggregate === 'max'
        ? orNan(`$${name}`)
        : { $cond: [{ $gt: [`$${name}`, null] }, `$${name}`, orNan(null)] },
  }
}
