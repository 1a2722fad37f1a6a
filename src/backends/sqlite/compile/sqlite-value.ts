/**
 * A SQL expression with what is known of its type, and how it becomes part of an answer: as JSON
 * text or as a field of CSV. The text of a whole row is put together by concatenation, so that
 * nested documents are written once and never parsed again.
 */
import { assertNever } from '../../../core/assert-never.ts'
import { type SqlText, sql } from '../../sql/sql-text.ts'
import type { StoredForm } from '../../values/stored-form.ts'
import type { ValueKind } from '../../values/value-kind.ts'

/** `document`: JSON text that is ready to be part of the answer; null stands for JSON's null. */
export type SqliteKind = ValueKind | 'document'

export interface SqliteValue {
  readonly sql: SqlText
  readonly kind: SqliteKind
  /** Holds nothing but its kind: made by us, a rowid, or a column of a STRICT table. */
  readonly isExact: boolean
  /** What PostgreSQL's messages call the type, where the kind does not tell. */
  readonly typeName?: string
  /** Of a column for dates, times or uuids, where a sample of it told. */
  readonly storedForm?: StoredForm
  /** A column with a collation that is not there: whatever compares it fails, as it is to. */
  readonly isIncomparable?: boolean
  /** Of a document: an expression that SQLite knows as JSON, and not as a text. */
  readonly isMarked?: boolean
}

/**
 * The value where it is shown and not compared: expressions that make text of it compare it with
 * numbers, and a sub-select asks for the collation of its columns. Never part of a condition or an
 * order, which another collation would make wrong.
 */
function shown({ sql: text, isIncomparable }: SqliteValue): SqlText {
  return isIncomparable === true ? sql`${text} COLLATE BINARY` : text
}

export function exact(kind: SqliteKind, text: SqlText): SqliteValue {
  return { sql: text, kind, isExact: true }
}

/** The type in PostgreSQL's messages. */
export function typeNameOf({ kind, typeName }: SqliteValue): string {
  return typeName ?? typeNames[kind] ?? kind
}

const typeNames: Readonly<Partial<Record<SqliteKind, string>>> = {
  blob: 'bytea',
  document: 'jsonb',
  real: 'double precision',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
}

/** What it is to the rules of types. */
export function valueKindOf({ kind }: SqliteValue): ValueKind {
  return kind === 'document' ? 'json' : kind
}

const jsonNull = sql`'null'`

/** JSON text, never null. */
export function toJson(value: SqliteValue): SqlText {
  const { kind, isExact } = value
  const text = shown(value)
  switch (kind) {
    case 'document':
      return sql`ifnull(${text}, ${jsonNull})`
    case 'boolean': {
      const otherwise = isExact ? jsonNull : anyToJson(text)
      return sql`CASE ${text} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE ${otherwise} END`
    }
    case 'json':
      return sql`CASE WHEN json_valid(${text}, 10) THEN json(${text}) ELSE ${anyToJson(text)} END`
    case 'integer':
      return isExact ? sql`ifnull(${text}, ${jsonNull})` : anyToJson(text)
    case 'text':
    case 'uuid':
    case 'date':
    case 'time':
    case 'timestamp':
      return isExact ? sql`json_quote(${text})` : anyToJson(text)
    case 'any':
      // a view's expression may carry SQLite's mark of JSON, which a sort would take off
      return sql`iif(typeof(${text}) = 'text', json_quote(${text} || ''), ${anyToJson(text)})`
    case 'real':
    case 'numeric':
    case 'blob':
      return anyToJson(text)
    default:
      return assertNever(kind)
  }
}

/** Bytes as PostgreSQL writes them; infinities are no JSON numbers. */
function anyToJson(text: SqlText): SqlText {
  return sql`CASE typeof(${text}) WHEN 'blob' THEN '"\\\\x' || lower(hex(${text})) || '"' WHEN 'real' THEN CASE WHEN abs(${text}) < 9e999 THEN json_quote(${text}) ELSE iif(${text} > 0, '"Infinity"', '"-Infinity"') END ELSE json_quote(${text}) END`
}

/** The text that a cast to text gives; null stays null. */
export function toText(value: SqliteValue): SqlText {
  const { kind } = value
  const text = shown(value)
  if (kind === 'boolean') {
    return sql`CASE ${text} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE ${anyToText(text)} END`
  }
  if (kind === 'real' || kind === 'numeric' || kind === 'any') return numberToText(text)
  // the concatenation takes off the mark by which SQLite knows JSON from text
  if (kind === 'document') return sql`(${text} || '')`
  if (kind === 'timestamp') return momentToText(anyToText(text))
  // JSON5 and JSON in binary are shown as they are in JSON
  if (kind === 'json') {
    return sql`CASE WHEN json_valid(${text}, 1) THEN ${text} WHEN json_valid(${text}, 10) THEN json(${text}) || '' ELSE ${anyToText(text)} END`
  }
  if (value.isExact && kind !== 'blob') return sql`CAST(${text} AS TEXT)`
  return anyToText(text)
}

/** A blank for the `T`, and a zone of whole hours without its minutes. */
function momentToText(text: SqlText): SqlText {
  const blank = sql`iif(substr(${text}, 11, 1) = 'T', substr(${text}, 1, 10) || ' ' || substr(${text}, 12), ${text})`
  return sql`iif(substr(${text}, -6) GLOB '[+-][0-9][0-9]:00', substr(${blank}, 1, length(${text}) - 3), ${blank})`
}

/** Whole numbers without SQLite's `.0`. */
function numberToText(text: SqlText): SqlText {
  return sql`CASE WHEN typeof(${text}) <> 'real' THEN ${anyToText(text)} WHEN ${text} = CAST(${text} AS INTEGER) AND abs(${text}) < 1e15 THEN CAST(CAST(${text} AS INTEGER) AS TEXT) WHEN abs(${text}) >= 9e999 THEN iif(sign(${text}) > 0, 'Infinity', '-Infinity') ELSE replace(CAST(${text} AS TEXT), '.0e', 'e') END`
}

function anyToText(text: SqlText): SqlText {
  return sql`iif(typeof(${text}) = 'blob', '\\x' || lower(hex(${text})), CAST(${text} AS TEXT))`
}

/** As a row's text form has it: booleans are one letter. */
export function toCsvField(value: SqliteValue): SqlText {
  if (value.kind !== 'boolean') return toText(value)
  const text = shown(value)
  return sql`CASE ${text} WHEN 1 THEN 't' WHEN 0 THEN 'f' ELSE ${anyToText(text)} END`
}

/**
 * Concatenation as a balanced tree: a chain would copy what it has so far with each piece, and be
 * too deep for SQLite at some hundred columns.
 */
export function concatenated(pieces: readonly SqlText[]): SqlText {
  const [first] = pieces
  if (first === undefined) return sql`''`
  if (pieces.length === 1) return first
  const middle = Math.ceil(pieces.length / 2)
  return sql`(${concatenated(pieces.slice(0, middle))} || ${concatenated(pieces.slice(middle))})`
}
