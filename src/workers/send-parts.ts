/**
 * The parts of a catalog → pieces of bytes for a process that has those of an earlier one, or none, and
 * back. All is one series of values: what is one object here, such as a column that many tables have, is
 * written once and is one object there. Values are written and read with rests between them, and pieces
 * are small, so that neither end holds up its event loop.
 */
import { DefaultDeserializer, DefaultSerializer } from 'node:v8'
import { assertNever } from '../core/assert-never.ts'
import { isSame } from '../core/is-same.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type { CatalogParts, Part } from './catalog-parts.ts'
import { listRuns } from './list-runs.ts'

type Instruction =
  | { readonly op: 'keep'; readonly part: string; readonly from: number; readonly to: number }
  | { readonly op: 'add'; readonly part: string; readonly items: readonly unknown[] }
  /** The part is all that was kept and added. */
  | { readonly op: 'end'; readonly part: string; readonly kind: 'list' | 'map' | 'set' }
  | { readonly op: 'value'; readonly part: string; readonly value: unknown }
  | { readonly op: 'drop'; readonly part: string }

/** Members of a value of the series: about a millisecond's worth. */
const valueWeight = 6000
/** Bytes of a piece. */
const pieceBytes = 64 * 1024

/** Behind the last value of the series. */
const endMark = 'end'

/** Gathers instructions into values of the series. */
class Series {
  readonly #serializer = new DefaultSerializer()
  #instructions: Instruction[] = []
  #weight = 0
  #isEmpty = true

  constructor() {
    this.#serializer.writeHeader()
  }

  add(instruction: Instruction, weight: number): void {
    this.#instructions.push(instruction)
    this.#weight += weight
    if (this.#weight >= valueWeight) this.#write()
  }

  /** No pieces where nothing was added. */
  pieces(): readonly Uint8Array[] {
    this.#write()
    if (this.#isEmpty) return []
    this.#serializer.writeValue(endMark)
    const bytes = this.#serializer.releaseBuffer()
    const count = Math.ceil(bytes.length / pieceBytes)
    return Array.from({ length: count }, (_, at) =>
      bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
    )
  }

  #write(): void {
    if (this.#instructions.length === 0) return
    this.#serializer.writeValue(this.#instructions)
    this.#instructions = []
    this.#weight = 0
    this.#isEmpty = false
  }
}

/** `previous`: what the other side has; null: nothing. Parts that are equal are not sent. */
export function* sendParts(
  previous: CatalogParts | null,
  next: CatalogParts,
): Steps<readonly Uint8Array[]> {
  const series = new Series()
  for (const name of previous?.keys() ?? []) {
    if (!next.has(name)) series.add({ op: 'drop', part: name }, 1)
  }
  for (const [name, part] of next) {
    const before = previous?.get(name)
    if (part.kind === 'value') {
      const isKnown = before?.kind === 'value' && isSame(before.value, part.value)
      if (!isKnown) series.add({ op: 'value', part: name, value: part.value }, weightOf(part.value))
    } else {
      yield* sendList(series, name, before, part)
    }
    yield
  }
  return series.pieces()
}

function* sendList(
  series: Series,
  part: string,
  before: Part | undefined,
  { kind, items }: Exclude<Part, { readonly kind: 'value' }>,
): Steps<void> {
  const known = before === undefined || before.kind === 'value' ? null : before
  if (known?.kind === kind && known.items === items) return
  const runs = yield* listRuns(known?.items ?? [], items)
  const [run] = runs
  const isAllKept =
    runs.length === 1 && run?.kind === 'keep' && run.from === 0 && run.to === known?.items.length
  if (known?.kind === kind && (isAllKept || (runs.length === 0 && known.items.length === 0))) return
  for (const run of runs) {
    if (run.kind === 'keep') series.add({ op: 'keep', part, from: run.from, to: run.to }, 1)
    else yield* sendItems(series, part, run.items)
  }
  series.add({ op: 'end', part, kind }, 1)
}

function* sendItems(series: Series, part: string, items: readonly unknown[]): Steps<void> {
  let some: unknown[] = []
  let weight = 0
  for (const item of items) {
    some.push(item)
    weight += weightOf(item)
    if (weight < valueWeight / 4) continue
    series.add({ op: 'add', part, items: some }, weight)
    some = []
    weight = 0
    yield
  }
  if (some.length > 0) series.add({ op: 'add', part, items: some }, weight)
}

/** Values in it. */
function weightOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  const members = value instanceof Map || value instanceof Set ? [...value] : Object.values(value)
  let weight = 1
  for (const member of members) weight += weightOf(member)
  return weight
}

/**
 * Makes parts anew of the pieces that `sendParts` has made.
 *
 * @param previous  what it was told is there
 *
 * Throws  for bytes that are no such pieces, or do not follow the parts before
 */
export function* readParts(
  previous: CatalogParts | null,
  pieces: readonly Uint8Array[],
): Steps<CatalogParts> {
  const reader = new PartsReader(previous)
  if (pieces.length === 0) return reader.parts()
  const deserializer = new DefaultDeserializer(yield* joined(pieces))
  deserializer.readHeader()
  for (;;) {
    const value: unknown = deserializer.readValue()
    if (value === endMark) return reader.parts()
    reader.read(value)
    yield
  }
}

function* joined(pieces: readonly Uint8Array[]): Steps<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
    yield
  }
  return bytes
}

class PartsReader {
  readonly #previous: CatalogParts
  readonly #parts: Map<string, Part>
  readonly #lists = new Map<string, unknown[]>()

  constructor(previous: CatalogParts | null) {
    this.#previous = previous ?? new Map()
    this.#parts = new Map(this.#previous)
  }

  read(instructions: unknown): void {
    if (!Array.isArray(instructions)) throw new Error('a piece of a catalog is none')
    for (const instruction of instructions) {
      if (!isInstruction(instruction)) throw new Error('a piece of a catalog is not understood')
      this.#take(instruction)
    }
  }

  parts(): CatalogParts {
    return this.#parts
  }

  #take(instruction: Instruction): void {
    const { part } = instruction
    switch (instruction.op) {
      case 'keep': {
        const before = this.#previous.get(part)
        const { from, to } = instruction
        if (before === undefined || before.kind === 'value' || before.items.length < to) {
          throw new Error('a piece of a catalog does not follow what is there')
        }
        const list = this.#listOf(part)
        for (let place = from; place < to; place += 1) list.push(before.items[place])
        break
      }
      case 'add':
        this.#listOf(part).push(...instruction.items)
        break
      case 'end':
        this.#parts.set(part, { kind: instruction.kind, items: this.#listOf(part) })
        break
      case 'value':
        this.#parts.set(part, { kind: 'value', value: instruction.value })
        break
      case 'drop':
        this.#parts.delete(part)
        break
      default:
        assertNever(instruction)
    }
  }

  #listOf(part: string): unknown[] {
    const list = this.#lists.get(part) ?? []
    this.#lists.set(part, list)
    return list
  }
}

const operations: ReadonlySet<unknown> = new Set<Instruction['op']>([
  'keep',
  'add',
  'end',
  'value',
  'drop',
])

/** What follows the operation was written by the same code. */
function isInstruction(value: unknown): value is Instruction {
  const has: Readonly<Record<string, unknown>> = Object(value)
  return operations.has(has['op']) && typeof has['part'] === 'string'
}
