/**
 * A request bound to one snapshot: every name resolved, every relationship chosen, everything the
 * engine cannot do refused. Neutral between engines: a backend compiles it to SQL, to a pipeline …
 *
 * A plan holds no values. Slots and window numbers point into the request at execution, so one
 * plan serves every request of the same shape.
 *
 * Wherever a plan reads or writes a relation it says which rows and columns are meant. The planner
 * cannot know, and makes plans of `Unruled`; `access/` gives each place its rule. A backend takes
 * ruled plans only, so that no place can be left out.
 */
import type {
  AggregateFunction,
  FieldPath,
  JoinType,
  Mutation,
  Operation,
  Slot,
} from '../api/api-request.ts'
import type { MediaType } from '../core/media-type.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Routine, RoutineParameter } from '../schema/catalog.ts'
import type { Relationship } from '../schema/relationships/relationship.ts'
import type { Relation, SchemaSnapshot } from '../schema/schema-snapshot.ts'

/** What the role of a request has to do with one relation: all of it, or what its policies leave. */
export type RowRule =
  | { readonly kind: 'all' }
  | {
      readonly kind: 'policed'
      /** All have to hold, and be known to. A row that any of them hides is not there. */
      readonly conditions: readonly RuleCondition[]
      /** Null: all of them. Others are not there either. */
      readonly columns: ReadonlySet<string> | null
    }

/** Nobody has said yet which rows. */
export type Unruled = null

/** A named thing with what is known of its type. */
export interface PlanField extends FieldPath {
  /** Arrows need the value turned into a document first (composites, arrays, unknown types). */
  readonly toDocument: boolean
  /**
   * With modifiers, domains by name; empty when unknown. Where a value comes in through a
   * `transform`: the type that this takes, `text` or `json`.
   */
  readonly type: string
  /** Domains resolved, without modifiers; empty when unknown. */
  readonly baseType: string
  /** Function that turns the value into the form this place wants. */
  readonly transform: QualifiedName | null
  readonly defaultExpression: string | null
  /** `count()` of a spread: counts rows of the embed, not of the join. */
  readonly isFullRow: boolean
}

export interface SelectColumn {
  readonly field: PlanField
  readonly cast: string | null
  readonly aggregate: AggregateFunction | null
  readonly aggregateCast: string | null
  /** Name in the answer; null leaves it to the field (`*` included). */
  readonly alias: string | null
}

export interface FilterCondition {
  readonly kind: 'filter'
  readonly field: PlanField
  readonly negated: boolean
  readonly operation: Operation
}

export interface LogicCondition<Operand> {
  readonly kind: 'logic'
  readonly operator: 'and' | 'or'
  readonly negated: boolean
  readonly operands: readonly Operand[]
}

/** What a client wants of rows. */
export type Condition =
  | FilterCondition
  | LogicCondition<Condition>
  /** `embed=is.null` and `embed=not.is.null`: whether the child with that key found nothing. */
  | { readonly kind: 'embed-null'; readonly child: string; readonly negated: boolean }

/** What access rules want of rows. */
export type RuleCondition =
  | FilterCondition
  | LogicCondition<RuleCondition>
  /** Neither true nor false where the slot has no value, or one that the field's type cannot read. */
  | { readonly kind: 'known'; readonly slot: Slot; readonly filter: FilterCondition }
  /** There is a row of that node, which is joined to this one's. */
  | { readonly kind: 'related'; readonly node: ReadNode }
  | { readonly kind: 'never' }

export interface OrderBy {
  readonly field: PlanField
  /** `key` of the to-one child whose column orders this node; null: a field of this node. */
  readonly child: string | null
  readonly direction: 'asc' | 'desc' | null
  readonly nulls: 'first' | 'last' | null
}

export interface PlanWindow {
  /** 0: the request's window; n: its embedWindows[n - 1]; null: none was asked for. */
  readonly source: number | null
  readonly hasLimit: boolean
  readonly hasOffset: boolean
  /** `db-max-rows` where it binds this node. */
  readonly maxRows: number | null
}

/** One column that a spread lifts into its parent. */
export interface SpreadColumn {
  readonly name: string
  readonly aggregate: AggregateFunction | null
  readonly aggregateCast: string | null
  readonly alias: string | null
}

/** What a child adds to its parent's rows. */
export type ChildOutput =
  | { readonly kind: 'object'; readonly name: string; readonly isEmpty: boolean }
  | { readonly kind: 'array'; readonly name: string; readonly isEmpty: boolean }
  | { readonly kind: 'spread-one'; readonly columns: readonly SpreadColumn[] }
  /** Each column becomes an array, ordered by the child's `order`. */
  | { readonly kind: 'spread-many'; readonly columns: readonly SpreadColumn[] }

export interface ChildJoin<R = RowRule> {
  readonly relationship: Relationship
  /** Of the junction; null where there is none between the two. */
  readonly junctionRows: R | null
  /** A join that the URL does not name is a left one. */
  readonly type: JoinType
  readonly output: ChildOutput
}

export interface ReadNode<R = RowRule> {
  /** The relation read. For the root of a write or call: the relation its rows look like. */
  readonly relation: QualifiedName
  readonly rows: R
  /** The root reads the rows of the write or call instead of the relation. */
  readonly readsResult: boolean
  /** 0 at the root. */
  readonly depth: number
  /** As written in the URL. */
  readonly name: string
  readonly alias: string | null
  /** Unique in the tree: `<origin>_<alias or name>_<depth>`; empty at the root. */
  readonly key: string
  readonly select: readonly SelectColumn[]
  readonly where: readonly Condition[]
  readonly order: readonly OrderBy[]
  readonly window: PlanWindow
  /** Null at the root. */
  readonly join: ChildJoin<R> | null
  readonly children: readonly ReadNode<R>[]
  /** The URL named this aliased embed by its relation: deprecated, answered with a warning. */
  readonly usedLegacyName: boolean
}

/** How rows become a body. */
export type BodyEncoder =
  | { readonly kind: 'json'; readonly stripNulls: boolean }
  | { readonly kind: 'singular'; readonly stripNulls: boolean }
  | { readonly kind: 'csv' }
  | { readonly kind: 'geojson' }
  | {
      readonly kind: 'custom'
      readonly routine: QualifiedName
      readonly relation: QualifiedName | null
    }
  | { readonly kind: 'none' }

export interface PlanMedia {
  readonly encoder: BodyEncoder
  /** What `Content-Type` says. A `plan` type asks for the engine's execution plan. */
  readonly type: MediaType
}

export type CountKind = 'exact' | 'planned' | 'estimated'

export interface ReadPlan<R = RowRule> {
  readonly kind: 'read'
  readonly relation: QualifiedName
  readonly root: ReadNode<R>
  readonly media: PlanMedia
  /** No body is made. */
  readonly headersOnly: boolean
  readonly count: CountKind | null
  /** For `count=estimated`: exact up to this many rows. */
  readonly maxRows: number | null
}

export interface MutatePlan<R = RowRule> {
  readonly kind: 'mutate'
  readonly mutation: Mutation
  readonly relation: QualifiedName
  /** Columns written, with the transform of the payload's values. */
  readonly columns: readonly PlanField[]
  readonly where: readonly Condition[]
  /** The rows that may be updated or deleted: those of `where` that it hides are not there. */
  readonly using: R
  /** What a row that is inserted, or that PATCH has changed, has to fulfil: else an error. */
  readonly checkNew: R
  /** The same for the row that was in an upsert's way, once it is merged. */
  readonly checkMerged: R
  /** The row in an upsert's way before it is merged: an error where it does not fulfil this. */
  readonly checkInTheWay: R
  /** New rows that are handed back: an error where one does not fulfil this. */
  readonly checkShown: R
  readonly onConflict: {
    readonly resolution: 'merge-duplicates' | 'ignore-duplicates'
    readonly columns: readonly string[]
  } | null
  /** Columns handed back to `root`; empty: none are wanted (and no SELECT privilege is needed). */
  readonly returning: readonly string[]
  readonly primaryKey: readonly string[]
  /** `missing=default`: absent keys take the column's default instead of null. */
  readonly applyDefaults: boolean
  /** The payload is a JSON array, not one object. */
  readonly payloadIsArray: boolean
  readonly hasPayload: boolean
  readonly representation: 'representation' | 'headers-only' | 'minimal' | null
  readonly resolution: 'merge-duplicates' | 'ignore-duplicates' | null
  readonly root: ReadNode<R>
  readonly media: PlanMedia
}

export type CallArguments =
  /** `?a=1&b=2` or a form: texts by parameter name; repeated keys of a variadic gather. */
  | { readonly kind: 'direct' }
  /** A JSON body, one key a parameter; absent when the function is called without any. */
  | { readonly kind: 'json' }
  /** The whole body is the single unnamed parameter. */
  | { readonly kind: 'whole-body'; readonly parameter: RoutineParameter }

export interface CallPlan<R = RowRule> {
  readonly kind: 'call'
  readonly routine: Routine
  readonly via: 'get' | 'head' | 'post'
  /** Reads, and calls of stable and immutable functions. */
  readonly isReadOnly: boolean
  /** Parameters that get an argument. */
  readonly parameters: readonly RoutineParameter[]
  readonly arguments: CallArguments
  readonly filterColumns: readonly string[]
  readonly returning: readonly string[]
  readonly root: ReadNode<R>
  readonly media: PlanMedia
  readonly count: CountKind | null
  readonly maxRows: number | null
}

/** `GET /`: the OpenAPI document. */
export interface InspectPlan {
  readonly kind: 'inspect'
  readonly schema: string
  readonly headersOnly: boolean
  /** What the role may see of the schema, as far as that is known without asking the database. */
  readonly shown: SchemaSnapshot
}

/** OPTIONS: answered from the snapshot. */
export interface InfoPlan {
  readonly kind: 'info'
  readonly allow: string
}

/** What OPTIONS asks about. */
export type InfoSubject =
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'routine'; readonly routine: Routine }
  | { readonly kind: 'root' }

export type DatabasePlan<R = RowRule> = ReadPlan<R> | MutatePlan<R> | CallPlan<R>
export type Plan = DatabasePlan | InspectPlan | InfoPlan

/** As the planner leaves it. */
export type UnruledPlan =
  | DatabasePlan<Unruled>
  | Omit<InspectPlan, 'shown'>
  | { readonly kind: 'info'; readonly subject: InfoSubject }
