/**
 * Two lists that share most of their members → what came and went. Members are told apart by identity,
 * so that it costs no more than a walk over both.
 */

export interface ListChanges<T> {
  /** Members of the first list; those that stand in another order now are among them. */
  readonly gone: readonly T[]
  /** Members of the second list; those that stand in another order now are among them. */
  readonly fresh: readonly T[]
}

/** Shape  what is in neither stands in both lists, in the same order */
export function listChanges<T>(previous: readonly T[], next: readonly T[]): ListChanges<T> {
  if (previous === next) return { gone: [], fresh: [] }
  let start = 0
  while (start < previous.length && start < next.length && previous[start] === next[start]) {
    start += 1
  }
  let end = 0
  const shorter = Math.min(previous.length, next.length) - start
  while (end < shorter && previous.at(-1 - end) === next.at(-1 - end)) end += 1
  const before = previous.slice(start, previous.length - end)
  const after = next.slice(start, next.length - end)
  if (before.length === 0 || after.length === 0) return { gone: before, fresh: after }
  return differingPlaces(before, after) ?? differingMembers(before, after)
}

/** Of lists of one length in which few places differ; null: they are not such lists. */
function differingPlaces<T>(before: readonly T[], after: readonly T[]): ListChanges<T> | null {
  if (before.length !== after.length) return null
  const places = after.flatMap((member, at) => (member === before[at] ? [] : [at]))
  if (places.length * 4 > after.length) return null
  return {
    gone: before.filter((member, at) => member !== after[at]),
    fresh: after.filter((member, at) => member !== before[at]),
  }
}

function differingMembers<T>(before: readonly T[], after: readonly T[]): ListChanges<T> {
  const [inBefore, inAfter] = [new Set(before), new Set(after)]
  const staying = before.filter((member) => inAfter.has(member))
  const stayed = after.filter((member) => inBefore.has(member))
  const moved = new Set<T>()
  for (const [at, member] of stayed.entries()) {
    const other = staying[at]
    if (other === member) continue
    moved.add(member)
    if (other !== undefined) moved.add(other)
  }
  return {
    gone: before.filter((member) => !inAfter.has(member) || moved.has(member)),
    fresh: after.filter((member) => !inBefore.has(member) || moved.has(member)),
  }
}
