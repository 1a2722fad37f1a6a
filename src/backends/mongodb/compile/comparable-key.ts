/**
 * A value as a text that is equal for the values that MongoDB holds to be equal, as a unique index
 * does: numbers by what they are worth, whatever their type, all else by type and value.
 */
import { Binary, BSON, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb'

/** Shape   5, Long 5, 5.0 and Decimal128 `5.00` → `n5`; `'5'` → `s5` */
export function comparableKey(value: unknown): string {
  if (typeof value === 'string') return `s${value}`
  if (value instanceof Int32 || value instanceof Double) return numberKey(value.value)
  if (typeof value === 'number') return numberKey(value)
  if (typeof value === 'bigint' || value instanceof Long) return `n${value.toString()}`
  if (value instanceof Decimal128) return decimalKey(value.toString())
  if (value instanceof ObjectId) return `o${value.toHexString()}`
  if (value instanceof Date) return `d${value.getTime()}`
  if (value instanceof Binary) return `b${value.sub_type}:${value.toString('base64')}`
  if (Array.isArray(value)) return `l${JSON.stringify(value.map(comparableKey))}`
  if (value instanceof Map) {
    return `m${JSON.stringify([...value].map(([name, member]) => [name, comparableKey(member)]))}`
  }
  return `e${BSON.EJSON.stringify(value, { relaxed: false })}`
}

/** More digits than any double has. */
const allDigits = 100

function numberKey(value: number): string {
  if (Number.isInteger(value)) return `n${BigInt(value)}`
  if (!Number.isFinite(value)) return `n${value}`
  return decimalKey(value.toPrecision(allDigits))
}

/** Without the zeros that say nothing, and without an exponent. */
function decimalKey(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text) ?? []
  if (whole === '') return `n${text}`
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return 'n0'
  const kept = digits.replace(/0+$/, '')
  // the value is 0.<kept> × 10^point
  const point = digits.length - fraction.length + Number(exponent)
  if (point < kept.length) return `n${sign}${kept}p${point}`
  // a long exponent would make a long text
  return point > allDigits ? `n${sign}${kept}p${point}` : `n${sign}${kept.padEnd(point, '0')}`
}
