/**
 * A shape made ready to write the rows of a result: which element of a document each member of the
 * answer is, how it is written, and the parts of the JSON text that no row changes.
 *
 * A row is loaded (its elements are found), then its outputs are written, in the order of the shape.
 * What a spread lifts from an embedded document are outputs of the row around it.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { RowShape, ShapeMember } from './answer-shape.ts'
import { elementType, endOfName, textAt } from './bson-element.ts'
import type { ByteWriter } from './byte-writer.ts'
import { ElementSlots, type OtherElement } from './element-slots.ts'
import { plainWriter, type ValueWriter, valueWriter } from './value-writer.ts'
import { eachItem, type JsonStyle } from './write-json-value.ts'

type WriteJson = (out: ByteWriter) => void
/** The value as a PostgreSQL row shows it. False: it is null, nothing is written. */
type WriteText = (out: ByteWriter) => boolean

/** A member of the answer, of the row that is loaded. */
export interface NamedOutput {
  readonly kind: 'named'
  readonly name: string
  /** What stands before the value in an object: `,"name":`. */
  readonly prefix: Uint8Array
  readonly json: WriteJson
  readonly text: WriteText
}

/** The members that a document has beside the known ones. */
export interface OpenOutput {
  readonly kind: 'open'
  /** In the order of the document that is loaded. */
  readonly names: () => readonly string[]
  readonly json: (out: ByteWriter, name: string) => void
  readonly text: (out: ByteWriter, name: string) => boolean
}

export type Output = NamedOutput | OpenOutput

export interface AnswerRow {
  readonly outputs: readonly Output[]
  /** The document of `source` that begins at `start`. */
  readonly load: (source: Uint8Array, start: number) => void
  /** There is no document: every value is null. */
  readonly loadNone: () => void
  /** The row that is loaded, as an object, or the one value that the shape wants of it. */
  readonly writeJson: WriteJson
}

/** What the outputs of a row share. */
interface RowContext {
  readonly style: JsonStyle
  readonly slots: ElementSlots
  /** Called for each row, after the slots were filled. */
  readonly loaders: (() => void)[]
  source: Uint8Array
  isLoaded: boolean
}

/** Throws  CastFailure, from writing */
export function createAnswerRow(shape: RowShape, style: JsonStyle): AnswerRow {
  const slots = new ElementSlots(shape.members.map(({ key }) => key))
  const row: RowContext = {
    style,
    slots,
    loaders: [],
    source: new Uint8Array(),
    isLoaded: false,
  }
  const outputs = shape.members.flatMap((member) => outputsOf(row, member))
  return {
    outputs,
    load: (source, start) => {
      row.source = source
      row.isLoaded = true
      slots.scan(source, start, null)
      for (const load of row.loaders) load()
    },
    loadNone: () => {
      row.isLoaded = false
      slots.clear()
      for (const load of row.loaders) load()
    },
    writeJson:
      shape.onlyValue === undefined
        ? (out) => writeObject(out, outputs, style)
        : outputNamed(shape.onlyValue, outputs).json,
  }
}

/** Throws  for a name that no member has */
function outputNamed(name: string, outputs: readonly Output[]): NamedOutput {
  for (const output of outputs) if (output.kind === 'named' && output.name === name) return output
  throw new Error('a shape without the value that it is to be')
}

function writeObject(out: ByteWriter, outputs: readonly Output[], style: JsonStyle): void {
  const start = out.length
  for (const output of outputs) {
    if (output.kind === 'named') writeMember(out, output.prefix, output.json, style)
    else {
      for (const name of output.names()) {
        writeMember(out, prefixOf(name), (to) => output.json(to, name), style)
      }
    }
  }
  // each member has a comma before it
  if (out.length === start) out.byte(0x7b)
  else out.setByte(start, 0x7b)
  out.byte(0x7d)
}

function writeMember(out: ByteWriter, prefix: Uint8Array, json: WriteJson, style: JsonStyle): void {
  const before = out.length
  out.copy(prefix, 0)
  const start = out.length
  json(out)
  if (style.stripNulls && isNullAt(out, start)) out.truncate(before)
}

/** Whether what was written from there on is a null: no other value of four bytes begins like it. */
function isNullAt(out: ByteWriter, start: number): boolean {
  return out.length === start + 4 && out.byteAt(start) === 0x6e
}

function prefixOf(name: string): Uint8Array {
  return Buffer.from(`,${JSON.stringify(name)}:`)
}

function outputsOf(row: RowContext, member: ShapeMember): readonly Output[] {
  const slot = row.slots.slotOf(member.key)
  switch (member.kind) {
    case 'value': {
      const writer = valueWriter(member.rendering)
      return [valueOutput(row, member.name, row.slots, slot, writer)]
    }
    case 'all':
      return allOutputs(row, member, slot)
    case 'object':
      return [objectOutput(row, member.name, createAnswerRow(member.row, row.style), slot)]
    case 'array':
      return [arrayOutput(row, member.name, createAnswerRow(member.row, row.style), slot)]
    case 'spread-one':
      return spreadOneOutputs(row, createAnswerRow(member.row, row.style), slot)
    case 'spread-many':
      return spreadManyOutputs(row, createAnswerRow(member.row, row.style), slot)
    default:
      return assertNever(member)
  }
}

/** An output whose value is null where no document is loaded. */
function namedOutput(row: RowContext, name: string, json: WriteJson, text: WriteText): NamedOutput {
  return {
    kind: 'named',
    name,
    prefix: prefixOf(name),
    json: (out) => {
      if (row.isLoaded) json(out)
      else out.ascii('null')
    },
    text: (out) => row.isLoaded && text(out),
  }
}

/** JSON in both forms: an embedded row has no other. */
function jsonOutput(row: RowContext, name: string, json: WriteJson): NamedOutput {
  return namedOutput(row, name, json, (out) => {
    const start = out.length
    json(out)
    if (!isNullAt(out, start)) return true
    out.truncate(start)
    return false
  })
}

function valueOutput(
  row: RowContext,
  name: string,
  slots: ElementSlots,
  slot: number,
  writer: ValueWriter,
): NamedOutput {
  return namedOutput(
    row,
    name,
    (out) => writer.json(out, row.source, slots.typeOf(slot), slots.valueAt(slot), row.style),
    (out) => writer.text(out, row.source, slots.typeOf(slot), slots.valueAt(slot)),
  )
}

function allOutputs(
  row: RowContext,
  { columns, isOpen }: Extract<ShapeMember, { kind: 'all' }>,
  slot: number,
): readonly Output[] {
  const fields = new ElementSlots(columns.map(({ field }) => field))
  const others: OtherElement[] = []
  row.loaders.push(() => {
    others.length = 0
    if (row.slots.typeOf(slot) !== elementType.document) fields.clear()
    else fields.scan(row.source, row.slots.valueAt(slot), isOpen ? others : null)
  })
  const known = columns.map(({ name, field, type = '' }) =>
    valueOutput(row, name, fields, fields.slotOf(field), plainWriter(type)),
  )
  if (!isOpen) return known
  return [...known, openOutput(row, others, new Set(columns.map(({ name }) => name)))]
}

/** `shadowed`: columns by whose names no other field can be told. */
function openOutput(
  row: RowContext,
  others: readonly OtherElement[],
  shadowed: ReadonlySet<string>,
): OpenOutput {
  const writer = plainWriter('')
  let byName = new Map<string, OtherElement>()
  row.loaders.push(() => {
    if (byName.size > 0) byName = new Map()
    for (const other of others) {
      const name = textAt(row.source, other.nameStart, other.nameEnd)
      if (!shadowed.has(name)) byName.set(name, other)
    }
  })
  const elementOf = (name: string) => byName.get(name) ?? { type: elementType.absent, valueAt: 0 }
  return {
    kind: 'open',
    names: () => [...byName.keys()],
    json: (out, name) => {
      const { type, valueAt } = elementOf(name)
      writer.json(out, row.source, type, valueAt, row.style)
    },
    text: (out, name) => {
      const { type, valueAt } = elementOf(name)
      return writer.text(out, row.source, type, valueAt)
    },
  }
}

/** Where the documents of the list of a slot begin. */
function documentsOf(row: RowContext, slot: number): readonly number[] {
  const type = row.slots.typeOf(slot)
  const at = row.slots.valueAt(slot)
  // a pipeline may have taken the one document out of its list
  if (type === elementType.document) return [at]
  const starts: number[] = []
  if (type === elementType.array) {
    eachItem(row.source, at, (itemType, start) => {
      if (itemType === elementType.document) starts.push(start)
    })
  }
  return starts
}

/** Undefined: the list is empty. */
function firstOf(row: RowContext, slot: number): number | undefined {
  const at = row.slots.valueAt(slot)
  if (row.slots.typeOf(slot) !== elementType.array) return documentsOf(row, slot)[0]
  const isEmpty = row.source[at + 4] !== elementType.document
  return isEmpty ? undefined : endOfName(row.source, at + 5) + 1
}

function objectOutput(row: RowContext, name: string, child: AnswerRow, slot: number): NamedOutput {
  return jsonOutput(row, name, (out) => {
    const start = firstOf(row, slot)
    if (start === undefined) {
      out.ascii('null')
      return
    }
    child.load(row.source, start)
    child.writeJson(out)
  })
}

function arrayOutput(row: RowContext, name: string, child: AnswerRow, slot: number): NamedOutput {
  return jsonOutput(row, name, (out) => writeList(out, row, child, slot, child.writeJson))
}

/** What `write` writes of each row of the list of a slot. */
function writeList(
  out: ByteWriter,
  row: RowContext,
  child: AnswerRow,
  slot: number,
  write: WriteJson,
): void {
  const start = out.length
  const starts = documentsOf(row, slot)
  for (const at of starts) {
    child.load(row.source, at)
    out.byte(0x2c)
    write(out)
  }
  if (out.length === start) out.byte(0x5b)
  else out.setByte(start, 0x5b)
  out.byte(0x5d)
}

function spreadOneOutputs(row: RowContext, child: AnswerRow, slot: number): readonly Output[] {
  row.loaders.push(() => {
    const start = row.isLoaded ? firstOf(row, slot) : undefined
    if (start !== undefined) child.load(row.source, start)
    else child.loadNone()
  })
  return child.outputs
}

function spreadManyOutputs(row: RowContext, child: AnswerRow, slot: number): readonly Output[] {
  return child.outputs.map((output): Output => {
    if (output.kind === 'named') {
      return jsonOutput(row, output.name, (out) => writeList(out, row, child, slot, output.json))
    }
    const json = (out: ByteWriter, name: string) =>
      writeList(out, row, child, slot, (to) => output.json(to, name))
    const names = () => {
      const found = documentsOf(row, slot).flatMap((at) => {
        child.load(row.source, at)
        return output.names()
      })
      return [...new Set(found)]
    }
    return {
      kind: 'open',
      names,
      json,
      text: (out, name) => {
        json(out, name)
        return true
      },
    }
  })
}
