/**
 * Two snapshots → what came, went and changed, with what was before and what is now. For the log and
 * the history of reloads; and a load that finds no difference publishes nothing, so all that a client
 * or an operator can see of a snapshot is compared here.
 */
import { isSame, isSameLookup } from '../core/is-same.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import { diffRelations, diffRelationships } from './diff-relations.ts'
import type { SchemaChange } from './schema-change.ts'
import type { SchemaSnapshot } from './schema-snapshot.ts'

/** The inverse of `nameKey`. */
function nameOf(key: string): QualifiedName {
  const at = key.indexOf('\0')
  return { schema: key.slice(0, at), name: key.slice(at + 1) }
}

function dotted(key: string): string {
  return key.replace('\0', '.')
}

function* diffSteps(
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
): Steps<readonly SchemaChange[]> {
  if (previous === null) {
    return [
      ...[...next.relations.values()].map(
        (relation) => ({ kind: 'relation-added', relation }) as const,
      ),
      ...[...next.routines].map(
        ([key, after]) => ({ kind: 'function-added', routine: nameOf(key), after }) as const,
      ),
    ]
  }
  return [
    ...(yield* compareRelations(previous, next)),
    ...(yield* compareRoutines(previous, next)),
    ...compareTheRest(previous, next),
  ]
}

function* compareRelations(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
): Steps<readonly SchemaChange[]> {
  const changes: SchemaChange[] = []
  for (const [key, relation] of next.relations) {
    const before = previous.relations.get(key)
    if (before === undefined) changes.push({ kind: 'relation-added', relation })
    else {
      const own = [
        ...diffRelations(before, relation),
        ...diffRelationships(previous.relationships.get(key), next.relationships.get(key)),
      ]
      if (own.length > 0) {
        changes.push({ kind: 'relation-changed', relation: nameOf(key), changes: own })
      }
    }
    yield
  }
  for (const [key, relation] of previous.relations) {
    if (!next.relations.has(key)) changes.push({ kind: 'relation-removed', relation })
  }
  return changes
}

function* compareRoutines(
  { routines: previous }: SchemaSnapshot,
  { routines: next }: SchemaSnapshot,
): Steps<readonly SchemaChange[]> {
  if (previous === next) return []
  const changes: SchemaChange[] = []
  for (const [key, after] of next) {
    const before = previous.get(key)
    if (before === undefined) changes.push({ kind: 'function-added', routine: nameOf(key), after })
    else if (!isSame(before, after)) {
      changes.push({ kind: 'function-changed', routine: nameOf(key), before, after })
    }
    yield
  }
  for (const [key, before] of previous) {
    if (!next.has(key)) changes.push({ kind: 'function-removed', routine: nameOf(key), before })
  }
  return changes
}

/** What has no name of its own. */
function compareTheRest(previous: SchemaSnapshot, next: SchemaSnapshot): readonly SchemaChange[] {
  const changes: SchemaChange[] = []
  const part = (name: string, entries: readonly string[] = []) =>
    changes.push({ kind: 'part-changed', part: name, entries })
  const origins = strayOrigins(previous, next)
  if (origins.length > 0) part('relationships', origins)
  if (!isSame(previous.unreadableRelations, next.unreadableRelations)) part('unreadable relations')
  if (!isSame(previous.unusableRoutines, next.unusableRoutines)) part('unusable functions')
  if (!isSame(previous.unusableRelationships, next.unusableRelationships)) {
    part('unusable relationships')
  }
  if (!isSame(previous.options, next.options)) part('schema options')
  if (!isSame(previous.capabilities, next.capabilities)) {
    changes.push({
      kind: 'engine-changed',
      before: previous.capabilities,
      after: next.capabilities,
    })
  }
  const sources = differing(previous.representations, next.representations, isSameLookup)
  if (sources.length > 0) part('domain representations', sources)
  if (!isSame(previous.mediaHandlers, next.mediaHandlers)) part('media type handlers')
  return [...changes, ...changedFacts(previous, next)]
}

/** Origins with other relationships that are no relations: composite types, say. */
function strayOrigins(previous: SchemaSnapshot, next: SchemaSnapshot): readonly string[] {
  const isRelation = (key: string) => previous.relations.has(key) || next.relations.has(key)
  return differing(previous.relationships, next.relationships, isSameLookup)
    .filter((key) => !isRelation(key))
    .map(dotted)
}

/** Keys whose values differ; the order in which a catalog was read is no difference. */
function differing<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  isSameValue: (a: T | undefined, b: T | undefined) => boolean,
): readonly string[] {
  if (a === b) return []
  const keys = new Set([...a.keys(), ...b.keys()])
  return [...keys].filter((key) => !isSameValue(a.get(key), b.get(key)))
}

/** The parts of the engine's facts that are others, but for what came or went with a relation. */
function changedFacts(previous: SchemaSnapshot, next: SchemaSnapshot): readonly SchemaChange[] {
  if (previous.engineFacts === next.engineFacts) return []
  const parts = new Map(previous.engineFacts.parts.map((part) => [part.title, part]))
  const cameOrWent = new Set([
    ...namesBeside(previous.relations, next.relations),
    ...namesBeside(next.relations, previous.relations),
  ])
  return next.engineFacts.parts.flatMap((part): readonly SchemaChange[] => {
    const known = parts.get(part.title)
    const [before, after] =
      known?.kind === 'by-relation' && part.kind === 'by-relation'
        ? [without(known.facts, cameOrWent), without(part.facts, cameOrWent)]
        : [known?.facts, part.facts]
    if (isSame(before, after)) return []
    return [{ kind: 'part-changed', part: part.title, entries: namesOfDifferent(before, after) }]
  })
}

/** None of facts that have no names. */
function namesOfDifferent(before: unknown, after: unknown): readonly string[] {
  const [own, others] = [factsByName(after), factsByName(before)]
  return own === null || others === null ? [] : differing(others, own, isSame).map(dotted)
}

function factsByName(facts: unknown): ReadonlyMap<string, unknown> | null {
  if (facts instanceof Map) return new Map([...facts].map(([key, value]) => [String(key), value]))
  if (facts instanceof Set) return new Map([...facts].map((name) => [String(name), true]))
  return null
}

/** Of those that the others lack: their keys, and, for engines of one schema, their bare names. */
function namesBeside(
  relations: ReadonlyMap<string, unknown>,
  others: ReadonlyMap<string, unknown>,
): readonly string[] {
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
export function diffSnapshots(
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
): readonly SchemaChange[] {
  return runAtOnce(diffSteps(previous, next))
}

export function diffSnapshotsInSlices(
  previous: SchemaSnapshot | null,
  next: SchemaSnapshot,
  slices: SliceDeps,
): Promise<readonly SchemaChange[]> {
  return runInSlices(diffSteps(previous, next), slices)
}
