/**
 * A function of a row, of the registry, as an expression over the row of a query: its statement as a
 * scalar sub-select. The row comes to it under a name of its own, since a table that the statement
 * reads may be called like the query's.
 */
import { ident, join, raw, type SqlText, sql } from '../../../sql/sql-text.ts'
import { type ComputedColumn, computedRow } from '../../catalog/computed-columns.ts'
import { requestPlaceholder } from './request-placeholder.ts'

/** What of a relation's row is handed on: the columns that are called so, in any case. */
interface Row {
  readonly table: SqlText
  readonly columns: readonly string[]
  /** Columns with a collation that is not there. */
  readonly incomparable: ReadonlySet<string>
}

export function compileComputedColumn({ pieces, reads }: ComputedColumn, row: Row): SqlText {
  // the text is the operator's own, as SQLite has prepared it; only values are put into it
  const statement = join(
    pieces.map((piece) =>
      piece.kind === 'text' ? raw(piece.text) : requestPlaceholder(piece.name),
    ),
    '',
  )
  return sql`(SELECT (${statement}) FROM (SELECT ${handedOn(reads, row)}) AS ${raw(computedRow)})`
}

function handedOn(reads: readonly string[], { table, columns, incomparable }: Row): SqlText {
  const asked = new Set(reads.map((name) => name.toLowerCase()))
  const names = columns.filter((name) => asked.has(name.toLowerCase()))
  if (names.length === 0) return raw('1')
  const shown = names.map((name) => {
    const collation = raw(incomparable.has(name) ? ' COLLATE BINARY' : '')
    return sql`${table}.${ident(name)}${collation} AS ${ident(name)}`
  })
  return join(shown, ', ')
}
