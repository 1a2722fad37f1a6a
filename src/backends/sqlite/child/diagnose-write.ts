/**
 * Finds out what a constraint has failed for: SQLite names a constraint at most, while clients are
 * told row and values. The failed write is undone by then; it is done again here, row by row or with
 * its foreign keys judged late, and the caller undoes what that leaves behind.
 */
import type Database from 'better-sqlite3'
import type { ConstraintEvidence } from '../wire/reply-frames.ts'
import type { KeyProbe, RowDiagnosis, WriteProgram } from '../wire/write-program.ts'
import { codeOf } from './database-file.ts'
import { payloadText, readPayloadRows } from './payload-rows.ts'
import { keysText } from './write-keys.ts'
import type { BoundProgram, NamedTexts, Row } from './write-statements.ts'

/** Failures that are of one row, and its own. */
const ofRow = /^SQLITE_(?:MISMATCH|CONSTRAINT_(?:UNIQUE|PRIMARYKEY|ROWID|NOTNULL|CHECK|DATATYPE))/

/** Undefined where nothing is found: a trigger may have written elsewhere. */
export function diagnoseWrite(
  db: Database.Database,
  bound: BoundProgram<WriteProgram>,
  payload: Uint8Array,
  failure: unknown,
): ConstraintEvidence | undefined {
  const { diagnosis, kind } = bound.program
  if (diagnosis === null) return undefined
  const code = codeOf(failure)
  const isOfKey = code.startsWith('SQLITE_CONSTRAINT_FOREIGNKEY')
  if (!isOfKey && !ofRow.test(code)) return undefined
  const rows = kind === 'delete' ? [] : readPayloadRows(bound.program, payload)
  if (isOfKey) return brokenKey(db, bound, rows)
  const { rows: ofRows } = diagnosis
  if (ofRows === null) return undefined
  // alone a row may miss a key of a row beside it, and must not fail for that
  return withLateKeys(db, () => failingRow(db, bound, ofRows, rows, code))
}

function failingRow(
  db: Database.Database,
  bound: BoundProgram<WriteProgram>,
  diagnosis: RowDiagnosis,
  rows: readonly string[],
  code: string,
): ConstraintEvidence | undefined {
  for (const texts of oneByOne(bound, diagnosis, rows)) {
    if (failureOf(db, () => bound.run(diagnosis.write, texts)) !== code) continue
    const values = textsOf(bound.first(diagnosis.row, texts))
    return { kind: 'row', row: diagnosis.columns.map((name, at) => [name, values[at] ?? null]) }
  }
  return undefined
}

/** The rows of an insert, and those that an update means. */
function* oneByOne(
  bound: BoundProgram<WriteProgram>,
  { targets }: RowDiagnosis,
  rows: readonly string[],
): Generator<NamedTexts> {
  if (targets === null) {
    for (const row of rows) yield { payload: payloadText([row]) }
    return
  }
  const payload = payloadText(rows.slice(0, 1))
  for (const key of bound.run(targets, {}).rows) {
    yield { payload, keys: keysText([key], bound.program.hasRowid) }
  }
}

/**
 * SQLite's code; null where it does not fail.
 *
 * Throws  what has ended the transaction: anything written from here on would stay
 */
function failureOf(db: Database.Database, act: () => unknown): string | null {
  try {
    act()
    return null
  } catch (error) {
    if (!db.inTransaction) throw error
    return codeOf(error)
  }
}

/** Foreign keys are not judged by the statements of `act`, those that restrict apart. */
function withLateKeys<T>(db: Database.Database, act: () => T): T {
  db.pragma('defer_foreign_keys = ON')
  try {
    return act()
  } finally {
    db.pragma('defer_foreign_keys = OFF')
  }
}

function textsOf(row: Row): readonly (string | null)[] {
  return row.map((value) => (value === null ? null : String(value)))
}

function brokenKey(
  db: Database.Database,
  bound: BoundProgram<WriteProgram>,
  rows: readonly string[],
): ConstraintEvidence | undefined {
  const { diagnosis, hasRowid } = bound.program
  const { parents = [], children = [] } = diagnosis ?? {}
  const referred = children.map((child) => [child, bound.run(child.referred, {}).rows] as const)
  let written: readonly Row[] = []
  withLateKeys(db, () =>
    failureOf(db, () => {
      written = writeAgain(bound, rows)
    }),
  )
  for (const parent of parents) {
    const [found] = bound.run(parent.broken, { keys: keysText(written, hasRowid) }).rows
    if (found !== undefined) return evidence(parent, found, false)
  }
  for (const [child, before] of referred) {
    const [found] = bound.run(child.broken, { keys: keysText(before, false) }).rows
    if (found !== undefined) return evidence(child, found, true)
  }
  return undefined
}

/** The keys of what is there afterwards. */
function writeAgain(bound: BoundProgram<WriteProgram>, rows: readonly string[]): readonly Row[] {
  const { diagnosis, write, targets, hasRowid } = bound.program
  const again = diagnosis?.rows ?? null
  if (again !== null) {
    const taken = again.targets === null ? rows : rows.slice(0, 1)
    const meant = again.targets === null ? [] : bound.run(again.targets, {}).rows
    const texts = { payload: payloadText(taken), keys: keysText(meant, hasRowid) }
    return bound.run(again.write, texts).rows
  }
  const meant = targets === null ? [] : bound.run(targets, {}).rows
  if (write !== null) bound.run(write, { keys: keysText(meant, hasRowid) })
  return []
}

function evidence(
  { constraint, child, parent, columns }: KeyProbe,
  found: Row,
  isReferred: boolean,
): ConstraintEvidence {
  const values = textsOf(found)
  return { kind: 'foreign-key', constraint, child, parent, columns, values, isReferred }
}
