/**
 * Where in a document the elements of given names are. Whatever their order: they are noted in one
 * walk and then read in the order of an answer.
 */
import { endOfName, endOfValue, int32At } from './bson-element.ts'

/** An element that none of the names is of. */
export interface OtherElement {
  readonly nameStart: number
  readonly nameEnd: number
  readonly type: number
  readonly valueAt: number
}

export class ElementSlots {
  readonly #slots: ReadonlyMap<string, number>
  readonly #names: readonly Buffer[]
  /** Slot + 1 of the name at each place of a hash table, 0: none. A power of two in length. */
  readonly #table: Int32Array
  readonly #types: Uint8Array
  readonly #places: Int32Array

  /** A name may be given twice. */
  constructor(names: readonly string[]) {
    this.#slots = new Map([...new Set(names)].map((name, slot) => [name, slot]))
    this.#names = [...this.#slots.keys()].map((name) => Buffer.from(name))
    const count = this.#names.length
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 2)))
    this.#types = new Uint8Array(count)
    this.#places = new Int32Array(count)
    this.#names.forEach((name, slot) => {
      let at = hashOf(name, 0, name.length)
      while (this.#table[at & (this.#table.length - 1)] !== 0) at += 1
      this.#table[at & (this.#table.length - 1)] = slot + 1
    })
  }

  /** `name` is one of those that were given. */
  slotOf(name: string): number {
    return this.#slots.get(name) ?? -1
  }

  /** `elementType.absent` where the document has none. */
  typeOf(slot: number): number {
    return this.#types[slot] ?? 0
  }

  valueAt(slot: number): number {
    return this.#places[slot] ?? 0
  }

  clear(): void {
    this.#types.fill(0)
  }

  /** `start`: where the document is. `others` gets the elements of other names, where it is wanted. */
  scan(source: Uint8Array, start: number, others: OtherElement[] | null): void {
    this.clear()
    const end = start + int32At(source, start) - 1
    let expected = 0
    let at = start + 4
    while (at < end) {
      const type = source[at] ?? 0
      const nameStart = at + 1
      let nameEnd = this.#endOfExpected(source, nameStart, expected)
      let slot = expected
      if (nameEnd === -1) {
        nameEnd = endOfName(source, nameStart)
        slot = this.#slotAt(source, nameStart, nameEnd)
      }
      const valueAt = nameEnd + 1
      if (slot === -1) others?.push({ nameStart, nameEnd, type, valueAt })
      else {
        // of a name that is there twice the first, which is what the server reads too
        if (this.#types[slot] === 0) {
          this.#types[slot] = type
          this.#places[slot] = valueAt
        }
        expected = slot + 1
      }
      at = endOfValue(source, type, valueAt)
    }
  }

  /** Documents mostly have their elements in one order: where the name ends if it is that slot's. */
  #endOfExpected(source: Uint8Array, start: number, slot: number): number {
    const name = this.#names[slot]
    if (name === undefined) return -1
    const { length } = name
    for (let index = 0; index < length; index += 1) {
      if (source[start + index] !== name[index]) return -1
    }
    return source[start + length] === 0 ? start + length : -1
  }

  #slotAt(source: Uint8Array, start: number, end: number): number {
    const mask = this.#table.length - 1
    for (let at = hashOf(source, start, end); ; at += 1) {
      const slot = (this.#table[at & mask] ?? 0) - 1
      if (slot === -1 || this.#endOfExpected(source, start, slot) === end) return slot
    }
  }
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0
  return hash >>> 0
}
