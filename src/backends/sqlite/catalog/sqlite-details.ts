/**
 * What the SQLite compiler has to know of a schema beyond the snapshot, kept by the backend beside
 * the schema version that it belongs to.
 */

/** A full-text index (FTS5) through which a relation can be searched. */
export interface FtsIndex {
  readonly table: string
  /** Column of the relation that equals the index's rowid. */
  readonly keyColumn: string
  /** Columns that are searched. */
  readonly columns: ReadonlySet<string>
}

export interface SqliteDetails {
  /** Relations whose columns hold only what they are declared as. */
  readonly strictRelations: ReadonlySet<string>
  /** By relation. */
  readonly ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>
}

export const noDetails: SqliteDetails = { strictRelations: new Set(), ftsIndexes: new Map() }
