/**
 * Two maps that share most of their entries → the keys of what differs.
 */
import type { Steps } from '../../core/run-in-slices.ts'
import { LayeredMap } from './layered-map.ts'

/** Entries between two rests. */
const stride = 256

/**
 * Walks both side by side: one that is a copy of the other with a few changes has its entries in the
 * same order, so that most pass by without being looked up. Other orders come to the same. Of two that
 * are layers over one map only what differs from that is looked at.
 *
 * Shape  each key once: those of `next` in its order, those that `next` lacks between them
 */
export function* differingKeys<T>(
  previous: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
  isSame: (a: T | undefined, b: T | undefined) => boolean,
): Steps<readonly string[]> {
  if (previous === next) return []
  const few = LayeredMap.differences(previous, next)
  if (few !== null) {
    return few.filter((key) => {
      const [before, after] = [previous.get(key), next.get(key)]
      return before !== after && !isSame(before, after)
    })
  }
  const keys: string[] = []
  const others = previous.entries()
  let other = others.next().value
  let at = 0
  for (const [key, value] of next) {
    at += 1
    if (at % stride === 0) yield
    while (other !== undefined && other[0] !== key && !next.has(other[0])) {
      keys.push(other[0])
      other = others.next().value
    }
    const inStep = other?.[0] === key
    const before = inStep ? other?.[1] : previous.get(key)
    if (before !== value && !isSame(before, value)) keys.push(key)
    // an entry that is new keeps the other side waiting; one that moved is looked up where it is
    if (inStep || before !== undefined) other = others.next().value
  }
  for (; other !== undefined; other = others.next().value) {
    if (!next.has(other[0])) keys.push(other[0])
  }
  return keys
}
