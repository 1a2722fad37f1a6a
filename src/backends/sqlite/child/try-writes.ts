/**
 * Which writes SQLite compiles for a relation: it looks at CHECKs, indexes, triggers and foreign
 * keys while it does, and nothing is run, so a connection that may not write can ask. What a
 * relation's definition makes impossible (a function of another application's, a trigger over a
 * table that is gone) is known before a request meets it.
 */
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import type { RawColumn, RawRelation, RawUnwritable } from '../wire/raw-catalog.ts'
import { writtenChecks } from '../wire/written-checks.ts'
import { whyNotCompiled } from './try-reads.ts'

/**
 * `sql`: the CREATE TABLE, or whatever made the relation.
 *
 * Throws  what is no matter of the schema: a damaged file, say
 */
export function tryWrites(
  db: Database.Database,
  { name, kind, columns, sql }: Pick<RawRelation, 'name' | 'kind' | 'columns' | 'sql'>,
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
  const checks = kind === 'table' ? uncompiledChecks(db, relation, sql) : []
  const areChecked = (column: RawColumn) =>
    checks.find(({ names }) => names.has(column.name.toLowerCase()))?.cause ?? null
  return {
    insert: whyNotCompiled(db, insertText(relation, settable)) ?? checks[0]?.cause ?? null,
    delete: whyNotCompiled(db, `DELETE FROM ${relation}`),
    update: settable.flatMap((column) => {
      const cause = (areAllSettable ? null : update([column])) ?? areChecked(column)
      return cause === null ? [] : [{ column: column.name, cause }]
    }),
  }
}

interface UncompiledCheck {
  readonly cause: string
  /** What may be names of columns in it, in small letters: SQLite checks it where one of them is set. */
  readonly names: ReadonlySet<string>
}

/** SQLite keeps no CHECK of a file that it opens to read, so that they are tried by themselves. */
function uncompiledChecks(
  db: Database.Database,
  relation: string,
  sql: string,
): readonly UncompiledCheck[] {
  return writtenChecks(sql).flatMap(({ expression, text }) => {
    const cause = whyNotCompiled(db, `SELECT (${text}) FROM ${relation}`)
    // what else does not compile alone may do so in its table
    if (cause === null || !/^(?:no such|unknown) function:/.test(cause)) return []
    return [{ cause, names: new Set(expression.map((token) => token.text.toLowerCase())) }]
  })
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
