/**
 * Texts of numbers as the numbers that BSON has. No digit is lost on the way: what does not fit is
 * refused.
 */
import { Decimal128, Double, Int32, Long } from 'mongodb'
import type { BsonNumber } from './bson-value.ts'

/** As JSON and PostgreSQL write numbers; the words for what is none apart. */
const written = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i

const mostDigits = 34
const leastExponent = -6176
const greatestExponent = 6111

/**
 * `text` is a number, `NaN` or an infinity, as PostgreSQL reads them. Its scale is kept where there is
 * room for it. Null: it needs more than 34 digits, or a larger exponent.
 */
export function decimalOfText(text: string): Decimal128 | null {
  const [, sign, whole = '', fraction = '', power = '0'] = written.exec(text.trim()) ?? []
  if (sign === undefined) return Decimal128.fromString(wordOf(text))
  const digits = withoutLeadingZeros(whole + fraction)
  const exponent = Number(power) - fraction.length
  const fitted = digits === '' ? fitZero(exponent) : fitDigits(digits, exponent)
  if (fitted === null) return null
  return Decimal128.fromString(`${sign}${fitted.digits}E${fitted.exponent}`)
}

interface Digits {
  readonly digits: string
  readonly exponent: number
}

function fitZero(exponent: number): Digits {
  return { digits: '0', exponent: Math.min(Math.max(exponent, leastExponent), 0) }
}

/** Zeros at the end go where there are too many digits, and come where the exponent is too large. */
function fitDigits(digits: string, exponent: number): Digits | null {
  const surplus = Math.max(digits.length - mostDigits, leastExponent - exponent)
  if (surplus > 0) {
    const cut = digits.length - surplus
    return cut > 0 && isZeros(digits, cut) ? padded(digits.slice(0, cut), exponent + surplus) : null
  }
  return padded(digits, exponent)
}

function padded(digits: string, exponent: number): Digits | null {
  const missing = Math.max(exponent - greatestExponent, 0)
  if (digits.length + missing > mostDigits) return null
  return { digits: digits + '0'.repeat(missing), exponent: exponent - missing }
}

function isZeros(digits: string, from: number): boolean {
  for (let at = from; at < digits.length; at += 1) if (digits[at] !== '0') return false
  return true
}

function withoutLeadingZeros(digits: string): string {
  let at = 0
  while (digits[at] === '0') at += 1
  return digits.slice(at)
}

function wordOf(text: string): string {
  const word = text.trim().toLowerCase()
  if (word === 'nan') return 'NaN'
  return word.startsWith('-') ? '-Infinity' : 'Infinity'
}

/** Shape  Int32 where it has 32 bits; null: more than 64 */
export function integerOf(value: bigint): Int32 | Long | null {
  if (BigInt.asIntN(32, value) === value) return new Int32(Number(value))
  return BigInt.asIntN(64, value) === value ? Long.fromBigInt(value) : null
}

/**
 * What a JSON number is stored as where nothing says otherwise: digits alone as an integer, all else as
 * the double that has the same digits, or else as a decimal. Null: none has.
 */
export function numberOfJson(text: string): BsonNumber | null {
  if (/^-?\d{1,19}$/.test(text)) {
    const integer = integerOf(BigInt(text))
    if (integer !== null) return integer
  }
  const double = Number(text)
  if (Number.isFinite(double) && significant(text) === significant(String(double))) {
    return new Double(double)
  }
  return decimalOfText(text)
}

/** The number's digits and power of ten, in one form for all spellings. */
function significant(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] = written.exec(text) ?? []
  const digits = withoutLeadingZeros(whole + fraction)
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end -= 1
  if (end === 0) return '0'
  return `${sign}${digits.slice(0, end)}e${Number(power) - fraction.length + digits.length - end}`
}
