/**
 * Runs one write inside a transaction that its caller has begun and ends: reads the payload, writes,
 * and reads back what the request wants to see, all from the program that it was compiled to.
 */
import { valueFailure } from '../../values/value-failure.ts'
import type { ChildReply } from '../wire/reply-frames.ts'
import type { WriteProgram, WriteStatement } from '../wire/write-program.ts'
import { checkProposed, checkWritten } from './check-rules.ts'
import { payloadText, readPayloadRows } from './payload-rows.ts'
import { SqliteValueError } from './sqlite-functions.ts'
import { keysText } from './write-keys.ts'
import type { BoundProgram, NamedTexts, Row } from './write-statements.ts'

export type Written = Extract<ChildReply, { kind: 'written' }>
type Shown = Pick<Written, 'body' | 'rows'>

/** What a write did. */
interface Touched {
  readonly count: number
  /** Empty where nothing is handed back. */
  readonly keys: readonly Row[]
  readonly inserted: number | null
}

const noBytes = new Uint8Array()

/** Throws  what SQLite or the values of the payload fail with */
export function runWrite(bound: BoundProgram<WriteProgram>, payload: Uint8Array): Written {
  const { kind, targets, write, shown } = bound.program
  if (kind === 'delete' && targets !== null && write !== null && shown !== null) {
    return runShownDelete(bound, targets, write, shown)
  }
  return answer(bound, touch(bound, payload))
}

function touch(bound: BoundProgram<WriteProgram>, payload: Uint8Array): Touched {
  const { program } = bound
  const rows = program.kind === 'delete' ? [] : readPayloadRows(program, payload)
  // an update takes one of several objects, as PostgreSQL does
  const taken = program.kind === 'update' ? rows.slice(0, 1) : rows
  if (program.write === null || (program.kind !== 'delete' && taken.length === 0)) {
    return { count: 0, keys: [], inserted: program.existing === null ? null : 0 }
  }
  const { rules } = program
  if (program.kind === 'insert') return insert(bound, program.write, taken)
  const texts = { payload: payloadText(taken) }
  if (program.targets === null) {
    const touched = write(bound, program.write, texts)
    if (rules !== null) checkWritten(bound, rules, touched.keys, [])
    return touched
  }
  const keys = bound.run(program.targets, {}).rows
  bound.run(program.write, { ...texts, keys: keysText(keys, program.hasRowid) })
  if (rules !== null) checkWritten(bound, rules, keys, [])
  return { count: keys.length, keys, inserted: null }
}

function insert(
  bound: BoundProgram<WriteProgram>,
  statement: WriteStatement,
  rows: readonly string[],
): Touched {
  const { program } = bound
  const texts = { payload: payloadText(rows) }
  const existing = program.existing === null ? null : countOf(bound.first(program.existing, texts))
  const { rules } = program
  const inTheWay = rules === null ? [] : checkProposed(bound, rules, texts)
  const touched = program.takesRowids
    ? insertOneByOne(bound, statement, rows)
    : write(bound, statement, texts)
  if (program.writesOnce) refuseRepeated(touched.keys)
  if (rules !== null) checkWritten(bound, rules, touched.keys, inTheWay)
  return { ...touched, inserted: existing === null ? null : touched.count - existing }
}

/** RETURNING does not know the rowid of a virtual table's row. */
function insertOneByOne(
  bound: BoundProgram<WriteProgram>,
  statement: WriteStatement,
  rows: readonly string[],
): Touched {
  const keys = rows.map((row): Row => [bound.run(statement, { payload: payloadText([row]) }).rowid])
  return { count: rows.length, keys, inserted: null }
}

function write(
  bound: BoundProgram<WriteProgram>,
  statement: WriteStatement,
  texts: NamedTexts,
): Touched {
  const { rows, count } = bound.run(statement, texts)
  return { count, keys: rows, inserted: null }
}

function countOf(row: Row): number {
  return Number(row[0] ?? 0)
}

/** SQLite would merge the second one into what the first has made. */
function refuseRepeated(keys: readonly Row[]): void {
  const distinct = new Set(keys.map((key) => keysText([key], false)))
  if (distinct.size === keys.length) return
  const hint =
    'Ensure that no rows proposed for insertion within the same command have duplicate constrained values.'
  throw new SqliteValueError(
    valueFailure('21000', 'ON CONFLICT DO UPDATE command cannot affect row a second time', {
      hint,
    }),
  )
}

function answer(bound: BoundProgram<WriteProgram>, { count, keys, inserted }: Touched): Written {
  const { program } = bound
  const texts = { keys: keysText(keys, program.hasRowid) }
  const isLocated = program.location !== null && count === 1
  const location = isLocated ? locationOf(bound, program.location, texts) : []
  if (program.shown === null) {
    return { kind: 'written', rows: count, inserted, location, body: noBytes }
  }
  const shown = showAgain(bound, keys) ?? toShown(bound, bound.first(program.shown, texts))
  return { kind: 'written', inserted, location, ...shown }
}

function locationOf(
  bound: BoundProgram<WriteProgram>,
  statement: WriteStatement,
  texts: NamedTexts,
): Written['location'] {
  const [json] = bound.first(statement, texts)
  // a statement of ours has made this JSON
  return typeof json === 'string' ? (JSON.parse(json) as Written['location']) : []
}

/** A view's rows as they are now; null where the keys that were sent do not lead to them. */
function showAgain(bound: BoundProgram<WriteProgram>, sent: readonly Row[]): Shown | null {
  const { shownAgain } = bound.program
  if (shownAgain === null) return null
  const keys = sent.map((row) => shownAgain.keyAt.map((at) => row[at] ?? null))
  if (keys.flat().includes(null)) return null
  const texts = { keys: keysText(keys, false) }
  const isFound = countOf(bound.first(shownAgain.found, texts)) === sent.length
  return isFound ? toShown(bound, bound.first(shownAgain.shown, texts)) : null
}

/** Rows are a body and their number. */
function toShown({ toBody }: BoundProgram<WriteProgram>, [body = null, rows = 0n]: Row): Shown {
  const bytes = body instanceof Uint8Array ? body : noBytes
  return { rows: Number(rows), body: toBody(bytes) }
}

/**
 * What is deleted is read before it is gone. Rows that a trigger kept, by RAISE(IGNORE), are not
 * shown: where there are any, all is done again without them.
 */
function runShownDelete(
  bound: BoundProgram<WriteProgram>,
  targets: WriteStatement,
  statement: WriteStatement,
  shown: WriteStatement,
): Written {
  const { left, hasRowid } = bound.program
  const meant = bound.run(targets, {}).rows
  const remove = (rows: readonly Row[]): Shown => {
    const keys = keysText(rows, hasRowid)
    const seen = toShown(bound, bound.first(shown, { keys }))
    bound.run(statement, { keys })
    return seen
  }
  let kept: readonly Row[] = []
  const seen = bound.attempt(() => {
    const all = remove(meant)
    kept = left === null ? [] : bound.run(left, { keys: keysText(meant, hasRowid) }).rows
    return kept.length === 0 ? all : null
  })
  if (seen !== null) return { kind: 'written', inserted: null, location: [], ...seen }
  const keptKeys = new Set(kept.map((row) => keysText([row], false)))
  const rest = meant.filter((row) => !keptKeys.has(keysText([row], false)))
  return { kind: 'written', inserted: null, location: [], ...remove(rest) }
}
