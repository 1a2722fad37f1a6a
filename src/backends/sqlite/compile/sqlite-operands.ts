/**
 * How the texts of a request become the values that are bound: each placeholder has a reading,
 * chosen when the statement was compiled from the type of what the value is compared with. SQLite
 * compares a number and a text by their types, so a value of the wrong type is a wrong answer.
 *
 * A reading travels as the `type` of a placeholder, which is its index in `readings`.
 */
import type { ApiRequest, Slot } from '../../../api/api-request.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { PlanWindow } from '../../../plan/plan.ts'
import { bindParams, type ParamValue } from '../../sql/bind-params.ts'
import { param, type SqlStatement, type SqlText } from '../../sql/sql-text.ts'
import { parseArrayLiteral } from '../../values/array-literal.ts'
import type { ContainmentOperand } from '../../values/json-containment.ts'
import { likeToGlob } from '../../values/like-pattern.ts'
import {
  numberIn,
  type ParsedType,
  parsedTypes,
  parseTypedText,
  type TypedText,
  type ValueFailure,
} from '../../values/parse-typed-text.ts'
import { compilePosixPattern } from '../../values/posix-pattern.ts'
import { readTextQuery, type TextQuery, type TextQueryOperator } from '../../values/text-query.ts'
import type { SqliteParam } from '../wire/sqlite-messages.ts'

/** Readings of one value, and of each member of a list. */
const memberReadings = [...parsedTypes, 'any', 'glob', 'like', 'regex'] as const
export type MemberReading = (typeof memberReadings)[number]

const otherReadings = [
  /** The number that an untyped value could be, else the text. */
  'any number',
  /** 1 for a text without letters beyond ASCII. */
  'is ascii',
  'containment',
  'limit',
  'offset',
  'fts query',
  'fts negated',
  'plfts query',
  'plfts negated',
  'phfts query',
  'phfts negated',
  'wfts query',
  'wfts negated',
] as const

/** `list`: the members of `in`, or of the array literal of `any` and `all`, as a JSON array. */
export type Reading = MemberReading | `${MemberReading} list` | (typeof otherReadings)[number]

const readings: readonly Reading[] = [
  // the first is what placeholders without a type get
  'text',
  ...memberReadings.filter((reading) => reading !== 'text'),
  ...memberReadings.map((reading) => `${reading} list` as const),
  ...otherReadings,
]

export function operand(slot: Slot, reading: Reading): SqlText {
  const isPattern = /^(?:glob|like|is ascii)/.test(reading)
  return param({ kind: isPattern ? 'pattern' : 'slot', slot }, readings.indexOf(reading))
}

export function limitOperand(window: PlanWindow): SqlText {
  return param({ kind: 'limit', window }, readings.indexOf('limit'))
}

export function offsetOperand(window: PlanWindow): SqlText {
  return param({ kind: 'offset', window }, readings.indexOf('offset'))
}

/**
 * The values for a statement's placeholders.
 *
 * Errors  what PostgreSQL says of a text that is no value of its type
 */
export function bindOperands(
  statement: SqlStatement,
  request: ApiRequest,
): Result<readonly SqliteParam[], ValueFailure> {
  const values: SqliteParam[] = []
  for (const [index, bound] of bindParams(statement, request).entries()) {
    const read = readBound(readings[statement.types[index] ?? 0] ?? 'text', bound)
    if (!read.ok) return read
    values.push(read.value)
  }
  return ok(values)
}

function readBound(reading: Reading, bound: ParamValue): TypedText {
  if (reading === 'limit') return ok(bound === null ? -1 : clamped(String(bound)))
  if (bound === null || bound instanceof Uint8Array) return ok(bound)
  const listed = memberReadings.find((each) => reading === `${each} list`)
  if (listed !== undefined) return readList(listed, bound)
  if (typeof bound !== 'string') throw new Error(`a list where one value is read: ${reading}`)
  const member = memberReadings.find((each) => reading === each)
  return member === undefined ? readOther(reading, bound) : readMember(member, bound)
}

function readMember(reading: MemberReading, text: string): TypedText {
  switch (reading) {
    case 'any':
    case 'like':
      return ok(text)
    case 'glob':
      return ok(likeToGlob(text))
    case 'regex': {
      if (compilePosixPattern(text, false) !== null) return ok(text)
      return err({
        sqlState: '2201B',
        message: `invalid regular expression: ${text}`,
        details: null,
      })
    }
    default:
      return parseTypedText(reading satisfies ParsedType, text)
  }
}

function readOther(reading: Reading, text: string): TypedText {
  switch (reading) {
    case 'any number':
      return ok(numberIn(text) ?? booleanIn(text) ?? text)
    case 'is ascii':
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant
      return ok(/^[\x00-\x7f]*$/.test(text) ? 1 : 0)
    case 'containment':
      return readContainment(text)
    case 'offset':
      return ok(clamped(text))
    default: {
      const [, operator, part] = /^(fts|plfts|phfts|wfts) (query|negated)$/.exec(reading) ?? []
      const query = readTextQuery(operator as TextQueryOperator, text)
      return query.ok ? ok(partOf(query.value, part === 'negated')) : query
    }
  }
}

function partOf(query: TextQuery, wantsNegation: boolean): SqliteParam {
  return wantsNegation ? (query.isNegated ? 1 : 0) : query.expression
}

/** Booleans are stored as numbers. */
function booleanIn(text: string): number | null {
  const word = text.trim().toLowerCase()
  return word === 'true' ? 1 : word === 'false' ? 0 : null
}

function clamped(text: string): bigint {
  const value = BigInt(text)
  const most = 2n ** 63n - 1n
  return value > most ? most : value
}

function readList(reading: MemberReading, sent: string | readonly string[]): TypedText {
  if (typeof sent !== 'string') return toJsonList(reading, sent)
  const members = parseArrayLiteral(sent)
  return members === null ? malformedArray(sent) : toJsonList(reading, members)
}

function malformedArray(text: string): TypedText {
  const details = text.trimStart().startsWith('{')
    ? null
    : 'Array value must start with "{" or dimension information.'
  return err({ sqlState: '22P02', message: `malformed array literal: "${text}"`, details })
}

function toJsonList(reading: MemberReading, members: readonly (string | null)[]): TypedText {
  const values: string[] = []
  for (const member of members) {
    const read = member === null ? ok(null) : readMember(reading, member)
    if (!read.ok) return read
    values.push(reading === 'any' ? anyPair(member) : toJson(read.value))
  }
  return ok(`[${values.join(',')}]`)
}

/** [the number that it could be, the text] */
function anyPair(member: string | null): string {
  if (member === null) return '[null,null]'
  return `[${toJson(numberIn(member) ?? booleanIn(member) ?? member)},${JSON.stringify(member)}]`
}

/** Digits stay as they are; bytes are hexadecimal. */
function toJson(value: SqliteParam): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('hex'))
  if (typeof value === 'bigint') return value.toString()
  if (value === Infinity) return '9e999'
  return value === -Infinity ? '-9e999' : JSON.stringify(value)
}

/** A document, or the members of an array literal; `{}` reads as the latter, which is contained by all. */
function readContainment(text: string): TypedText {
  const members = parseArrayLiteral(text)
  const document = members === null || members.length > 0 ? parseJson(text) : undefined
  if (document !== undefined) return ok(encoded({ kind: 'document', value: document }))
  return members === null ? malformedArray(text) : ok(encoded({ kind: 'members', texts: members }))
}

function encoded(given: ContainmentOperand): string {
  return JSON.stringify(given)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
