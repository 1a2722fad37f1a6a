/**
 * Objects by the oid of what they are made from, and the sorted list of them. Changes are gathered,
 * and the list follows at once when they are settled: it is the same list where there were none.
 */
import type { Steps } from '../../../../core/run-in-slices.ts'
import { kept } from './keep-equal.ts'
import { type Compare, changedList, sortedInSteps } from './sorted-list.ts'

/** From this many changes on the list is sorted as a whole. */
const manyChanges = 1000

const none: readonly never[] = Object.freeze([])

export class DerivedList<T> {
  readonly #compare: Compare<T>
  /** Until the first list is settled. */
  #before: DerivedList<T> | undefined
  readonly #objects = new Map<number, T>()
  readonly #gone = new Set<T>()
  readonly #come = new Set<T>()
  #list: readonly T[] = none

  /** @param before of the same database: its objects are taken over where they are equal */
  constructor(compare: Compare<T>, before?: DerivedList<T>) {
    this.#compare = compare
    this.#before = before
  }

  get list(): readonly T[] {
    return this.#list
  }

  get(oid: number): T | undefined {
    return this.#objects.get(oid)
  }

  set(oid: number, object: T): void {
    const known = this.#objects.get(oid)
    const next = kept(known ?? this.#before?.get(oid), object)
    if (next === known) return
    this.#objects.set(oid, next)
    this.replace(known === undefined ? none : [known], [next])
  }

  delete(oid: number): void {
    const known = this.#objects.get(oid)
    if (known === undefined) return
    this.#objects.delete(oid)
    this.replace([known], none)
  }

  /** For objects that are kept elsewhere: some come in the place of others. */
  replace(gone: readonly T[], come: readonly T[]): void {
    for (const object of gone) if (!this.#come.delete(object)) this.#gone.add(object)
    for (const object of come) if (!this.#gone.delete(object)) this.#come.add(object)
  }

  /** Brings the list up to date. */
  *settle(): Steps<void> {
    if (this.#gone.size + this.#come.size < manyChanges) {
      this.#list = changedList(this.#list, this.#gone, [...this.#come], this.#compare)
    } else {
      const all = [...this.#list.filter((object) => !this.#gone.has(object)), ...this.#come]
      this.#list = Object.freeze(yield* sortedInSteps(all, this.#compare))
    }
    this.#gone.clear()
    this.#come.clear()
    const before = this.#before?.list
    if (
      before?.length === this.#list.length &&
      before.every((object, at) => object === this.#list[at])
    ) {
      this.#list = before
    }
    this.#before = undefined
  }
}
