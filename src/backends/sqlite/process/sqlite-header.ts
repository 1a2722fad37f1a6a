/**
 * Whether a path is a SQLite file, by the first bytes of every SQLite database. Needs no driver, so
 * that a database can be told by its file before an engine is chosen.
 *
 * Rule    SQLite: Database File Format (The Database Header)
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'

export type FileKind = 'sqlite' | 'other' | 'missing'

/** What a path leads to. */
export function fileKind(path: string): FileKind {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return 'missing'
    // anything else, such as /dev/stdin, gives its bytes only once
    return stats.isFile() && headerOf(path) === sqliteHeader ? 'sqlite' : 'other'
  } catch {
    // not readable: whoever opens it says why
    return 'other'
  }
}

/**
 * Why a path can never be served, whatever is done to the database in it; null where it can. A file
 * that is not there yet, is still empty or may not be read can become a database.
 */
export function noDatabaseReason(path: string): string | null {
  try {
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined || (stats.isFile() && stats.size === 0)) return null
    if (!stats.isFile()) return 'is not a file'
    return headerOf(path) === sqliteHeader ? null : 'is not a SQLite database'
  } catch {
    return null
  }
}

const sqliteHeader = 'SQLite format 3\0'

function headerOf(path: string): string {
  const header = Buffer.alloc(sqliteHeader.length)
  const file = openSync(path, 'r')
  try {
    readSync(file, header, 0, header.length, 0)
  } finally {
    closeSync(file)
  }
  return header.toString('latin1')
}
