/**
 * The database as one SQLite process sees it: opened read-only, opened again when the file behind
 * the name is another one, never created. Everything it answers, it answers out of one transaction
 * that begins with the schema's version.
 *
 * Version   `<device>:<inode>:<schema_version>:<fingerprint>`; the fingerprint covers the text of
 *           the schema, for files that were overwritten in place by one with the same counter
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import Database from 'better-sqlite3'
import { systemErrorText } from '../../../core/system-error.ts'
import {
  type ChildFailure,
  type ChildReply,
  type ChildRequest,
  fromWire,
} from '../wire/sqlite-messages.ts'
import { readRawCatalog } from './read-raw-catalog.ts'
import { registerFunctions, SqliteValueError } from './sqlite-functions.ts'

/** A reply, with the bytes that go with it untouched. */
export interface ConnectionReply {
  readonly reply: ChildReply
  readonly body: Uint8Array
}

export interface SqliteConnection {
  /** Never throws for what the database does. */
  run(request: ChildRequest): ConnectionReply
}

/** Milliseconds to wait for a writer that holds the whole file. */
const busyTimeoutMs = 5000
const maxStatements = 200
const maxKeptChars = 16_384
const noBytes = new Uint8Array()

interface FileState {
  readonly identity: string
  readonly changedAt: bigint
}

interface OpenDatabase extends FileState {
  readonly db: Database.Database
  readonly sqliteVersion: string
  readonly begin: Database.Statement
  readonly end: Database.Statement
  readonly schemaVersion: Database.Statement<[], number>
  readonly dataVersion: Database.Statement<[], number>
  /** Oldest first. */
  readonly statements: Map<string, Database.Statement<unknown[], ReadRow>>
  fingerprint: { readonly dataVersion: number; readonly text: string } | null
}

interface ReadRow {
  readonly body: Uint8Array | null
  readonly rows: number
  readonly total: number | null
}

/** The file cannot be served at the moment. */
class Unavailable extends Error {}

export function createSqliteConnection(path: string): SqliteConnection {
  let current: OpenDatabase | null = null
  let epoch = 0

  function close(): void {
    const open = current
    current = null
    open?.db.close()
  }

  function open(): OpenDatabase {
    const state = stateOf(path)
    if (current !== null && current.identity !== state.identity) close()
    current ??= openDatabase(path, state)
    return current
  }

  /** SQLite trusts counters in the file to tell whether what it has cached still holds. */
  function openAfterChange(): OpenDatabase {
    if (current !== null && current.changedAt !== stateOf(path).changedAt) close()
    return open()
  }

  function attempt(request: ChildRequest): ConnectionReply {
    // what SQLite has cached of the schema could be of an overwritten file
    const isNewEpoch = 'epoch' in request && request.epoch !== epoch
    if (isNewEpoch || request.op === 'catalog') close()
    if (isNewEpoch) epoch = request.epoch
    const database = request.op === 'version' ? openAfterChange() : open()
    database.begin.run()
    try {
      return answer(database, request)
    } finally {
      if (database.db.inTransaction) database.end.run()
    }
  }

  return {
    run(request) {
      for (let isRetry = false; ; isRetry = true) {
        try {
          return attempt(request)
        } catch (error) {
          const failure = toFailure(error, path)
          // a broken connection is not kept; after a crashed writer it has to recover first
          if (failure.kind !== 'value' && !/^SQLITE_(ERROR|BUSY|TOOBIG)/.test(codeOf(error))) {
            close()
          }
          if (isRetry || !needsRecovery(codeOf(error)) || !recover(path)) {
            return { reply: { kind: 'failed', failure }, body: noBytes }
          }
        }
      }
    },
  }
}

function answer(database: OpenDatabase, request: ChildRequest): ConnectionReply {
  const counter = `${database.identity}:${database.schemaVersion.get()}`
  if ('schemaVersion' in request && !request.schemaVersion.startsWith(`${counter}:`)) {
    return { reply: { kind: 'moved' }, body: noBytes }
  }
  switch (request.op) {
    case 'check':
      return { reply: { kind: 'current' }, body: noBytes }
    case 'read': {
      const row = prepared(database, request.sql).get(...request.params.map(fromWire))
      const { body = null, rows = 0, total = null } = row ?? {}
      return { reply: { kind: 'rows', rows, total }, body: body ?? noBytes }
    }
    case 'version':
      return {
        reply: {
          kind: 'version',
          schemaVersion: `${counter}:${fingerprintOf(database)}`,
          sqliteVersion: database.sqliteVersion,
        },
        body: noBytes,
      }
    case 'catalog': {
      const schemaVersion = `${counter}:${fingerprintOf(database)}`
      const catalog = readRawCatalog(database.db)
      return { reply: { kind: 'catalog', schemaVersion, catalog }, body: noBytes }
    }
  }
}

/** The text of the schema is read only after the file has changed at all. */
function fingerprintOf(database: OpenDatabase): string {
  const dataVersion = database.dataVersion.get() ?? 0
  if (database.fingerprint?.dataVersion === dataVersion) return database.fingerprint.text
  const hash = createHash('sha256')
  const rows = database.db
    .prepare<[], [string, string, string | null]>('SELECT type, name, sql FROM sqlite_schema')
    .raw()
    .all()
  hash.update(JSON.stringify(rows))
  const text = hash.digest('base64url').slice(0, 16)
  database.fingerprint = { dataVersion, text }
  return text
}

function prepared(
  { db, statements }: OpenDatabase,
  sql: string,
): Database.Statement<unknown[], ReadRow> {
  const known = statements.get(sql)
  if (known !== undefined) {
    statements.delete(sql)
    statements.set(sql, known)
    return known
  }
  const statement = db.prepare<unknown[], ReadRow>(sql)
  // two hundred of the longest would be gigabytes
  if (sql.length > maxKeptChars) return statement
  statements.set(sql, statement)
  const [oldest] = statements.size > maxStatements ? statements.keys() : []
  if (oldest !== undefined) statements.delete(oldest)
  return statement
}

function stateOf(path: string): FileState {
  try {
    const stat = statSync(path, { bigint: true })
    if (stat.isFile()) return { identity: `${stat.dev}:${stat.ino}`, changedAt: stat.mtimeNs }
  } catch (error) {
    throw new Unavailable(
      codeOf(error) === 'ENOENT'
        ? `database file ${path} does not exist`
        : `database file ${path} cannot be reached: ${systemErrorText(error)}`,
    )
  }
  throw new Unavailable(`database file ${path} is not a file`)
}

function openDatabase(path: string, state: FileState): OpenDatabase {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: busyTimeoutMs })
  try {
    registerFunctions(db)
    return {
      ...state,
      db,
      sqliteVersion: db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? '',
      begin: db.prepare('BEGIN'),
      end: db.prepare('COMMIT'),
      schemaVersion: db.prepare<[], number>('PRAGMA main.schema_version').pluck(),
      dataVersion: db.prepare<[], number>('PRAGMA main.data_version').pluck(),
      statements: new Map(),
      fingerprint: null,
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** A crashed writer left a journal that only a connection which may write can roll back. */
function needsRecovery(code: string): boolean {
  return /^SQLITE_(READONLY_ROLLBACK|READONLY_RECOVERY|READONLY_CANTINIT|CANTOPEN)/.test(code)
}

function recover(path: string): boolean {
  try {
    const db = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs })
    db.pragma('schema_version')
    db.close()
    return true
  } catch {
    return false
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  return typeof code === 'string' ? code : ''
}

function toFailure(error: unknown, path: string): ChildFailure {
  if (error instanceof SqliteValueError) {
    return { kind: 'value', sqlState: error.sqlState, message: error.message }
  }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof Unavailable) return unavailable(message, path)
  const code = codeOf(error)
  if (!/^SQLITE_(CANTOPEN|READONLY)/.test(code)) return { kind: 'sqlite', code, message }
  return unavailable(`database file ${path} cannot be opened${whyNot(path)}`, path)
}

/** The log names the file, and clients learn no more than that there is one. */
function unavailable(message: string, path: string): ChildFailure {
  return { kind: 'unavailable', message, clientMessage: message.replace(` ${path}`, () => '') }
}

/**
 * What SQLite keeps to itself: the system's refusal, or what a file in WAL mode needs beside it.
 *
 * Shape  `: permission denied (EACCES)`; empty where neither is in the way
 * Rule   SQLite manual: Database File Format, File format version numbers
 */
function whyNot(path: string): string {
  const versions = Buffer.alloc(2)
  try {
    const file = openSync(path, 'r')
    readSync(file, versions, 0, versions.length, 18)
    closeSync(file)
  } catch (error) {
    return `: ${systemErrorText(error)}`
  }
  const isWal = versions[0] === 2
  return isWal ? ': in WAL mode its folder must be writable, or hold a -shm file' : ''
}
