/**
 * The keys of one system catalog's rows as sorted numbers, each with a mark beside it: the object
 * that the row belongs to, or a digest of what the row says. Compact, since a large schema has a
 * hundred thousand of them: a number is 8 bytes. Immutable; `change-window.ts` holds one per catalog.
 */

export interface KeyEntry {
  /** A whole number below 2^53. */
  readonly key: number
  readonly mark: number
}

export class KeySet {
  readonly #keys: Float64Array
  readonly #marks: Float64Array

  /** Shape   `keys` ascending, `marks` in the order of the keys */
  constructor(keys: Float64Array, marks: Float64Array) {
    this.#keys = keys
    this.#marks = marks
  }

  get size(): number {
    return this.#keys.length
  }

  /** The mark beside a key; undefined: there is no such key. */
  markOf(key: number): number | undefined {
    const at = this.#position(key)
    return this.#keys[at] === key ? this.#marks[at] : undefined
  }

  /** With the entries, which replace those of the same key. */
  with(entries: readonly KeyEntry[]): KeySet {
    if (entries.length === 0) return this
    // of several entries of one key the last one counts
    const fresh = [...new Map(entries.map((entry) => [entry.key, entry])).values()]
    fresh.sort((a, b) => a.key - b.key)
    const isNew = fresh.filter(({ key }) => this.markOf(key) === undefined)
    const keys = new Float64Array(this.size + isNew.length)
    const marks = new Float64Array(keys.length)
    let from = 0
    let to = 0
    for (const { key, mark } of fresh) {
      const at = this.#position(key)
      keys.set(this.#keys.subarray(from, at), to)
      marks.set(this.#marks.subarray(from, at), to)
      to += at - from
      keys[to] = key
      marks[to] = mark
      to += 1
      from = this.#keys[at] === key ? at + 1 : at
    }
    keys.set(this.#keys.subarray(from), to)
    marks.set(this.#marks.subarray(from), to)
    return new KeySet(keys, marks)
  }

  /** Entries whose key the other set lacks. */
  without(other: KeySet): readonly KeyEntry[] {
    const gone: KeyEntry[] = []
    let at = 0
    for (const [position, key] of this.#keys.entries()) {
      while (at < other.size && (other.#keys[at] ?? 0) < key) at += 1
      if (other.#keys[at] !== key) gone.push({ key, mark: this.#marks[position] ?? 0 })
    }
    return gone
  }

  /** Where the key is, or would be. */
  #position(key: number): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#keys[middle] ?? 0) < key) low = middle + 1
      else high = middle
    }
    return low
  }
}
