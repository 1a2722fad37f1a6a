/**
 * A value as a configuration file spells it, and how PostgREST reads one as text, number or
 * boolean. Values of the environment and of the database are always text.
 */
export type FileValue = string | number | boolean | readonly FileValue[]

/** Text of any value: another type is shown in PostgREST's notation, e.g. `Bool False`. */
export function fileValueText(value: FileValue): string {
  return typeof value === 'string' ? value : shown(value)
}

const longestShown = 60

/** An address, or keywords with values, as a database is named: it may have a password in it. */
export function mayHoldPassword(text: string): boolean {
  return /[@=]|:\/\//.test(text)
}

/** As a message quotes it; null where it could hold a password, as addresses do. */
export function shownValue(value: FileValue): string | null {
  if (typeof value === 'object') return 'a list'
  if (typeof value !== 'string') return String(value)
  if (mayHoldPassword(value)) return null
  return JSON.stringify(value.length > longestShown ? `${value.slice(0, longestShown)}…` : value)
}

/** A whole number, also one in text; null for everything else. */
export function integerOf(value: FileValue): number | null {
  const number =
    typeof value === 'string' && /^\s*-?\d+\s*$/.test(value) ? Number(value.trim()) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null
}

/**
 * Of a text only the letters count, in any case, so that `"true"` in extra quotes is true; a number
 * in text is true above 0. Null for everything else, a bare number included.
 */
export function booleanOf(value: FileValue): boolean | null {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return null
  const letters = value.replace(/\P{L}/gu, '').toLowerCase()
  if (letters === 'true') return true
  if (letters === 'false') return false
  const number = integerOf(value)
  return number === null ? null : number > 0
}

function shown(value: FileValue): string {
  if (typeof value === 'string') return `String ${JSON.stringify(value)}`
  if (typeof value === 'boolean') return value ? 'Bool True' : 'Bool False'
  if (typeof value === 'number') {
    return value < 0 ? `Number (${shownNumber(value)})` : `Number ${shownNumber(value)}`
  }
  return `List [${value.map(shown).join(',')}]`
}

/** Always with a decimal point; with an exponent outside of 0.1 to ten million. */
function shownNumber(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 0.1 || size >= 1e7)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e')
    return `${withPoint(mantissa)}e${exponent.replace('+', '')}`
  }
  return withPoint(String(value))
}

function withPoint(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`
}
