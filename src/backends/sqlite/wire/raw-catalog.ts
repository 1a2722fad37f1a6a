/**
 * A SQLite schema as its pragmas tell it, read by `read-raw-catalog.ts` inside a SQLite process;
 * `introspect-sqlite.ts` makes the catalog of it in the server.
 */

export interface RawColumn {
  readonly name: string
  readonly type: string
  readonly isNotNull: boolean
  readonly defaultExpression: string | null
  /** 1, 2 … within the primary key; 0: not part of it. */
  readonly keyPosition: number
  readonly isGenerated: boolean
}

export interface RawForeignKey {
  readonly id: number
  readonly table: string
  /** `to` is null for the parent's primary key. */
  readonly columns: readonly { readonly from: string; readonly to: string | null }[]
}

/** Where a view's column comes from: null for expressions. */
export interface RawOrigin {
  readonly table: string
  readonly column: string
}

export interface RawUniqueIndex {
  readonly index: string
  /** By CREATE INDEX, by UNIQUE, or by PRIMARY KEY. */
  readonly origin: 'c' | 'u' | 'pk'
  readonly columns: readonly string[]
  /** For some rows only: no key. */
  readonly isPartial: boolean
}

/** What SQLite says of statements that it does not compile; null: it compiles. */
export interface RawUnwritable {
  readonly insert: string | null
  readonly delete: string | null
  /** Columns that no UPDATE may set, generated ones apart. */
  readonly update: readonly { readonly column: string; readonly cause: string }[]
}

export interface RawRelation {
  readonly name: string
  readonly kind: 'table' | 'view' | 'virtual'
  readonly isStrict: boolean
  readonly isWithoutRowid: boolean
  /** Its CREATE statement. */
  readonly sql: string
  readonly columns: readonly RawColumn[]
  /** Those that are not over expressions. */
  readonly uniqueIndexes: readonly RawUniqueIndex[]
  /** The primary key has an index of its own, so it is not the rowid. */
  readonly hasKeyIndex: boolean
  readonly foreignKeys: readonly RawForeignKey[]
  /** Of views: by position of the column. */
  readonly origins: readonly (RawOrigin | null)[]
  readonly unwritable: RawUnwritable
  /** Columns with a collation that only another application has: no expression may compare them. */
  readonly incomparable: readonly string[]
  /** Of a view that SQLite does not read as it is written. */
  readonly repaired: RepairedView | null
}

/** A view with text in double quotes, which only a SQLite that allows it can read. */
export interface RepairedView {
  /** Its SELECT, with that text in single quotes. */
  readonly select: string
  /** Repaired views that the SELECT reads from, by their names in the schema. */
  readonly over: readonly string[]
}

/** How a column's dates, times or uuids are stored, by a sample of them. */
export interface RawStoredForm {
  readonly relation: string
  readonly column: string
  readonly form: string
}

/** SQLite has it, and cannot read it: a view over a table that is gone, say. */
export interface RawUnreadable {
  readonly name: string
  /** Only this column of it. */
  readonly column?: string
  /** In SQLite's words. */
  readonly cause: string
}

/** What SQLite says of a statement that it was given to prepare. */
export type RawStatement =
  | {
      readonly kind: 'prepared'
      readonly isReadOnly: boolean
      /** Of its rows; null where nothing was declared of a column. */
      readonly columns: readonly { readonly name: string; readonly type: string | null }[]
    }
  /** In SQLite's words. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }

export interface RawCatalog {
  readonly sqliteVersion: string
  readonly relations: readonly RawRelation[]
  readonly unreadable: readonly RawUnreadable[]
  /** Some index is kept by a collation that only another application has. */
  readonly hasForeignIndex: boolean
  /** The system lets this process write the file. */
  readonly isFileWritable: boolean
  readonly storedForms: readonly RawStoredForm[]
  /** One for each statement that was asked about. */
  readonly statements: readonly RawStatement[]
}
