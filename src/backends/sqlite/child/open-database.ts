/**
 * One connection to the database file with what it has prepared: the statements around each
 * request, and those of requests, which are prepared anew from their text for each connection.
 */
import { createHash } from 'node:crypto'
import type Database from 'better-sqlite3'
import { restamp, stampOf, versionText } from '../wire/schema-stamp.ts'
import { type BodyReader, bodyReaderOf } from './answer-body.ts'
import { type FileState, openFile } from './database-file.ts'

/** The one row of a read: body, rows, total, and of functions the headers and status that they set. */
export type ReadRow =
  | readonly [Uint8Array | null, number, number | null]
  | readonly [Uint8Array | null, number, number | null, string | null, string | null]
export type ReadStatement = Database.Statement<unknown[], ReadRow>

export class OpenDatabase {
  readonly file: FileState
  readonly db: Database.Database
  readonly sqliteVersion: string
  readonly toBody: BodyReader
  /** By slot. */
  readonly statements: (ReadStatement | undefined)[] = []
  readonly #begin: Database.Statement
  readonly #commit: Database.Statement
  readonly #schemaVersion: Database.Statement<[], number>
  readonly #dataVersion: Database.Statement<[], number>
  readonly #stamp: Buffer
  #counter = 0
  #fingerprint: { readonly dataVersion: number; readonly text: string } | null = null

  /** Throws  what SQLite says of a file that it cannot open */
  constructor(path: string, file: FileState) {
    this.file = file
    this.db = openFile(path)
    this.sqliteVersion = this.db.prepare<[], string>('SELECT sqlite_version()').pluck().get() ?? ''
    this.toBody = bodyReaderOf(this.db)
    this.#begin = this.db.prepare('BEGIN')
    this.#commit = this.db.prepare('COMMIT')
    this.#schemaVersion = this.db.prepare<[], number>('PRAGMA main.schema_version').pluck()
    this.#dataVersion = this.db.prepare<[], number>('PRAGMA main.data_version').pluck()
    this.#stamp = stampOf(file, this.#counter)
  }

  /** Begins a transaction. */
  begin(): void {
    this.#begin.run()
    const counter = this.#readCounter()
    if (counter === this.#counter) return
    this.#counter = counter
    restamp(this.#stamp, counter)
  }

  /** Nothing where there is no transaction: some failures end it. */
  commit(): void {
    if (this.db.inTransaction) this.#commit.run()
  }

  /** Whether the transaction sees the schema of a request. */
  isOf(stamp: Buffer): boolean {
    return this.#stamp.equals(stamp)
  }

  version(): string {
    return versionText(this.file, this.#counter, this.#readFingerprint())
  }

  #readCounter(): number {
    return this.#schemaVersion.get() ?? 0
  }

  /** The text of the schema is read only after the file has changed at all. */
  #readFingerprint(): string {
    const dataVersion = this.#dataVersion.get() ?? 0
    if (this.#fingerprint?.dataVersion === dataVersion) return this.#fingerprint.text
    const hash = createHash('sha256')
    const rows = this.db
      .prepare<[], [string, string, string | null]>('SELECT type, name, sql FROM sqlite_schema')
      .raw()
      .all()
    hash.update(JSON.stringify(rows))
    const text = hash.digest('base64url').slice(0, 16)
    this.#fingerprint = { dataVersion, text }
    return text
  }
}
