/**
 * An argument of a call → the value that is bound for its parameter: a text by the grammar of its
 * type, JSON by PostgreSQL's rules of how JSON becomes other types, which go by the text of a value.
 * An array is bound as a JSON array of what its members were read as.
 *
 * Rule  PostgreSQL manual: json_to_recordset
 */
import { jsonItems } from '../../../../core/json/json-members.ts'
import { err, ok, type Result } from '../../../../core/result.ts'
import type { DatabaseFailure } from '../../../../errors/api-error.ts'
import { parseArrayLiteral } from '../../../values/array-literal.ts'
import { type ParsedType, parsedTypes, parseTypedText } from '../../../values/parse-typed-text.ts'
import { escapeFailure } from '../../../values/payload-records.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import { type SqliteParam, toSqliteParam } from '../../wire/bound-values.ts'

export interface ArgumentType {
  /** Of each member where it is an array. */
  readonly type: ParsedType
  readonly isArray: boolean
  /** What is sent is JSON, and known to be. */
  readonly isJson: boolean
}

export type ArgumentReading = `${ParsedType} ${'text' | 'array' | 'json' | 'json array'} argument`

export function argumentReading({ type, isArray, isJson }: ArgumentType): ArgumentReading {
  if (isJson) return isArray ? `${type} json array argument` : `${type} json argument`
  return isArray ? `${type} array argument` : `${type} text argument`
}

export const argumentTypes: ReadonlyMap<string, ArgumentType> = new Map(
  parsedTypes
    .flatMap((type): readonly ArgumentType[] => [
      { type, isArray: false, isJson: false },
      { type, isArray: true, isJson: false },
      { type, isArray: false, isJson: true },
      { type, isArray: true, isJson: true },
    ])
    .map((each) => [argumentReading(each), each]),
)

type Read = Result<SqliteParam, DatabaseFailure>

/**
 * A list is sent for the arguments of a variadic parameter.
 *
 * Errors  those of the type's grammar; 22P02: no array; 22P05: a NUL
 */
export function readCallArgument(
  { type, isArray, isJson }: ArgumentType,
  sent: string | readonly string[],
): Read {
  if (typeof sent !== 'string') return readMembers(sent, (member) => readText(type, member))
  const escaped = isJson ? escapeFailure(sent) : null
  if (escaped !== null) return err(escaped)
  if (isJson) return isArray ? readJsonArray(type, sent) : readJson(type, sent)
  return isArray ? readArray(type, sent) : readText(type, sent)
}

function readArray(type: ParsedType, literal: string): Read {
  const members = parseArrayLiteral(literal)
  if (!members.ok) return members
  return readMembers(members.value, (member) => {
    return member === null ? ok(null) : readText(type, member)
  })
}

function readJsonArray(type: ParsedType, json: string): Read {
  if (json === 'null') return ok(null)
  const items = jsonItems(json)
  if (items !== null) return readMembers(items, (item) => readJson(type, item))
  // PostgreSQL takes its own array literal, too
  return json.startsWith('"')
    ? readArray(type, String(JSON.parse(json)))
    : err(valueFailure('22P02', 'expected JSON array'))
}

function readJson(type: ParsedType, json: string): Read {
  if (json === 'null') return ok(null)
  if (type === 'json') return ok(json)
  return readText(type, json.startsWith('"') ? String(JSON.parse(json)) : json)
}

function readText(type: ParsedType, text: string): Read {
  if (text.includes('\0')) return err(nulFailure)
  const read = parseTypedText(type, text)
  return read.ok ? ok(toSqliteParam(read.value)) : read
}

const nulFailure = valueFailure('22P05', 'unsupported Unicode escape sequence', {
  details: '\\u0000 cannot be converted to text.',
})

function readMembers<T>(members: readonly T[], readMember: (member: T) => Read): Read {
  const texts: string[] = []
  for (const member of members) {
    const read = readMember(member)
    if (!read.ok) return read
    texts.push(memberText(read.value))
  }
  return ok(`[${texts.join(',')}]`)
}

/** A value in a JSON array: digits stay as they are; bytes are hexadecimal. */
export function memberText(value: SqliteParam): string {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('hex'))
  if (typeof value === 'bigint') return value.toString()
  if (value === Infinity) return '9e999'
  return value === -Infinity ? '-9e999' : JSON.stringify(value)
}
