/**
 * What the writer process is to do for a write, compiled once a plan and sent once a process: the
 * statements of the request's transaction, and how its payload is read. `compile-writer-program.ts`
 * makes it, `run-write.ts` runs it.
 *
 * Statements take the request's operands as `?`, and two JSON texts by name:
 *
 *   @payload  an array for each row of the payload: its values in the order of `columns`, bytes as
 *             hexadecimal, `true` where the column's default is to be taken
 *   @keys     rows of the relation: a rowid or an array of values for each, bytes as {"b": "…"}
 */
import type { AssignedType } from '../../values/assign-value.ts'

export interface WriteStatement {
  readonly sql: string
  /** Its operands among the request's: from there on, so many. */
  readonly operandsAt: number
  readonly operands: number
}

export interface PayloadColumn extends AssignedType {
  readonly name: string
  /** Where a row lacks it the column's default is taken, not null. */
  readonly takesDefault: boolean
}

/** A foreign key that the write may have broken: in words for the failure, and how to find out. */
export interface KeyProbe {
  readonly constraint: string
  /** The relation that refers, and the one that is referred to. */
  readonly child: string
  readonly parent: string
  /** Of the relation that is written. */
  readonly columns: readonly string[]
  /** Over @keys: texts of these columns in a row that breaks the key. */
  readonly broken: WriteStatement
}

/** What access rules want: statements that count rows which are not so. One of them refuses all. */
export interface WriteRules {
  /** As failures call it. */
  readonly relation: string
  /** Over @keys: of the rows as they were written. */
  readonly written: WriteStatement | null
  /** Over @payload: of an upsert's rows, whatever becomes of them. */
  readonly proposed: WriteStatement | null
  /** Of an upsert that meets rows. */
  readonly inTheWay: {
    /** Over @payload: their keys. */
    readonly rows: WriteStatement
    /** Over @keys: of these rows as they were. */
    readonly forbidden: WriteStatement | null
    /** Over @keys: of these rows as they are, in the place of `written`. */
    readonly merged: WriteStatement | null
  } | null
}

/** What is asked only once a constraint has failed, when all of the write is undone. */
export interface WriteDiagnosis {
  /** Null for a delete: no row is made. */
  readonly rows: RowDiagnosis | null
  /** Keys of the relation, over the keys of what was written. */
  readonly parents: readonly KeyProbe[]
  /** Keys to the relation, over what `referred` tells of the rows before they are written. */
  readonly children: readonly (KeyProbe & { readonly referred: WriteStatement })[]
}

export interface RowDiagnosis {
  /** All columns of the relation. */
  readonly columns: readonly string[]
  /** Over @payload, and of an update also over @keys: texts of the row as it was to be. */
  readonly row: WriteStatement
  /** The same write, which hands back keys: of an update, of the rows in @keys. */
  readonly write: WriteStatement
  /** Of an update: the keys of the rows that it means. */
  readonly targets: WriteStatement | null
}

/** A function that is called, whose statements may write. */
export interface CallProgram {
  readonly kind: 'call'
  /** In their order; the last one answers. */
  readonly statements: readonly WriteStatement[]
  /** Over @keys, which are the rows of the last one: body, rows, total, headers, status. */
  readonly shown: WriteStatement
}

/** The row as a read shows it. */
export interface ComparedRow {
  /** Body, rows. */
  readonly shown: WriteStatement
  /** Where among the operands stands what is expected, as JSON of `ExpectedTags`. */
  readonly expectedAt: number
}

export interface WriterProgram {
  /** `db-pre-request`, which runs first; null: none. */
  readonly before: CallProgram | null
  /** What the row of the main program is compared with first; null: nothing. */
  readonly compared: ComparedRow | null
  readonly main: WriteProgram | CallProgram
}

export interface WriteProgram {
  readonly kind: 'insert' | 'update' | 'delete'
  readonly columns: readonly PayloadColumn[]
  /** The payload is an array of objects, not one. */
  readonly isArray: boolean
  /** Keys are rowids, not arrays of values. */
  readonly hasRowid: boolean
  /** Before an upsert: how many of the payload's rows are there already. */
  readonly existing: WriteStatement | null
  /** Where rows are shown before they are gone, or the write takes @keys: the rows that it means. */
  readonly targets: WriteStatement | null
  /** Null: nothing is set, so no row is written. It hands back keys where somebody needs them. */
  readonly write: WriteStatement | null
  /** The keys are what SQLite gave each inserted row as its rowid: it hands back none. */
  readonly takesRowids: boolean
  /** That a row is written twice is an error. */
  readonly writesOnce: boolean
  /** Over @keys: body, rows. */
  readonly shown: WriteStatement | null
  /**
   * Of a view, whose @keys are whole rows as they were sent: the same, read again through the view
   * by the values at these places where all of them are known, and how many there are.
   */
  readonly shownAgain: {
    readonly keyAt: readonly number[]
    readonly shown: WriteStatement
    readonly found: WriteStatement
  } | null
  /** Over @keys, of one row: `[[column, eq.value or is.null], …]` as JSON. */
  readonly location: WriteStatement | null
  /** Over @keys: those of them that a delete has left. */
  readonly left: WriteStatement | null
  /** Null where no rule has to be looked at. */
  readonly rules: WriteRules | null
  /** Null where no constraint can be named: of a view. */
  readonly diagnosis: WriteDiagnosis | null
}
