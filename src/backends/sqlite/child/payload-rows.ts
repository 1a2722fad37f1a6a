/**
 * The payload of a write as the JSON text that its statements take as `@payload`: each value read as
 * its column's type first, so that nothing is stored that the column is not for.
 */

import { assignJson } from '../../values/assign-value.ts'
import { type PayloadRecord, readRecords } from '../../values/payload-records.ts'
import type { SqliteParam } from '../wire/bound-values.ts'
import { toSqliteParam } from '../wire/bound-values.ts'
import type { PayloadColumn, WriteProgram } from '../wire/write-program.ts'
import { valueOrThrow } from './sqlite-functions.ts'

/**
 * Shape   `["a",1,null]` for each row
 * Throws  SqliteValueError: what PostgreSQL says of the first value that its column does not take
 */
export function readPayloadRows(program: WriteProgram, payload: Uint8Array): readonly string[] {
  const text = Buffer.from(payload).toString()
  const records = valueOrThrow(readRecords(text, program.isArray))
  return records.map((record) => rowOf(record, program.columns))
}

/** The text for these rows. */
export function payloadText(rows: readonly string[]): string {
  return `[${rows.join(',')}]`
}

function rowOf(record: PayloadRecord, columns: readonly PayloadColumn[]): string {
  return `[${columns.map((column) => columnValue(record, column)).join(',')}]`
}

function columnValue(record: PayloadRecord, column: PayloadColumn): string {
  const json = record.get(column.name)
  if (json === undefined) return column.takesDefault ? 'true' : 'null'
  return parameterText(toSqliteParam(valueOrThrow(assignJson(column, json))))
}

function parameterText(value: SqliteParam): string {
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('hex')}"`
  if (typeof value === 'bigint') return value.toString()
  if (value === Number.POSITIVE_INFINITY) return '9e999'
  return value === Number.NEGATIVE_INFINITY ? '-9e999' : JSON.stringify(value)
}
