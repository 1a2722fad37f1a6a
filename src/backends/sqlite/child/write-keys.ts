/**
 * Rows of a relation as the JSON text that statements take as `@keys`, and back: a rowid, or an
 * array of values, for each. Blobs are marked, since JSON has none.
 */
import type { SqliteParam } from '../wire/bound-values.ts'
import type { Row } from './write-statements.ts'

/** Shape   [[1n], [2n]] → `[1,2]`; [['a', 1.5]] → `[["a",1.5]]` where `isRowid` is false */
export function keysText(rows: readonly Row[], isRowid: boolean): string {
  return `[${rows.map((row) => (isRowid ? valueText(row[0] ?? null) : rowText(row))).join(',')}]`
}

function rowText(row: Row): string {
  return `[${row.map(valueText).join(',')}]`
}

/** JSON that SQLite reads as the same value; 9e999 is its infinity. */
function valueText(value: SqliteParam): string {
  switch (typeof value) {
    case 'bigint':
      return value.toString()
    case 'number':
      if (value === Number.POSITIVE_INFINITY) return '9e999'
      return value === Number.NEGATIVE_INFINITY ? '-9e999' : realText(value)
    case 'string':
      return JSON.stringify(value)
    default:
      return value === null ? 'null' : `{"b":"${Buffer.from(value).toString('hex')}"}`
  }
}

/** A whole number stays a REAL. */
function realText(value: number): string {
  const text = String(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}
