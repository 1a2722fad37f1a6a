/**
 * How two relations join: along a foreign key in either direction, through a junction, or by a
 * function that the schema's author wrote (a computed relationship).
 */
import type { QualifiedName } from '../../core/qualified-name.ts'

/** [column of the origin, column of the target] */
export type ColumnPair = readonly [string, string]

export interface Junction {
  readonly relation: QualifiedName
  readonly originConstraint: string
  readonly targetConstraint: string
  /** [column of the origin, column of the junction] */
  readonly originColumns: readonly ColumnPair[]
  /** [column of the target, column of the junction] */
  readonly targetColumns: readonly ColumnPair[]
}

export type Cardinality =
  | {
      readonly kind: 'many-to-one'
      readonly constraint: string
      readonly columns: readonly ColumnPair[]
    }
  | {
      readonly kind: 'one-to-many'
      readonly constraint: string
      readonly columns: readonly ColumnPair[]
    }
  | {
      readonly kind: 'one-to-one'
      readonly constraint: string
      readonly columns: readonly ColumnPair[]
      /** True when the origin is the referenced side. */
      readonly originIsParent: boolean
    }
  | { readonly kind: 'many-to-many'; readonly junction: Junction }

export interface KeyRelationship {
  readonly kind: 'key'
  readonly origin: QualifiedName
  readonly target: QualifiedName
  readonly isSelf: boolean
  readonly cardinality: Cardinality
  readonly originIsView: boolean
  readonly targetIsView: boolean
}

export interface ComputedRelationship {
  readonly kind: 'computed'
  readonly routine: QualifiedName
  readonly origin: QualifiedName
  readonly target: QualifiedName
  readonly isToOne: boolean
  readonly isSelf: boolean
}

export type Relationship = KeyRelationship | ComputedRelationship

export function isToOne(relationship: Relationship): boolean {
  if (relationship.kind === 'computed') return relationship.isToOne
  const { kind } = relationship.cardinality
  return kind === 'many-to-one' || kind === 'one-to-one'
}
