/**
 * Values in the order in which they came, each of which may leave at any time: requests in hand, or in a
 * queue. What has left leads to nothing that is still here or comes later.
 *
 * That is what a `Set` lacks. When its table is full of what was deleted it takes a new one, and the old
 * table keeps pointing at the new one and at what was in both. The collector of young objects does not look
 * whether an old table is itself garbage, so with each new table all requests of that moment, with all that
 * they hold, would be moved to the old objects, and stay until all memory is looked through.
 */

/** The place of a value, by which it leaves. */
export class ListPlace<T> {
  readonly value: T
  before: ListPlace<T> | null = null
  behind: ListPlace<T> | null = null
  isTaken = true

  constructor(value: T) {
    this.value = value
  }
}

export class LinkedList<T> {
  #first: ListPlace<T> | null = null
  #last: ListPlace<T> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** What came before all others that are still here. */
  get first(): T | undefined {
    return this.#first?.value
  }

  append(value: T): ListPlace<T> {
    const place = new ListPlace(value)
    const last = this.#last
    place.before = last
    if (last === null) this.#first = place
    else last.behind = place
    this.#last = place
    this.#size += 1
    return place
  }

  /** `place` is one that this list has given. A second call for it does nothing. */
  remove(place: ListPlace<T>): void {
    if (!place.isTaken) return
    const { before, behind } = place
    if (before === null) this.#first = behind
    else before.behind = behind
    if (behind === null) this.#last = before
    else behind.before = before
    place.before = null
    place.behind = null
    place.isTaken = false
    this.#size -= 1
  }

  /** All that are here now, first come first. */
  values(): readonly T[] {
    const values: T[] = []
    for (let place = this.#first; place !== null; place = place.behind) values.push(place.value)
    return values
  }
}
