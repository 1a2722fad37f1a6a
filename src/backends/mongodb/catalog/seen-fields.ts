/**
 * Raw documents of a sample → the BSON types of their fields. Only the top level is walked, and lists
 * one level down: bytes are skipped, not decoded, so that large documents cost nothing. What was seen
 * before is added to, never forgotten, so that columns do not come and go with the rows of a sample.
 */
import { BSON } from 'mongodb'
import type { FieldKind } from '../bson/field-kind.ts'
import { binaryAt } from '../bson/write-scalar.ts'

export type SeenKind = Exclude<FieldKind, 'mixed' | 'any'>

/** Nulls aside: they say nothing of a type. */
export interface SeenField {
  readonly kinds: ReadonlySet<SeenKind>
  /** Of the members of all lists. */
  readonly elements: ReadonlySet<SeenKind>
  readonly hasNan: boolean
  /** Collections that DBRefs lead to. */
  readonly references: ReadonlySet<string>
}

/** By field name, in the order in which they were seen first. */
export type SeenFields = ReadonlyMap<string, SeenField>

/** As many columns as a table of PostgreSQL has; further fields of open collections stay unknown. */
const mostFields = 1600

const kindsByType: Readonly<Record<number, SeenKind>> = {
  1: 'double',
  2: 'string',
  3: 'document',
  4: 'array',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  11: 'other',
  12: 'other',
  13: 'other',
  // a symbol is a string of old
  14: 'string',
  15: 'other',
  16: 'int',
  17: 'other',
  18: 'long',
  19: 'decimal',
  127: 'other',
  255: 'other',
}

/** A field as the walker gives it: type, and where its name and value are in the bytes. */
type Element = readonly [number, number, number, number, number]

interface Growing {
  readonly kinds: Set<SeenKind>
  readonly elements: Set<SeenKind>
  hasNan: boolean
  readonly references: Set<string>
}

/**
 * What `before` has and what the documents have: `before` itself where they have nothing new.
 *
 * Shape   documents as raw BSON
 */
export function seeFields(before: SeenFields, documents: readonly Uint8Array[]): SeenFields {
  const seen = new Map<string, Growing>()
  for (const [name, field] of before) {
    const { kinds, elements, references, hasNan } = field
    seen.set(name, {
      kinds: new Set(kinds),
      elements: new Set(elements),
      references: new Set(references),
      hasNan,
    })
  }
  for (const bytes of documents) {
    for (const element of BSON.onDemand.parseToElements(bytes)) seeElement(seen, bytes, element)
  }
  return extent(seen) === extent(before) ? before : seen
}

/** Nothing is ever forgotten, so that of two the larger one has more. */
function extent(seen: SeenFields): number {
  let size = 0
  for (const { kinds, elements, references, hasNan } of seen.values()) {
    size += 1 + kinds.size + elements.size + references.size + (hasNan ? 1 : 0)
  }
  return size
}

function seeElement(seen: Map<string, Growing>, bytes: Uint8Array, element: Element): void {
  const [type, , , offset] = element
  const name = nameOf(bytes, element)
  let field = seen.get(name)
  if (field === undefined) {
    // no request can name a field without a name
    if (name === '' || seen.size >= mostFields) return
    field = { kinds: new Set(), elements: new Set(), hasNan: false, references: new Set() }
    seen.set(name, field)
  }
  const kind = kindOf(type, bytes, offset)
  if (kind === null) return
  field.kinds.add(kind)
  if (kind === 'double' || kind === 'decimal') field.hasNan ||= isNan(kind, bytes, offset)
  if (kind === 'array') {
    for (const [memberType, , , at] of BSON.onDemand.parseToElements(bytes, offset)) {
      const member = kindOf(memberType, bytes, at)
      if (member !== null) field.elements.add(member)
      if (member === 'double' || member === 'decimal') field.hasNan ||= isNan(member, bytes, at)
    }
  }
  if (kind === 'document') {
    const collection = referenceOf(bytes, offset)
    if (collection !== null) field.references.add(collection)
  }
}

function nameOf(bytes: Uint8Array, [, nameOffset, nameLength]: Element): string {
  return textOf(bytes, nameOffset, nameLength)
}

function textOf(bytes: Uint8Array, offset: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, length).toString('utf8')
}

/** Null for null and undefined. */
function kindOf(type: number, bytes: Uint8Array, offset: number): SeenKind | null {
  if (type !== binaryType) return kindsByType[type & 0xff] ?? null
  return binaryAt(bytes, offset).isUuid ? 'uuid' : 'binary'
}

const binaryType = 5

function isNan(kind: 'double' | 'decimal', bytes: Uint8Array, offset: number): boolean {
  if (kind === 'double') {
    const view = new DataView(bytes.buffer, bytes.byteOffset + offset, 8)
    return Number.isNaN(view.getFloat64(0, true))
  }
  // IEEE 754 decimal: five bits that are set behind the sign say that it is no number
  return ((bytes[offset + 15] ?? 0) & 0x7c) === 0x7c
}

/** The collection that a DBRef leads to: `$ref` is the first field of one. */
function referenceOf(bytes: Uint8Array, offset: number): string | null {
  for (const element of BSON.onDemand.parseToElements(bytes, offset)) {
    const [type, , , at, length] = element
    if (type !== 2 || nameOf(bytes, element) !== '$ref') return null
    // its length stands before the text, a zero byte behind it
    return textOf(bytes, at + 4, length - 5)
  }
  return null
}
