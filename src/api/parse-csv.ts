/**
 * Turns the text of a `text/csv` body into records with the header's names, for parse-payload.ts.
 * RFC 4180, with blank lines left out. A record shorter than the header lacks the last keys; what
 * is beyond the header is dropped.
 *
 * Rule  PostgREST docs: tables_views (Bulk insert)
 */
import { err, ok, type Result } from '../core/result.ts'

interface Reader {
  readonly text: string
  at: number
}

/** Null if a quoted field is never closed, or a quote inside it stands alone. */
function readField(reader: Reader): string | null {
  const { text } = reader
  const start = reader.at
  if (text[start] !== '"') {
    let at = start
    while (at < text.length && !'",\n\r'.includes(text.charAt(at))) at += 1
    reader.at = at
    return text.slice(start, at)
  }
  let value = ''
  let kept = start + 1
  for (;;) {
    const quote = text.indexOf('"', kept)
    if (quote < 0) return null
    value += text.slice(kept, quote)
    if (text[quote + 1] !== '"') {
      reader.at = quote + 1
      return value
    }
    value += '"'
    kept = quote + 2
  }
}

function readRecord(reader: Reader): readonly string[] | null {
  const fields: string[] = []
  for (;;) {
    const value = readField(reader)
    if (value === null) return null
    fields.push(value)
    if (reader.text[reader.at] !== ',') return fields
    reader.at += 1
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

/**
 * Shape   `a,b\n1,NULL\n` → [{ a: '1', b: null }]; the bare word `NULL` is a null
 * Errors  the text of the problem
 */
export function parseCsv(
  text: string,
): Result<readonly Readonly<Record<string, string | null>>[], string> {
  const reader: Reader = { text, at: 0 }
  const names = readRecord(reader)
  if (names === null) return err(problem('unterminated quoted field', reader))
  if (!readLineEnd(reader)) return err(missingLineEnd(reader))
  const records: Record<string, string | null>[] = []
  do {
    const values = readRecord(reader)
    if (values === null) return err(problem('unterminated quoted field', reader))
    if (values.length === 1 && values[0] === '') continue
    const pairs = names.slice(0, values.length).map((name, index): [string, string | null] => {
      const value = values[index] ?? ''
      return [name, value === 'NULL' ? null : value]
    })
    records.push(Object.fromEntries(pairs))
  } while (readLineEnd(reader))
  return reader.at < text.length ? err(missingLineEnd(reader)) : ok(records)
}
