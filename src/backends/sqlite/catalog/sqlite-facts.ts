/**
 * What the SQLite compiler has to know of a schema beyond what all engines have. Made by a load, read
 * by the executor from the snapshot that a request runs on.
 */
import { type EngineFacts, type FactsPart, frozenFacts } from '../../../schema/engine-facts.ts'
import type { StoredForm } from '../../values/stored-form.ts'
import type { RepairedView } from '../wire/raw-catalog.ts'
import type { ComputedColumn } from './computed-columns.ts'
import type { RegisteredFunction } from './registered-functions.ts'
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
  /**
   * Columns with a collation that only another application has. They can be read, and as columns of
   * a sub-select only with an explicit collation; whatever compares them fails.
   */
  readonly incomparable: ReadonlyMap<string, ReadonlySet<string>>
  /**
   * Some index is kept by such a collation. SQLite passes it by, but for the count of a whole table,
   * which may fail by it.
   */
  readonly hasForeignIndex: boolean
  /** Views that are not read by their name, but as what they select. */
  readonly repairedViews: ReadonlyMap<string, InlinedView>
  /** By the position in the registry. */
  readonly functions: readonly RegisteredFunction[]
  /** By relation and name: functions of the registry that are read like columns. */
  readonly computed: ReadonlyMap<string, ReadonlyMap<string, ComputedColumn>>
}

export interface InlinedView extends RepairedView {
  readonly columns: readonly string[]
}

const nothing: FoundFacts = {
  strictRelations: new Set(),
  ftsIndexes: new Map(),
  writes: new Map(),
  readOnlyReason: null,
  storedForms: new Map(),
  incomparable: new Map(),
  hasForeignIndex: false,
  repairedViews: new Map(),
  functions: [],
  computed: new Map(),
}

export class SqliteFacts implements EngineFacts, FoundFacts {
  readonly strictRelations: ReadonlySet<string>
  readonly ftsIndexes: ReadonlyMap<string, readonly FtsIndex[]>
  readonly writes: ReadonlyMap<string, WriteFacts>
  readonly readOnlyReason: string | null
  readonly storedForms: ReadonlyMap<string, ReadonlyMap<string, StoredForm>>
  readonly incomparable: ReadonlyMap<string, ReadonlySet<string>>
  readonly hasForeignIndex: boolean
  readonly repairedViews: ReadonlyMap<string, InlinedView>
  readonly functions: readonly RegisteredFunction[]
  readonly computed: ReadonlyMap<string, ReadonlyMap<string, ComputedColumn>>

  constructor(found: Partial<FoundFacts>) {
    const all = { ...nothing, ...found }
    this.strictRelations = frozenFacts(new Set(all.strictRelations))
    this.ftsIndexes = frozenFacts(new Map(all.ftsIndexes))
    this.writes = frozenFacts(new Map(all.writes))
    this.readOnlyReason = all.readOnlyReason
    this.storedForms = frozenFacts(new Map(all.storedForms))
    this.incomparable = frozenFacts(new Map(all.incomparable))
    this.hasForeignIndex = all.hasForeignIndex
    this.repairedViews = frozenFacts(new Map(all.repairedViews))
    this.functions = frozenFacts([...all.functions])
    this.computed = frozenFacts(new Map(all.computed))
    Object.freeze(this)
  }

  get parts(): readonly FactsPart[] {
    const byRelation = (title: string, facts: ReadonlyMap<string, unknown> | ReadonlySet<string>) =>
      ({ title, kind: 'by-relation', facts }) as const
    const file = [this.readOnlyReason, this.hasForeignIndex]
    return [
      byRelation('strict tables', this.strictRelations),
      byRelation('full-text indexes', this.ftsIndexes),
      byRelation('what can be written', this.writes),
      byRelation('forms of dates and uuids', this.storedForms),
      byRelation('collations', this.incomparable),
      byRelation('repaired views', this.repairedViews),
      byRelation('bodies of computed fields', this.computed),
      { title: 'bodies of functions', kind: 'whole', facts: this.functions },
      { title: 'whether the file can be written', kind: 'whole', facts: file },
    ]
  }
}

/** Throws  for the facts of another engine: the snapshot is not one of ours */
export function sqliteFacts(facts: EngineFacts): SqliteFacts {
  if (facts instanceof SqliteFacts) return facts
  throw new Error('the snapshot was not loaded from SQLite')
}

/** Throws  for what no SqliteFacts were sent as */
export function adoptSqliteFacts(sent: Readonly<Record<string, unknown>>): SqliteFacts {
  if (!isFound(sent)) throw new Error('these are no facts of SQLite')
  return new SqliteFacts(sent)
}

/** What is in lists and maps was put there by the same code. */
function isFound(sent: object): sent is FoundFacts {
  return Object.keys(nothing).every((name) => Object.hasOwn(sent, name))
}
