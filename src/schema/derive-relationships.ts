/**
 * Foreign keys and view columns → every relationship that a client may embed along: the key itself,
 * the same key seen through views, junctions between two keys, and each of them from its other end.
 * Computed relationships replace what was derived under their name. `build-snapshot.ts` calls it.
 *
 * Rule  PostgREST docs: resource_embedding; v16.2 spec: EmbedDisambiguationSpec, RelatedQueriesSpec
 */
import { nameKey, type QualifiedName } from '../core/qualified-name.ts'
import type { Steps } from '../core/run-in-slices.ts'
import type { Catalog } from './catalog.ts'
import { compareRelationships } from './compare-relationships.ts'
import {
  copyName,
  type ForwardKey,
  forwardKeys,
  indexDependencies,
  inverseKey,
  junctions,
  type RelationKeys,
} from './key-relationships.ts'
import type { KeyRelationship, Relationship } from './relationship.ts'

export type RelationshipMap = ReadonlyMap<string, ReadonlyMap<string, readonly Relationship[]>>

export interface DeriveOptions extends RelationKeys {
  readonly schemas: readonly string[]
}

/**
 * Derives the map that embeds are resolved with, exposed schemas only.
 *
 * Shape  by origin, then by schema: of the target for keys, of the function for computed ones.
 *        A list may be empty: PostgREST keeps a pair whose relationships are all internal.
 */
export function* deriveRelationships(
  catalog: Pick<Catalog, 'foreignKeys' | 'viewKeyDependencies' | 'computedRelationships'>,
  { schemas, ...keys }: DeriveOptions,
): Steps<RelationshipMap> {
  const exposed = new Set(schemas)
  // origin → name of the target or function → relationships; computed ones replace the list
  const byPair = new Map<string, Map<string, { schema: string; list: Relationship[] }>>()
  function listOf(origin: QualifiedName, other: QualifiedName): Relationship[] {
    let pairs = byPair.get(nameKey(origin))
    if (pairs === undefined) {
      pairs = new Map()
      byPair.set(nameKey(origin), pairs)
    }
    let pair = pairs.get(nameKey(other))
    if (pair === undefined) {
      pair = { schema: other.schema, list: [] }
      pairs.set(nameKey(other), pair)
    }
    return pair.list
  }
  function add(relationship: KeyRelationship): void {
    const { origin, target } = relationship
    if (exposed.has(origin.schema)) listOf(origin, target).push(relationship)
  }

  const dependencies = indexDependencies(catalog.viewKeyDependencies)
  const forward: ForwardKey[] = []
  for (const key of catalog.foreignKeys) {
    for (const relationship of forwardKeys(key, dependencies)) {
      forward.push(relationship)
      add(relationship)
      add(inverseKey(relationship))
      yield
    }
  }
  for (const relationship of junctions(forward, keys)) {
    if (relationship !== undefined) add(relationship)
    yield
  }
  for (const { routine, origin, target, isToOne, isSelf } of catalog.computedRelationships) {
    yield
    if (!exposed.has(origin.schema)) continue
    const list = listOf(origin, routine)
    list.splice(
      0,
      list.length,
      Object.freeze({
        kind: 'computed',
        routine: copyName(routine),
        origin: copyName(origin),
        target: copyName(target),
        isToOne,
        isSelf,
      }),
    )
  }

  function isVisible(relationship: Relationship): boolean {
    if (!exposed.has(relationship.target.schema)) return false
    if (relationship.kind === 'computed') return true
    const { cardinality } = relationship
    return cardinality.kind !== 'many-to-many' || exposed.has(cardinality.junction.relation.schema)
  }
  const result = new Map<string, ReadonlyMap<string, readonly Relationship[]>>()
  for (const [origin, pairs] of byPair) {
    const bySchema = new Map<string, Relationship[]>()
    for (const { schema, list } of pairs.values()) {
      const visible = list.filter(isVisible)
      const known = bySchema.get(schema)
      if (known === undefined) bySchema.set(schema, visible)
      else known.push(...visible)
      yield
    }
    for (const list of bySchema.values()) Object.freeze(list.sort(compareRelationships))
    result.set(origin, Object.freeze(bySchema))
    yield
  }
  return Object.freeze(result)
}
