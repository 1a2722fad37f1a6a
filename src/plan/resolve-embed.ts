/**
 * Finds the relationship that an embed means: by the related relation's name, by a foreign key's
 * name or column, or by a computed relationship's function, with a hint where several fit.
 * The snapshot holds the relationships, junctions and views included; here one is chosen.
 */
import { nameKey, qualifiedName } from '../core/qualified-name.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import type { KeyRelationship, Relationship } from '../schema/relationships/relationship.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { describeChoice } from './describe-choice.ts'
import { suggestRelationship } from './suggest-name.ts'

/** `/origin?select=target!hint(*)` */
export interface EmbedTarget {
  readonly schema: string
  readonly origin: string
  readonly target: string
  readonly hint: string | null
}

/**
 * Errors  relationship-not-found, ambiguous-relationship
 * Rule    PostgREST docs: resource_embedding (Foreign Key Joins, Disambiguation)
 */
export function resolveEmbed(
  snapshot: SchemaSnapshot,
  embed: EmbedTarget,
): Result<Relationship, ApiError> {
  const { schema, origin, target, hint } = embed
  const candidates = snapshot.relationships
    .get(nameKey(qualifiedName(schema, origin)))
    ?.get(schema)
    ?.filter((relationship) => fits(relationship, target, hint))
  const [first, ...others] = candidates ?? []
  if (first === undefined) {
    return err({
      kind: 'relationship-not-found',
      origin,
      target,
      hint,
      schema,
      suggestion: suggestRelationship(snapshot, schema, origin, target),
    })
  }
  if (others.length > 0) {
    return err({
      kind: 'ambiguous-relationship',
      origin,
      target,
      choices: [first, ...others].map(describeChoice),
    })
  }
  return ok(first)
}

function fits(relationship: Relationship, target: string, hint: string | null): boolean {
  if (relationship.kind === 'computed') return relationship.routine.name === target
  if (relationship.isSelf) return fitsSelf(relationship, target, hint)
  const namesTarget = relationship.target.name === target
  if (hint === null) {
    // keys and columns mean tables only, or a view over the table would make them ambiguous
    return namesTarget || (!relationship.targetIsView && isKeyOrColumn(relationship, target))
  }
  return (
    namesTarget &&
    (isKeyOrColumn(relationship, hint) ||
      singleColumn(relationship)?.target === hint ||
      junctionName(relationship) === hint)
  )
}

/**
 * One foreign key of a relation to itself is two relationships. The relation's name means its
 * children, the key's column its parent; a hint chooses among several keys to children.
 */
function fitsSelf(relationship: KeyRelationship, target: string, hint: string | null): boolean {
  const { kind } = relationship.cardinality
  const column = singleColumn(relationship)
  if (relationship.target.name === target && kind === 'one-to-many') {
    return hint === null || column?.target === hint
  }
  return hint === null && kind === 'many-to-one' && column?.origin === target
}

function isKeyOrColumn(relationship: KeyRelationship, name: string): boolean {
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many') return false
  return cardinality.constraint === name || singleColumn(relationship)?.origin === name
}

/** The two columns of a key that has one pair only. */
function singleColumn(
  relationship: KeyRelationship,
): { readonly origin: string; readonly target: string } | null {
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many' || cardinality.columns.length !== 1) return null
  const [pair] = cardinality.columns
  return pair === undefined ? null : { origin: pair[0], target: pair[1] }
}

function junctionName(relationship: KeyRelationship): string | null {
  const { cardinality } = relationship
  return cardinality.kind === 'many-to-many' ? cardinality.junction.relation.name : null
}
