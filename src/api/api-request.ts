/**
 * What the client asked for, nothing resolved yet: names are text, relations may not exist.
 *
 * Values are kept apart from the shape. Wherever the grammar takes a value, the tree holds a slot,
 * an index into `ApiRequest.values`. Two requests that differ in values only have the same
 * `shapeKey`, so they share a plan and a compiled statement.
 */
import type { MediaType } from '../core/media-type.ts'
import type { QualifiedName } from '../core/qualified-name.ts'

/** Index into `ApiRequest.values`; below 0 it is one of `policyValues`: -1 the first, -2 the second. */
export type Slot = number
/** A text as sent, or the members of a list. A list member may be any text, the empty one included. */
export type SlotValue = string | readonly string[]

/** `->` keeps JSON, `->>` turns the last step into text; digits (with an optional minus) are an index. */
export interface JsonStep {
  readonly arrow: '->' | '->>'
  readonly key: string
  readonly isIndex: boolean
}

/** A column, computed field or `*`, with the path into its JSON. */
export interface FieldPath {
  readonly name: string
  readonly jsonPath: readonly JsonStep[]
}

export const aggregateFunctions = ['avg', 'count', 'max', 'min', 'sum'] as const
export type AggregateFunction = (typeof aggregateFunctions)[number]

/** `!inner` or `!left`; absent when the client gave none. */
export type JoinType = 'inner' | 'left'

export interface SelectField {
  readonly kind: 'field'
  readonly field: FieldPath
  readonly alias?: string
  /** `::type` before the aggregate, or the only one. Letters, digits, blanks and brackets as sent. */
  readonly cast?: string
  readonly aggregate?: AggregateFunction
  /** `::type` after the aggregate. */
  readonly aggregateCast?: string
}

export interface SelectEmbed {
  readonly kind: 'embed'
  /** `...relation(…)`: the embed's columns join the parent's. A spread has no alias. */
  readonly isSpread: boolean
  readonly target: string
  readonly alias?: string
  readonly hint?: string
  readonly join?: JoinType
  readonly select: readonly SelectItem[]
}

export type SelectItem = SelectField | SelectEmbed

export const comparisonOperators = [
  'eq',
  'gte',
  'gt',
  'lte',
  'lt',
  'like',
  'ilike',
  'match',
  'imatch',
] as const
/** Operators that take `(any)` and `(all)`. */
export type ComparisonOperator = (typeof comparisonOperators)[number]

export const simpleOperators = ['neq', 'cs', 'cd', 'ov', 'sl', 'sr', 'nxr', 'nxl', 'adj'] as const
export type SimpleOperator = (typeof simpleOperators)[number]

export const ftsOperators = ['fts', 'plfts', 'phfts', 'wfts'] as const
export type FtsOperator = (typeof ftsOperators)[number]

export const isValues = ['null', 'not_null', 'true', 'false', 'unknown'] as const
export type IsValue = (typeof isValues)[number]

export type Operation =
  | {
      readonly kind: 'comparison'
      readonly operator: ComparisonOperator
      readonly quantifier?: 'any' | 'all'
      readonly value: Slot
    }
  | { readonly kind: 'simple'; readonly operator: SimpleOperator; readonly value: Slot }
  /** The slot holds a list; `in.()` is the list of one empty text, as PostgREST reads it. */
  | { readonly kind: 'in'; readonly value: Slot }
  | { readonly kind: 'is'; readonly value: IsValue }
  | { readonly kind: 'isdistinct'; readonly value: Slot }
  | {
      readonly kind: 'fts'
      readonly operator: FtsOperator
      readonly language?: string
      readonly value: Slot
    }

export interface Filter {
  readonly kind: 'filter'
  readonly field: FieldPath
  readonly negated: boolean
  readonly operation: Operation
}

export interface LogicExpression {
  readonly kind: 'logic'
  readonly operator: 'and' | 'or'
  readonly negated: boolean
  readonly operands: readonly LogicTree[]
}

export type LogicTree = Filter | LogicExpression

export type OrderTerm = {
  readonly field: FieldPath
  /** `order=relation(column)`: the to-one embed whose column orders the parent. */
  readonly relation?: string
  readonly direction?: 'asc' | 'desc'
  readonly nulls?: 'first' | 'last'
}

/** Names of embeds from the root inwards; empty for the root. */
export type EmbedPath = readonly string[]

export interface At<T> {
  readonly path: EmbedPath
  readonly value: T
}

/** Rows wanted: `limit` rows from `offset`. Absent: no bound, or 0. */
export interface Window {
  readonly offset: number
  readonly limit?: number
}

export interface Preferences {
  readonly resolution?: 'merge-duplicates' | 'ignore-duplicates'
  readonly return?: 'representation' | 'headers-only' | 'minimal'
  readonly count?: 'exact' | 'planned' | 'estimated'
  readonly tx?: 'commit' | 'rollback'
  readonly missing?: 'default' | 'null'
  readonly handling?: 'strict' | 'lenient'
  readonly timezone?: string
  readonly maxAffected?: number
  /** Unknown preferences, as sent; refused under `handling=strict`. */
  readonly invalid: readonly string[]
}

export type Payload =
  /** JSON text whose top-level keys are known (an object, or objects of equal keys). */
  | {
      readonly kind: 'json'
      readonly text: string
      readonly keys: readonly string[]
      readonly isArray: boolean
    }
  /** A form: `json` is the same as one JSON object of texts. */
  | {
      readonly kind: 'form'
      readonly pairs: readonly (readonly [string, string])[]
      readonly keys: readonly string[]
      readonly text: string
    }
  /** JSON with `columns=` given: passed on unread. */
  | { readonly kind: 'raw-json'; readonly text: string }
  /** A body for a function's single unnamed parameter. */
  | { readonly kind: 'raw'; readonly bytes: Uint8Array }

export type Action =
  | { readonly kind: 'read'; readonly relation: QualifiedName; readonly headersOnly: boolean }
  | { readonly kind: 'mutate'; readonly relation: QualifiedName; readonly mutation: Mutation }
  | {
      readonly kind: 'call'
      readonly routine: QualifiedName
      readonly via: 'get' | 'head' | 'post'
    }
  | { readonly kind: 'inspect'; readonly schema: string; readonly headersOnly: boolean }
  | { readonly kind: 'relation-info'; readonly relation: QualifiedName }
  | { readonly kind: 'routine-info'; readonly routine: QualifiedName }
  | { readonly kind: 'schema-info' }

/** POST, PATCH, PUT, DELETE on a relation. */
export type Mutation = 'insert' | 'update' | 'upsert' | 'delete'

export interface ApiRequest {
  readonly action: Action
  readonly method: string
  /** Path as sent, undecoded, without the query. */
  readonly path: string
  /** The profile chosen, or the first exposed schema. */
  readonly schema: string
  /** Whether `Content-Profile` answers: a profile was named, or several schemas are exposed. */
  readonly negotiatedByProfile: boolean
  readonly select: readonly SelectItem[]
  readonly filters: readonly At<Filter>[]
  readonly logic: readonly At<LogicExpression>[]
  readonly order: readonly At<readonly OrderTerm[]>[]
  /** The root's window: `Range` (GET only) cut with `limit` and `offset`. */
  readonly window: Window
  /** Windows of embeds; the root is not among them. */
  readonly embedWindows: readonly At<Window>[]
  readonly onConflict?: readonly string[]
  /** `columns=`, else the payload's keys, sorted and unique. */
  readonly columns: readonly string[]
  /** What a function is called with by GET, HEAD: pairs that are no filter, in order. */
  readonly callArguments: readonly (readonly [string, string])[]
  readonly payload?: Payload
  readonly preferences: Preferences
  readonly accept: readonly MediaType[]
  readonly contentType: MediaType
  /** Lower-case names without `cookie`, in order of appearance; repeated ones joined. */
  readonly headers: readonly (readonly [string, string])[]
  readonly cookies: readonly (readonly [string, string])[]
  /** The query with its pairs sorted and encoded, for `Content-Location`. */
  readonly canonicalQuery: string
  readonly values: readonly SlotValue[]
  /**
   * What policies compare with, never from the client; added once the request is planned. Null: the
   * one who asks has no such value.
   */
  readonly policyValues?: readonly (SlotValue | null)[]
  /** Equal for requests that differ in values only. Covers all that a plan depends on. */
  readonly shapeKey: string
}
