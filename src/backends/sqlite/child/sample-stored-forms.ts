/**
 * Looks at some values of every column that was declared for dates, times or uuids: SQLite stores
 * them in whatever form a program chose. Fifty first and fifty last rows of each table tell the form;
 * what they do not tell only costs time, and only where rows are sorted is it relied on.
 */
import type Database from 'better-sqlite3'
import { quoteIdentifier } from '../../sql/sql-text.ts'
import { storedForm } from '../../values/stored-form.ts'
import type { RawRelation, RawStoredForm } from '../wire/raw-catalog.ts'
import { rowidName } from '../wire/rowid-name.ts'

const sampled = /date|time|uuid|guid|uniqueidentifier/i
const rowsAtEachEnd = 50

/** Of all tables together: what is not looked at by then counts as mixed. */
const longestMs = 1000

export function sampleStoredForms(
  db: Database.Database,
  relations: readonly RawRelation[],
): readonly RawStoredForm[] {
  const endAt = performance.now() + longestMs
  return relations
    .filter(({ kind }) => kind === 'table')
    .flatMap((relation) => {
      const columns = relation.columns.filter(({ type }) => sampled.test(type))
      if (columns.length === 0) return []
      const names = columns.map(({ name }) => name)
      const rows = performance.now() < endAt ? readEnds(db, relation, names) : null
      return names.map((column, index) => ({
        relation: relation.name,
        column,
        form: rows === null ? 'mixed' : storedForm(rows.map((row) => row[index] ?? null)),
      }))
    })
}

/**
 * Null for what cannot be read, such as a generated column over a function of an application, and
 * for a table with no way to its ends but to sort it.
 */
function readEnds(
  db: Database.Database,
  relation: RawRelation,
  names: readonly string[],
): readonly (readonly unknown[])[] | null {
  const columns = names.map(quoteIdentifier).join(', ')
  const key = keyOf(relation)
  if (key.length === 0) return null
  const end = (direction: string) => {
    const order = key.map((name) => `${quoteIdentifier(name)} ${direction}`).join(', ')
    return `SELECT * FROM (SELECT ${columns} FROM main.${quoteIdentifier(relation.name)} ORDER BY ${order} LIMIT ${rowsAtEachEnd})`
  }
  try {
    return db
      .prepare<[], unknown[]>(`${end('ASC')} UNION ALL ${end('DESC')}`)
      .raw()
      .all()
  } catch {
    return null
  }
}

/** What the rows are stored by; empty where no query can name it. */
function keyOf(relation: RawRelation): readonly string[] {
  if (!relation.isWithoutRowid) {
    const rowid = rowidName(relation)
    return rowid === null ? [] : [rowid]
  }
  return relation.columns
    .filter(({ keyPosition }) => keyPosition > 0)
    .toSorted((a, b) => a.keyPosition - b.keyPosition)
    .map(({ name }) => name)
}
