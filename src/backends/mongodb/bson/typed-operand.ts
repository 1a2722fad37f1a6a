/**
 * Texts of a request as BSON values: read as what a field stores, by PostgreSQL's grammars and with its
 * messages, or as all that they could be where nobody knows what a field stores.
 */
import { Binary, BSON, Double, Long, ObjectId, UUID } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { parseArrayLiteral } from '../../values/array-literal.ts'
import { momentMicros } from '../../values/moment.ts'
import { readMoment } from '../../values/parse-date-time.ts'
import { numberOfText, outOfRange, parseTypedText } from '../../values/parse-typed-text.ts'
import { escapeFailure } from '../../values/payload-records.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { BsonNumber, BsonValue } from './bson-value.ts'
import type { FieldKind } from './field-kind.ts'
import { infiniteDate } from './infinite-date.ts'
import { bsonOfJson } from './json-to-bson.ts'
import { decimalOfText, integerOf } from './number-of-text.ts'

type Read = Result<BsonValue, DatabaseFailure>

/**
 * An operand for a field of that kind. MongoDB compares numbers of all types with each other, so that
 * an integer has 64 bits. A moment has milliseconds and is rounded to them; an infinity is the first or
 * last one that BSON holds. Bytes are of the common subtype: `everySubtype` has the others. Fields that
 * may hold anything take the text as it is: `everyReading` has the others.
 *
 * Errors  22P02, 22003, 22007, 22008 …: no text of the type; 22021: a NUL; 0A000: a spelling of a
 *         moment that is not read
 */
export function readOperand(kind: FieldKind, text: string): Read {
  if (text.includes('\0')) {
    return err(valueFailure('22021', 'invalid byte sequence for encoding "UTF8": 0x00'))
  }
  switch (kind) {
    case 'int':
    case 'long':
      return readInteger(kind === 'int' ? 'integer' : 'bigint', text)
    case 'double':
      return readDouble(text)
    case 'decimal':
      return readDecimal(text)
    case 'bool': {
      const value = parseTypedText('boolean', text)
      return value.ok ? ok(value.value === true) : value
    }
    case 'date':
      return readDate(text)
    case 'dateText':
      return readTemporalText('date', text)
    case 'timeText':
      return readTemporalText('time', text)
    case 'timestampText':
      return readTemporalText('timestamp', text)
    case 'objectId':
      return readObjectId(text)
    case 'uuid': {
      const value = parseTypedText('uuid', text)
      return value.ok ? ok(new UUID(String(value.value))) : value
    }
    case 'binary': {
      const value = parseTypedText('bytea', text)
      if (!value.ok) return value
      return ok(new Binary(value.value instanceof Uint8Array ? value.value : new Uint8Array()))
    }
    case 'array':
      return readLiteral(text)
    case 'document':
      return readJson(text)
    case 'string':
    case 'other':
    case 'mixed':
    case 'any':
      return ok(text)
    default:
      return assertNever(kind)
  }
}

function readInteger(type: 'integer' | 'bigint', text: string): Read {
  const value = parseTypedText(type, text)
  if (!value.ok) return value
  return typeof value.value === 'bigint' ? ok(Long.fromBigInt(value.value)) : outOfRange(type, text)
}

function readDouble(text: string): Result<Double, DatabaseFailure> {
  const value = parseTypedText('double precision', text)
  return value.ok ? ok(new Double(Number(value.value))) : value
}

/** Errors  22P02; 22003: more than 34 digits, none of which is dropped */
function readDecimal(text: string): Read {
  const checked = parseTypedText('numeric', text)
  if (!checked.ok) return checked
  const value = decimalOfText(text)
  return value === null ? outOfRange('numeric', text) : ok(value)
}

function readDate(text: string): Result<Date, DatabaseFailure> {
  const read = readMoment('timestamp with time zone', text, new Date())
  if (!read.ok) return read
  if (read.value.kind === 'infinite') return ok(infiniteDate(read.value.sign))
  return ok(new Date(Math.round(Number(momentMicros(read.value)) / 1000)))
}

/** In the form in which it is stored: that of PostgreSQL's JSON. */
function readTemporalText(type: 'date' | 'time' | 'timestamp', text: string): Read {
  const value = parseTypedText(type, text)
  return value.ok ? ok(String(value.value).replace(' ', 'T')) : value
}

function readObjectId(text: string): Read {
  if (isObjectId(text)) return ok(new ObjectId(text))
  return err(valueFailure('22P02', `invalid input syntax for type objectid: "${text}"`))
}

function isObjectId(text: string): boolean {
  return /^[\da-f]{24}$/i.test(text)
}

/** Members as texts: what they are of is for the caller to know. */
function readLiteral(text: string): Read {
  return parseArrayLiteral(text)
}

/** Errors  22P02: no JSON; those of `bsonOfJson` */
function readJson(text: string): Read {
  const checked = parseTypedText('json', text)
  if (!checked.ok) return checked
  const escaped = escapeFailure(text)
  return escaped === null ? bsonOfJson(text) : err(escaped)
}

/**
 * All that a text could stand for in a field of which nothing is known: itself, and each value that is
 * shown with that text. A number that a double holds only nearly is a double and a decimal, which are
 * different numbers.
 *
 * Shape  `5` → '5', Int32(5); `0.1` → '0.1', Double(0.1), Decimal128(0.1); 24 hex digits → ObjectId too
 */
export function everyReading(text: string): readonly BsonValue[] {
  return [text, ...numberReadings(text), ...otherReadings(text)]
}

const numberWords: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity,
  '-Infinity': -Infinity,
}

function numberReadings(text: string): readonly BsonNumber[] {
  if (Object.hasOwn(numberWords, text)) return [new Double(numberWords[text] ?? Number.NaN)]
  const number = numberOfText(text)
  if (number === null) return []
  const isWhole = typeof number === 'bigint' || Number.isSafeInteger(number)
  const integer = isWhole ? integerOf(BigInt(number)) : null
  if (integer !== null) return [integer]
  const decimal = decimalOfText(text)
  const double = Number.isFinite(Number(number)) ? [new Double(Number(number))] : []
  return decimal === null ? double : [...double, decimal]
}

const uuidForm = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i

function otherReadings(text: string): readonly BsonValue[] {
  if (text === 'true' || text === 'false') return [text === 'true']
  if (isObjectId(text)) return [new ObjectId(text)]
  if (uuidForm.test(text)) return [new UUID(text)]
  if (/^\\x(?:[\da-f]{2})*$/i.test(text)) return everySubtype(Buffer.from(text.slice(2), 'hex'))
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return []
  const date = readDate(text)
  return date.ok ? [date.value] : []
}

/**
 * Those that BSON gives a meaning, and 128. Of the rest, 10 to 127 are reserved, and 129 to 255 are left
 * to applications as 128 is: a list of them all would be sent with each operand, for what hardly
 * anybody stores.
 */
const subtypes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 128]

const uuidLength = 16

/**
 * Bytes as each of these subtypes that shows them with the same text: to MongoDB these are different
 * values. Old drivers have stored UUIDs as subtype 3, others mark digests or vectors. UUIDs of subtype
 * 4 have a text of their own, where they are as long as a UUID.
 */
export function everySubtype(bytes: Uint8Array): readonly Binary[] {
  return subtypes
    .filter((subtype) => subtype !== Binary.SUBTYPE_UUID || bytes.length !== uuidLength)
    .map((subtype) => new Binary(bytes, subtype))
    .filter((value) => value.sub_type !== Binary.SUBTYPE_VECTOR || isSent(value))
}

/** The driver sends nothing as a vector that is none. */
function isSent(value: Binary): boolean {
  try {
    BSON.serialize({ value })
    return true
  } catch {
    return false
  }
}
