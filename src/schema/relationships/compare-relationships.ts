/**
 * The order of relationships in a snapshot's lists. Visible to clients: the message of an
 * ambiguous embedding (PGRST201) lists its choices in it.
 *
 * Rule  PostgREST docs: errors (PGRST201); v16.2 spec: EmbedDisambiguationSpec
 */
import { compareLists, compareTexts } from '../../core/compare-texts.ts'
import type { QualifiedName } from '../../core/qualified-name.ts'
import type { Cardinality, ColumnPair, Junction, Relationship } from './relationship.ts'

const cardinalities: readonly Cardinality['kind'][] = [
  'one-to-many',
  'many-to-one',
  'one-to-one',
  'many-to-many',
]

function compareFlags(a: boolean, b: boolean): number {
  return Number(a) - Number(b)
}

function compareNames(a: QualifiedName, b: QualifiedName): number {
  return compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name)
}

function comparePairs(a: ColumnPair, b: ColumnPair): number {
  return compareTexts(a[0], b[0]) || compareTexts(a[1], b[1])
}

function compareJunctions(a: Junction, b: Junction): number {
  return (
    compareNames(a.relation, b.relation) ||
    compareTexts(a.originConstraint, b.originConstraint) ||
    compareTexts(a.targetConstraint, b.targetConstraint) ||
    compareLists(a.originColumns, b.originColumns, comparePairs) ||
    compareLists(a.targetColumns, b.targetColumns, comparePairs)
  )
}

function compareCardinalities(a: Cardinality, b: Cardinality): number {
  if (a.kind === 'many-to-many' || b.kind === 'many-to-many') {
    return a.kind === 'many-to-many' && b.kind === 'many-to-many'
      ? compareJunctions(a.junction, b.junction)
      : compareFlags(a.kind === 'many-to-many', b.kind === 'many-to-many')
  }
  return (
    cardinalities.indexOf(a.kind) - cardinalities.indexOf(b.kind) ||
    compareTexts(a.constraint, b.constraint) ||
    compareLists(a.columns, b.columns, comparePairs) ||
    compareFlags(
      a.kind === 'one-to-one' && a.originIsParent,
      b.kind === 'one-to-one' && b.originIsParent,
    )
  )
}

export function compareRelationships(a: Relationship, b: Relationship): number {
  if (a.kind === 'key' && b.kind === 'key') {
    return (
      compareNames(a.origin, b.origin) ||
      compareNames(a.target, b.target) ||
      compareFlags(a.isSelf, b.isSelf) ||
      compareCardinalities(a.cardinality, b.cardinality) ||
      compareFlags(a.originIsView, b.originIsView) ||
      compareFlags(a.targetIsView, b.targetIsView)
    )
  }
  if (a.kind === 'computed' && b.kind === 'computed') {
    return (
      compareNames(a.routine, b.routine) ||
      compareNames(a.origin, b.origin) ||
      compareNames(a.target, b.target) ||
      compareFlags(a.isToOne, b.isToOne) ||
      compareFlags(a.isSelf, b.isSelf)
    )
  }
  return a.kind === 'key' ? -1 : 1
}
