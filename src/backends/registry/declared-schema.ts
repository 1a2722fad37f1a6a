/**
 * `declared-schema` and `declared-relationships`: what an operator says of collections and of how
 * they join, on an engine without declared columns and foreign keys. Whether there is what they name
 * is found out by a load, and what is not there yet is no error: collections come with their first
 * document.
 */
import type { ColumnPair } from '../../schema/relationships/relationship.ts'
import type { RegisteredType } from './registered-type.ts'

/** What identifies documents where nothing else is said; only these engines have it. */
export type DeclaredType = 'objectid' | RegisteredType

export interface DeclaredColumn {
  readonly name: string
  /** The field that it is stored in. */
  readonly field: string
  /** Null: as it is found out. */
  readonly type: DeclaredType | null
  /** Null: as it is found out. */
  readonly isNullable: boolean | null
  /** JSON text of what a new row has where nothing is given; null: nothing. */
  readonly defaultJson: string | null
  readonly comment: string | null
}

export interface DeclaredRelation {
  /** Of the first schema, or of another with that in front: `shop.orders`. */
  readonly name: string
  readonly comment: string | null
  readonly columns: readonly DeclaredColumn[]
  /** Null: the engine's own. */
  readonly primaryKey: readonly string[] | null
  /** It has these columns and no others. */
  readonly isClosed: boolean
}

/** A key of one relation in another: the columns of `from` hold values of those of `to`. */
export interface DeclaredKey {
  readonly kind: 'key'
  readonly name: string
  readonly from: string
  readonly to: string
  /** [column of `from`, column of `to`] */
  readonly columns: readonly ColumnPair[]
  /** No two rows of `from` hold the same. */
  readonly isUnique: boolean
}

/** Two keys in a relation between. */
export interface DeclaredJunction {
  readonly kind: 'junction'
  readonly name: string
  readonly from: string
  readonly to: string
  readonly through: string
  /** [column of `through`, column of `from`] */
  readonly fromColumns: readonly ColumnPair[]
  /** [column of `through`, column of `to`] */
  readonly toColumns: readonly ColumnPair[]
}

export type DeclaredRelationship = DeclaredKey | DeclaredJunction

export interface Declarations {
  readonly relations: readonly DeclaredRelation[]
  readonly relationships: readonly DeclaredRelationship[]
}
