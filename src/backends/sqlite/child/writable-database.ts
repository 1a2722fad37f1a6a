/**
 * One connection that writes, with what it has prepared. Its journal mode is the file's; a commit has
 * reached the disk when it returns, and so has the removal of its journal where there is one. The
 * binding's default leaves the one to chance, SQLite's the other.
 *
 * Rule  SQLite manual: PRAGMA synchronous; the file's own mode is kept
 */
import Database from 'better-sqlite3'
import { restamp, stampOf } from '../wire/schema-stamp.ts'
import type { WriterProgram } from '../wire/write-program.ts'
import { busyTimeoutMs, type FileState } from './database-file.ts'
import { registerFunctions } from './sqlite-functions.ts'
import { PreparedProgram } from './write-statements.ts'

/** Of pages that are kept: KiB where negative. */
const cacheSize = -8000

export class WritableDatabase {
  readonly file: FileState
  readonly db: Database.Database
  /** By slot, with its text: slots are given to other programs. */
  readonly #programs: { readonly text: string; readonly prepared: PreparedProgram }[] = []
  readonly #steps: Readonly<Record<Step, Database.Statement>>
  readonly #schemaVersion: Database.Statement<[], number>
  readonly #brokenKeys: Database.Statement<[string], number>
  readonly #lateTables: Database.Statement<[], string>
  readonly #stamp: Buffer
  readonly #enforcesKeys: boolean

  /** Throws  what SQLite says of a file that it cannot open */
  constructor(path: string, file: FileState, foreignKeys: boolean) {
    this.file = file
    this.#enforcesKeys = foreignKeys
    this.db = new Database(path, { fileMustExist: true, timeout: busyTimeoutMs })
    try {
      this.db.pragma(`cache_size = ${cacheSize}`)
      this.db.pragma('synchronous = EXTRA')
      this.db.pragma(`foreign_keys = ${foreignKeys ? 'ON' : 'OFF'}`)
      registerFunctions(this.db)
      this.#steps = {
        begin: this.db.prepare('BEGIN IMMEDIATE'),
        commit: this.db.prepare('COMMIT'),
        rollback: this.db.prepare('ROLLBACK'),
        savepoint: this.db.prepare('SAVEPOINT request'),
        undo: this.db.prepare('ROLLBACK TO request'),
        release: this.db.prepare('RELEASE request'),
      }
      this.#schemaVersion = this.db.prepare<[], number>('PRAGMA main.schema_version').pluck()
      this.#brokenKeys = this.db
        .prepare<[string], number>('SELECT count(*) FROM pragma_foreign_key_check(?)')
        .pluck()
      this.#lateTables = this.db
        .prepare<[], string>(
          "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND sql LIKE '%INITIALLY%DEFERRED%'",
        )
        .pluck()
    } catch (error) {
      this.db.close()
      throw error
    }
    this.#stamp = stampOf(file, 0)
  }

  /** Throws  where another program holds its lock for too long */
  begin(): void {
    this.#steps.begin.run()
    restamp(this.#stamp, this.#schemaVersion.get() ?? 0)
  }

  /** Throws  where a key that is judged late is broken, the disk is full, another program reads … */
  commit(): void {
    this.#steps.commit.run()
  }

  /** Nothing where there is no transaction: some failures end it. */
  rollback(): void {
    if (this.db.inTransaction) this.#steps.rollback.run()
  }

  /** From here on, the statements of one request. */
  savepoint(): void {
    this.#steps.savepoint.run()
  }

  /** Back to the savepoint, which stays. */
  undo(): void {
    this.#steps.undo.run()
  }

  release(): void {
    this.#steps.release.run()
  }

  /**
   * How many rows break a foreign key, in tables with a key that is judged by COMMIT only: elsewhere
   * none that was written. Reads all rows of these tables.
   */
  brokenKeys(): number {
    if (!this.#enforcesKeys) return 0
    return this.#lateTables.all().reduce((sum, table) => sum + this.#brokenKeysOf(table), 0)
  }

  #brokenKeysOf(table: string): number {
    try {
      return this.#brokenKeys.get(table) ?? 0
    } catch {
      // a key that refers to columns which are no key: SQLite refuses what would be judged by it
      return 0
    }
  }

  /** Whether the transaction sees the schema of a request. */
  isOf(stamp: Buffer): boolean {
    return this.#stamp.equals(stamp)
  }

  program(slot: number, text: string): PreparedProgram {
    const known = this.#programs[slot]
    if (known?.text === text) return known.prepared
    // our own code has written it
    const prepared = new PreparedProgram(this.db, JSON.parse(text) as WriterProgram)
    this.#programs[slot] = { text, prepared }
    return prepared
  }
}

type Step = 'begin' | 'commit' | 'rollback' | 'savepoint' | 'undo' | 'release'
