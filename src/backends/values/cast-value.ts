/**
 * Casts one value as PostgreSQL would, for engines whose own casts differ: SQLite's would make 0 of
 * `abc` and true of nothing.
 */
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { type CastTarget, integerBits } from './cast-target.ts'
import { type Moment, momentOfMicros, momentText } from './moment.ts'
import { readMoment } from './parse-date-time.ts'
import { outOfRange, parsedTypeOf, parseTypedText, type TypedText } from './parse-typed-text.ts'
import { realText } from './real-text.ts'
import { storedInstant } from './stored-moment.ts'
import type { TypedValue } from './typed-value.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

/** `source` is what the value is known as; integers come as bigint. */
export function castValue(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (value === null) return ok(null)
  switch (target.kind) {
    case 'text':
      return ok(fitted(target, textOf(source, value)))
    case 'integer':
      return toInteger(target, source, value)
    case 'real':
      return toNumber(target, source, value)
    case 'numeric':
      return toNumeric(target, source, value)
    case 'boolean':
      return toBoolean(target, source, value)
    case 'json':
      return toJson(source, value)
    case 'blob':
      return value instanceof Uint8Array ? ok(value) : parsed(target, source, value)
    case 'date':
    case 'time':
    case 'timestamp':
      return toMoment(target, source, value)
    case 'uuid':
      return parsed(target, source, value)
  }
}

/** As the type's output function writes it. */
function textOf(source: ValueKind, value: Exclude<TypedValue, null>): string {
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (source === 'real' && typeof value === 'number') return realText(value)
  return source === 'timestamp' ? String(value).replace('T', ' ') : String(value)
}

function fitted(target: CastTarget, text: string): string {
  const [length] = target.modifiers
  if (length === undefined) return text
  const cut = [...text].slice(0, length).join('')
  return target.name === 'character' ? cut.padEnd(length) : cut
}

function cannotCast(source: string, target: string): TypedText {
  return err(valueFailure('42846', `cannot cast type ${source} to ${target}`))
}

function parsed(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (source === 'json' && typeof value === 'string') return ofDocument(target, value)
  if (typeof value !== 'string') return cannotCast(source, target.name)
  return parseTypedText(parsedTypeOf(target.kind, target.name), value)
}

/** A number or a boolean of `jsonb`; its null is no value. */
function ofDocument(target: CastTarget, json: string): TypedText {
  const value: unknown = JSON.parse(json)
  if (value === null) return ok(null)
  if (typeof value === 'number' && target.kind !== 'boolean')
    return castValue(target, 'numeric', value)
  if (typeof value === 'boolean' && target.kind === 'boolean') return ok(value)
  return err(valueFailure('22023', `cannot cast jsonb ${jsonType(value)} to type ${target.name}`))
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? 'numeric' : typeof value
}

function toBoolean(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (typeof value === 'boolean') return ok(value)
  return typeof value === 'bigint' ? ok(value !== 0n) : parsed(target, source, value)
}

function toInteger(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (typeof value === 'boolean') return ok(BigInt(value))
  const whole = typeof value === 'number' ? rounded(value, source) : value
  const number = typeof whole === 'string' ? parsed(target, source, whole) : ok(whole)
  if (!number.ok) return number
  if (typeof number.value !== 'bigint') {
    return number.value === null ? integerOutOfRange(target) : cannotCast(source, target.name)
  }
  if (BigInt.asIntN(integerBits(target), number.value) === number.value) return number
  return typeof value === 'string' ? outOfRange(target.name, value) : integerOutOfRange(target)
}

function integerOutOfRange(target: CastTarget): TypedText {
  return err(valueFailure('22003', `${target.name} out of range`))
}

/** Halves go to the even neighbour, of numerics away from zero. Null: too large for any integer. */
function rounded(value: number, source: ValueKind): bigint | null {
  if (!Number.isFinite(value)) return null
  const floor = Math.floor(value)
  const isHalf = value - floor === 0.5
  const even = floor % 2 === 0 ? floor : floor + 1
  const away = value < 0 ? floor : floor + 1
  const halfway = source === 'numeric' ? away : even
  return BigInt(isHalf ? halfway : Math.round(value))
}

function toNumber(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (typeof value === 'bigint' && source !== 'boolean') return ok(Number(value))
  return typeof value === 'number' ? ok(value) : parsed(target, source, value)
}

function toNumeric(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  const isNumber = typeof value === 'number' || (typeof value === 'bigint' && source !== 'boolean')
  const number: TypedText = isNumber ? ok(value) : parsed(target, source, value)
  const [precision, scale = 0] = target.modifiers
  if (!number.ok || precision === undefined || Number.isNaN(number.value)) return number
  const rescaled = toScale(Number(number.value), scale)
  if (Math.abs(rescaled) < 10 ** (precision - scale)) return ok(rescaled)
  return err(valueFailure('22003', 'numeric field overflow'))
}

/**
 * Halves go away from zero, as they stand in the number's digits: those of 1.005 are not what the
 * nearest floating-point number is, which lies below.
 */
function toScale(value: number, scale: number): number {
  // the double has no digit behind such a scale
  if (!(Math.abs(value) < 2 ** 53 / 10 ** scale)) return value
  const [digits = '', exponent = '0'] = String(Math.abs(value)).split('e')
  const shifted = Math.round(Number(`${digits}e${Number(exponent) + scale}`))
  const rounded = Number(`${shifted}e${-scale}`)
  return value < 0 && rounded > 0 ? -rounded : rounded
}

/** The JSON text. */
function toJson(source: ValueKind, value: Exclude<TypedValue, null>): TypedText {
  if (typeof value === 'string') {
    const isText = source === 'text' || source === 'json' || source === 'any'
    return isText ? parseTypedText('json', value) : ok(JSON.stringify(value))
  }
  const isBytes = value instanceof Uint8Array
  return ok(isBytes ? JSON.stringify(textOf(source, value)) : textOf(source, value))
}

/** As JSON has moments, with a `T`. A text that was cast to a moment keeps its zone out of it. */
function toMoment(
  target: CastTarget,
  source: ValueKind,
  value: Exclude<TypedValue, null>,
): TypedText {
  if (typeof value === 'boolean' || value instanceof Uint8Array)
    return cannotCast(source, target.name)
  const type = target.kind === 'date' || target.kind === 'time' ? target.kind : 'timestamp'
  const isNumber = typeof value !== 'string'
  if (isNumber && (source === 'integer' || source === 'real' || source === 'numeric')) {
    return cannotCast(source, target.name)
  }
  const read: Result<Moment, DatabaseFailure> = isNumber
    ? ofMicros(storedInstant(value), type)
    : readMoment(type === 'time' && value.includes('-') ? 'timestamp' : type, value, new Date())
  if (!read.ok) return read
  const text = momentText(type, read.value)
  if (type !== 'timestamp') return ok(text)
  const isZoned = target.name === 'timestamp with time zone' && read.value.kind === 'finite'
  return ok(`${text.replace(' ', 'T')}${isZoned ? '+00:00' : ''}`)
}

function ofMicros(micros: bigint | number | null, type: string): Result<Moment, DatabaseFailure> {
  const moment = typeof micros === 'bigint' ? momentOfMicros(micros) : null
  if (moment !== null) return ok(moment)
  return err(valueFailure('22008', `${type} out of range`))
}
