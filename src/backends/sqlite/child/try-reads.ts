/**
 * Which columns of a relation SQLite reads and compares, by statements that are prepared and never
 * run. A column that is computed by another application's function cannot be read, and one with
 * another application's collation can be read and not be compared.
 */
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type { RawColumn } from '../wire/raw-catalog.ts'

interface ReadableColumns {
  readonly columns: readonly RawColumn[]
  /** Of those that are left out. */
  readonly causes: readonly { readonly column: string; readonly cause: string }[]
}

/**
 * `source`: the relation's quoted name.
 *
 * Throws  what SQLite says where the relation cannot be read at all
 */
export function tryColumns(
  db: Database.Database,
  source: string,
  columns: readonly RawColumn[],
): ReadableColumns {
  const select = (some: readonly RawColumn[]) => {
    return `SELECT ${some.map((column) => quoteIdentifier(column.name)).join(', ')} FROM ${source}`
  }
  if (whyNotCompiled(db, select(columns)) === null) return { columns, causes: [] }
  const causes = columns.flatMap((column) => {
    // the others are stored: what is wrong with one of them is wrong with the relation
    const cause = column.isGenerated ? whyNotCompiled(db, select([column])) : null
    return cause === null ? [] : [{ column: column.name, cause }]
  })
  const left = columns.filter(({ name }) => !causes.some(({ column }) => column === name))
  db.prepare(left.length === 0 ? `SELECT 1 FROM ${source}` : select(left))
  return { columns: left, causes }
}

/** Those whose collation is not there. */
export function incomparableColumns(
  db: Database.Database,
  source: string,
  columns: readonly RawColumn[],
): readonly string[] {
  const isComparable = (some: readonly RawColumn[]) => {
    const order = some.map((column) => quoteIdentifier(column.name)).join(', ')
    const cause = whyNotCompiled(db, `SELECT 1 FROM ${source} ORDER BY ${order}`)
    return cause?.startsWith('no such collation sequence') !== true
  }
  if (columns.length === 0 || isComparable(columns)) return []
  return columns.filter((column) => !isComparable([column])).map((column) => column.name)
}

/** In SQLite's words; null where it compiles. */
export function whyNotCompiled(db: Database.Database, sql: string): string | null {
  try {
    db.prepare(sql)
    return null
  } catch (error) {
    if (!isOfSchema(error)) throw error
    return error.message
  }
}

/** What is wrong is written in the schema; a file that is damaged or locked is another matter. */
export function isOfSchema(error: unknown): error is Error & { readonly code: string } {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  // a collation that is missing has a code of its own
  return typeof code === 'string' && code.startsWith('SQLITE_ERROR')
}
