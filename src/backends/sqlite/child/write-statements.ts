/**
 * The statements of one write's program: prepared once and kept with the program, bound to the
 * request's operands and to the two JSON texts that statements name.
 */
import type Database from 'better-sqlite3'
import type { SqliteParam } from '../wire/bound-values.ts'
import type { WriterProgram, WriteStatement } from '../wire/write-program.ts'
import { type BodyReader, bodyReaderOf } from './answer-body.ts'

/** Integers are exact. */
export type Row = readonly SqliteParam[]

export interface NamedTexts {
  readonly payload?: string
  readonly keys?: string
}

export interface Ran {
  /** What it handed back; empty where it has no RETURNING. */
  readonly rows: readonly Row[]
  /** How many rows it changed or handed back. */
  readonly count: number
  /** Of the row that was inserted last. */
  readonly rowid: bigint
}

/** A program as one connection has prepared it. */
export class PreparedProgram {
  readonly program: WriterProgram
  readonly db: Database.Database
  readonly toBody: BodyReader
  readonly #statements = new Map<WriteStatement, Database.Statement<unknown[], Row>>()

  constructor(db: Database.Database, program: WriterProgram) {
    this.db = db
    this.toBody = bodyReaderOf(db)
    this.program = program
  }

  statement(statement: WriteStatement): Database.Statement<unknown[], Row> {
    const known = this.#statements.get(statement)
    if (known !== undefined) return known
    const prepared = this.db.prepare<unknown[], Row>(statement.sql)
    if (prepared.reader) prepared.raw().safeIntegers()
    this.#statements.set(statement, prepared)
    return prepared
  }
}

/** A program, or a part of one, with the operands of one request. */
export class BoundProgram<Program> {
  readonly program: Program
  readonly toBody: BodyReader
  readonly #prepared: PreparedProgram
  readonly #operands: readonly SqliteParam[]

  constructor(prepared: PreparedProgram, program: Program, operands: readonly SqliteParam[]) {
    this.program = program
    this.toBody = prepared.toBody
    this.#prepared = prepared
    this.#operands = operands
  }

  /** Throws  what SQLite says of the statement */
  run(statement: WriteStatement, texts: NamedTexts): Ran {
    const prepared = this.#prepared.statement(statement)
    const values = this.#values(statement, texts)
    if (prepared.reader) {
      const rows = prepared.all(...values)
      return { rows, count: rows.length, rowid: 0n }
    }
    const { changes, lastInsertRowid } = prepared.run(...values)
    return { rows: [], count: changes, rowid: BigInt(lastInsertRowid) }
  }

  operand(at: number): SqliteParam {
    return this.#operands[at] ?? null
  }

  first(statement: WriteStatement, texts: NamedTexts): Row {
    return this.run(statement, texts).rows[0] ?? []
  }

  /** What `act` does is undone where it gives null. */
  attempt<T>(act: () => T | null): T | null {
    const { db } = this.#prepared
    db.exec('SAVEPOINT attempt')
    const done = act()
    if (done === null) db.exec('ROLLBACK TO attempt')
    db.exec('RELEASE attempt')
    return done
  }

  #values({ sql, operandsAt, operands }: WriteStatement, texts: NamedTexts): readonly unknown[] {
    const own = this.#operands.slice(operandsAt, operandsAt + operands)
    // the driver refuses names that a statement does not have
    return /@(?:payload|keys)\b/.test(sql) ? [...own, texts] : own
  }
}
