/**
 * Floating point numbers as PostgreSQL writes them: the fewest digits that mean the same number, and
 * exponents of two digits at least, from 15 digits before the point on.
 */

/** Shape  `0.1`, `-0`, `1e+15`, `1e-05`, `NaN`, `-Infinity` */
export function realText(value: number): string {
  const magnitude = Math.abs(value)
  if ((magnitude >= 1e-4 && magnitude < 1e15) || !Number.isFinite(value)) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponent = ''] = value.toExponential().split('e')
  const sign = exponent.startsWith('-') ? '-' : '+'
  return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`
}
