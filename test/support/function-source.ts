/** An entry of `function-registry` as its author writes it. */
export interface FunctionSource {
  readonly name: string
  readonly comment?: string
  readonly volatility?: 'volatile' | 'stable' | 'immutable'
  readonly params?: readonly {
    readonly name: string
    readonly type?: string
    readonly optional?: boolean
    readonly default?: unknown
    readonly variadic?: boolean
    readonly rawBody?: boolean
  }[]
  readonly returns?: {
    readonly kind?: 'scalar' | 'setof' | 'table' | 'void' | 'object'
    readonly type?: string
    readonly columns?: readonly { readonly name: string; readonly type?: string }[]
  }
  readonly sql?: string | readonly string[]
  readonly collection?: string
  readonly pipeline?: readonly unknown[]
}
