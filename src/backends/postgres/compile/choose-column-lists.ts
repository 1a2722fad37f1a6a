/**
 * Which reads have their rows as one list for each column (`compile-column-lists.ts`): those whose
 * last answer had many rows of small values, where it pays. What a plan is used for looks much the
 * same each time.
 */
import { nameKey, type QualifiedName } from '../../../core/qualified-name.ts'
import type { Relation, SchemaSnapshot } from '../../../schema/schema-snapshot.ts'
import type { StatementChoice } from './choose-statement.ts'
import type { ListColumns } from './compile-column-lists.ts'

/** A read whose answer is to be woven. */
export interface ColumnLists extends Pick<ListColumns, 'listed' | 'star'> {
  readonly statementFor: StatementChoice
}

/** With fewer rows PostgreSQL gains less than weaving costs. */
const fewestRows = 500

/** A byte of a value is copied once more, and long values gain nothing else. Keys are counted in. */
const mostBytesPerValue = 96

/** Both the lists and what is woven of them are in memory for a moment. */
const mostBytes = 16 * 1024 * 1024

export interface ColumnListsChoice {
  /** Null: the rows as one text. */
  listsFor(snapshot: Pick<SchemaSnapshot, 'relations'>): ColumnLists | null
  /** Rows and bytes of an answer. */
  saw(rows: number, bytes: number): void
  /** The database disagreed about the columns: not again before the relation is another. */
  refuse(): void
}

/** @param compile null where a read cannot have lists; it is given what `*` is taken for */
export function chooseColumnLists(
  read: QualifiedName,
  compile: (relation: Relation | undefined) => ColumnLists | null,
): ColumnListsChoice {
  const key = nameKey(read)
  let bytesPerRow = 0
  let paysByRows = false
  let compiled: { readonly relation: Relation | undefined; lists: ColumnLists | null } | null = null

  return {
    listsFor({ relations }) {
      if (!paysByRows) return null
      const relation = relations.get(key)
      if (compiled === null || compiled.relation !== relation) {
        compiled = { relation, lists: compile(relation) }
      }
      const { lists } = compiled
      return lists !== null && bytesPerRow <= lists.listed.length * mostBytesPerValue ? lists : null
    },
    saw(rows, bytes) {
      paysByRows = rows >= fewestRows && bytes <= mostBytes
      if (paysByRows) bytesPerRow = bytes / rows
    },
    refuse() {
      if (compiled !== null) compiled.lists = null
    },
  }
}
