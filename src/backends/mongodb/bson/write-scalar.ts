/**
 * Single values as PostgreSQL writes them: digits of numbers, moments, bytes. Nothing is quoted here:
 * `write-json-value.ts` and `write-text-value.ts` put around it what their form wants.
 */
import { realText } from '../../values/real-text.ts'
import { doubleAt, int32At, int64At, uint32At } from './bson-element.ts'
import type { ByteWriter } from './byte-writer.ts'
import { decimal128At, numericText } from './exact-number.ts'

export function writeLong(out: ByteWriter, source: Uint8Array, at: number): void {
  const value = safeLongAt(source, at)
  if (value === null) out.ascii(String(int64At(source, at)))
  else out.integer(value)
}

/** Null: beyond 2^53. */
function safeLongAt(source: Uint8Array, at: number): number | null {
  const high = int32At(source, at + 4)
  return high >= -0x200000 && high < 0x200000 ? high * 2 ** 32 + uint32At(source, at) : null
}

export function writeDouble(out: ByteWriter, source: Uint8Array, at: number): void {
  const value = doubleAt(source, at)
  const isSmallInteger = (value | 0) === value && !Object.is(value, -0)
  if (isSmallInteger) out.integer(value)
  else out.ascii(realText(value))
}

export function writeDecimal(out: ByteWriter, source: Uint8Array, at: number): void {
  if (!writeShortDecimal(out, source, at)) out.ascii(numericText(decimal128At(source, at)))
}

/** Most decimals are amounts of few digits, which need no large numbers. False: not this one. */
function writeShortDecimal(out: ByteWriter, source: Uint8Array, at: number): boolean {
  const high = int32At(source, at + 12)
  const scale = 6176 - ((high >>> 17) & 0x3fff)
  const coefficient = int32At(source, at)
  const isShort = (int32At(source, at + 4) | int32At(source, at + 8) | (high & 0x1ffff)) === 0
  if (!isShort || coefficient <= 0 || scale < 0 || scale > 9) return false
  if (high < 0) out.byte(0x2d)
  const power = 10 ** scale
  out.integer(Math.floor(coefficient / power))
  if (scale > 0) {
    out.byte(0x2e)
    out.padded(coefficient % power, scale)
  }
  return true
}

const msPerDay = 86_400_000

/**
 * Shape   `json`: 2024-01-05T00:00:00.123+00:00, `text`: 2024-01-05 00:00:00.123+00; years before the
 *         first end in ` BC`, zeros at the end of a fraction are cut
 */
export function writeDate(
  out: ByteWriter,
  source: Uint8Array,
  at: number,
  form: 'json' | 'text',
): void {
  const { days, ms } = dayAt(source, at)
  const { year, month, day } = civilDate(days)
  out.padded(year > 0 ? year : 1 - year, 4)
  out.byte(0x2d)
  out.twoDigits(month)
  out.byte(0x2d)
  out.twoDigits(day)
  out.byte(form === 'json' ? 0x54 : 0x20)
  out.twoDigits(Math.floor(ms / 3_600_000))
  out.byte(0x3a)
  out.twoDigits(Math.floor(ms / 60_000) % 60)
  out.byte(0x3a)
  out.twoDigits(Math.floor(ms / 1000) % 60)
  writeFraction(out, ms % 1000)
  out.ascii(form === 'json' ? '+00:00' : '+00')
  if (year <= 0) out.ascii(' BC')
}

function writeFraction(out: ByteWriter, ms: number): void {
  if (ms === 0) return
  out.byte(0x2e)
  if (ms % 10 !== 0) out.padded(ms, 3)
  else if (ms % 100 !== 0) out.padded(ms / 10, 2)
  else out.integer(ms / 100)
}

/** BSON counts milliseconds in 64 bits, which is more than a `Date` holds. */
function dayAt(source: Uint8Array, at: number): { readonly days: number; readonly ms: number } {
  const value = safeLongAt(source, at)
  if (value !== null) {
    const days = Math.floor(value / msPerDay)
    return { days, ms: value - days * msPerDay }
  }
  const exact = int64At(source, at)
  const perDay = BigInt(msPerDay)
  const ms = ((exact % perDay) + perDay) % perDay
  return { days: Number((exact - ms) / perDay), ms: Number(ms) }
}

/**
 * The date of a day counted from 1970-01-01, in the Gregorian calendar for all times.
 *
 * Rule  years are counted from March, so that the day of a leap year is the last one; 400 years have
 *       146,097 days
 */
function civilDate(days: number): {
  readonly year: number
  readonly month: number
  readonly day: number
} {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const ofEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  )
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153)
  const day = ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

/** Bytes of a `binary` value. `isUuid`: written with hyphens, else behind `\x`. */
export interface BinaryValue {
  readonly start: number
  readonly end: number
  readonly isUuid: boolean
}

export function binaryAt(source: Uint8Array, at: number): BinaryValue {
  const subtype = source[at + 4] ?? 0
  // the oldest subtype has its length in it once more
  const start = subtype === 2 ? at + 9 : at + 5
  const end = at + 5 + int32At(source, at)
  return { start, end, isUuid: subtype === 4 && end - start === 16 }
}

export function writeUuid(out: ByteWriter, source: Uint8Array, start: number): void {
  for (const [from, to] of uuidParts) {
    if (from > 0) out.byte(0x2d)
    out.hex(source, start + from, start + to)
  }
}

const uuidParts = [
  [0, 4],
  [4, 6],
  [6, 8],
  [8, 10],
  [10, 16],
] as const
