/**
 * Turns the text of a `text/csv` body into records with the header's names, for parse-payload.ts.
 * RFC 4180, with blank lines left out. A record shorter than the header lacks the last keys; what
 * is beyond the header is dropped.
 *
 * Rule  PostgREST docs: tables_views (Bulk insert)
 */
import { err, ok, type Result } from '../core/result.ts'
import type { Steps } from '../core/run-in-slices.ts'

interface Reader {
  readonly text: string
  at: number
  /** Where reading pauses next. */
  pauseAt: number
  /** What ends a field without quotes. */
  readonly fieldEnd: RegExp
}

const pieceChars = 64 * 1024

function isDue(reader: Reader): boolean {
  if (reader.at < reader.pauseAt) return false
  reader.pauseAt = reader.at + pieceChars
  return true
}

function readPlainField(reader: Reader): string {
  const { text, at, fieldEnd } = reader
  fieldEnd.lastIndex = at
  reader.at = fieldEnd.exec(text)?.index ?? text.length
  return text.slice(at, reader.at)
}

/** Null if the field is never closed; the cursor stays then. */
function* readQuotedField(reader: Reader): Steps<string | null> {
  const { text, at: start } = reader
  let value = ''
  let kept = start + 1
  for (;;) {
    const quote = text.indexOf('"', kept)
    if (quote < 0) {
      reader.at = start
      return null
    }
    value += text.slice(kept, quote)
    reader.at = quote + 1
    if (text[quote + 1] !== '"') return value
    value += '"'
    kept = quote + 2
    if (isDue(reader)) yield
  }
}

/** Null if a quoted field is never closed. */
function* readRecord(reader: Reader): Steps<readonly string[] | null> {
  const { text } = reader
  const fields: string[] = []
  for (;;) {
    const isQuoted = text[reader.at] === '"'
    const value = isQuoted ? yield* readQuotedField(reader) : readPlainField(reader)
    if (value === null) return null
    fields.push(value)
    if (text[reader.at] !== ',') return fields
    reader.at += 1
    if (isDue(reader)) yield
  }
}

/** Whether a line ended here; the cursor is then on the next one. */
function readLineEnd(reader: Reader): boolean {
  const { text } = reader
  if (text[reader.at] === '\n') reader.at += 1
  else if (text[reader.at] === '\r') reader.at += text[reader.at + 1] === '\n' ? 2 : 1
  else return false
  return true
}

function problem(what: string, reader: Reader): string {
  const rest = reader.text.slice(reader.at)
  const shown = rest.length > 100 ? `${rest.slice(0, 100)} (truncated)` : JSON.stringify(rest)
  return `parse error (${what}) at ${shown}`
}

/** The error text for what stands where a line should have ended. */
function missingLineEnd(reader: Reader): string {
  const isAtEnd = reader.at >= reader.text.length
  return problem(isAtEnd ? 'not enough input' : 'Failed reading: satisfy', reader)
}

export interface CsvRecords {
  /** Names in the header. */
  readonly width: number
  /** Names of the first record. */
  readonly names: readonly string[]
  /** JSON text of each record. */
  readonly records: readonly string[]
  /** Whether the records have the same names. */
  readonly areAlike: boolean
}

/**
 * `maxWidth`: with more names in the header no records are read
 *
 * Shape   `a,b\n1,NULL\n` → names a and b, and a record `{"a":"1","b":null}`; the bare word `NULL`
 *         is a null
 * Errors  the text of the problem
 */
export function* parseCsv(text: string, maxWidth: number): Steps<Result<CsvRecords, string>> {
  const reader: Reader = { text, at: 0, pauseAt: pieceChars, fieldEnd: /[",\n\r]/g }
  const names = yield* readRecord(reader)
  if (names === null) return err(problem('unterminated quoted field', reader))
  if (!readLineEnd(reader)) return err(missingLineEnd(reader))
  const width = names.length
  if (width > maxWidth) return ok({ width, names: [], records: [], areAlike: true })
  const records: string[] = []
  const widths = new Set<number>()
  do {
    const values = yield* readRecord(reader)
    if (values === null) return err(problem('unterminated quoted field', reader))
    if (values.length === 1 && values[0] === '') continue
    const pairs = names.slice(0, values.length).map((name, index): [string, string | null] => {
      const value = values[index] ?? ''
      return [name, value === 'NULL' ? null : value]
    })
    widths.add(pairs.length)
    records.push(JSON.stringify(Object.fromEntries(pairs)))
    if (isDue(reader)) yield
  } while (readLineEnd(reader))
  if (reader.at < text.length) return err(missingLineEnd(reader))
  // a name that the header has twice makes no record longer
  const [first = [], ...others] = [...widths].map((each) => [...new Set(names.slice(0, each))])
  const areAlike = others.every((each) => each.length === first.length)
  return ok({ width, names: first, records, areAlike })
}
