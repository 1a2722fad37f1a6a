/**
 * Casts of a select. Of what is shown the writer casts each value; what is grouped by or aggregated
 * has to be cast by the server, with what it has in the place of PostgreSQL's casts.
 */
import { Decimal128, type Document } from 'mongodb'
import { type CastTarget, castTarget } from '../../values/cast-target.ts'
import { refuseCast } from '../../values/type-rules.ts'
import type { ValueKind } from '../../values/value-kind.ts'
import type { Rendering } from '../bson/answer-shape.ts'
import { type FieldKind, isTextKind } from '../bson/field-kind.ts'
import { type Expression, textOf } from './field-place.ts'
import { notImplemented, refuse } from './mongodb-refusal.ts'

/** What a kind of field is to the rules of types. */
const valueKinds: Readonly<Record<FieldKind, ValueKind>> = {
  int: 'integer',
  long: 'integer',
  double: 'real',
  decimal: 'numeric',
  string: 'text',
  dateText: 'date',
  timeText: 'time',
  timestampText: 'timestamp',
  bool: 'boolean',
  date: 'timestamp',
  objectId: 'text',
  uuid: 'uuid',
  binary: 'blob',
  array: 'any',
  document: 'json',
  other: 'json',
  mixed: 'any',
  any: 'any',
}

export function valueKindOf(kind: FieldKind): ValueKind {
  return valueKinds[kind]
}

/**
 * `type` as the client sent it; `source`: the type of what is cast.
 *
 * Throws  CompileRefusal: 42704: no such type; 42846: no such cast; a type that is not made here
 */
export function castTo(type: string, source: string): CastTarget {
  const target = castTarget(type)
  if (!target.ok) return refuse(target.error)
  const refusal = refuseCast(source, target.value)
  if (refusal !== null) return refuse(refusal)
  if (target.value.type === zonedTime) return notImplemented(`casts to ${zonedTime}`)
  return target.value
}

/** Times here have no zone to be shown. */
const zonedTime = 'time with time zone'

export interface CastExpression {
  readonly value: Expression
  readonly kind: FieldKind
  readonly type: string
  /** Of the value that comes out. */
  readonly rendering: Rendering
}

/** Equal where the casts of two values are. Values that cannot be cast are an error of the server. */
export function castExpression(
  value: Expression,
  source: FieldKind,
  target: CastTarget,
): CastExpression {
  const { kind, name } = target
  const made = (fieldKind: FieldKind, expression: Expression): CastExpression => ({
    value: expression,
    kind: fieldKind,
    type: target.type,
    rendering: { kind: 'plain', type: target.type },
  })
  switch (kind) {
    case 'integer':
      return made(name === 'bigint' ? 'long' : 'int', { $toLong: wholeOf(value, source) })
    case 'real':
      return made('double', { $toDouble: trimmed(value, source) })
    case 'numeric': {
      const [, scale = 0] = target.modifiers
      const number = { $toDecimal: trimmed(value, source) }
      return made('decimal', target.modifiers.length === 0 ? number : { $round: [number, scale] })
    }
    case 'text':
      if (target.modifiers.length > 0) return notImplemented(`${name}(n) inside of aggregates`)
      return made('string', isTextKind(source) ? value : shownText(value, source))
    case 'boolean':
      if (source === 'bool') return made('bool', value)
      if (source === 'int') return made('bool', orNull(value, { $ne: [value, 0] }))
      return refused(target)
    case 'date':
    case 'timestamp': {
      if (source === 'dateText' && kind === 'date') return made('dateText', value)
      if (source === 'timestampText' && name === 'timestamp') return made('timestampText', value)
      if (source !== 'date') return refused(target)
      // a value that is no date after all is one that cannot be cast, and not a mistake of the pipeline
      const moment =
        kind === 'date' ? { $dateTrunc: { date: { $toDate: value }, unit: 'day' } } : value
      return {
        ...made('date', moment),
        rendering: { kind: 'cast', target, type: 'timestamp with time zone' },
      }
    }
    case 'json':
      return source === 'document' ? made('document', value) : refused(target)
    case 'uuid':
      return source === 'uuid' ? made('uuid', value) : refused(target)
    case 'blob':
      return source === 'binary' ? made('binary', value) : refused(target)
    case 'time':
      return source === 'timeText' ? made('timeText', value) : refused(target)
  }
}

function refused({ name }: CastTarget): never {
  return notImplemented(`casts to ${name} of what is aggregated or grouped by`)
}

function orNull(value: Expression, made: Expression): Document {
  return { $cond: [{ $gt: [value, null] }, made, null] }
}

/** Blanks around a number are none of it. */
function trimmed(value: Expression, source: FieldKind): Expression {
  return isTextKind(source) ? { $trim: { input: value } } : value
}

/** Halves go to the even neighbour, of decimals away from zero. */
function wholeOf(value: Expression, source: FieldKind): Expression {
  switch (source) {
    case 'double':
      return { $round: [value, 0] }
    case 'decimal':
      return {
        $let: {
          vars: { value: { $ifNull: [value, null] } },
          in: {
            $trunc: { $add: ['$$value', { $cond: [{ $gte: ['$$value', 0] }, half, minusHalf] }] },
          },
        },
      }
    case 'mixed':
    case 'any':
      return {
        $let: {
          vars: { value: { $ifNull: [value, null] } },
          in: { $cond: [{ $isNumber: '$$value' }, { $round: ['$$value', 0] }, '$$value'] },
        },
      }
    default:
      return trimmed(value, source)
  }
}

const half = Decimal128.fromString('0.5')
const minusHalf = Decimal128.fromString('-0.5')

/** As PostgreSQL's output functions write it; a value in a column of dates may be none. */
function shownText(value: Expression, source: FieldKind): Expression {
  if (source === 'timestampText') {
    return orNull(value, { $replaceOne: { input: value, find: 'T', replacement: ' ' } })
  }
  if (source !== 'date') return textOf(value)
  const fraction = { $dateToString: { date: value, format: '.%L' } }
  const text = {
    $concat: [
      { $dateToString: { date: value, format: '%Y-%m-%d %H:%M:%S' } },
      { $rtrim: { input: fraction, chars: '.0' } },
      '+00',
    ],
  }
  return { $cond: [{ $eq: [{ $type: value }, 'date'] }, text, textOf(value)] }
}
