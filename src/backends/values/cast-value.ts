/**
 * Casts one value as PostgreSQL would, for engines whose own casts differ: SQLite's would make 0 of
 * `abc` and true of nothing.
 */
import { err, ok } from '../../core/result.ts'
import { type CastTarget, integerBits } from './cast-target.ts'
import { outOfRange, parsedTypeOf, parseTypedText, type TypedText } from './parse-typed-text.ts'
import type { TypedValue } from './typed-value.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

/** `source` is what the value is known as; integers come as bigint. */
export function castValue(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  if (value === null) return ok(null)
  switch (target.kind) {
    case 'text':
      return ok(fitted(target, textOf(value)))
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
      return shaped(target, source, value, /^\d{4,}-\d{2}-\d{2}/)
    case 'time':
      return shaped(target, source, value, /\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?/)
    case 'timestamp':
      return toTimestamp(target, source, value)
    case 'uuid':
      return parsed(target, source, value)
  }
}

/** As the type's output function writes it. */
function textOf(value: Exclude<TypedValue, null>): string {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
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
  if (typeof value !== 'string') return cannotCast(source, target.name)
  return parseTypedText(parsedTypeOf(target.kind, target.name), value)
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
  const rescaled = Number(Number(number.value).toFixed(Math.min(scale, 100)))
  if (Math.abs(rescaled) < 10 ** (precision - scale)) return ok(rescaled)
  return err(valueFailure('22003', 'numeric field overflow'))
}

/** The JSON text. */
function toJson(source: ValueKind, value: Exclude<TypedValue, null>): TypedText {
  if (typeof value === 'string') {
    const isText = source === 'text' || source === 'json' || source === 'any'
    return isText ? parseTypedText('json', value) : ok(JSON.stringify(value))
  }
  return ok(value instanceof Uint8Array ? JSON.stringify(textOf(value)) : textOf(value))
}

/** Keeps the part of the text that has the form of the type. */
function shaped(target: CastTarget, source: ValueKind, value: TypedValue, form: RegExp): TypedText {
  if (typeof value !== 'string') return cannotCast(source, target.name)
  const [found] = form.exec(value) ?? []
  if (found !== undefined) return ok(found)
  return err(valueFailure('22007', `invalid input syntax for type ${target.name}: "${value}"`))
}

function toTimestamp(target: CastTarget, source: ValueKind, value: TypedValue): TypedText {
  const stamp = shaped(target, source, value, /^\d{4,}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}.*)?$/s)
  if (!stamp.ok || typeof stamp.value !== 'string') return stamp
  const text = stamp.value.replace(' ', 'T')
  return ok(text.includes('T') ? text : `${text}T00:00:00`)
}
