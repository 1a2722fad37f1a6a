/**
 * One BSON value cast as PostgreSQL would cast the value of the type that stands for it, and averages.
 * `backends/values/cast-value.ts` has the rules; numerics keep all their digits here.
 */
import { assertNever } from '../../../core/assert-never.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { CastTarget } from '../../values/cast-target.ts'
import { castValue } from '../../values/cast-value.ts'
import { parseTypedText } from '../../values/parse-typed-text.ts'
import { realText, singleText } from '../../values/real-text.ts'
import type { TypedValue } from '../../values/typed-value.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { kindOfType, type ValueKind } from '../../values/value-kind.ts'
import { doubleAt, elementType, int32At, int64At, isNull } from './bson-element.ts'
import { ByteWriter } from './byte-writer.ts'
import {
  decimal128At,
  divideNumeric,
  type Numeric,
  numericOfText,
  numericText,
  roundNumeric,
} from './exact-number.ts'
import { binaryAt } from './write-scalar.ts'
import { writeJsonText, writeOutput } from './write-text-value.ts'

/** What a cast gives, in both forms that an answer may have; null is SQL's. */
export type CastResult = { readonly json: string; readonly text: string } | null

type Cast = Result<CastResult, DatabaseFailure>

const plainNumeric: CastTarget = {
  kind: 'numeric',
  name: 'numeric',
  type: 'numeric',
  modifiers: [],
}

/** `columnType`: the base type of what is cast, which tells arrays from JSON. */
export function castBsonValue(
  target: CastTarget,
  columnType: string,
  source: Uint8Array,
  type: number,
  at: number,
): Cast {
  if (isNull(type)) return ok(null)
  const isScalar = type === elementType.string || type === elementType.bool
  if (isScalar && kindOfType(columnType) === 'json') {
    // in a column of documents it is JSON: a string's quotes are part of its text
    return resultOf(target, castValue(target, 'json', outputText(source, type, at, columnType)))
  }
  if (target.kind === 'numeric') return castToNumeric(target, numericAt(source, type, at))
  if (type === elementType.date && isMoment(target)) {
    return ok(momentOf(target, outputText(source, type, at, '')))
  }
  return resultOf(target, castFrom(target, columnType, source, type, at))
}

/**
 * Of a document of `s`, the sum, and `n`, how many there were.
 *
 * Shape  a quotient of doubles is one; of all other numbers a numeric with PostgreSQL's digits
 */
export function averageOf(
  cast: CastTarget | null,
  source: Uint8Array,
  sum: { readonly type: number; readonly at: number },
  count: { readonly type: number; readonly at: number },
): Cast {
  const number = numberAt(source, count.type, count.at)
  if (isNull(sum.type) || number === null || number === 0n) return ok(null)
  if (sum.type === elementType.double) {
    const value = doubleAt(source, sum.at) / Number(number)
    return cast === null ? ok(ofReal(value)) : castNumber(cast, value)
  }
  const dividend = numericAt(source, sum.type, sum.at)
  const divided: Result<Numeric, DatabaseFailure> =
    dividend.ok && typeof dividend.value !== 'number'
      ? ok(divideNumeric(dividend.value, { coefficient: number, scale: 0 }))
      : dividend
  if (!divided.ok) return divided
  if (cast === null || cast.kind === 'numeric') {
    return castToNumeric(cast ?? plainNumeric, divided)
  }
  return resultOf(cast, castNumeric(cast, divided.value))
}

function castNumber(target: CastTarget, value: number): Cast {
  if (target.kind === 'numeric') return castToNumeric(target, ofDouble(value))
  return resultOf(target, castValue(target, 'real', value))
}

function numberAt(source: Uint8Array, type: number, at: number): bigint | null {
  if (type === elementType.int) return BigInt(int32At(source, at))
  if (type === elementType.long) return int64At(source, at)
  return type === elementType.double ? BigInt(Math.trunc(doubleAt(source, at))) : null
}

/** To anything but a numeric. */
function castFrom(
  target: CastTarget,
  columnType: string,
  source: Uint8Array,
  type: number,
  at: number,
): Result<TypedValue, DatabaseFailure> {
  switch (type) {
    case elementType.int:
    case elementType.long:
      return castValue(target, 'integer', numberAt(source, type, at))
    case elementType.double:
      return castValue(target, 'real', doubleAt(source, at))
    case elementType.decimal:
      return castNumeric(target, decimal128At(source, at))
    case elementType.bool:
      return castValue(target, 'boolean', source[at] === 1)
    case elementType.string:
      return castValue(target, temporalKind(columnType), jsonText(source, type, at))
    case elementType.symbol:
    case elementType.objectId:
      return castValue(target, 'text', jsonText(source, type, at))
    case elementType.date:
      return castDate(target, source, type, at)
    case elementType.binary: {
      const { start, end, isUuid } = binaryAt(source, at)
      return isUuid
        ? castValue(target, 'uuid', jsonText(source, type, at))
        : castValue(target, 'blob', source.subarray(start, end))
    }
    default: {
      const isText = target.kind === 'text'
      return isText
        ? castValue(target, 'text', outputText(source, type, at, columnType))
        : castValue(target, 'json', jsonText(source, type, at))
    }
  }
}

/** Of columns whose type BSON has not, texts are what its values are. */
function temporalKind(columnType: string): ValueKind {
  const kind = kindOfType(columnType)
  return kind === 'date' || kind === 'time' || kind === 'timestamp' ? kind : 'text'
}

function castDate(
  target: CastTarget,
  source: Uint8Array,
  type: number,
  at: number,
): Result<TypedValue, DatabaseFailure> {
  switch (target.kind) {
    case 'json':
      return ok(JSON.stringify(jsonText(source, type, at)))
    case 'text':
      return castValue(target, 'text', outputText(source, type, at, ''))
    default: {
      const message = `cannot cast type timestamp with time zone to ${target.name}`
      return err(valueFailure('42846', message))
    }
  }
}

function isMoment({ kind }: CastTarget): boolean {
  return kind === 'date' || kind === 'time' || kind === 'timestamp'
}

/** `text` is a moment in UTC as PostgreSQL writes it: all of its years are, before the first too. */
function momentOf(target: CastTarget, text: string): CastResult {
  const [, day = '', clock = '', era = ''] = /^(\S+) (\S+)\+00( BC)?$/.exec(text) ?? []
  switch (target.kind) {
    case 'date':
      return quoted(day + era)
    case 'time':
      return quoted(clock)
    default: {
      const isZoned = target.name === 'timestamp with time zone'
      const json = `${day}T${clock}${isZoned ? '+00:00' : ''}${era}`
      return { json: JSON.stringify(json), text: isZoned ? text : `${day} ${clock}${era}` }
    }
  }
}

function quoted(text: string): CastResult {
  return { json: JSON.stringify(text), text }
}

function jsonText(source: Uint8Array, type: number, at: number): string {
  const out = new ByteWriter(64)
  writeJsonText(out, source, type, at)
  return out.written().toString()
}

function outputText(source: Uint8Array, type: number, at: number, columnType: string): string {
  const out = new ByteWriter(64)
  writeOutput(out, source, type, at, columnType)
  return out.written().toString()
}

/** Of a numeric to anything but a numeric. */
function castNumeric(target: CastTarget, value: Numeric): Result<TypedValue, DatabaseFailure> {
  const text = numericText(value)
  switch (target.kind) {
    case 'text':
      return castValue(target, 'text', text)
    case 'real':
      return parseTypedText('double precision', text)
    case 'integer':
      if (typeof value !== 'number') {
        return castValue(target, 'numeric', roundNumeric(value, 0).coefficient)
      }
      return err(
        valueFailure(
          '0A000',
          `cannot convert ${Number.isNaN(value) ? 'NaN' : 'infinity'} to ${target.name}`,
        ),
      )
    case 'json':
      return ok(typeof value === 'number' ? `"${text}"` : text)
    default:
      return castValue(target, 'numeric', Number(text))
  }
}

function castToNumeric(target: CastTarget, read: Result<Numeric, DatabaseFailure>): Cast {
  if (!read.ok) return read
  const [precision, scale = 0] = target.modifiers
  const value = read.value
  if (typeof value === 'number') {
    if (precision === undefined || Number.isNaN(value)) return ok(ofNumeric(value))
    return overflow('A field with precision', precision, scale, 'cannot hold an infinite value.')
  }
  if (precision === undefined) return ok(ofNumeric(value))
  const rounded = roundNumeric(value, scale)
  const { coefficient } = rounded
  if ((coefficient < 0n ? -coefficient : coefficient) < 10n ** BigInt(precision)) {
    return ok(ofNumeric(rounded))
  }
  const limit = precision === scale ? '1' : `10^${precision - scale}`
  const rule = `must round to an absolute value less than ${limit}.`
  return overflow('A field with precision', precision, scale, rule)
}

function overflow(field: string, precision: number, scale: number, rule: string) {
  const details = `${field} ${precision}, scale ${scale} ${rule}`
  return err(valueFailure('22003', 'numeric field overflow', { details }))
}

/** Errors  22P02: a text that is no number; 42846: what numbers are not made of */
function numericAt(source: Uint8Array, type: number, at: number): Result<Numeric, DatabaseFailure> {
  switch (type) {
    case elementType.int:
    case elementType.long:
      return ok({ coefficient: numberAt(source, type, at) ?? 0n, scale: 0 })
    case elementType.double:
      return ofDouble(doubleAt(source, at))
    case elementType.decimal:
      return ok(decimal128At(source, at))
    case elementType.string:
    case elementType.symbol:
    case elementType.objectId:
      return ofText(jsonText(source, type, at))
    default: {
      const cast = castFrom(plainNumeric, '', source, type, at)
      return cast.ok ? ofText(String(cast.value)) : cast
    }
  }
}

function ofText(text: string): Result<Numeric, DatabaseFailure> {
  const checked = parseTypedText('numeric', text)
  if (!checked.ok) return checked
  const value = numericOfText(text)
  return value === null ? err(valueFailure('22003', 'value overflows numeric format')) : ok(value)
}

/** Rule  PostgreSQL takes the 15 digits over that a double is sure of */
function ofDouble(value: number): Result<Numeric, DatabaseFailure> {
  const short = Number.isFinite(value) ? String(Number(value.toPrecision(15))) : String(value)
  return ok(numericOfText(short) ?? value)
}

function ofNumeric(value: Numeric): CastResult {
  const text = numericText(value)
  return { json: typeof value === 'number' ? `"${text}"` : text, text }
}

function ofReal(value: number, text = realText(value)): CastResult {
  return { json: Number.isFinite(value) ? text : `"${text}"`, text }
}

/** Of 32 bits. */
function ofSingle(value: number): Cast {
  const single = Math.fround(value)
  if (Number.isFinite(value) && !Number.isFinite(single)) return beyond('overflow')
  return single === 0 && value !== 0 ? beyond('underflow') : ok(ofReal(single, singleText(single)))
}

function beyond(what: 'overflow' | 'underflow') {
  return err(valueFailure('22003', `value out of range: ${what}`))
}

function resultOf(target: CastTarget, cast: Result<TypedValue, DatabaseFailure>): Cast {
  if (!cast.ok) return cast
  if (target.name === 'real' && cast.value !== null) return ofSingle(Number(cast.value))
  return ok(shown(target, cast.value))
}

function shown(target: CastTarget, value: TypedValue): CastResult {
  if (value === null) return null
  switch (target.kind) {
    case 'integer':
    case 'numeric':
      return { json: String(value), text: String(value) }
    case 'real':
      return ofReal(Number(value))
    case 'boolean':
      return { json: String(value), text: value === true ? 't' : 'f' }
    case 'json':
      return { json: String(value), text: String(value) }
    case 'blob': {
      const bytes = value instanceof Uint8Array ? value : new Uint8Array()
      return quoted(`\\x${Buffer.from(bytes).toString('hex')}`)
    }
    case 'timestamp': {
      const text = String(value)
        .replace('T', ' ')
        .replace(/\+00:00$/, '+00')
      return { json: JSON.stringify(value), text }
    }
    case 'text':
    case 'uuid':
    case 'date':
    case 'time':
      return quoted(String(value))
    default:
      return assertNever(target.kind)
  }
}
