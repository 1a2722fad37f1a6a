/**
 * Protocol messages of a server → what a batch reads of them. Each function takes a whole frame as
 * `frame-reader.ts` cut it. Values of rows stay bytes: nothing is decoded that is only passed on.
 *
 * Rule    PostgreSQL manual: Message Formats
 */
import type { DataRow, ServerError, TransactionState } from './postgres-connection.ts'

/** First byte of a message, as the manual writes it. */
export const messageCodes = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  notification: 0x41, // A
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  copyIn: 0x47, // G
  copyOut: 0x48, // H
  emptyQuery: 0x49, // I
  rowDescription: 0x54, // T
  copyBoth: 0x57, // W
  readyForQuery: 0x5a, // Z
  noData: 0x6e, // n
} as const

/** The values point into the frame's memory. */
export function decodeDataRow(frame: Buffer): DataRow {
  const count = frame.readUInt16BE(5)
  const row: (Buffer | null)[] = new Array(count)
  let at = 7
  for (let column = 0; column < count; column += 1) {
    const length = frame.readInt32BE(at)
    at += 4
    if (length < 0) {
      row[column] = null
    } else {
      row[column] = frame.subarray(at, at + length)
      at += length
    }
  }
  return row
}

export function decodeColumnNames(frame: Buffer): readonly string[] {
  const count = frame.readUInt16BE(5)
  const names: string[] = []
  let at = 7
  for (let column = 0; column < count; column += 1) {
    const end = frame.indexOf(0, at)
    names.push(frame.toString('utf8', at, end))
    // table oid, column number, type oid, size, modifier, format
    at = end + 1 + 18
  }
  return names
}

/** `SELECT 1`, `BEGIN`, `ROLLBACK` … */
export function decodeCommandTag(frame: Buffer): string {
  return frame.toString('latin1', 5, frame.length - 1)
}

export function decodeTransactionState(frame: Buffer): TransactionState {
  switch (frame[5]) {
    case 0x49: // I
      return 'idle'
    case 0x54: // T
      return 'open'
    default:
      return 'failed'
  }
}

export function decodeServerError(frame: Buffer): ServerError {
  const fields = new Map<string, string>()
  let at = 5
  while (at < frame.length && frame[at] !== 0) {
    const end = frame.indexOf(0, at + 1)
    fields.set(String.fromCharCode(frame[at] ?? 0), frame.toString('utf8', at + 1, end))
    at = end + 1
  }
  return {
    // field V holds the severity in English, S in the language of the server's messages
    severity: fields.get('V') ?? fields.get('S') ?? 'ERROR',
    sqlState: fields.get('C') ?? 'XX000',
    message: fields.get('M') ?? '',
    details: fields.get('D') ?? null,
    hint: fields.get('H') ?? null,
    ...(isOfManyCalls(fields.get('W') ?? '') ? { isInsideFunction: true } : {}),
  }
}

/**
 * A context has a line for each call that is running, in the language of the server's messages. Few
 * lines may also tell what was read, such as a value of the request that is no JSON.
 */
function isOfManyCalls(context: string): boolean {
  return context.split('\n').length > 8
}
