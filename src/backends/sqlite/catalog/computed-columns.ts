/**
 * Functions of the registry that take one row of a relation, and so are read like columns of it: the
 * parameter has the relation as its type, and the statement speaks of the row by the parameter,
 * `:actor.first_name`. What a request reads of one is its statement over the row's columns, so these
 * are found here; whether the rest of it is SQL is SQLite's to say.
 *
 * Rule  PostgREST docs: computed_fields
 */
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { Column } from '../../../schema/catalog.ts'
import type { FunctionDefinition } from '../../registry/function-registry.ts'
import { registeredType } from '../../registry/registered-type.ts'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type FunctionSql, isPipeline, readFunctionSql, type SqlPiece } from './function-sql.ts'

export interface ComputedColumn {
  /** Without the row's parameter: its name is part of the text. */
  readonly pieces: readonly SqlPiece[]
  /** Columns of the row that the statement names. */
  readonly reads: readonly string[]
  /** Its type. */
  readonly column: Column
}

/** What a statement calls the row; no table of anybody is called so. */
export const computedRow = 'dbrest_row'

export interface RowFunction {
  /** The relation's name, as it was given. */
  readonly relation: string
  /** As `SqlPiece` of the statement, with the row by the name that it has here. */
  readonly sql: FunctionSql
  readonly reads: readonly string[]
}

/** A function whose only parameter is of no type of values is one of a row. */
export function takesRow({ parameters: [only, ...others] }: FunctionDefinition): boolean {
  return only !== undefined && others.length === 0 && registeredType(only.type) === null
}

/**
 * `definition` takes a row.
 *
 * Errors  those of `readFunctionSql`; 0A000 for what is no value of one row; 25006 for what writes;
 *         42601 where a row stands without a column of it
 */
export function readRowFunction({
  body,
  returns,
  parameters: [row],
}: FunctionDefinition): Result<RowFunction, DatabaseFailure> {
  if (row === undefined) throw new Error('no function of a row')
  if (body.kind !== 'sql') return err(isPipeline)
  const [statement, ...others] = body.statements
  if (statement === undefined || others.length > 0 || returns.kind !== 'scalar') {
    return refused('0A000', 'a function of a row is one statement, and returns one value')
  }
  const read = readFunctionSql(statement)
  if (!read.ok) return read
  if (read.value.command !== 'SELECT') {
    return refused('25006', `cannot execute ${read.value.command} in a read-only transaction`)
  }
  const pieces: SqlPiece[] = []
  const reads = new Set<string>()
  for (const [index, piece] of read.value.pieces.entries()) {
    if (piece.kind === 'text' || piece.name !== row.name) {
      pieces.push(piece)
      continue
    }
    const behind = read.value.pieces[index + 1]
    const column = behind?.kind === 'text' ? columnBehind(behind.text) : null
    if (column === null) {
      return refused('42601', `columns of the row are written :${row.name}.column`)
    }
    reads.add(column)
    pieces.push({ kind: 'text', text: computedRow })
  }
  return ok({ relation: row.type, sql: { ...read.value, pieces }, reads: [...reads] })
}

/** A name of a column behind a dot, in each of the ways in which SQLite takes names. */
const columnPattern =
  /^\s*\.\s*(?:"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|([\p{L}_][\p{L}\p{Nd}_$]*))/u

function columnBehind(text: string): string | null {
  const match = columnPattern.exec(text)
  if (match === null) return null
  const [, quoted, ticked, bracketed, word] = match
  return quoted?.replaceAll('""', '"') ?? ticked?.replaceAll('``', '`') ?? bracketed ?? word ?? null
}

/** With the row, and a `?` for each value, for SQLite to prepare. */
export function preparableRowFunction({ relation, sql: { pieces } }: RowFunction): string {
  const statement = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '?')).join('')
  return `SELECT (${statement}) FROM ${quoteIdentifier(relation)} AS ${computedRow}`
}

function refused(sqlState: string, message: string): Result<never, DatabaseFailure> {
  return err(valueFailure(sqlState, message))
}
