/**
 * The parts of a catalog → pieces of bytes for a process that has those of an earlier one, or none, and
 * back. A piece is small enough to be made, sent and read without holding up an event loop.
 */
import { deserialize, serialize } from 'node:v8'
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

/** Values of a piece: about a millisecond's worth. */
const pieceWeight = 6000

/** Gathers instructions into pieces. */
class Pieces {
  readonly made: Uint8Array[] = []
  #instructions: Instruction[] = []
  #weight = 0

  add(instruction: Instruction, weight: number): void {
    this.#instructions.push(instruction)
    this.#weight += weight
    if (this.#weight >= pieceWeight) this.close()
  }

  close(): void {
    if (this.#instructions.length > 0) this.made.push(serialize(this.#instructions))
    this.#instructions = []
    this.#weight = 0
  }
}

/** `previous`: what the other side has; null: nothing. Parts that are equal are not sent. */
export function* sendParts(
  previous: CatalogParts | null,
  next: CatalogParts,
): Steps<readonly Uint8Array[]> {
  const pieces = new Pieces()
  for (const name of previous?.keys() ?? []) {
    if (!next.has(name)) pieces.add({ op: 'drop', part: name }, 1)
  }
  for (const [name, part] of next) {
    const before = previous?.get(name)
    if (part.kind === 'value') {
      const isKnown = before?.kind === 'value' && isSame(before.value, part.value)
      if (!isKnown) pieces.add({ op: 'value', part: name, value: part.value }, weightOf(part.value))
    } else {
      yield* sendList(pieces, name, before, part)
    }
    yield
  }
  pieces.close()
  return pieces.made
}

function* sendList(
  pieces: Pieces,
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
    if (run.kind === 'keep') pieces.add({ op: 'keep', part, from: run.from, to: run.to }, 1)
    else yield* sendItems(pieces, part, run.items)
  }
  pieces.add({ op: 'end', part, kind }, 1)
}

function* sendItems(pieces: Pieces, part: string, items: readonly unknown[]): Steps<void> {
  let some: unknown[] = []
  let weight = 0
  for (const item of items) {
    some.push(item)
    weight += weightOf(item)
    if (weight < pieceWeight / 4) continue
    pieces.add({ op: 'add', part, items: some }, weight)
    some = []
    weight = 0
    yield
  }
  if (some.length > 0) pieces.add({ op: 'add', part, items: some }, weight)
}

/** Values in it. */
function weightOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  const members = value instanceof Map || value instanceof Set ? [...value] : Object.values(value)
  let weight = 1
  for (const member of members) weight += weightOf(member)
  return weight
}

/** Makes parts anew of pieces that come one after the other. */
export class PartsReader {
  readonly #previous: CatalogParts
  readonly #parts: Map<string, Part>
  readonly #lists = new Map<string, unknown[]>()

  constructor(previous: CatalogParts | null) {
    this.#previous = previous ?? new Map()
    this.#parts = new Map(this.#previous)
  }

  /** Throws  for bytes that are no piece, or none that follows the parts before */
  read(piece: Uint8Array): void {
    const instructions: unknown = deserialize(piece)
    if (!Array.isArray(instructions)) throw new Error('a piece of a catalog is none')
    for (const instruction of instructions) {
      if (!isInstruction(instruction)) throw new Error('a piece of a catalog is not understood')
      this.#take(instruction)
    }
  }

  /** Of all pieces together. */
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
