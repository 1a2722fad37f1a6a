/**
 * How the texts of a request become the values that are bound: each placeholder has a reading,
 * chosen when the statement was compiled from the type of what the value is compared with. SQLite
 * compares a number and a text by their types, so a value of the wrong type is a wrong answer.
 *
 * A reading travels as the `type` of a placeholder, which is its index in `readings`.
 */
import { type ApiRequest, ftsOperators, type Slot } from '../../../api/api-request.ts'
import { ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { PlanWindow } from '../../../plan/plan.ts'
import { bindParams, type ParamValue } from '../../sql/bind-params.ts'
import { param, type SqlStatement, type SqlText } from '../../sql/sql-text.ts'
import { type ArrayMembers, parseArrayLiteral } from '../../values/array-literal.ts'
import { parseContainmentOperand } from '../../values/json-containment.ts'
import { numberOfText, parsedTypes, parseTypedText } from '../../values/parse-typed-text.ts'
import { compilePosixPattern } from '../../values/posix-pattern.ts'
import { readTextQuery } from '../../values/text-query.ts'
import { type SqliteParam, toSqliteParam } from '../wire/bound-values.ts'
import { toFts5Query } from './fts5-query.ts'
import { likeToGlob } from './like-glob.ts'

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
  ...ftsOperators.flatMap((operator) => [`${operator} query`, `${operator} negated`] as const),
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

type Read = Result<SqliteParam, DatabaseFailure>

/**
 * The values for a statement's placeholders.
 *
 * Errors  what PostgreSQL says of a text that is no value of its type
 */
export function bindOperands(
  statement: SqlStatement,
  request: ApiRequest,
): Result<readonly SqliteParam[], DatabaseFailure> {
  const values: SqliteParam[] = []
  for (const [index, sent] of bindParams(statement, request).entries()) {
    const read = readSent(readings[statement.types[index] ?? 0] ?? 'text', sent)
    if (!read.ok) return read
    values.push(read.value)
  }
  return ok(values)
}

function readSent(reading: Reading, sent: ParamValue): Read {
  // a negative limit is none
  if (sent === null) return ok(reading === 'limit' ? -1n : null)
  if (sent instanceof Uint8Array) return ok(sent)
  const listed = memberReadings.find((each) => reading === `${each} list`)
  if (listed !== undefined) return readList(listed, sent)
  if (typeof sent !== 'string') throw new Error(`a list where one value is read: ${reading}`)
  const member = memberReadings.find((each) => reading === each)
  return member === undefined ? readOther(reading, sent) : readMember(member, sent)
}

function readMember(reading: MemberReading, text: string): Read {
  switch (reading) {
    case 'any':
    case 'like':
      return ok(text)
    case 'glob':
      return ok(likeToGlob(text))
    case 'regex':
      return mapOk(compilePosixPattern(text, false), () => text)
    default:
      return mapOk(parseTypedText(reading, text), toSqliteParam)
  }
}

function readOther(reading: Reading, text: string): Read {
  switch (reading) {
    case 'any number':
      return ok(anyNumber(text))
    case 'is ascii':
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant
      return ok(/^[\x00-\x7f]*$/.test(text) ? 1n : 0n)
    case 'containment':
      return mapOk(parseContainmentOperand(text), (parsed) => JSON.stringify(parsed))
    case 'limit':
    case 'offset':
      return ok(clamped(text))
    default:
      return readSearch(reading, text)
  }
}

function readSearch(reading: Reading, text: string): Read {
  const operator = ftsOperators.find((each) => reading.startsWith(`${each} `))
  if (operator === undefined) throw new Error(`no such reading: ${reading}`)
  return mapOk(readTextQuery(operator, text), (query) => {
    const { expression, isNegated } = toFts5Query(query)
    return reading === `${operator} negated` ? toSqliteParam(isNegated) : expression
  })
}

function mapOk<T>(result: Result<T, DatabaseFailure>, map: (value: T) => SqliteParam): Read {
  return result.ok ? ok(map(result.value)) : result
}

/** Booleans are stored as numbers. */
function anyNumber(text: string): SqliteParam {
  const word = text.trim().toLowerCase()
  if (word === 'true' || word === 'false') return toSqliteParam(word === 'true')
  return numberOfText(text) ?? text
}

function clamped(text: string): bigint {
  const value = BigInt(text)
  const most = 2n ** 63n - 1n
  return value > most ? most : value
}

function readList(reading: MemberReading, sent: string | readonly string[]): Read {
  if (typeof sent !== 'string') return toJsonList(reading, sent)
  const members = parseArrayLiteral(sent)
  return members.ok ? toJsonList(reading, members.value) : members
}

function toJsonList(reading: MemberReading, members: ArrayMembers): Read {
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
  return `[${toJson(anyNumber(member))},${JSON.stringify(member)}]`
}

/** Digits stay as they are; bytes are hexadecimal. */
function toJson(value: SqliteParam): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('hex'))
  if (typeof value === 'bigint') return value.toString()
  if (value === Infinity) return '9e999'
  return value === -Infinity ? '-9e999' : JSON.stringify(value)
}
