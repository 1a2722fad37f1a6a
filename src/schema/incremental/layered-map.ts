/**
 * A large map and the few entries in which it differs from another, as one map: the next one is made
 * without a copy of all entries, which would hold the event loop for longer than requests should wait.
 * `patch-sorted.ts` makes them, and lays a plain map underneath again once there are many changes.
 */
import { compareTexts } from '../../core/compare-texts.ts'

export class LayeredMap<T extends object> implements ReadonlyMap<string, T> {
  readonly size: number
  readonly #base: ReadonlyMap<string, T>
  readonly #changes: ReadonlyMap<string, T | undefined>

  /**
   * Shape   frozen; in the order of the base, and what the base lacks in front of the first key that is
   *         greater. The base may be one of these itself: then its own base is taken.
   *
   * @param changes key → its value now; undefined: it is not there
   */
  constructor(base: ReadonlyMap<string, T>, changes: ReadonlyMap<string, T | undefined>) {
    const below = base instanceof LayeredMap ? base : null
    const plain: ReadonlyMap<string, T> = below === null ? base : below.#base
    const all = new Map<string, T | undefined>(below === null ? [] : below.#changes)
    let { size } = plain
    for (const [key, value] of changes) {
      if (value === plain.get(key)) all.delete(key)
      else all.set(key, value)
    }
    for (const [key, value] of all) {
      size += (value === undefined ? 0 : 1) - (plain.has(key) ? 1 : 0)
    }
    this.#base = plain
    this.#changes = all
    this.size = size
    Object.freeze(this)
  }

  /** Keys among which all are that two maps differ in, sorted; null: nothing is known of the two. */
  static differences(
    first: ReadonlyMap<string, unknown>,
    second: ReadonlyMap<string, unknown>,
  ): readonly string[] | null {
    const layersOf = (map: ReadonlyMap<string, unknown>) =>
      map instanceof LayeredMap ? [map.#base, map.#changes] : [map, new Map<string, unknown>()]
    const [base, changes] = layersOf(first)
    const [otherBase, otherChanges] = layersOf(second)
    if (base !== otherBase) return null
    return [...new Set([...(changes?.keys() ?? []), ...(otherChanges?.keys() ?? [])])].sort(
      compareTexts,
    )
  }

  /** In how many entries it differs from the map underneath. */
  get depth(): number {
    return this.#changes.size
  }

  get(key: string): T | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#base.get(key)
  }

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  *entries(): Generator<[string, T], undefined> {
    const added = [...this.#changes.keys()].filter((key) => !this.#base.has(key)).sort(compareTexts)
    let at = 0
    for (const [key, value] of this.#base) {
      for (let next = added[at]; next !== undefined && next < key; next = added[at]) {
        yield* this.#entry(next)
        at += 1
      }
      if (this.#changes.has(key)) yield* this.#entry(key)
      else yield [key, value]
    }
    for (const key of added.slice(at)) yield* this.#entry(key)
  }

  *#entry(key: string): Generator<[string, T], undefined> {
    const value = this.#changes.get(key)
    if (value !== undefined) yield [key, value]
  }

  *keys(): Generator<string, undefined> {
    for (const [key] of this.entries()) yield key
  }

  *values(): Generator<T, undefined> {
    for (const [, value] of this.entries()) yield value
  }

  [Symbol.iterator](): Generator<[string, T], undefined> {
    return this.entries()
  }

  forEach(each: (value: T, key: string, map: ReadonlyMap<string, T>) => void): void {
    for (const [key, value] of this.entries()) each(value, key, this)
  }
}
