/**
 * The bytes of BSON documents: where elements are and how long. Documents come from the server, which
 * has checked them, and so are not checked again.
 *
 * Rule  bsonspec.org: a document is its length, then elements of type, name, NUL and value, then NUL
 */

/** Types of elements. `absent` is none of BSON's. */
export const elementType = {
  absent: 0x00,
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  bool: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int: 0x10,
  timestamp: 0x11,
  long: 0x12,
  decimal: 0x13,
  maxKey: 0x7f,
  minKey: 0xff,
} as const

/** There is no value, or a null. */
export function isNull(type: number): boolean {
  return type === elementType.absent || type === elementType.null || type === elementType.undefined
}

export function int32At(source: Uint8Array, at: number): number {
  return (
    (source[at] ?? 0) |
    ((source[at + 1] ?? 0) << 8) |
    ((source[at + 2] ?? 0) << 16) |
    ((source[at + 3] ?? 0) << 24)
  )
}

export function uint32At(source: Uint8Array, at: number): number {
  return int32At(source, at) >>> 0
}

export function int64At(source: Uint8Array, at: number): bigint {
  return (BigInt(int32At(source, at + 4)) << 32n) | BigInt(uint32At(source, at))
}

const eight = new Uint8Array(8)
const asDouble = new Float64Array(eight.buffer)

export function doubleAt(source: Uint8Array, at: number): number {
  for (let index = 0; index < 8; index += 1) eight[index] = source[at + index] ?? 0
  return asDouble[0] ?? 0
}

/** Of a name, or of another text that a NUL ends: where the NUL is. */
export function endOfName(source: Uint8Array, start: number): number {
  let at = start
  while (at < source.length && source[at] !== 0) at += 1
  return at
}

/** Where the value ends that begins at `at`. Throws  for a type that BSON does not have */
export function endOfValue(source: Uint8Array, type: number, at: number): number {
  switch (type) {
    case elementType.undefined:
    case elementType.null:
    case elementType.minKey:
    case elementType.maxKey:
      return at
    case elementType.bool:
      return at + 1
    case elementType.int:
      return at + 4
    case elementType.double:
    case elementType.date:
    case elementType.timestamp:
    case elementType.long:
      return at + 8
    case elementType.objectId:
      return at + 12
    case elementType.decimal:
      return at + 16
    case elementType.string:
    case elementType.code:
    case elementType.symbol:
      return at + 4 + int32At(source, at)
    case elementType.document:
    case elementType.array:
    case elementType.codeWithScope:
      return at + int32At(source, at)
    case elementType.binary:
      return at + 5 + int32At(source, at)
    case elementType.dbPointer:
      return at + 4 + int32At(source, at) + 12
    case elementType.regex:
      return endOfName(source, endOfName(source, at) + 1) + 1
    default:
      throw new Error(`a document has an element of type ${type}`)
  }
}

/** Of a string's value: its bytes, without length and NUL. */
export function stringStart(at: number): number {
  return at + 4
}

export function stringEnd(source: Uint8Array, at: number): number {
  return at + 3 + int32At(source, at)
}

/** Bytes of UTF-8 as text, repaired where they are none. */
export function textAt(source: Uint8Array, start: number, end: number): string {
  return Buffer.from(source.buffer, source.byteOffset + start, end - start).toString()
}
