/**
 * Checks that several kinds of requests share; each planner calls them where the release does,
 * since the first failure is the answer.
 */
import type { Preferences } from '../api/api-request.ts'
import type { Relation, SchemaSnapshot } from '../cache/schema-snapshot.ts'
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'

/** Errors  relation-not-found */
export function findRelation(
  snapshot: SchemaSnapshot,
  name: QualifiedName,
): Result<Relation, ApiError> {
  const relation = snapshot.relations.get(nameKey(name))
  if (relation !== undefined) return ok(relation)
  return err({
    kind: 'relation-not-found',
    schema: name.schema,
    relation: name.name,
    suggestion: snapshot.suggestRelation(name),
  })
}

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
