/**
 * Looks at the rows of a write for what access rules want of them, before and after it, inside its
 * savepoint: a row that breaks a rule ends the write, and nothing of it stays.
 */
import { valueFailure } from '../../values/value-failure.ts'
import type { WriteProgram, WriteRules, WriteStatement } from '../wire/write-program.ts'
import { SqliteValueError } from './sqlite-functions.ts'
import { keysText } from './write-keys.ts'
import type { BoundProgram, NamedTexts, Row } from './write-statements.ts'

/**
 * Of an upsert: the keys of the rows in its way.
 *
 * Throws  42501 for a row that may not be inserted, or is in the way and may not be updated
 */
export function checkProposed(
  bound: BoundProgram<WriteProgram>,
  rules: WriteRules,
  texts: NamedTexts,
): readonly Row[] {
  const { proposed, inTheWay } = rules
  if (proposed !== null) refuseAny(bound, rules, proposed, texts)
  if (inTheWay === null) return []
  const { rows } = bound.run(inTheWay.rows, texts)
  if (inTheWay.forbidden !== null) refuseKeys(bound, rules, inTheWay.forbidden, rows)
  return rows
}

/**
 * `merged`: the keys of those that were there before.
 *
 * Throws  42501 for a row that may not be as it is now
 */
export function checkWritten(
  bound: BoundProgram<WriteProgram>,
  rules: WriteRules,
  keys: readonly Row[],
  merged: readonly Row[],
): void {
  const before = new Set(merged.map((key) => keysText([key], false)))
  const isMerged = (key: Row) => before.has(keysText([key], false))
  if (rules.written !== null) {
    const fresh = before.size === 0 ? keys : keys.filter((key) => !isMerged(key))
    refuseKeys(bound, rules, rules.written, fresh)
  }
  const ofMerged = rules.inTheWay?.merged ?? null
  if (ofMerged !== null && before.size > 0) {
    refuseKeys(bound, rules, ofMerged, keys.filter(isMerged))
  }
}

function refuseKeys(
  bound: BoundProgram<WriteProgram>,
  rules: WriteRules,
  statement: WriteStatement,
  keys: readonly Row[],
): void {
  if (keys.length === 0) return
  const texts = { keys: keysText(keys, bound.program.hasRowid) }
  refuseAny(bound, rules, statement, texts)
}

function refuseAny(
  bound: BoundProgram<WriteProgram>,
  { relation }: WriteRules,
  statement: WriteStatement,
  texts: NamedTexts,
): void {
  const [count] = bound.first(statement, texts)
  if (Number(count ?? 1) === 0) return
  const message = `new row violates row-level security policy for table "${relation}"`
  throw new SqliteValueError(valueFailure('42501', message))
}
