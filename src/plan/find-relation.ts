/**
 * Looks up the relation that a request is about. It comes before anything else that can be wrong
 * with a request's names.
 */

import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { noticeEmptySchema } from './notice-slips.ts'

/** Errors  relation-not-found */
export function findRelation(
  snapshot: SchemaSnapshot,
  name: QualifiedName,
): Result<Relation, ApiError> {
  const relation = snapshot.relations.get(nameKey(name))
  if (relation !== undefined) return ok(relation)
  const unreadable = snapshot.unreadableRelations.find(
    (each) => each.schema === name.schema && each.name === name.name && each.column === undefined,
  )
  return err({
    kind: 'relation-not-found',
    schema: name.schema,
    relation: name.name,
    suggestion: snapshot.suggestRelation(name),
    ...noticeEmptySchema(snapshot, name),
    ...(unreadable === undefined ? {} : { unreadableCause: unreadable.cause }),
  })
}
