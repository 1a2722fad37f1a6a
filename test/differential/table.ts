/** What generators know of a table of the differential schema. */

/** `moment` is a timestamp with time zone. */
export type Kind =
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'double'
  | 'numeric'
  | 'boolean'
  | 'text'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'moment'
  | 'uuid'
  | 'json'
  | 'bytes'

export interface Table {
  readonly name: string
  /** The first is the key, an integer, unless `key` says otherwise. */
  readonly columns: readonly (readonly [name: string, kind: Kind])[]
  readonly key: readonly string[]
  readonly embeds: readonly {
    /** Renames what `hint` finds, so that it is no column's name. */
    readonly name: string
    readonly hint?: string
    readonly isMany: boolean
    readonly to: string
  }[]
  /** None for what is not written. */
  readonly uniqueKeys: readonly (readonly string[])[]
  /** Columns that a row has to give. */
  readonly required: readonly string[]
  readonly generated: readonly string[]
  /** Columns that no `PATCH` changes. */
  readonly fixed?: readonly string[]
}

/** A row of a test's own: what each column holds, as the text of a literal; null is none. */
export interface Row {
  readonly table: string
  readonly values: readonly (readonly [column: string, kind: Kind, text: string | null])[]
}

export function tableNamed(tables: readonly Table[], name: string): Table {
  const table = tables.find((each) => each.name === name)
  if (table === undefined) throw new Error(`no table ${name}`)
  return table
}
