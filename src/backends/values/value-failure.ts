/**
 * What PostgreSQL says of a value, a type or an operator that it does not take: engines that have
 * no such words of their own answer with these.
 */
import type { DatabaseFailure } from '../../errors/api-error.ts'

export function valueFailure(
  sqlState: string,
  message: string,
  more: Partial<Pick<DatabaseFailure, 'details' | 'hint'>> = {},
): DatabaseFailure {
  return { sqlState, message, details: null, hint: null, ...more }
}
