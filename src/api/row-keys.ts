/**
 * The keys of a payload's rows while outline-json.ts walks through them: those of the first row, and
 * whether all others have the same. Rows are as a rule written alike, so a key is compared byte by
 * byte with the one in its place, and is looked up only where that differs.
 */

export class RowKeys {
  /** More keys than this are not collected. */
  readonly #most: number
  /** Of the first row, each once. */
  readonly #names = new Set<string>()
  /** Of the first row, with their quotes as they stand there. */
  readonly #written: Uint8Array[] = []
  #isFirst = true
  /** How many of the row's keys stood in their places. */
  #inPlace = 0
  /** All names of the row, where one was not in its place. */
  #others: Set<string> | null = null
  #areEqual = true

  constructor(most: number) {
    this.#most = most
  }

  get names(): readonly string[] {
    return [...this.#names]
  }

  /** A row has more keys than are collected; `names` are some of them then. */
  get areTooMany(): boolean {
    return this.#written.length > this.#most
  }

  /** Those of the first row as they stand there, quotes included; null where not all of them are collected. */
  get written(): readonly Uint8Array[] | null {
    return this.areTooMany ? null : this.#written
  }

  get areEqual(): boolean {
    return this.#areEqual
  }

  /** A key of the row that stands in `bytes` from `start` to `end`, quotes included. */
  add(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#areEqual || this.areTooMany) return
    if (this.#isFirst) {
      const written = bytes.subarray(start, end)
      this.#written.push(written)
      this.#names.add(nameOf(written))
      return
    }
    const expected = this.#written[this.#inPlace]
    if (this.#others === null && expected !== undefined && hasBytesAt(bytes, start, expected)) {
      this.#inPlace += 1
      return
    }
    this.#others ??= this.#namesInPlace()
    this.#others.add(nameOf(bytes.subarray(start, end)))
    // so a row of many keys costs no more than the first one
    if (this.#others.size > this.#names.size) this.#areEqual = false
  }

  endRow(): void {
    if (!this.#isFirst && this.#areEqual && !this.areTooMany) {
      const isAlike = this.#others === null && this.#inPlace === this.#written.length
      if (!isAlike) this.#areEqual = hasSame(this.#others ?? this.#namesInPlace(), this.#names)
    }
    this.#isFirst = false
    this.#inPlace = 0
    this.#others = null
  }

  /** A row that is no object. */
  addOther(): void {
    this.#areEqual = false
  }

  #namesInPlace(): Set<string> {
    return new Set(this.#written.slice(0, this.#inPlace).map(nameOf))
  }
}

/** Whether `expected` stands there. */
export function hasBytesAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i += 1) {
    if (bytes[at + i] !== expected[i]) return false
  }
  return true
}

function nameOf(written: Uint8Array): string {
  return String(JSON.parse(Buffer.from(written).toString()))
}

function hasSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return some.size === others.size && [...some].every((name) => others.has(name))
}
