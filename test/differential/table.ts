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
}
