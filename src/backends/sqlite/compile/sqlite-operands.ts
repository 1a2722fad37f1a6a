/**
 * How the texts of a request become the values that are bound: each placeholder has a reading,
 * chosen when the statement was compiled from the type of what the value is compared with. SQLite
 * compares a number and a text by their types, so a value of the wrong type is a wrong answer.
 *
 * A reading travels as the `type` of a placeholder, which is its index in `readings`.
 */
import { isUtf8 } from 'node:buffer'
import {
  type ApiRequest,
  ftsOperators,
  type Slot,
  type SlotValue,
} from '../../../api/api-request.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import type { PlanWindow } from '../../../plan/plan.ts'
import { isGiven, jsonArguments, patternValue, slotValue } from '../../../plan/request-values.ts'
import { bindParams, type Caller, type ParamValue } from '../../sql/bind-params.ts'
import type { ParamRef } from '../../sql/param-ref.ts'
import { param, type SqlStatement, type SqlText } from '../../sql/sql-text.ts'
import { type ArrayMembers, parseArrayLiteral } from '../../values/array-literal.ts'
import { parseContainmentOperand } from '../../values/json-containment.ts'
import { dayText, type Moment, momentMicros } from '../../values/moment.ts'
import { readMoment } from '../../values/parse-date-time.ts'
import { numberOfText, parsedTypes, parseTypedText } from '../../values/parse-typed-text.ts'
import { compilePosixPattern } from '../../values/posix-pattern.ts'
import { readTextQuery } from '../../values/text-query.ts'
import type { TypedValue } from '../../values/typed-value.ts'
import { valueFailure } from '../../values/value-failure.ts'
import { type SqliteParam, toSqliteParam } from '../wire/bound-values.ts'
import type { Refusal } from './compile-refusal.ts'
import { toFts5Query } from './fts5-query.ts'
import {
  type ArgumentReading,
  argumentReading,
  argumentTypes,
  memberText,
  readCallArgument,
} from './function/read-call-argument.ts'
import { likeToGlob } from './like-glob.ts'

/** Readings of one value, and of each member of a list. */
const memberReadings = [...parsedTypes, 'any', 'glob', 'like', 'regex'] as const
export type MemberReading = (typeof memberReadings)[number]

/** Types whose values are compared as moments, by `compile-sqlite-moment.ts`. */
export const momentTypes = ['date', 'timestamp', 'timestamp with time zone'] as const
export type MomentType = (typeof momentTypes)[number]

/** Microseconds since 1970, and texts between which the spellings of a value are. */
const momentParts = ['micros', 'from', 'until'] as const

const momentReadings = momentTypes.flatMap((type) =>
  momentParts.map((part) => ({ type, part, name: `${type} ${part}` as const })),
)

const otherReadings = [
  ...momentReadings.map(({ name }) => name),
  /** A JSON array of what a uuid is written as, its usual form first. */
  'uuid spellings',
  /** The number that an untyped value could be, else the text. */
  'any number',
  /** 1 for a text without letters beyond ASCII. */
  'is ascii',
  'containment',
  'limit',
  'offset',
  /** Bytes that have to be a text. */
  'utf8',
  /** 1 where a policy's operand has a value that all its other readings take. */
  'known',
  ...ftsOperators.flatMap((operator) => [`${operator} query`, `${operator} negated`] as const),
] as const

/**
 * `list`: the members of `in`, or of the array literal of `any` and `all`, as a JSON array.
 */
export type Reading =
  | MemberReading
  | `${MemberReading} list`
  | ArgumentReading
  | (typeof otherReadings)[number]

const readings: readonly Reading[] = [
  // the first is what placeholders without a type get
  'text',
  ...memberReadings.filter((reading) => reading !== 'text'),
  ...memberReadings.map((reading) => `${reading} list` as const),
  ...[...argumentTypes.values()].map(argumentReading),
  ...otherReadings,
]

const memberReadingOf = new Map<Reading, MemberReading>(memberReadings.map((each) => [each, each]))
const listedReadingOf = new Map<Reading, MemberReading>(
  memberReadings.map((each) => [`${each} list`, each]),
)
const momentReadingOf = new Map<Reading, (typeof momentReadings)[number]>(
  momentReadings.map((each) => [each.name, each]),
)

/** For placeholders of what is no filter's operand. */
export function readingIndex(reading: Reading): number {
  return readings.indexOf(reading)
}

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

/** Whether there is a value for what a policy compares with. */
export function knownOperand(slot: Slot): SqlText {
  return param({ kind: 'slot', slot }, readings.indexOf('known'))
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
  caller: Caller,
): Result<readonly SqliteParam[], Refusal> {
  const takesJson = statement.params.some(({ kind }) => kind === 'json-argument')
  if (takesJson && jsonArguments(request) === null) {
    return err(toRefusal(valueFailure('22P02', 'invalid input syntax for type json')))
  }
  const values: SqliteParam[] = []
  const known = new Map<ParamRef, { readonly type: number; readonly value: SqliteParam }>()
  let chars = 0
  const now = new Date()
  const unknown = new Set<Slot>()
  const allSent = bindParams(statement, request, caller)
  for (let index = 0; index < allSent.length; index += 1) {
    const sent = allSent[index] ?? null
    const ref = statement.params[index]
    const type = statement.types[index] ?? 0
    const before = ref === undefined ? undefined : known.get(ref)
    let value = before?.type === type ? before.value : undefined
    if (value === undefined) {
      const read = holdsNul(sent) ? err(nulFailure) : readSent(readings[type] ?? 'text', sent, now)
      const slot = policySlotOf(ref)
      if (slot !== null && !(read.ok && isGiven(slot, request))) {
        unknown.add(slot)
        value = null
      } else if (!read.ok) {
        return err(toRefusal(read.error))
      } else {
        value = read.value
      }
      if (ref !== undefined) known.set(ref, { type, value })
    }
    if (typeof value === 'string') chars += value.length
    if (chars > maxTextChars) return err({ kind: 'too-long' })
    values.push(value)
  }
  return ok(unknown.size === 0 ? values : withoutUnknown(statement, values, unknown))
}

/**
 * What is wrong with the first literal of a policy that is no value of what it is compared with; null:
 * nothing. Such a condition would hold for no row, and nobody would be told why.
 *
 * `literals`: by the number of the policy's operand; null for what only a request has
 */
export function unreadableLiteral(
  { params, types }: SqlStatement,
  literals: readonly (SlotValue | null)[],
): DatabaseFailure | null {
  const now = new Date()
  for (const [index, ref] of params.entries()) {
    const slot = policySlotOf(ref)
    const known = { values: [], policyValues: literals }
    if (slot === null || !isGiven(slot, known)) continue
    const literal = ref.kind === 'pattern' ? patternValue(slot, known) : slotValue(slot, known)
    const reading = readings[types[index] ?? 0] ?? 'text'
    const read = holdsNul(literal) ? err(nulFailure) : readSent(reading, literal, now)
    if (!read.ok) return read.error
  }
  return null
}

/** The slot of a policy's operand; null for everything that a client sends. */
function policySlotOf(ref: ParamRef | undefined): Slot | null {
  return (ref?.kind === 'slot' || ref?.kind === 'pattern') && ref.slot < 0 ? ref.slot : null
}

/** Where one reading of an operand fails the others have no value either. */
function withoutUnknown(
  { params }: SqlStatement,
  values: readonly SqliteParam[],
  unknown: ReadonlySet<Slot>,
): readonly SqliteParam[] {
  return values.map((value, index) => {
    const slot = policySlotOf(params[index])
    return slot !== null && unknown.has(slot) ? null : value
  })
}

/** Fragments used several times bind their values as often; a long list many times is too much. */
const maxTextChars = 2_000_000

/** What PostgreSQL would have read, and we cannot, is no mistake of the client's. */
function toRefusal(failure: DatabaseFailure): Refusal {
  return failure.sqlState === '0A000'
    ? { kind: 'not-implemented', feature: failure.message }
    : { kind: 'database', failure }
}

/** No text of PostgreSQL's holds one; SQLite's own functions would stop reading there. */
const nulFailure = valueFailure('22021', 'invalid byte sequence for encoding "UTF8": 0x00')

function holdsNul(sent: ParamValue): boolean {
  if (sent === null || sent instanceof Uint8Array) return false
  return typeof sent === 'string' ? sent.includes('\0') : sent.some((each) => each.includes('\0'))
}

function readSent(reading: Reading, sent: ParamValue, now: Date): Read {
  // a negative limit is none
  if (sent === null) return ok(reading === 'limit' ? -1n : null)
  if (reading === 'known') return ok(1n)
  if (sent instanceof Uint8Array) return reading === 'utf8' ? readUtf8(sent) : ok(sent)
  const member = memberReadingOf.get(reading)
  if (member !== undefined && typeof sent === 'string') return readMember(member, sent, now)
  const argument = argumentTypes.get(reading)
  if (argument !== undefined) return readCallArgument(argument, sent)
  const listed = listedReadingOf.get(reading)
  if (listed !== undefined) return readList(listed, sent, now)
  if (typeof sent !== 'string') throw new Error(`a list where one value is read: ${reading}`)
  const asked = momentReadingOf.get(reading)
  if (asked === undefined) return readOther(reading, sent)
  const read = readMoment(asked.type, sent, now)
  return read.ok ? ok(partsOf(asked.type, read.value)[asked.part]) : read
}

type MomentParts = Readonly<Record<(typeof momentParts)[number], SqliteParam>>

/** A zone moves a moment by less than a day from the date that its text begins with. */
function partsOf(type: MomentType, moment: Moment): MomentParts {
  const micros = momentMicros(moment)
  const isDate = type === 'date'
  if (moment.kind === 'infinite') {
    const isLast = isDate && moment.sign === 1
    return { micros, from: isLast ? '~' : '', until: isDate && !isLast ? '' : '~' }
  }
  const { day } = moment
  return isDate
    ? { micros, from: dayText(day), until: nextDayText(day) }
    : { micros, from: dayText(day - 1), until: nextDayText(day + 1) }
}

/** What sorts behind every text of the day. */
function nextDayText(day: number): string {
  const text = dayText(day + 1)
  return text === dayText(day) ? '~' : text
}

function readUtf8(bytes: Uint8Array): Read {
  if (isUtf8(bytes)) return ok(Buffer.from(bytes).toString())
  return err(valueFailure('22021', 'invalid byte sequence for encoding "UTF8"'))
}

function readMember(reading: MemberReading, text: string, now: Date): Read {
  switch (reading) {
    case 'any':
    case 'like':
      return ok(text)
    case 'glob':
      return ok(likeToGlob(text))
    case 'regex':
      return mapOk(compilePosixPattern(text, false), () => text)
    case 'time': {
      const read = readMoment(reading, text, now)
      return read.ok ? ok(momentMicros(read.value)) : read
    }
    default:
      return mapOk(parseTypedText(reading, text), toOperand)
  }
}

/** NaN is greater than all numbers in PostgreSQL, as every text is in SQLite. */
function toOperand(value: TypedValue): SqliteParam {
  return Number.isNaN(value) ? 'NaN' : toSqliteParam(value)
}

function readOther(reading: Reading, text: string): Read {
  switch (reading) {
    case 'any number':
      return ok(anyNumber(text))
    case 'is ascii':
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the whole range is meant
      return ok(/^[\x00-\x7f]*$/.test(text) ? 1n : 0n)
    case 'uuid spellings':
      return mapOk(parseTypedText('uuid', text), (uuid) => JSON.stringify(uuidSpellings(uuid)))
    case 'containment':
      return mapOk(parseContainmentOperand(text), (parsed) => JSON.stringify(parsed))
    case 'limit':
    case 'offset':
      return ok(clamped(text))
    default:
      return readSearch(reading, text)
  }
}

function uuidSpellings(uuid: TypedValue): readonly string[] {
  const lower = String(uuid)
  const bare = lower.replaceAll('-', '')
  return [lower, bare, `{${lower}}`].flatMap((each) => [each, each.toUpperCase()])
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
  // as they are shown
  if (word === 'infinity') return Number.POSITIVE_INFINITY
  if (word === '-infinity') return Number.NEGATIVE_INFINITY
  return numberOfText(text) ?? text
}

function clamped(text: string): bigint {
  const value = BigInt(text)
  const most = 2n ** 63n - 1n
  return value > most ? most : value
}

function readList(reading: MemberReading, sent: string | readonly string[], now: Date): Read {
  if (typeof sent !== 'string') return toJsonList(reading, sent, now)
  const members = parseArrayLiteral(sent)
  return members.ok ? toJsonList(reading, members.value, now) : members
}

function toJsonList(reading: MemberReading, members: ArrayMembers, now: Date): Read {
  const values: string[] = []
  const momentType = momentTypes.find((each) => reading === each)
  for (const member of members) {
    if (momentType !== undefined && member !== null) {
      const read = readMoment(momentType, member, now)
      if (!read.ok) return read
      const { micros, from, until } = partsOf(momentType, read.value)
      values.push(`[${[micros, from, until].map(memberText).join(',')}]`)
      continue
    }
    const read = member === null ? ok(null) : readMember(reading, member, now)
    if (!read.ok) return read
    values.push(memberJson(reading, member, read.value))
  }
  return ok(`[${values.join(',')}]`)
}

function memberJson(reading: MemberReading, member: string | null, value: SqliteParam): string {
  if (reading === 'any') return anyPair(member)
  if (reading === 'uuid' && value !== null) return JSON.stringify(uuidSpellings(String(value)))
  return memberText(value)
}

/** [the number that it could be, the text] */
function anyPair(member: string | null): string {
  if (member === null) return '[null,null]'
  return `[${memberText(anyNumber(member))},${JSON.stringify(member)}]`
}
