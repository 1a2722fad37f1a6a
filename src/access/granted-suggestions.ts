/**
 * Errors on names that are not there say what was perhaps meant. A role is told of what it is granted
 * something of, and of nothing else.
 */
import { qualifiedName } from '../core/qualified-name.ts'
import type { ApiError } from '../errors/api-error.ts'
import { suggestFunction, suggestRelationship } from '../plan/suggest-name.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import type { RoleAccess } from './access-rules.ts'
import { shownSchema } from './shown-schema.ts'

/** `access`: null for a role that occurs nowhere. */
export function withGrantedSuggestion(
  error: ApiError,
  access: RoleAccess | null,
  snapshot: SchemaSnapshot,
): ApiError {
  switch (error.kind) {
    case 'relation-not-found': {
      const { schema, suggestion } = error
      const isGranted =
        suggestion !== null && access?.relation(qualifiedName(schema, suggestion)) != null
      return isGranted ? error : { ...error, suggestion: null }
    }
    case 'relationship-not-found': {
      if (error.suggestion === null || access === null) return { ...error, suggestion: null }
      const { schema, origin, target } = error
      const shown = shownSchema(snapshot, access)
      return { ...error, suggestion: suggestRelationship(shown, schema, origin, target) }
    }
    case 'function-not-found': {
      if (error.suggestion === null || access === null) return { ...error, suggestion: null }
      const { schema, name, argumentNames } = error
      const shown = shownSchema(snapshot, access)
      const suggestion = suggestFunction(shown, qualifiedName(schema, name), argumentNames)
      return { ...error, suggestion }
    }
    default:
      return error
  }
}
