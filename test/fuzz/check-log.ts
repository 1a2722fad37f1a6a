/**
 * What holds for every line that the server writes while it is fuzzed. On stderr: statements whose
 * values are bound, errors as JSON, warnings of known kinds; a line of any other kind is a crash
 * report or worse. On stdout: one access line a request.
 */
import { marker, numericMarker } from './nasty-texts.ts'

const time = /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}: /
const statement = /^\s*(select|with|explain|insert|update|delete|begin|set|show|db)\b/i
const warning =
  /^(WARNING: Embedded resource was referenced|Update filters, orders or limits that use )/
const errorJson = /^\{"code":"([^"]*)",/
const reload = /^(Schema cache |Attempting to reconnect|Failed to load the schema cache)/

/** What follows a quote, a doubled one included, up to the next single one. */
const quotedIdentifier = /"(?:[^"]|"")*"/g
/** A type cannot be quoted; the grammar lets letters, digits, `_`, `$` and blanks through. */
const castType = / AS [\p{L}\p{Nd}_$ [\](),]*? \)/gu

/** Of a pipeline: names of fields and paths, which an open collection takes from clients; in quotes if need be. */
const fieldName =
  /(?<=[{ ])(?:"(?:[^"\\]|\\.)*"|[^\s{}"]+)(?=: )|"\$(?:[^"\\]|\\.)*"|\$[^\s{}"[\],]+/g

function withoutNames(statement: string): string {
  return statement.startsWith('db')
    ? statement.replace(fieldName, 'name')
    : statement.replace(quotedIdentifier, '""').replace(castType, ' AS type )')
}

/** Whatever a client sent and a statement shows, but for names and the types of casts. */
export function unboundText(statement: string): string | null {
  const bare = withoutNames(statement)
  const found = [marker, String(numericMarker)].map((text) => bare.toLowerCase().indexOf(text))
  const at = Math.max(...found)
  return at === -1 ? null : bare.slice(Math.max(0, at - 60), at + 60)
}

/** Null for a line that may stand there. */
export function checkErrorLine(line: string): string | null {
  if (!time.test(line)) return `a line without time: ${line.slice(0, 300)}`
  const text = line.replace(time, '')
  if (warning.test(text)) return null
  if (statement.test(text)) {
    const unbound = unboundText(text)
    return unbound === null ? null : `a statement shows a value: ${unbound}`
  }
  if (errorJson.test(text)) return null
  if (reload.test(text)) return `the schema was loaded again: ${text.slice(0, 200)}`
  return `an unexpected line: ${text.slice(0, 500)}`
}

/** Null for a well-formed access line. */
export function checkAccessLine(line: string): string | null {
  return /^127\.0\.0\.1 - .+? \[[^\]]+\] "[A-Z]+ .* HTTP\/\d\.\d" \d{3} (\d+|-) "/.test(line)
    ? null
    : `no access line: ${line.slice(0, 300)}`
}
