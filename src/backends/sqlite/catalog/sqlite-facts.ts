/**
 * What the SQLite compiler has to know of a schema beyond what all engines have. Made by a load, read
 * by the executor from the snapshot that a request runs on.
 */
import type { EngineFacts } from '../../../schema/engine-facts.ts'
import type { StoredForm } from '../../values/stored-form.ts'
import type { WriteFacts } from './write-facts.ts'

/** A full-text index (FTS5) through which a relation can be searched. */
export interface FtsIndex {
  readonly table: string
  /** Column of the relation that equals the index's rowid. */
  readonly keyColumn: string
  /** Columns that are searched. */
  readonly columns: ReadonlySet<string>
}

/** What a load found out. By relation: the relation's name. */
export interface FoundFacts {
  /** Relations whose columns hold only what they are declared as. */
  readonly strictRelations: ReadonlySet<string>
  readonly ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>
  readonly writes: ReadonlyMap<string, WriteFacts>
  /** Why nothing can be written to the file at all; null where it can. */
  readonly readOnlyReason: string | null
  /** By relation and column: of those that hold dates, times or uuids. */
  readonly storedForms: ReadonlyMap<string, ReadonlyMap<string, StoredForm>>
}

const nothing: FoundFacts = {
  strictRelations: new Set(),
  ftsIndexes: new Map(),
  writes: new Map(),
  readOnlyReason: null,
  storedForms: new Map(),
}

export class SqliteFacts implements EngineFacts, FoundFacts {
  readonly title = 'strict tables, full-text indexes, forms of dates and what can be written'
  readonly strictRelations: ReadonlySet<string>
  readonly ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>
  readonly writes: ReadonlyMap<string, WriteFacts>
  readonly readOnlyReason: string | null
  readonly storedForms: ReadonlyMap<string, ReadonlyMap<string, StoredForm>>

  constructor(found: Partial<FoundFacts>) {
    const { strictRelations, ftsIndexes, writes, readOnlyReason, storedForms } = {
      ...nothing,
      ...found,
    }
    this.strictRelations = frozen(new Set(strictRelations))
    this.ftsIndexes = frozen(new Map(ftsIndexes))
    this.writes = frozen(new Map(writes))
    this.readOnlyReason = readOnlyReason
    this.storedForms = frozen(new Map(storedForms))
    Object.freeze(this)
  }
}

/** The plain data of facts, frozen in depth. */
function frozen<T>(data: T): T {
  if (data instanceof Map || data instanceof Set) for (const value of data.values()) frozen(value)
  else if (typeof data === 'object' && data !== null)
    for (const value of Object.values(data)) frozen(value)
  return Object.freeze(data)
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function sqliteFacts(facts: EngineFacts): SqliteFacts {
  if (facts instanceof SqliteFacts) return facts
  throw new Error('the snapshot was not loaded from SQLite')
}
