/**
 * Two snapshots → what came, went and changed, with what was before and what is now. For the log and
 * the history of reloads; and a load that finds no difference publishes nothing, so all that a client
 * or an operator can see of a snapshot is compared here.
 */
import { compareTexts } from '../core/compare-texts.ts'
import { isSame, isSameLookup } from '../core/is-same.ts'
import { nameKey, nameOfKey } from '../core/qualified-name.ts'
import { runAtOnce, runInSlices, type SliceDeps, type Steps } from '../core/run-in-slices.ts'
import { diffRelations, diffRelationships } from './diff-relations.ts'
import { differingKeys } from './incremental/differing-keys.ts'
import type { Grouping } from './incremental/grouping.ts'
import { affectedOrigins } from './relationships/affected-origins.ts'
import type { RelationChange, SchemaChange } from './schema-change.ts'
import type { SchemaSnapshot } from './schema-snapshot.ts'

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
        ([key, after]) => ({ kind: 'function-added', routine: nameOfKey(key), after }) as const,
      ),
    ]
  }
  const relations = yield* differingKeys(previous.relations, next.relations, Object.is)
  const origins = yield* originsToCompare(previous, next, relations)
  const related = new Map<string, readonly RelationChange[]>()
  for (const origin of origins) {
    const changes = diffRelationships(
      yield* previous.relationships.getInSteps(origin),
      yield* next.relationships.getInSteps(origin),
    )
    if (changes.length > 0) related.set(origin, changes)
    yield
  }
  return [
    ...(yield* compareRelations(previous, next, relations, related)),
    ...(yield* compareRoutines(previous, next)),
    ...compareTheRest(previous, next, relations, related),
  ]
}

/** The relations whose relationships may differ. */
function* originsToCompare(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
  relations: readonly string[],
): Steps<readonly string[]> {
  if (previous.relationships === next.relationships) return []
  if (!isSame(previous.schemas, next.schemas)) {
    const origins = [...previous.relationships.origins(), ...next.relationships.origins()]
    return [...new Set(origins)]
  }
  const [before, after] = [previous, next].map(({ sources }) => sources.relationships.facts)
  if (before === undefined || after === undefined) return []
  const differing = <T>(a: Grouping<T>, b: Grouping<T>) => differingKeys(a.groups, b.groups, isSame)
  return [
    ...affectedOrigins(before, after, {
      keysFrom: yield* differing(before.keysFrom, after.keysFrom),
      viewsOver: yield* differing(before.viewsOver, after.viewsOver),
      computedFrom: yield* differing(before.computedFrom, after.computedFrom),
      uniqueKeys: yield* differing(before.uniqueKeys, after.uniqueKeys),
      relations,
    }),
  ]
}

function* compareRelations(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
  different: readonly string[],
  related: ReadonlyMap<string, readonly RelationChange[]>,
): Steps<readonly SchemaChange[]> {
  const changes: SchemaChange[] = []
  const removed: SchemaChange[] = []
  for (const key of [...new Set([...different, ...related.keys()])].sort(compareTexts)) {
    yield
    const [before, after] = [previous.relations.get(key), next.relations.get(key)]
    if (after === undefined) {
      if (before !== undefined) removed.push({ kind: 'relation-removed', relation: before })
    } else if (before === undefined) changes.push({ kind: 'relation-added', relation: after })
    else {
      const own = [...diffRelations(before, after), ...(related.get(key) ?? [])]
      const relation = nameOfKey(key)
      if (own.length > 0) changes.push({ kind: 'relation-changed', relation, changes: own })
    }
  }
  return [...changes, ...removed]
}

function* compareRoutines(
  { routines: previous }: SchemaSnapshot,
  { routines: next }: SchemaSnapshot,
): Steps<readonly SchemaChange[]> {
  const changes: SchemaChange[] = []
  for (const key of (yield* differingKeys(previous, next, isSame)).toSorted(compareTexts)) {
    const [before, after, routine] = [previous.get(key), next.get(key), nameOfKey(key)]
    if (before === undefined) {
      if (after !== undefined) changes.push({ kind: 'function-added', routine, after })
    } else if (after === undefined) changes.push({ kind: 'function-removed', routine, before })
    else changes.push({ kind: 'function-changed', routine, before, after })
  }
  return changes
}

/** What has no name of its own. */
function compareTheRest(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
  relations: readonly string[],
  related: ReadonlyMap<string, readonly RelationChange[]>,
): readonly SchemaChange[] {
  const changes: SchemaChange[] = []
  const part = (name: string, entries: readonly string[] = []) =>
    changes.push({ kind: 'part-changed', part: name, entries })
  // origins that are no relations: composite types, say
  const isRelation = (key: string) => previous.relations.has(key) || next.relations.has(key)
  const origins = [...related.keys()]
    .filter((key) => !isRelation(key))
    .sort(compareTexts)
    .map(dotted)
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
  if (!isSame(previous.types, next.types)) {
    part('types', namesOfDifferent(typesByName(previous), typesByName(next)))
  }
  const sources = runAtOnce(
    differingKeys(previous.representations, next.representations, isSameLookup),
  )
  if (sources.length > 0) part('domain representations', sources)
  if (!isSame(previous.mediaHandlers, next.mediaHandlers)) part('media type handlers')
  const cameOrWent = relations.filter(
    (key) => !previous.relations.has(key) || !next.relations.has(key),
  )
  return [...changes, ...changedFacts(previous, next, cameOrWent)]
}

function typesByName({ types }: SchemaSnapshot): ReadonlyMap<string, unknown> {
  return new Map(types.map((type) => [nameKey(type), type]))
}

/** The parts of the engine's facts that are others, but for what came or went with a relation. */
function changedFacts(
  previous: SchemaSnapshot,
  next: SchemaSnapshot,
  relations: readonly string[],
): readonly SchemaChange[] {
  if (previous.engineFacts === next.engineFacts) return []
  const parts = new Map(previous.engineFacts.parts.map((part) => [part.title, part]))
  // engines of one schema know relations by their bare names
  const cameOrWent = new Set(relations.flatMap((key) => [key, key.slice(key.indexOf('\0') + 1)]))
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
  if (own === null || others === null) return []
  return runAtOnce(differingKeys(others, own, isSame))
    .toSorted(compareTexts)
    .map(dotted)
}

function factsByName(facts: unknown): ReadonlyMap<string, unknown> | null {
  if (facts instanceof Map) return new Map([...facts].map(([key, value]) => [String(key), value]))
  if (facts instanceof Set) return new Map([...facts].map((name) => [String(name), true]))
  return null
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
