/**
 * Who may do what, as an operator wrote it down: roles, what they are granted, and which rows they
 * see and write. Names are text; what they mean in a database is found out by `access-rules.ts`.
 */
import type { At, LogicTree } from '../api/api-request.ts'

export const accessActions = ['select', 'insert', 'update', 'delete'] as const
export type AccessAction = (typeof accessActions)[number]

/** Everybody has what is granted to this one. It is no role that a request could have. */
export const publicRole = 'public'

export interface RoleEntry {
  readonly inherits: readonly string[]
  /** Its requests see and write all rows. Not inherited. */
  readonly bypassPolicies: boolean
}

export interface RelationGrant {
  readonly kind: 'relation'
  readonly roles: readonly string[]
  readonly relations: readonly string[]
  readonly actions: readonly AccessAction[]
  /** Null: all, those to come too. */
  readonly columns: readonly string[] | null
}

export interface FunctionGrant {
  readonly kind: 'function'
  readonly roles: readonly string[]
  readonly functions: readonly string[]
}

export type Grant = RelationGrant | FunctionGrant

/** One value that a condition compares with. */
export type OperandPart =
  | { readonly kind: 'text'; readonly text: string }
  /** Names of members, from the outermost. */
  | { readonly kind: 'claim'; readonly path: readonly string[] }
  | { readonly kind: 'role' }

/** What stands for one slot of a predicate. */
export type PolicyOperand =
  | { readonly kind: 'one'; readonly part: OperandPart }
  /** The members of a list. */
  | { readonly kind: 'many'; readonly parts: readonly OperandPart[] }
  /** A claim that is the list. */
  | { readonly kind: 'list'; readonly path: readonly string[] }

/** Conditions that have to hold together. A slot is an index into `operands`. */
export interface Predicate {
  readonly conditions: readonly At<LogicTree>[]
  readonly operands: readonly PolicyOperand[]
}

export interface Policy {
  readonly name: string
  readonly roles: readonly string[]
  readonly relation: string
  readonly actions: readonly AccessAction[]
  readonly restrictive: boolean
  /** Of rows that are there. Null where it is for inserting only. */
  readonly using: Predicate | null
  /** Of rows as they will be: `with_check`, else `using`. */
  readonly check: Predicate | null
}

export interface PolicyRegistry {
  readonly roles: ReadonlyMap<string, RoleEntry>
  readonly grants: readonly Grant[]
  readonly policies: readonly Policy[]
}
