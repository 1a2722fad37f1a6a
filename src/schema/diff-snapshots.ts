/**
 * Two snapshots → what came, went and changed, by name: `schema.relation` with the parts of it that
 * changed, `schema.function()`, and a word for what has no name of its own. For the log and the
 * admin's answer; and a load that finds no difference publishes nothing, so all that a client or an
 * operator can see of a snapshot is compared here.
 */
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import type { Relation, SchemaSnapshot } from './schema-snapshot.ts'

/** Shape  `api.films`, `api.films(columns, key)` where it changed, `api.f()`, `engine` */
export interface SnapshotDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

export const noChanges: SnapshotDiff = { added: [], removed: [], changed: [] }

export function isUnchanged({ added, removed, changed }: SnapshotDiff): boolean {
  return added.length + removed.length + changed.length === 0
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
  if (a instanceof Set) {
    return b instanceof Set && a.size === b.size && [...a].every((member) => b.has(member))
  }
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

type Lookup = ReadonlyMap<string, unknown>

/** Of maps that are only looked up in, so that the order in which a catalog was read is no change. */
function isSameLookup(a: Lookup | undefined, b: Lookup | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (!b.has(key) || !isSame(value, b.get(key))) return false
  return true
}

/** The words for what can change of a relation that keeps its name. */
const partNames = {
  schema: 'name',
  name: 'name',
  kind: 'kind',
  isView: 'kind',
  granted: 'grants',
  description: 'comment',
  canInsert: 'writes',
  canUpdate: 'writes',
  canDelete: 'writes',
  primaryKey: 'key',
  columns: 'columns',
  computedTypes: 'computed fields',
  isClosed: 'columns',
} as const satisfies Record<keyof Relation, string>

type RelationKey = keyof typeof partNames

function isRelationKey(key: string): key is RelationKey {
  return Object.hasOwn(partNames, key)
}

const relationKeys: readonly RelationKey[] = Object.keys(partNames).filter(isRelationKey)

interface Changes {
  readonly added: string[]
  readonly removed: string[]
  readonly changed: string[]
}

function* compareMaps<T>(
  previous: ReadonlyMap<string, T>,
  next: ReadonlyMap<string, T>,
  nameOf: (key: string) => string,
  /** What changed of it, for the list; null: nothing. */
  changeOf: (key: string, a: T, b: T) => string | null,
  changes: Changes,
): Steps<void> {
  for (const [key, value] of next) {
    const before = previous.get(key)
    const change = before === undefined ? null : changeOf(key, before, value)
    if (before === undefined) changes.added.push(nameOf(key))
    else if (change !== null) changes.changed.push(`${nameOf(key)}${change}`)
    yield
  }
  for (const key of previous.keys()) if (!next.has(key)) changes.removed.push(nameOf(key))
}

/** Keys are `schema NUL name`. */
function dotted(key: string): string {
  return key.replace('\0', '.')
}

const nothing: ReadonlyMap<string, never> = new Map<string, never>()

function* diffSteps(previous: SchemaSnapshot | null, next: SchemaSnapshot): Steps<SnapshotDiff> {
  const changes: Changes = { added: [], removed: [], changed: [] }
  const isRelated = (key: string) =>
    isSameLookup(previous?.relationships.get(key), next.relationships.get(key))
  yield* compareMaps(
    previous?.relations ?? nothing,
    next.relations,
    dotted,
    (key, before, after) => {
      const own = relationKeys.filter((name) => !isSame(before[name], after[name]))
      const parts = new Set<string>(own.map((name) => partNames[name]))
      if (!isRelated(key)) parts.add('relationships')
      return parts.size === 0 ? null : `(${[...parts].join(', ')})`
    },
    changes,
  )
  yield* compareMaps(
    previous?.routines ?? nothing,
    next.routines,
    (key) => `${dotted(key)}()`,
    (_key, before, after) => (isSame(before, after) ? null : ''),
    changes,
  )
  if (previous !== null) yield* compareTheRest(previous, next, isRelated, changes)
  return changes
}

/** What has no name of its own. */
function* compareTheRest(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
  isRelated: (key: string) => boolean,
  { changed }: Changes,
): Steps<void> {
  // of composite types, say, which have relationships and are no relations
  const origins = new Set([...previous.relationships.keys(), ...next.relationships.keys()])
  const isRelation = (key: string) => previous.relations.has(key) || next.relations.has(key)
  if ([...origins].some((key) => !isRelation(key) && !isRelated(key))) changed.push('relationships')
  yield
  if (!isSame(previous.unreadableRelations, next.unreadableRelations)) {
    changed.push('unreadable relations')
  }
  if (!isSame(previous.unusableRoutines, next.unusableRoutines)) {
    changed.push('unusable functions')
  }
  if (!isSame(previous.unusableRelationships, next.unusableRelationships)) {
    changed.push('unusable relationships')
  }
  if (!isSame(previous.options, next.options)) changed.push('schema options')
  if (!isSame(previous.capabilities, next.capabilities)) changed.push('engine')
  const sources = new Set([...previous.representations.keys(), ...next.representations.keys()])
  const isRepresented = (source: string) =>
    isSameLookup(previous.representations.get(source), next.representations.get(source))
  if (![...sources].every(isRepresented)) changed.push('domain representations')
  if (!isSame(previous.mediaHandlers, next.mediaHandlers)) changed.push('media type handlers')
  changed.push(...changedFacts(previous, next))
}

/** The parts of the engine's facts that are others, but for what came or went with a relation. */
function changedFacts(previous: SchemaSnapshot, next: SchemaSnapshot): readonly string[] {
  const before = new Map(previous.engineFacts.parts.map((part) => [part.title, part]))
  const cameOrWent = new Set([
    ...namesBeside(previous.relations, next.relations),
    ...namesBeside(next.relations, previous.relations),
  ])
  return next.engineFacts.parts
    .filter((part) => {
      const other = before.get(part.title)
      if (other?.kind !== 'by-relation' || part.kind !== 'by-relation') {
        return !isSame(other?.facts, part.facts)
      }
      return !isSame(without(other.facts, cameOrWent), without(part.facts, cameOrWent))
    })
    .map(({ title }) => title)
}

/** Of those that the others lack: their keys, and, for engines of one schema, their bare names. */
function namesBeside(relations: Lookup, others: Lookup): readonly string[] {
  const added = [...relations.keys()].filter((key) => !others.has(key))
  return added.flatMap((key) => [key, key.slice(key.indexOf('\0') + 1)])
}

function without(
  facts: ReadonlyMap<string, unknown> | ReadonlySet<string>,
  names: ReadonlySet<string>,
): ReadonlyMap<string, unknown> | ReadonlySet<string> {
  if (names.size === 0) return facts
  return facts instanceof Map
    ? new Map([...facts].filter(([name]) => !names.has(name)))
    : new Set([...facts.keys()].filter((name) => !names.has(name)))
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
