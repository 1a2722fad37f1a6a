/**
 * The keys of a payload's rows while outline-json.ts walks through them: those of the first row, and
 * whether all others have the same. Rows are as a rule written alike, so a key is compared as text
 * with the one in its place, and is looked up only where that differs.
 */

export class RowKeys {
  /** More keys than this are not collected. */
  readonly #most: number
  /** Of the first row, each once. */
  readonly #names = new Set<string>()
  /** Of the first row, with their quotes as they stand there. */
  readonly #written: string[] = []
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

  get areEqual(): boolean {
    return this.#areEqual
  }

  /** A key of the row that stands in `text` from `start` to `end`, quotes included. */
  add(text: string, start: number, end: number): void {
    if (!this.#areEqual || this.areTooMany) return
    if (this.#isFirst) {
      const written = text.slice(start, end)
      this.#written.push(written)
      this.#names.add(nameOf(written))
      return
    }
    const expected = this.#written[this.#inPlace]
    if (this.#others === null && expected !== undefined && text.startsWith(expected, start)) {
      this.#inPlace += 1
      return
    }
    this.#others ??= this.#namesInPlace()
    this.#others.add(nameOf(text.slice(start, end)))
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

/** A copy: a slice of the payload would keep all of it in memory for as long as a plan is kept. */
function nameOf(written: string): string {
  return String(JSON.parse(written))
}

function hasSame(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return some.size === others.size && [...some].every((name) => others.has(name))
}
