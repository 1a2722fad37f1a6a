/**
 * A sort that may rest: runs of a few hundred items are sorted, then merged two by two. For lists as
 * long as the largest schemas, beside which requests are served.
 */
import type { Steps } from '../core/run-in-slices.ts'

/** Items that are sorted, or merged, between two rests. */
const runLength = 512

/** A sorted copy; equal items stay in their order. */
export function* sortInSteps<T>(
  items: Iterable<T>,
  compare: (a: T, b: T) => number,
): Steps<readonly T[]> {
  const all = [...items]
  let runs: (readonly T[])[] = []
  for (let start = 0; start < all.length; start += runLength) {
    runs.push(all.slice(start, start + runLength).sort(compare))
    yield
  }
  while (runs.length > 1) {
    const merged: (readonly T[])[] = []
    for (let at = 0; at < runs.length; at += 2) {
      merged.push(yield* mergeInSteps(runs[at] ?? [], runs[at + 1] ?? [], compare))
    }
    runs = merged
  }
  return runs[0] ?? []
}

function* mergeInSteps<T>(
  left: readonly T[],
  right: readonly T[],
  compare: (a: T, b: T) => number,
): Steps<readonly T[]> {
  const merged: T[] = []
  const rights = right.values()
  let next = rights.next()
  for (const item of left) {
    while (next.done !== true && compare(next.value, item) < 0) {
      merged.push(next.value)
      next = rights.next()
    }
    merged.push(item)
    if (merged.length % runLength === 0) yield
  }
  for (; next.done !== true; next = rights.next()) merged.push(next.value)
  return merged
}
