/**
 * Which writes SQLite compiles for a relation: it looks at CHECKs, indexes, triggers and foreign
 * keys while it does, and nothing is run, so a connection that may not write can ask. What a
 * relation's definition makes impossible (a function of another application's, a trigger over a
 * table that is gone) is known before a request meets it.
 */
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type { RawColumn, RawRelation, RawUnwritable } from '../wire/raw-catalog.ts'
import { whyNotCompiled } from './try-reads.ts'

/** Throws  what is no matter of the schema: a damaged file, say */
export function tryWrites(
  db: Database.Database,
  name: string,
  kind: RawRelation['kind'],
  columns: readonly RawColumn[],
): RawUnwritable {
  const relation = `main.${quoteIdentifier(name)}`
  const settable = columns.filter((column) => !column.isGenerated)
  const update = (some: readonly RawColumn[]) => {
    const sets = some
      .map((column) => quoteIdentifier(column.name))
      .map((each) => `${each} = ${each}`)
    return whyNotCompiled(db, `UPDATE ${relation} SET ${sets.join(', ')}`)
  }
  // a trigger in place of a view's UPDATE may be for some columns, and is taken if one is among them
  const areAllSettable = kind !== 'view' && (settable.length === 0 || update(settable) === null)
  return {
    insert: whyNotCompiled(db, insertText(relation, settable)),
    delete: whyNotCompiled(db, `DELETE FROM ${relation}`),
    update: areAllSettable
      ? []
      : settable.flatMap((column) => {
          const cause = update([column])
          return cause === null ? [] : [{ column: column.name, cause }]
        }),
  }
}

/**
 * As rows are inserted, by a SELECT: SQLite looks at keys to the relation then, which it does not for
 * a single row of VALUES.
 */
function insertText(relation: string, [first]: readonly RawColumn[]): string {
  return first === undefined
    ? `INSERT INTO ${relation} DEFAULT VALUES`
    : `INSERT INTO ${relation} (${quoteIdentifier(first.name)}) SELECT NULL WHERE true`
}
