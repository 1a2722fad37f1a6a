/**
 * Texts as values of a type, by PostgreSQL's rules and with its messages: operands of filters, and
 * casts. For engines that would make something else of a wrong text (0 of `abc`), or compare a
 * value of another type and find nothing.
 */
import { isJson } from '../../core/json/is-json.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { DatabaseFailure } from '../../errors/api-error.ts'
import { momentText } from './moment.ts'
import { readMoment, type TemporalType } from './parse-date-time.ts'
import { trimBlanks } from './trim-blanks.ts'
import type { TypedValue } from './typed-value.ts'
import { valueFailure } from './value-failure.ts'
import type { ValueKind } from './value-kind.ts'

export type TypedText = Result<TypedValue, DatabaseFailure>

/** Names as PostgreSQL's messages say them. */
export const parsedTypes = [
  'smallint',
  'integer',
  'bigint',
  'double precision',
  'numeric',
  'boolean',
  'uuid',
  'date',
  'time',
  'timestamp',
  'timestamp with time zone',
  'json',
  'bytea',
  'text',
] as const
export type ParsedType = (typeof parsedTypes)[number]

/** The type whose grammar a text follows; `type` is the column's base type or a cast's name. */
export function parsedTypeOf(kind: Exclude<ValueKind, 'any'>, type: string): ParsedType {
  switch (kind) {
    case 'integer':
      return type === 'smallint' || type === 'bigint' ? type : 'integer'
    case 'real':
      return 'double precision'
    case 'blob':
      return 'bytea'
    case 'timestamp':
      return type === 'timestamp with time zone' ? type : kind
    default:
      return kind
  }
}

export function parseTypedText(type: ParsedType, text: string): TypedText {
  switch (type) {
    case 'smallint':
    case 'integer':
    case 'bigint':
      return parseInteger(type, text)
    case 'double precision':
    case 'numeric':
      return parseNumber(type, text)
    case 'boolean':
      return parseBoolean(text)
    case 'uuid':
      return parseUuid(text)
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamp with time zone':
      return parseMoment(type, text)
    case 'json':
      return isJson(text)
        ? ok(text)
        : err(valueFailure('22P02', 'invalid input syntax for type json'))
    case 'bytea':
      return parseBytes(text)
    case 'text':
      return ok(text)
  }
}

/** A moment in UTC, as PostgreSQL writes it. */
function parseMoment(type: TemporalType, text: string): TypedText {
  const read = readMoment(type, text, new Date())
  const shown = type === 'timestamp with time zone' ? 'timestamp' : type
  return read.ok ? ok(momentText(shown, read.value)) : read
}

function invalid(type: string, text: string) {
  return err(valueFailure('22P02', `invalid input syntax for type ${type}: "${text}"`))
}

export function outOfRange(type: string, text: string) {
  return err(valueFailure('22003', `value "${text}" is out of range for type ${type}`))
}

/** Rule  PostgreSQL manual: Lexical Structure, Numeric Constants */
const integer = /^([+-]?)(\d+(?:_\d+)*|0x(?:_?[\da-f]+)+|0o(?:_?[0-7]+)+|0b(?:_?[01]+)+)$/i

/** What is called an integer has 64 bits where it is not PostgreSQL that stores it. */
function parseInteger(type: ParsedType, text: string): TypedText {
  const [, sign, digits] = integer.exec(trimBlanks(text)) ?? []
  if (digits === undefined) return invalid(type, text)
  const magnitude = BigInt(digits.replaceAll('_', ''))
  const value = sign === '-' ? -magnitude : magnitude
  const bits = type === 'smallint' ? 16 : 64
  return BigInt.asIntN(bits, value) === value ? ok(value) : outOfRange(type, text)
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i

/** Whole numbers stay exact; the rest is what 64-bit floating point makes of it. */
function parseNumber(type: ParsedType, text: string): TypedText {
  const trimmed = trimBlanks(text)
  const special = /^([+-]?)inf(?:inity)?$/i.exec(trimmed)
  if (special !== null) return ok(special[1] === '-' ? -Infinity : Infinity)
  if (/^nan$/i.test(trimmed)) return ok(Number.NaN)
  if (!decimal.test(trimmed)) return invalid(type, text)
  const value = Number(trimmed)
  if (type === 'double precision') {
    return Number.isFinite(value) ? ok(value) : doubleOutOfRange(text)
  }
  return ok(asNumber(trimmed))
}

function doubleOutOfRange(text: string) {
  return err(valueFailure('22003', `"${text}" is out of range for type double precision`))
}

/** The number that a text of unknown type could stand for, or null for text that is no number. */
export function numberOfText(text: string): number | bigint | null {
  const trimmed = trimBlanks(text)
  return decimal.test(trimmed) ? asNumber(trimmed) : null
}

function asNumber(text: string): number | bigint {
  if (!/^[+-]?\d+$/.test(text)) return Number(text)
  const whole = BigInt(text.replace('+', ''))
  return BigInt.asIntN(64, whole) === whole ? whole : Number(text)
}

/** Rule  PostgreSQL manual: Boolean Type; unique prefixes are accepted */
function parseBoolean(text: string): TypedText {
  const word = trimBlanks(text).toLowerCase()
  if (/^(?:t|tr|tru|true|y|ye|yes|on|1)$/.test(word)) return ok(true)
  if (/^(?:f|fa|fal|fals|false|n|no|of|off|0)$/.test(word)) return ok(false)
  return invalid('boolean', text)
}

function parseUuid(text: string): TypedText {
  const digits = /^(\{?)((?:[0-9a-f]{4}-?){8})(\}?)$/i.exec(text)
  const [, open = '', body = '', close = ''] = digits ?? []
  if (digits === null || (open === '') !== (close === '') || body.endsWith('-')) {
    return invalid('uuid', text)
  }
  const hex = body.replaceAll('-', '').toLowerCase()
  return ok(hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
}

/** `\x6869`, or PostgreSQL's older escape form: text with `\\` and `\ooo`. */
function parseBytes(text: string): TypedText {
  if (text.startsWith('\\x')) {
    const hex = text.slice(2).replace(/\s/g, '')
    if (hex.length % 2 === 1 || /[^0-9a-f]/i.test(hex)) {
      return err(valueFailure('22023', 'invalid hexadecimal data in bytea'))
    }
    return ok(Buffer.from(hex, 'hex'))
  }
  if (/\\(?![\\]|[0-3][0-7]{2})/.test(text.replaceAll('\\\\', ''))) return invalid('bytea', text)
  const bytes = [...text.matchAll(/\\(\\|[0-3][0-7]{2})|[^\\]+/gsu)].map(([whole, escaped]) => {
    if (escaped === undefined) return Buffer.from(whole)
    return escaped === '\\' ? Buffer.from('\\') : Buffer.from([Number.parseInt(escaped, 8)])
  })
  return ok(Buffer.concat(bytes))
}
