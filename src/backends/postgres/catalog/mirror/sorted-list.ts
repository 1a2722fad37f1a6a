/**
 * Sorted lists that change in few places: without going through all of them by comparison, and
 * sorting in steps where everything is new.
 */
import type { Steps } from '../../../../core/run-in-slices.ts'

export type Compare<T> = (a: T, b: T) => number

/** The same list where nothing comes or goes; else a frozen one, in order like the list given. */
export function changedList<T>(
  list: readonly T[],
  gone: ReadonlySet<T>,
  come: readonly T[],
  compare: Compare<T>,
): readonly T[] {
  if (gone.size === 0 && come.length === 0) return list
  if (gone.size + come.length <= fewChanges) {
    const changed = changedInPlaces(list, gone, come, compare)
    if (changed !== null) return changed
  }
  const left = gone.size === 0 ? list : list.filter((item) => !gone.has(item))
  if (come.length === 0) return Object.freeze(left)
  const sorted = come.toSorted(compare)
  const result: T[] = []
  let from = 0
  for (const item of sorted) {
    const at = positionOf(left, item, compare, from)
    for (; from < at; from += 1) result.push(left[from] as T)
    result.push(item)
  }
  for (; from < left.length; from += 1) result.push(left[from] as T)
  return Object.freeze(result)
}

/** Up to this many changes are made in a copy one by one. */
const fewChanges = 16

/** Null: an item that goes was not where it should be. */
function changedInPlaces<T>(
  list: readonly T[],
  gone: ReadonlySet<T>,
  come: readonly T[],
  compare: Compare<T>,
): readonly T[] | null {
  // the fastest copy of a frozen list that there is
  const result = [...list]
  for (const item of gone) {
    const before = result.length
    let at = positionOf(result, item, compare, 0) - 1
    for (; at >= 0 && compare(result[at] as T, item) === 0; at -= 1) {
      if (result[at] === item) result.splice(at, 1)
    }
    if (result.length === before) return null
  }
  for (const item of come.toSorted(compare)) {
    result.splice(positionOf(result, item, compare, 0), 0, item)
  }
  return Object.freeze(result)
}

/** Behind those that are equal. */
function positionOf<T>(list: readonly T[], item: T, compare: Compare<T>, from: number): number {
  let low = from
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compare(list[middle] as T, item) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Items of one run, which are sorted without a rest. */
const runLength = 256

/** Sorts like `toSorted`, in steps. */
export function* sortedInSteps<T>(items: readonly T[], compare: Compare<T>): Steps<T[]> {
  let runs: T[][] = []
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(items.slice(at, at + runLength).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: T[][] = []
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], compare))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* merge<T>(left: readonly T[], right: readonly T[], compare: Compare<T>): Steps<T[]> {
  const result: T[] = []
  let [fromLeft, fromRight] = [0, 0]
  while (fromLeft < left.length || fromRight < right.length) {
    if (result.length % runLength === 0) yield
    const takesLeft =
      fromRight >= right.length ||
      (fromLeft < left.length && compare(left[fromLeft] as T, right[fromRight] as T) <= 0)
    result.push((takesLeft ? left[fromLeft++] : right[fromRight++]) as T)
  }
  return result
}
