/**
 * A document of the server → values that mean the same when they are sent back: as keys of what is
 * written next. Documents in it are maps, as in what is sent, since a JavaScript object puts keys such
 * as `1` before others, and one with `_bsontype` or `$ref` is no document to the driver.
 */
import { BSON, type Document } from 'mongodb'
import { elementType, endOfName, endOfValue, int32At, textAt } from './bson-element.ts'

/** By name. Numbers keep their type, whatever they are worth. */
export type ExactDocument = ReadonlyMap<string, unknown>

/** Of the bytes of a whole document, as the server gave them. */
export function readExact(bytes: Uint8Array): ExactDocument {
  return new Map(elementsOf(bytes).map((element) => [element.name, exactValue(bytes, element)]))
}

interface Element {
  readonly name: string
  readonly type: number
  readonly start: number
  readonly end: number
}

function elementsOf(bytes: Uint8Array): readonly Element[] {
  const elements: Element[] = []
  const last = int32At(bytes, 0) - 1
  let at = 4
  while (at < last) {
    const type = bytes[at] ?? 0
    const start = endOfName(bytes, at + 1) + 1
    const end = endOfValue(bytes, type, start)
    elements.push({ name: textAt(bytes, at + 1, start - 1), type, start, end })
    at = end
  }
  return elements
}

function exactValue(bytes: Uint8Array, { type, start, end }: Element): unknown {
  const value = bytes.subarray(start, end)
  if (type === elementType.document) return readExact(value)
  if (type === elementType.array) return [...readExact(value).values()]
  return scalarOf(type, value)
}

/** The driver reads whole documents: one of the value alone. */
function scalarOf(type: number, value: Uint8Array): unknown {
  const size = 4 + 1 + 1 + value.length + 1
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setInt32(0, size, true)
  bytes[4] = type
  bytes.set(value, 6)
  const read: Document = BSON.deserialize(bytes, { promoteValues: false, bsonRegExp: true })
  return read['']
}
