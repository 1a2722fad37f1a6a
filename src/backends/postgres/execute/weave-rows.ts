/**
 * One JSON list for each column → one JSON list of objects, byte for byte as PostgreSQL prints the
 * rows themselves. Values are copied as they are: all that is looked for is where each one ends.
 *
 *   `[1, 2]` and `["a", "b"]` → `[{"id":1,"name":"a"}, \n {"id":2,"name":"b"}]`
 */
import type { Steps } from '../../../core/run-in-slices.ts'
import type { ListedColumn } from '../compile/compile-column-lists.ts'

const comma = 0x2c
const quote = 0x22
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const blank = 0x20
const lineFeed = 0x0a

/** Between two rows; in front of the first as well, where all but the last two are cut off. */
const betweenRows = '}, \n {'

const wordBytes = 4

const noList = Buffer.alloc(0)

/** So often the work may rest, in bytes written, about. */
const bytesPerStep = 64 * 1024

interface Column extends Pick<ListedColumn, 'isStoredJson'> {
  readonly list: Buffer
  /** Where the next value begins. */
  at: number
  /** What is written in front of each value, its length, and the same four bytes at a time. */
  readonly leadBytes: number
  readonly leadWords: Int32Array
}

/** Bytes to be had for the rows: some more than they take. */
export function bytesForRows(
  listed: readonly ListedColumn[],
  lists: readonly Buffer[],
  rowCount: number,
): number {
  const ofValues = lists.reduce((sum, list) => sum + list.length, 0)
  const ofLeads = listed.reduce((sum, { name }, at) => sum + Buffer.byteLength(leadOf(name, at)), 0)
  return ofValues + rowCount * ofLeads + wordBytes
}

/**
 * Writes the rows into `out`, which has `bytesForRows`, and returns the part of it that they take;
 * null where the lists do not have as many values as there are rows.
 *
 * @param lists as `json_agg` prints them: `, ` between two values, and `, ` with a line feed and a
 * blank where the second is an object or a list that was no JSON text
 * @param rowCount one at least
 */
export function* weaveRows(
  listed: readonly ListedColumn[],
  lists: readonly Buffer[],
  rowCount: number,
  out: Buffer,
): Steps<Buffer | null> {
  const columns = listed.map((each, at) =>
    columnOf(each, lists[at] ?? noList, leadOf(each.name, at)),
  )
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength)
  const rowsPerStep = Math.ceil((bytesPerStep * rowCount) / out.length)
  let to = 0
  for (let row = 0; row < rowCount; row += rowsPerStep) {
    to = writeRows(columns, Math.min(rowsPerStep, rowCount - row), out, view, to)
    if (to === -1) return null
    yield
  }
  if (!columns.every(({ list, at }) => at > list.length)) return null
  out[to] = closeBrace
  out[to + 1] = closeBracket
  const from = betweenRows.length - 2
  out[from] = openBracket
  return out.subarray(from, to + 2)
}

function leadOf(name: string, at: number): string {
  return `${at === 0 ? betweenRows : ','}${JSON.stringify(name)}:`
}

function columnOf({ isStoredJson }: ListedColumn, list: Buffer, lead: string): Column {
  const leadBytes = Buffer.byteLength(lead)
  const padded = Buffer.alloc(Math.ceil(leadBytes / wordBytes) * wordBytes)
  padded.write(lead)
  const leadWords = new Int32Array(padded.length / wordBytes)
  for (let i = 0; i < leadWords.length; i += 1) leadWords[i] = padded.readInt32LE(i * wordBytes)
  return { list, isStoredJson, at: 1, leadBytes, leadWords }
}

/** Where the rows end, without their last brace; -1 where a value has no end. */
function writeRows(
  columns: readonly Column[],
  rowCount: number,
  out: Buffer,
  view: DataView,
  from: number,
): number {
  let to = from
  for (let row = 0; row < rowCount; row += 1) {
    // by index: with an iterator it takes twice as long
    for (let index = 0; index < columns.length; index += 1) {
      const column = columns[index]
      if (column === undefined) continue
      const { list, at, leadBytes, leadWords } = column
      // the last word may be more than the lead: what follows is written over it
      for (let i = 0; i < leadWords.length; i += 1) {
        view.setInt32(to + i * wordBytes, leadWords[i] ?? 0, true)
      }
      to += leadBytes
      const end = copyValue(list, at, out, to)
      if (end === -1) return -1
      to += end - at
      column.at = behindSeparator(list, end, column.isStoredJson)
    }
  }
  return to
}

/** Copies the value at `from` to `to`; where it ends in its list, -1 where it does not. */
function copyValue(list: Buffer, from: number, out: Buffer, to: number): number {
  const shift = to - from
  let depth = 0
  for (let at = from; at < list.length; at += 1) {
    const byte = list[at] ?? 0
    if (byte === quote) {
      out[at + shift] = byte
      at = copyText(list, at + 1, out, shift)
      continue
    }
    if (byte === comma) {
      if (depth === 0) return at
    } else if (byte === closeBracket) {
      if (depth === 0) return at
      depth -= 1
    } else if (byte === closeBrace) {
      depth -= 1
    } else if (byte === openBracket || byte === openBrace) {
      depth += 1
    }
    out[at + shift] = byte
  }
  return -1
}

/** Copies what follows a quote; where the closing one is. */
function copyText(list: Buffer, from: number, out: Buffer, shift: number): number {
  for (let at = from; at < list.length; at += 1) {
    const byte = list[at] ?? 0
    out[at + shift] = byte
    if (byte === quote) return at
    if (byte === backslash) {
      at += 1
      out[at + shift] = list[at] ?? 0
    }
  }
  return list.length
}

/** Behind the end of the list where the value was its last. */
function behindSeparator(list: Buffer, end: number, isStoredJson: boolean): number {
  if (list[end] !== comma) return list.length + 1
  const isLong = !isStoredJson && list[end + 2] === lineFeed && list[end + 3] === blank
  return end + (isLong ? 4 : 2)
}
