/**
 * The texts of a request as BSON values that a filter compares with: read as the kind of the field,
 * or as all that they could be where the field holds several kinds or nobody knows.
 *
 * A reading is one such value. A comparison with several is true where it is with one of them.
 */
import { Binary, Decimal128, Double } from 'mongodb'
import type { ApiRequest, Slot, SlotValue } from '../../../../api/api-request.ts'
import { isJson } from '../../../../core/json/is-json.ts'
import { jsonItems, textOfJsonString } from '../../../../core/json/json-members.ts'
import { patternValue, slotValue } from '../../../../plan/request-values.ts'
import { type ArrayMembers, parseArrayLiteral } from '../../../values/array-literal.ts'
import { valueFailure } from '../../../values/value-failure.ts'
import type { BsonValue } from '../../bson/bson-value.ts'
import type { FieldKind } from '../../bson/field-kind.ts'
import { everyReading, everySubtype, readOperand } from '../../bson/typed-operand.ts'
import { notImplemented, refuse } from '../mongodb-refusal.ts'
import { isNumeric } from './bson-bracket.ts'

export type Readings = readonly BsonValue[]

/** The text of one operand. Throws  22021 for one that no text of PostgreSQL's can be */
export function operandText(slot: Slot, request: ApiRequest): string {
  return checkedText(slotValue(slot, request))
}

export function patternText(slot: Slot, request: ApiRequest): string {
  return checkedText(patternValue(slot, request))
}

function checkedText(value: SlotValue): string {
  if (typeof value !== 'string') throw new Error('a list where one value is read')
  return withoutNul(value)
}

/** The members of `in`, or of the array literal of `any` and `all`. Throws  22021, 22P02 */
export function operandMembers(slot: Slot, request: ApiRequest): ArrayMembers {
  return membersOf(slotValue(slot, request))
}

export function patternMembers(slot: Slot, request: ApiRequest): ArrayMembers {
  return membersOf(patternValue(slot, request))
}

function membersOf(value: SlotValue): ArrayMembers {
  if (typeof value !== 'string') return value.map(withoutNul)
  return arrayMembers(withoutNul(value))
}

function withoutNul(text: string): string {
  if (!text.includes('\0')) return text
  return refuse(valueFailure('22021', 'invalid byte sequence for encoding "UTF8": 0x00'))
}

function arrayMembers(text: string): ArrayMembers {
  const members = parseArrayLiteral(text)
  return members.ok ? members.value : refuse(members.error)
}

/** Throws  what PostgreSQL says of a text that is no value of the kind */
export function readingsOf(kind: FieldKind, text: string): Readings {
  switch (kind) {
    case 'mixed':
    case 'any':
      return everyReading(text)
    case 'decimal':
      return withDouble(readOne(kind, text), text)
    case 'binary':
      return withSubtypes(readOne(kind, text))
    case 'int':
    case 'long':
    case 'double':
    case 'string':
    case 'dateText':
    case 'timeText':
    case 'timestampText':
    case 'bool':
    case 'date':
    case 'objectId':
    case 'uuid':
    case 'array':
    case 'document':
    case 'other':
      return [readOne(kind, text)]
  }
}

function readOne(kind: FieldKind, text: string): BsonValue {
  const read = readOperand(kind, text)
  if (read.ok) return read.value
  const { sqlState, message } = read.error
  // what PostgreSQL would have read, and we cannot, is no mistake of the client's
  return sqlState === '0A000' ? notImplemented(message) : refuse(read.error)
}

/**
 * A numeric column can hold doubles, which are shown with the digits of the decimal that they are not
 * quite: 0.1 as a double is another number than the decimal 0.1.
 */
function withDouble(value: BsonValue, text: string): Readings {
  if (!(value instanceof Decimal128)) return [value]
  const double = Number(text)
  return Number.isInteger(double) || Number.isNaN(double) ? [value] : [value, new Double(double)]
}

function withSubtypes(value: BsonValue): Readings {
  return value instanceof Binary ? everySubtype(value.value()) : [value]
}

/** For each member of an array, all that equals it; null for null. */
export function readElements(elements: FieldKind, text: string): readonly (Readings | null)[] {
  return arrayTexts(text).map((member) => {
    return member === null ? null : readingsOf(elements, member)
  })
}

/** Written as PostgreSQL's array literal or as a JSON array of scalars. Throws  22P02 */
function arrayTexts(text: string): ArrayMembers {
  const items = isJson(text) ? jsonItems(text) : null
  if (items === null) return arrayMembers(text)
  return items.map((item) => {
    if (item === 'null') return null
    if (item.startsWith('{') || item.startsWith('[')) {
      return refuse(valueFailure('22P02', `malformed array literal: "${text}"`))
    }
    return item.startsWith('"') ? withoutNul(textOfJsonString(item)) : item
  })
}

/** What a text in a JSON document could be stored as: all but numbers and booleans. */
export function textReadings(text: string): Readings {
  return everyReading(text).filter((value) => !isNumeric(value) && typeof value !== 'boolean')
}

/** What a number in a JSON document could be stored as. */
export function numberReadings(text: string): Readings {
  return everyReading(text).filter(isNumeric)
}

/** Those of which the server makes no text that could be compared instead. */
export function textlessReadings(text: string): Readings {
  return everyReading(text).filter((value) => value instanceof Binary)
}
