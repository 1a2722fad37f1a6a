/**
 * The values of a statement's placeholders on their way to a SQLite process, each behind a tag.
 * SQLite compares by type: an integer is a `bigint` here, because better-sqlite3 binds every number
 * of JavaScript as REAL.
 */
import type { TypedValue } from '../../values/typed-value.ts'
import type { FrameWriter } from './sqlite-frame-writer.ts'

/** A value bound to a placeholder, or handed to a registered function. A number is a REAL. */
export type SqliteParam = Exclude<TypedValue, boolean>

/** As SQLite stores it: booleans are integers, and NaN is null, which no comparison finds. */
export function toSqliteParam(value: TypedValue): SqliteParam {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return Number.isNaN(value) ? null : value
}

const tags = { null: 0, integer: 1, real: 2, text: 3, blob: 4 } as const

/** Shape   [count: u16] and for each value [tag: u8][nothing, i64, f64, or a u32 and as many bytes] */
export function writeValues(writer: FrameWriter, values: readonly SqliteParam[]): void {
  writer.u16(values.length)
  for (const value of values) writeValue(writer, value)
}

function writeValue(writer: FrameWriter, value: SqliteParam): void {
  switch (typeof value) {
    case 'bigint':
      writer.u8(tags.integer)
      writer.i64(value)
      break
    case 'number':
      writer.u8(tags.real)
      writer.f64(value)
      break
    case 'string':
      writer.u8(tags.text)
      writer.countedText(value)
      break
    default:
      if (value === null) {
        writer.u8(tags.null)
      } else {
        writer.u8(tags.blob)
        writer.u32(value.length)
        writer.bytes(value)
      }
  }
}

/** Blobs are views of the frame. `end` is where the frame goes on. */
export function readValues(
  frame: Buffer,
  start: number,
): { readonly values: readonly SqliteParam[]; readonly end: number } {
  const count = frame.readUInt16LE(start)
  const values: SqliteParam[] = []
  let at = start + 2
  for (let index = 0; index < count; index += 1) {
    const tag = frame[at]
    at += 1
    switch (tag) {
      case tags.null:
        values.push(null)
        break
      case tags.integer:
        values.push(frame.readBigInt64LE(at))
        at += 8
        break
      case tags.real:
        values.push(frame.readDoubleLE(at))
        at += 8
        break
      case tags.text:
      case tags.blob: {
        const from = at + 4
        at = from + frame.readUInt32LE(at)
        values.push(tag === tags.text ? frame.toString('utf8', from, at) : frame.subarray(from, at))
        break
      }
      default:
        throw new Error(`a value with the tag ${tag}`)
    }
  }
  return { values, end: at }
}
