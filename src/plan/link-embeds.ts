/**
 * Gives each embed of the draft its relationship and its key, from the root inwards, then checks
 * that the embeds named by `order=relation(column)` are there and to-one.
 */
import type { QualifiedName } from '../core/qualified-name.ts'
import type { ApiError } from '../errors/api-error.ts'
import { isToOne } from '../schema/relationships/relationship.ts'
import type { SchemaSnapshot } from '../schema/schema-snapshot.ts'
import { type DraftNode, lookupOrder, shownName } from './draft-tree.ts'
import { resolveEmbed } from './resolve-embed.ts'

/**
 * Relationships are looked up in the root's schema, by the name of the relation that the parent
 * turned out to be.
 *
 * Errors  relationship-not-found, ambiguous-relationship
 */
export function linkEmbeds(
  snapshot: SchemaSnapshot,
  schema: string,
  parent: DraftNode,
  parentRelation: QualifiedName,
): ApiError | null {
  for (const child of lookupOrder(parent)) {
    const chosen = resolveEmbed(snapshot, {
      schema,
      origin: parentRelation.name,
      target: child.name,
      hint: child.hint,
    })
    if (!chosen.ok) return chosen.error
    const relationship = chosen.value
    child.link = {
      relationship,
      key: `${relationship.origin.name}_${shownName(child)}_${child.depth}`,
    }
    const failure = linkEmbeds(snapshot, schema, child, relationship.target)
    if (failure !== null) return failure
  }
  return null
}

/**
 * Errors  related-order-not-to-one, not-embedded
 * Rule    PostgREST docs: resource_embedding (Top-level Ordering)
 */
export function checkRelatedOrders(node: DraftNode, relation: QualifiedName): ApiError | null {
  const shown = node.order.length > 0 ? childrenShown(node) : null
  for (const { relation: related } of node.order) {
    if (related === undefined) continue
    const link = shown?.get(related)?.link
    if (link === undefined || link === null) {
      return { kind: 'not-embedded', target: related, renamed: null }
    }
    if (!isToOne(link.relationship)) {
      return { kind: 'related-order-not-to-one', origin: relation.name, target: related }
    }
  }
  for (const child of lookupOrder(node)) {
    if (child.link === null) continue
    const failure = checkRelatedOrders(child, child.link.relationship.target)
    if (failure !== null) return failure
  }
  return null
}

/** The children by what the answer calls them. Legacy names do not count here. */
export function childrenShown(node: DraftNode): ReadonlyMap<string, DraftNode> {
  // of equal names the first one looked at stays
  return new Map(
    lookupOrder(node)
      .map((child) => [shownName(child), child] as const)
      .reverse(),
  )
}
