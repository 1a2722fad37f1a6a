/**
 * BSON values as texts: what `->>` gives of a JSON value, and what the output function of a PostgreSQL
 * type gives of its values, which CSV shows and casts to `text` take. Without quotes around.
 */
import { kindOfType } from '../../values/value-kind.ts'
import { elementType, isNull, stringEnd, stringStart } from './bson-element.ts'
import { ByteWriter } from './byte-writer.ts'
import { eachItem, spacedJson, writeJsonValue } from './write-json-value.ts'
import { binaryAt, writeDate, writeDecimal, writeDouble, writeUuid } from './write-scalar.ts'

/** The text of a JSON value: a string is itself. The value is not null. */
export function writeJsonText(out: ByteWriter, source: Uint8Array, type: number, at: number): void {
  switch (type) {
    case elementType.string:
    case elementType.symbol:
      out.copy(source, stringStart(at), stringEnd(source, at))
      break
    case elementType.double:
      writeDouble(out, source, at)
      break
    case elementType.decimal:
      writeDecimal(out, source, at)
      break
    case elementType.date:
      writeDate(out, source, at, 'json')
      break
    case elementType.objectId:
      out.hex(source, at, at + 12)
      break
    case elementType.binary: {
      const { start, end, isUuid } = binaryAt(source, at)
      if (isUuid) writeUuid(out, source, start)
      else {
        out.ascii('\\x')
        out.hex(source, start, end)
      }
      break
    }
    default:
      writeJsonValue(out, source, type, at, spacedJson)
  }
}

/**
 * As the output function of the value's type writes it; `type` is its column's type, empty where that
 * is not known. The value is not null.
 */
export function writeOutput(
  out: ByteWriter,
  source: Uint8Array,
  type: number,
  at: number,
  columnType: string,
): void {
  if (kindOfType(columnType) === 'json') {
    // a scalar among documents is JSON as well: its quotes and words are part of it
    writeJsonValue(out, source, type, at, spacedJson)
    return
  }
  switch (type) {
    case elementType.bool:
      out.byte(source[at] === 1 ? 0x74 : 0x66)
      break
    case elementType.date:
      writeDate(out, source, at, 'text')
      break
    case elementType.array:
      if (isTyped(source, at, columnType)) writeArrayLiteral(out, source, at)
      else writeJsonText(out, source, type, at)
      break
    case elementType.string:
      if (columnType === 'timestamp without time zone') writeTimestamp(out, source, at)
      else writeJsonText(out, source, type, at)
      break
    default:
      writeJsonText(out, source, type, at)
  }
}

/** It is stored as JSON shows it; outside of JSON a blank stands before the time. */
function writeTimestamp(out: ByteWriter, source: Uint8Array, at: number): void {
  const text = Buffer.from(source.subarray(stringStart(at), stringEnd(source, at))).toString()
  out.copy(Buffer.from(text.replace('T', ' ')), 0)
}

/** Where no column says it: items of one type are what a column `<type>[]` is of. */
function isTyped(source: Uint8Array, at: number, columnType: string): boolean {
  if (columnType !== '') return columnType.endsWith('[]')
  const types = new Set<number>()
  eachItem(source, at, (type) => {
    if (!isNull(type)) types.add(type)
  })
  return types.size <= 1 && !types.has(elementType.document) && !types.has(elementType.array)
}

function writeArrayLiteral(out: ByteWriter, source: Uint8Array, start: number): void {
  const member = new ByteWriter(64)
  out.byte(0x7b)
  let isFirst = true
  eachItem(source, start, (type, at) => {
    if (!isFirst) out.byte(0x2c)
    isFirst = false
    member.truncate(0)
    if (isNull(type)) out.ascii('NULL')
    else if (type === elementType.array) writeArrayLiteral(out, source, at)
    else {
      writeOutput(member, source, type, at, '')
      writeArrayMember(out, member.written())
    }
  })
  out.byte(0x7d)
}

/** The bytes that make PostgreSQL quote a text in an array, and in a row. */
const arrayMarks = marksOf('"\\{}, \t\n\v\f\r')
const rowMarks = marksOf('"\\(), \t\n\v\f\r')

function marksOf(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const each of Buffer.from(characters)) table[each] = 1
  return table
}

/** A field of a row in its text form, without the parentheses: what CSV is of. */
export function writeCsvField(out: ByteWriter, field: Uint8Array): void {
  if (isBare(field, rowMarks)) out.copy(field, 0)
  else writeQuoted(out, field, null)
}

function writeArrayMember(out: ByteWriter, member: Uint8Array): void {
  const isWord = member.length === 4 && /^null$/i.test(Buffer.from(member).toString('latin1'))
  if (isBare(member, arrayMarks) && !isWord) out.copy(member, 0)
  else writeQuoted(out, member, 0x5c)
}

function isBare(text: Uint8Array, marks: Uint8Array): boolean {
  for (let at = 0; at < text.length; at += 1) if (marks[text[at] ?? 0] === 1) return false
  return text.length > 0
}

/** `before`: what stands before a quote or a backslash; null: they are doubled. */
function writeQuoted(out: ByteWriter, text: Uint8Array, before: number | null): void {
  out.byte(0x22)
  let start = 0
  for (let at = 0; at < text.length; at += 1) {
    const each = text[at] ?? 0
    if (each !== 0x22 && each !== 0x5c) continue
    out.copy(text, start, at)
    out.byte(before ?? each)
    start = at
  }
  out.copy(text, start)
  out.byte(0x22)
}
