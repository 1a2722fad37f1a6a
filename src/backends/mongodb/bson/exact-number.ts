/**
 * Numbers that keep every digit and their scale, as PostgreSQL's `numeric` does: read from Decimal128,
 * rounded, divided and written without passing through floating point.
 */
import { int32At, uint32At } from './bson-element.ts'

/** `coefficient` / 10^`scale`; the scale is not negative. */
export interface ExactNumber {
  readonly coefficient: bigint
  readonly scale: number
}

/** NaN and the infinities are no exact numbers. */
export type Numeric = ExactNumber | number

const largestCoefficient = 10n ** 34n - 1n

/** Rule  IEEE 754-2008, decimal128 with a binary integer coefficient; one that is too large is 0 */
export function decimal128At(source: Uint8Array, at: number): Numeric {
  const high = int32At(source, at + 12)
  if ((high & 0x7c000000) === 0x7c000000) return Number.NaN
  if ((high & 0x78000000) === 0x78000000) return high < 0 ? -Infinity : Infinity
  const isLarge = (high & 0x60000000) === 0x60000000
  const exponent = ((high >>> (isLarge ? 15 : 17)) & 0x3fff) - 6176
  const magnitude = isLarge ? 0n : coefficientAt(source, at, high & 0x1ffff)
  const signed = high < 0 ? -magnitude : magnitude
  return shifted(magnitude > largestCoefficient ? 0n : signed, -exponent)
}

function coefficientAt(source: Uint8Array, at: number, top: number): bigint {
  const words = [top, uint32At(source, at + 8), uint32At(source, at + 4), uint32At(source, at)]
  return words.reduce((sum, word) => (sum << 32n) | BigInt(word), 0n)
}

/** A negative scale is zeros before the point. */
function shifted(coefficient: bigint, scale: number): ExactNumber {
  if (scale >= 0) return { coefficient, scale }
  return { coefficient: coefficient * 10n ** BigInt(-scale), scale: 0 }
}

/** PostgreSQL's numbers have that many digits before the point at most. */
const largestExponent = 131_072

/**
 * `text` is a number as JSON and PostgreSQL write them: `-1.50`, `1e3`, `.5`, `NaN`, `Infinity`. Null:
 * larger than a `numeric` can be.
 */
export function numericOfText(text: string): Numeric | null {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^\s*([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?\s*$/i.exec(text) ?? []
  if (sign === undefined) return Number(text.replace(/inf(?:inity)?/i, 'Infinity'))
  const magnitude = BigInt(`0${whole}${fraction}`)
  const length = whole.length + fraction.length
  if (length + Math.abs(Number(exponent)) > largestExponent) return null
  const scale = fraction.length - Number(exponent)
  return shifted(sign === '-' ? -magnitude : magnitude, scale)
}

/** Halves go away from zero. */
export function roundNumeric(value: ExactNumber, scale: number): ExactNumber {
  if (scale >= value.scale) {
    return { coefficient: value.coefficient * 10n ** BigInt(scale - value.scale), scale }
  }
  const divisor = 10n ** BigInt(value.scale - scale)
  return { coefficient: dividedRounded(value.coefficient, divisor), scale }
}

function dividedRounded(dividend: bigint, divisor: bigint): bigint {
  const isNegative = dividend < 0n !== divisor < 0n
  const above = dividend < 0n ? -dividend : dividend
  const below = divisor < 0n ? -divisor : divisor
  const quotient = (2n * above + below) / (2n * below)
  return isNegative ? -quotient : quotient
}

/** Plain digits, never an exponent. Zero has no sign. */
export function numericText(value: Numeric): string {
  if (typeof value === 'number') return String(value)
  const { coefficient, scale } = value
  const digits = (coefficient < 0n ? -coefficient : coefficient).toString().padStart(scale + 1, '0')
  const sign = coefficient < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/**
 * The quotient with as many digits as PostgreSQL gives it: 16 significant ones at least, counted in
 * its groups of four, and not fewer behind the point than either number has.
 *
 * Rule  PostgreSQL's numeric.c: select_div_scale; `divisor` is not 0
 */
export function divideNumeric(dividend: ExactNumber, divisor: ExactNumber): ExactNumber {
  const above = leadingGroup(dividend)
  const below = leadingGroup(divisor)
  const weight = above.weight - below.weight - (above.group <= below.group ? 1 : 0)
  const scale = Math.min(Math.max(16 - 4 * weight, dividend.scale, divisor.scale, 0), 1000)
  const power = scale + divisor.scale - dividend.scale
  const shift = 10n ** BigInt(Math.abs(power))
  const coefficient =
    power >= 0
      ? dividedRounded(dividend.coefficient * shift, divisor.coefficient)
      : dividedRounded(dividend.coefficient, divisor.coefficient * shift)
  return { coefficient, scale }
}

/** Of the number in groups of four digits around its point: the first that is not 0, and its place. */
function leadingGroup(value: ExactNumber): { readonly weight: number; readonly group: number } {
  if (value.coefficient === 0n) return { weight: 0, group: 0 }
  const [whole = '', fraction = ''] = numericText(value).replace('-', '').split('.')
  const groups = whole.padStart(Math.ceil(whole.length / 4) * 4, '0')
  const all = groups + fraction.padEnd(Math.ceil(fraction.length / 4) * 4, '0')
  const first = Math.floor(all.search(/[1-9]/) / 4)
  return {
    weight: groups.length / 4 - 1 - first,
    group: Number(all.slice(first * 4, first * 4 + 4)),
  }
}
