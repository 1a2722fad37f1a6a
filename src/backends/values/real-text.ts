/**
 * Floating point numbers as PostgreSQL writes them: the fewest digits that mean the same number, and
 * exponents of two digits at least, where there are more digits before the point than the type is sure
 * of.
 */

/**
 * A `double precision`.
 *
 * Shape  `0.1`, `-0`, `1e+15`, `1e-05`, `NaN`, `-Infinity`
 */
export function realText(value: number): string {
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-4 && magnitude < 1e15) return String(value)
  return specialText(value) ?? exponentText(value.toExponential())
}

/**
 * A `real`, of a number that is one (`Math.fround`).
 *
 * Shape  `0.33333334`, `999999`, `1e+06`
 */
export function singleText(value: number): string {
  const special = specialText(value)
  if (special !== null) return special
  let digits = 0
  while (Math.fround(Number(value.toExponential(digits))) !== value) digits += 1
  const shortest = Number(value.toExponential(digits))
  const magnitude = Math.abs(shortest)
  const isPlain = magnitude >= 1e-4 && magnitude < 1e6
  return isPlain ? String(shortest) : exponentText(shortest.toExponential())
}

/** Of zeros and what is no number. */
function specialText(value: number): string | null {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  return Number.isFinite(value) ? null : String(value)
}

function exponentText(exponential: string): string {
  const [digits = '', exponent = ''] = exponential.split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`
}
