/**
 * Refuses unknown preferences under `handling=strict`. Each planner calls it where PostgREST checks
 * them, since the first failure is the answer.
 */
import type { Preferences } from '../api/api-request.ts'
import type { ApiError } from '../errors/api-error.ts'

/**
 * Errors  invalid-preferences
 * Rule    PostgREST docs: preferences (Strict or Lenient Handling)
 */
export function checkPreferences(preferences: Preferences): ApiError | null {
  const { invalid, handling } = preferences
  return handling === 'strict' && invalid.length > 0
    ? { kind: 'invalid-preferences', preferences: invalid }
    : null
}
