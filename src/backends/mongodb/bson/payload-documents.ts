/**
 * A value of a payload as what its field stores, by PostgreSQL's rules for JSON that becomes a type.
 * Where nothing is known of the field, or it may hold anything, JSON is stored as it is.
 *
 * Rule  PostgreSQL manual: json_to_record (how JSON becomes other types)
 */
import { Int32 } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import { jsonItems, textOfJsonString } from '../../../core/json/json-members.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { parseArrayLiteral } from '../../values/array-literal.ts'
import { outOfRange, parseTypedText } from '../../values/parse-typed-text.ts'
import { valueFailure } from '../../values/value-failure.ts'
import type { BsonValue } from './bson-value.ts'
import type { FieldKind } from './field-kind.ts'
import { bsonOfJson } from './json-to-bson.ts'
import { readOperand } from './typed-operand.ts'

type Read = Result<BsonValue, DatabaseFailure>

/**
 * `json` is the value as sent; `elements` is of the items of an array, null where they may be anything.
 * A null is null.
 *
 * Rule    the text is known to be JSON, without an escaped NUL: `readRecords` has seen to it
 * Errors  those of the type's grammar; 22003: too large; 22008: an infinite moment; 54001: too deep
 */
export function assign(kind: FieldKind, elements: FieldKind | null, json: string): Read {
  if (json === 'null') return ok(null)
  switch (kind) {
    case 'int':
      return assignInt(sentText(json))
    case 'date':
      return assignDate(sentText(json))
    case 'array':
      return assignArray(elements ?? 'any', json)
    case 'long':
    case 'double':
    case 'decimal':
    case 'string':
    case 'dateText':
    case 'timeText':
    case 'timestampText':
    case 'bool':
    case 'objectId':
    case 'uuid':
    case 'binary':
      return readOperand(kind, sentText(json))
    case 'document':
    case 'other':
    case 'mixed':
    case 'any':
      return bsonOfJson(json)
    default:
      return assertNever(kind)
  }
}

/** Whatever JSON is assigned to a type has a text: that of a string is the string. */
function sentText(json: string): string {
  return json.startsWith('"') ? textOfJsonString(json) : json
}

function assignInt(text: string): Read {
  const value = parseTypedText('integer', text)
  if (!value.ok) return value
  const number = Number(value.value)
  return (number | 0) === number ? ok(new Int32(number)) : outOfRange('integer', text)
}

function assignDate(text: string): Read {
  if (/^\s*[+-]?infinity\s*$/i.test(text)) {
    return err(valueFailure('22008', `date/time field value out of range: "${text.trim()}"`))
  }
  return readOperand('date', text)
}

/** A JSON list, or a string with PostgreSQL's array literal. */
function assignArray(elements: FieldKind, json: string): Read {
  if (!json.startsWith('"')) {
    const items = jsonItems(json)
    if (items === null) return err(valueFailure('22P02', 'expected JSON array'))
    return assignAll(items.map((item) => assign(elements, null, item)))
  }
  const members = parseArrayLiteral(textOfJsonString(json))
  if (!members.ok) return members
  return assignAll(
    members.value.map((member) => {
      return member === null ? ok(null) : assign(elements, null, JSON.stringify(member))
    }),
  )
}

function assignAll(values: readonly Read[]): Read {
  const list: BsonValue[] = []
  for (const value of values) {
    if (!value.ok) return value
    list.push(value.value)
  }
  return ok(list)
}
