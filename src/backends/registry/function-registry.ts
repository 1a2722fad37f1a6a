/**
 * `function-registry`: the functions under `/rpc` of an engine that has none of its own. JSON text →
 * definitions, read strictly; what their SQL or pipeline means is the engine's business, and
 * whether their types exist is known only with a schema.
 */

export interface FunctionParameter {
  readonly name: string
  /** In PostgreSQL's words; `[]` behind it for arrays. */
  readonly type: string
  readonly isRequired: boolean
  /** JSON text of what stands in for an argument that is not given; null: SQL's null does. */
  readonly defaultJson: string | null
  readonly isVariadic: boolean
  /** The request's body as a whole is the argument. */
  readonly isRawBody: boolean
}

export interface FunctionColumn {
  readonly name: string
  /** In PostgreSQL's words; null where it is told by the engine. */
  readonly type: string | null
}

export type FunctionReturns =
  | { readonly kind: 'void' }
  /** Null: a value of any type. */
  | { readonly kind: 'scalar'; readonly type: string | null }
  /** Of values of a type, of rows of a relation, or, where it is null, of rows of any columns. */
  | { readonly kind: 'setof'; readonly type: string | null }
  | { readonly kind: 'table'; readonly columns: readonly FunctionColumn[] }
  /** One row: of a relation, of these columns, or, where both are null, of any. */
  | {
      readonly kind: 'object'
      readonly type: string | null
      readonly columns: readonly FunctionColumn[] | null
    }

/** What a function does: in the language of an engine. */
export type FunctionBody =
  /** Statements of one transaction; the last one answers. */
  | { readonly kind: 'sql'; readonly statements: readonly string[] }
  /** Stages, as JSON text. The collection is null where they bring documents of their own. */
  | {
      readonly kind: 'pipeline'
      readonly collection: string | null
      readonly pipelineJson: string
    }

export interface FunctionDefinition {
  readonly name: string
  readonly comment: string | null
  readonly volatility: 'volatile' | 'stable' | 'immutable'
  readonly parameters: readonly FunctionParameter[]
  readonly returns: FunctionReturns
  readonly body: FunctionBody
}

/** Several of one name are overloads. */
export type FunctionRegistry = readonly FunctionDefinition[]
