/**
 * What the SQLite compiler has to know of a schema beyond what all engines have. Made by a load, read
 * by the executor from the snapshot that a request runs on.
 */
import type { EngineFacts } from '../../../schema/engine-facts.ts'

/** A full-text index (FTS5) through which a relation can be searched. */
export interface FtsIndex {
  readonly table: string
  /** Column of the relation that equals the index's rowid. */
  readonly keyColumn: string
  /** Columns that are searched. */
  readonly columns: ReadonlySet<string>
}

export class SqliteFacts implements EngineFacts {
  readonly title = 'strict tables and full-text indexes'
  /** Relations whose columns hold only what they are declared as. */
  readonly strictRelations: ReadonlySet<string>
  /** By relation. */
  readonly ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>

  constructor(
    strictRelations: Iterable<string>,
    ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>,
  ) {
    const frozen = [...ftsIndexes].map(([relation, indexes]) => {
      const copies = indexes.map((index) =>
        Object.freeze({ ...index, columns: Object.freeze(new Set(index.columns)) }),
      )
      return [relation, Object.freeze(copies)] as const
    })
    this.strictRelations = Object.freeze(new Set(strictRelations))
    this.ftsIndexes = Object.freeze(new Map(frozen))
    Object.freeze(this)
  }
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function sqliteFacts(facts: EngineFacts): SqliteFacts {
  if (facts instanceof SqliteFacts) return facts
  throw new Error('the snapshot was not loaded from SQLite')
}
