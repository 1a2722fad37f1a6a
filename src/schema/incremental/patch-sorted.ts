/**
 * A map sorted by its keys, and what changes of it → the next one, which stays sorted. Made by a copy
 * and insertions, so that one change among many entries costs no sort of them all; of a large map not
 * even a copy, as long as few of its entries have changed.
 */
import { compareTexts } from '../../core/compare-texts.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import { LayeredMap } from './layered-map.ts'

/** Entries between two rests. */
const stride = 256

/** From this many entries on a copy would hold the event loop for long. */
const manyEntries = 2000

/** A layer holds no more than one in so many entries: then a copy is made after all. */
const leastShare = 16

function compareKeys([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareTexts(a, b)
}

/**
 * Shape  frozen; the previous map itself where nothing changes
 *
 * @param changes key → its value now; undefined: it goes
 */
export function* patchSorted<T extends object>(
  previous: ReadonlyMap<string, T>,
  changes: ReadonlyMap<string, T | undefined>,
): Steps<ReadonlyMap<string, T>> {
  const added: (readonly [string, T])[] = []
  let isChanged = false
  for (const [key, value] of changes) {
    const before = previous.get(key)
    if (before === value) continue
    isChanged = true
    if (before === undefined && value !== undefined) added.push([key, value])
  }
  if (!isChanged) return previous
  yield
  if (previous.size >= manyEntries && changes.size * leastShare <= previous.size) {
    const layered = new LayeredMap(previous, changes)
    if (layered.depth * leastShare <= previous.size) return layered
    yield
  }
  const next = yield* merge(previous, added.sort(compareKeys))
  for (const [key, value] of changes) {
    if (value === undefined) next.delete(key)
    else next.set(key, value)
  }
  yield
  return Object.freeze(next)
}

function* merge<T>(
  previous: ReadonlyMap<string, T>,
  added: readonly (readonly [string, T])[],
): Steps<Map<string, T>> {
  const next = new Map<string, T>()
  let at = 0
  for (const entry of previous) {
    for (let add = added[at]; add !== undefined && compareKeys(add, entry) < 0; add = added[at]) {
      next.set(...add)
      at += 1
    }
    next.set(...entry)
    if (next.size % stride === 0) yield
  }
  for (const [key, value] of added.slice(at)) {
    next.set(key, value)
    if (next.size % stride === 0) yield
  }
  return next
}
