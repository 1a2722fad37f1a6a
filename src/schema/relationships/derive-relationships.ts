/**
 * Facts of keys, views and functions → every relationship of one relation that a client may embed
 * along: the key itself, the same key seen through views, junctions between two keys, and each of them
 * from its other end. Computed relationships replace what was derived under their name.
 * `snapshot-relationships.ts` asks for them when somebody needs them.
 *
 * Rule  PostgREST docs: resource_embedding; v16.2 spec: EmbedDisambiguationSpec, RelatedQueriesSpec
 */
import { compareTexts } from '../../core/compare-texts.ts'
import { nameKey, type QualifiedName } from '../../core/qualified-name.ts'
import type { Steps } from '../../core/run-in-slices.ts'
import { type Exposure, exposes } from '../exposure.ts'
import { compareRelationships } from './compare-relationships.ts'
import { copyName, inverseKey, keysFrom, keysTo, throughJunction } from './key-relationships.ts'
import type { ComputedRelationship, Relationship } from './relationship.ts'
import { groupOf, type RelationshipFacts } from './relationship-facts.ts'

/**
 * By schema: of the target for keys, of the function for computed ones. Lists are sorted, and empty
 * where all that was found leads out of the exposed schemas.
 */
export type RelationshipsBySchema = ReadonlyMap<string, readonly Relationship[]>

/** Shape  frozen; undefined for a relation that has none, and for one that is not exposed */
export function* deriveRelationships(
  origin: QualifiedName,
  facts: RelationshipFacts,
): Steps<RelationshipsBySchema | undefined> {
  const { exposure } = facts
  if (!exposes(exposure, origin)) return undefined
  // by name of the target or function; computed ones replace the list
  const pairs = new Map<string, { readonly schema: string; readonly list: Relationship[] }>()
  function listOf(other: QualifiedName): Relationship[] {
    const known = pairs.get(nameKey(other))
    if (known !== undefined) return known.list
    const list: Relationship[] = []
    pairs.set(nameKey(other), { schema: other.schema, list })
    return list
  }
  for (const key of keysFrom(origin, facts)) {
    listOf(key.target).push(key)
    yield
  }
  for (const key of keysTo(origin, facts)) {
    listOf(key.origin).push(inverseKey(key))
    for (const relationship of throughJunction(key, facts)) {
      listOf(relationship.target).push(relationship)
    }
    yield
  }
  for (const computed of groupOf(facts.computedFrom, origin)) {
    const list = listOf(computed.routine)
    list.splice(0, list.length, copyComputed(computed))
  }
  if (pairs.size === 0) return undefined
  const bySchema = new Map<string, Relationship[]>()
  for (const { schema, list } of pairs.values()) {
    const visible = list.filter((relationship) => isVisible(relationship, exposure))
    const known = bySchema.get(schema)
    if (known === undefined) bySchema.set(schema, visible)
    else known.push(...visible)
    yield
  }
  for (const list of bySchema.values()) Object.freeze(list.sort(compareRelationships))
  return Object.freeze(new Map([...bySchema].sort(([a], [b]) => compareTexts(a, b))))
}

function copyComputed(computed: ComputedRelationship): ComputedRelationship {
  const { routine, origin, target, isToOne, isSelf } = computed
  return Object.freeze({
    kind: 'computed',
    routine: copyName(routine),
    origin: copyName(origin),
    target: copyName(target),
    isToOne,
    isSelf,
  })
}

function isVisible(relationship: Relationship, exposure: Exposure): boolean {
  if (!exposes(exposure, relationship.target)) return false
  if (relationship.kind === 'computed') return true
  const { cardinality } = relationship
  return cardinality.kind !== 'many-to-many' || exposes(exposure, cardinality.junction.relation)
}
