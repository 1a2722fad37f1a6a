/**
 * The database file as one SQLite process opens it: read-only, never created, recovered after a
 * writer that crashed. Why a file cannot be served is told in words that its owner understands.
 */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { systemErrorText } from '../../../core/system-error.ts'
import type { FileIdentity } from '../wire/schema-stamp.ts'
import { registerFunctions } from './sqlite-functions.ts'

/** Milliseconds to wait for a writer that holds the whole file. */
export const busyTimeoutMs = 5000
/** Of pages that are kept: KiB where negative. The operating system caches the file, too. */
const cacheSize = -2000

export interface FileState extends FileIdentity {
  readonly changedAt: bigint
}

/** The file cannot be served at the moment. */
export class Unavailable extends Error {}

/** Throws  Unavailable */
export function stateOf(path: string): FileState {
  try {
    const stat = statSync(path, { bigint: true })
    if (stat.isFile()) return { device: stat.dev, inode: stat.ino, changedAt: stat.mtimeNs }
  } catch (error) {
    throw new Unavailable(
      codeOf(error) === 'ENOENT'
        ? `database file ${path} does not exist`
        : `database file ${path} cannot be reached: ${systemErrorText(error)}`,
    )
  }
  throw new Unavailable(`database file ${path} is not a file`)
}

/** Throws  what SQLite says of a file that it cannot open */
export function openFile(path: string): Database.Database {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
  try {
    db.pragma(`cache_size = ${cacheSize}`)
    registerFunctions(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A crashed writer left a journal that only a connection which may write can roll back. */
export function needsRecovery(code: string): boolean {
  return /^SQLITE_(READONLY_ROLLBACK|READONLY_RECOVERY|READONLY_CANTINIT|CANTOPEN)/.test(code)
}

/** Whether it could be done. */
export function recover(path: string): boolean {
  try {
    const db = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs })
    db.pragma('schema_version')
    db.close()
    return true
  } catch {
    return false
  }
}

/** SQLite's result code or that of the operating system; empty where there is none. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

/**
 * What SQLite keeps to itself: the system's refusal, or what a file in WAL mode needs beside it.
 *
 * Shape  `: permission denied (EACCES)`; empty where neither is in the way
 * Rule   SQLite manual: Database File Format, File format version numbers
 */
export function whyNotOpened(path: string): string {
  const versions = Buffer.alloc(2)
  try {
    const file = openSync(path, 'r')
    readSync(file, versions, 0, versions.length, 18)
    closeSync(file)
  } catch (error) {
    return `: ${systemErrorText(error)}`
  }
  const isWal = versions[0] === 2
  return isWal
    ? ': in WAL mode its folder must be writable, or hold a -shm file; immutable=1 in the URI of db-uri serves a copy'
    : ''
}
