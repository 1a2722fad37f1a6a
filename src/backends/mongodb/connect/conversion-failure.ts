/**
 * What the server says of a value that it cannot convert → what PostgreSQL says of one. The server does
 * not tell what it was to become, but for numbers, dates and ids in words of its own.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { valueFailure } from '../../values/value-failure.ts'

/** The type in PostgreSQL's words, and its SQLSTATE for a text that is none. */
const readings: readonly (readonly [RegExp, string, string])[] = [
  [/^Failed to parse number '([\s\S]*)' in \$convert/, 'numeric', '22P02'],
  [/^Failed to parse objectId '([\s\S]*)' in \$convert/, 'objectid', '22P02'],
  [/^Failed to parse BinData '([\s\S]*)' in \$convert/, 'bytea', '22P02'],
  [/^Error parsing date string '([\s\S]*?)'; \d+: /, 'timestamp with time zone', '22007'],
]

/** `message`: of the server's error 241, without the command in front. */
export function conversionFailure(message: string): DatabaseFailure {
  for (const [pattern, type, sqlState] of readings) {
    const text = pattern.exec(message)?.[1]
    if (text !== undefined) {
      return valueFailure(sqlState, `invalid input syntax for type ${type}: "${text}"`)
    }
  }
  const [, large] = /would overflow target type.*?: (\S+)$/.exec(message) ?? []
  if (large !== undefined) return valueFailure('22003', `value "${large}" is out of range`)
  const [, from, to] = /^Unsupported conversion from (\w+) to (\w+)/.exec(message) ?? []
  if (from !== undefined) return valueFailure('42846', `cannot cast type ${from} to ${to}`)
  return valueFailure('22P02', message)
}
