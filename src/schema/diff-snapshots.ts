/**
 * Two snapshots → what came, went and changed, by name: `schema.relation`, `schema.function()`, and
 * a word for what has no name of its own. For the log, the admin's answer and the event stream;
 * nothing decides by it.
 */
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import type { SchemaSnapshot } from './schema-snapshot.ts'

/** What changed between two snapshots, as names (`schema.name`) and counts. */
export interface SnapshotDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

/** Equality of what a snapshot is made of: plain values, lists, objects, maps and sets. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false
    // the order counts too: columns are served in it
    const others = b.entries()
    for (const [key, value] of a) {
      const [otherKey, otherValue] = others.next().value ?? []
      if (key !== otherKey || !isSame(value, otherValue)) return false
    }
    return true
  }
  if (a instanceof Set) return b instanceof Set && isSame([...a], [...b])
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => isSame(item, b[at]))
  }
  // without lists of entries: this runs over every column of a large schema
  const left = a as Readonly<Record<string, unknown>>
  const right = b as Readonly<Record<string, unknown>>
  let count = 0
  for (const name in left) {
    if (!isSame(left[name], right[name])) return false
    count += 1
  }
  for (const _ in right) count -= 1
  return count === 0
}

interface Changes {
  readonly added: string[]
  readonly removed: string[]
  readonly changed: string[]
}

function* compareMaps<T>(
  previous: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
  nameOf: (key: string) => string,
  isEqual: (key: string, a: T, b: T) => boolean,
  changes: Changes,
): Steps<void> {
  for (const [key, value] of next) {
    const before = previous.get(key)
    if (before === undefined) changes.added.push(nameOf(key))
    else if (!isEqual(key, before, value)) changes.changed.push(nameOf(key))
    yield
  }
  for (const key of previous.keys()) if (!next.has(key)) changes.removed.push(nameOf(key))
}

/** Keys are `schema NUL name`. */
function dotted(key: string): string {
  return key.replace('\0', '.')
}

function* diffSteps(previous: SchemaSnapshot | null, next: SchemaSnapshot): Steps<SnapshotDiff> {
  const changes: Changes = { added: [], removed: [], changed: [] }
  yield* compareMaps(
    previous?.relations ?? new Map(),
    next.relations,
    dotted,
    (key, a, b) =>
      isSame(a, b) && isSame(previous?.relationships.get(key), next.relationships.get(key)),
    changes,
  )
  yield* compareMaps(
    previous?.routines ?? new Map(),
    next.routines,
    (key) => `${dotted(key)}()`,
    (_key, a, b) => isSame(a, b),
    changes,
  )
  if (previous !== null) {
    if (!isSame(previous.options, next.options)) changes.changed.push('schema options')
    if (!isSame(previous.capabilities, next.capabilities)) changes.changed.push('engine')
    if (!isSame(previous.representations, next.representations)) {
      changes.changed.push('domain representations')
    }
    if (!isSame(previous.mediaHandlers, next.mediaHandlers)) {
      changes.changed.push('media type handlers')
    }
    if (!isSame(previous.engineFacts, next.engineFacts)) {
      changes.changed.push(next.engineFacts.title)
    }
  }
  return changes
}

/** Against no previous snapshot everything is new. */
export function diffSnapshots(previous: SchemaSnapshot | null, next: SchemaSnapshot): SnapshotDiff {
  return runAtOnce(diffSteps(previous, next))
}

export function diffSnapshotsInSlices(
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
  slices: SliceDeps,
): Promise<SnapshotDiff> {
  return runInSlices(diffSteps(previous, next), slices)
}
