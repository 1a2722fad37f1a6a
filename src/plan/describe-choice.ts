/**
 * Words one relationship of an ambiguous embedding, as the details and the hint of PGRST201 list
 * them.
 */
import type { RelationshipChoice } from '../errors/api-error.ts'
import type { Relationship } from '../schema/relationships/relationship.ts'

/** Rule  PostgREST docs: resource_embedding (Disambiguation) */
export function describeChoice(relationship: Relationship): RelationshipChoice {
  const origin = relationship.origin.name
  const target = relationship.target.name
  const embedding = `${origin} with ${target}`
  if (relationship.kind === 'computed') {
    // not reachable while one function defines one relationship; told as well as can be
    return {
      cardinality: relationship.isToOne ? 'many-to-one' : 'one-to-many',
      embedding,
      relationship: `${relationship.routine.name}(${origin})`,
      hintTarget: relationship.routine.name,
    }
  }
  const { cardinality } = relationship
  if (cardinality.kind === 'many-to-many') {
    const { junction } = cardinality
    const first = `${junction.originConstraint}${list(junction.originColumns, 1)}`
    const second = `${junction.targetConstraint}${list(junction.targetColumns, 1)}`
    return {
      cardinality: cardinality.kind,
      embedding,
      relationship: `${junction.relation.name} using ${first} and ${second}`,
      hintTarget: `${target}!${junction.relation.name}`,
    }
  }
  const { constraint, columns } = cardinality
  return {
    cardinality: cardinality.kind,
    embedding,
    relationship: `${constraint} using ${origin}${list(columns, 0)} and ${target}${list(columns, 1)}`,
    hintTarget: `${target}!${constraint}`,
  }
}

function list(pairs: readonly (readonly [string, string])[], side: 0 | 1): string {
  return `(${pairs.map((pair) => pair[side]).join(', ')})`
}
