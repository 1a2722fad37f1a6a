/**
 * BSON values as JSON, in the form that PostgreSQL gives the type that stands for each. Documents keep
 * the order of their elements.
 *
 * Differs  regular expressions, timestamps and code have no type there: relaxed Extended JSON
 */
import {
  doubleAt,
  elementType,
  endOfName,
  endOfValue,
  int32At,
  isNull,
  stringEnd,
  stringStart,
  uint32At,
} from './bson-element.ts'
import type { ByteWriter } from './byte-writer.ts'
import { decimal128At } from './exact-number.ts'
import {
  binaryAt,
  writeDate,
  writeDecimal,
  writeDouble,
  writeLong,
  writeUuid,
} from './write-scalar.ts'

export interface JsonStyle {
  /** Members of objects that are null are left out, at every depth. */
  readonly stripNulls: boolean
  /** With a blank behind each comma and colon, as `jsonb` has them in a text. */
  readonly isSpaced: boolean
}

export const compactJson: JsonStyle = { stripNulls: false, isSpaced: false }
export const spacedJson: JsonStyle = { stripNulls: false, isSpaced: true }

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const blank = 0x20

export function writeJsonValue(
  out: ByteWriter,
  source: Uint8Array,
  type: number,
  at: number,
  style: JsonStyle,
): void {
  switch (type) {
    case elementType.int:
      out.integer(int32At(source, at))
      break
    case elementType.string:
    case elementType.symbol:
      out.jsonString(source, stringStart(at), stringEnd(source, at))
      break
    case elementType.long:
      writeLong(out, source, at)
      break
    case elementType.double: {
      const isNumber = Number.isFinite(doubleAt(source, at))
      if (!isNumber) out.byte(quote)
      writeDouble(out, source, at)
      if (!isNumber) out.byte(quote)
      break
    }
    case elementType.decimal: {
      const isNumber = typeof decimal128At(source, at) !== 'number'
      if (!isNumber) out.byte(quote)
      writeDecimal(out, source, at)
      if (!isNumber) out.byte(quote)
      break
    }
    case elementType.bool:
      out.ascii(source[at] === 1 ? 'true' : 'false')
      break
    case elementType.date:
      out.byte(quote)
      writeDate(out, source, at, 'json')
      out.byte(quote)
      break
    case elementType.objectId:
      out.byte(quote)
      out.hex(source, at, at + 12)
      out.byte(quote)
      break
    case elementType.binary:
      writeBinary(out, source, at)
      break
    case elementType.document:
      writeDocument(out, source, at, style)
      break
    case elementType.array:
      writeArray(out, source, at, style)
      break
    default:
      if (isNull(type)) out.ascii('null')
      else writeExtended(out, source, type, at, style)
  }
}

function writeBinary(out: ByteWriter, source: Uint8Array, at: number): void {
  const { start, end, isUuid } = binaryAt(source, at)
  out.byte(quote)
  if (isUuid) writeUuid(out, source, start)
  else {
    out.ascii('\\\\x')
    out.hex(source, start, end)
  }
  out.byte(quote)
}

function writeDocument(out: ByteWriter, source: Uint8Array, start: number, style: JsonStyle): void {
  const end = start + int32At(source, start) - 1
  out.byte(0x7b)
  let isFirst = true
  let at = start + 4
  while (at < end) {
    const type = source[at] ?? 0
    const nameEnd = endOfName(source, at + 1)
    if (!style.stripNulls || !isNull(type)) {
      if (!isFirst) writeSign(out, comma, style)
      isFirst = false
      out.jsonString(source, at + 1, nameEnd)
      writeSign(out, colon, style)
      writeJsonValue(out, source, type, nameEnd + 1, style)
    }
    at = endOfValue(source, type, nameEnd + 1)
  }
  out.byte(0x7d)
}

function writeArray(out: ByteWriter, source: Uint8Array, start: number, style: JsonStyle): void {
  out.byte(0x5b)
  let isFirst = true
  eachItem(source, start, (type, at) => {
    if (!isFirst) writeSign(out, comma, style)
    isFirst = false
    writeJsonValue(out, source, type, at, style)
  })
  out.byte(0x5d)
}

/** The items of the array that begins at `start`, in their order. */
export function eachItem(
  source: Uint8Array,
  start: number,
  take: (type: number, at: number) => void,
): void {
  const end = start + int32At(source, start) - 1
  let at = start + 4
  while (at < end) {
    const type = source[at] ?? 0
    const valueAt = endOfName(source, at + 1) + 1
    take(type, valueAt)
    at = endOfValue(source, type, valueAt)
  }
}

function writeSign(out: ByteWriter, sign: number, style: JsonStyle): void {
  out.byte(sign)
  if (style.isSpaced) out.byte(blank)
}

/** Rule  MongoDB Extended JSON v2, relaxed */
function writeExtended(
  out: ByteWriter,
  source: Uint8Array,
  type: number,
  at: number,
  style: JsonStyle,
): void {
  const between = style.isSpaced ? ' ' : ''
  const key = (name: string, before = '{') => out.ascii(`${before}"${name}":${between}`)
  const next = `,${between}`
  switch (type) {
    case elementType.regex: {
      const patternEnd = endOfName(source, at)
      key('$regularExpression')
      key('pattern')
      out.jsonString(source, at, patternEnd)
      key('options', next)
      out.jsonString(source, patternEnd + 1, endOfName(source, patternEnd + 1))
      out.ascii('}}')
      break
    }
    case elementType.timestamp:
      key('$timestamp')
      key('t')
      out.integer(uint32At(source, at + 4))
      key('i', next)
      out.integer(uint32At(source, at))
      out.ascii('}}')
      break
    case elementType.code:
      key('$code')
      out.jsonString(source, stringStart(at), stringEnd(source, at))
      out.ascii('}')
      break
    case elementType.codeWithScope:
      key('$code')
      out.jsonString(source, stringStart(at + 4), stringEnd(source, at + 4))
      key('$scope', next)
      writeDocument(out, source, stringEnd(source, at + 4) + 1, style)
      out.ascii('}')
      break
    case elementType.dbPointer: {
      const end = stringEnd(source, at)
      key('$dbPointer')
      key('$ref')
      out.jsonString(source, stringStart(at), end)
      key('$id', next)
      key('$oid')
      out.byte(quote)
      out.hex(source, end + 1, end + 13)
      out.ascii('"}}}')
      break
    }
    case elementType.minKey:
      out.ascii(`{"$minKey":${between}1}`)
      break
    case elementType.maxKey:
      out.ascii(`{"$maxKey":${between}1}`)
      break
    default:
      throw new Error(`a document has an element of type ${type}`)
  }
}
