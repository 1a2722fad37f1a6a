/**
 * Which columns a write or a call has to hand to the tree that reads its rows: what is selected,
 * the keys that embeds join by, the primary key for `Location`, and what the rows are sorted by.
 */
import type { ReadNode } from './plan.ts'
import { type FieldScope, resolveField } from './resolve-field.ts'

/**
 * Shape   sorted, without repeats; just `*` where everything is wanted, or where it cannot be told
 *         what a computed relationship needs
 * Rule    PostgREST docs: resource_embedding (Embedding after Insertions, Updates and Deletions)
 */
export function inferReturning(
  root: ReadNode<unknown>,
  primaryKey: readonly string[],
): readonly string[] {
  const selected = root.select.map((column) => column.field.name)
  const computed = root.children.some((child) => child.join?.relationship.kind === 'computed')
  if (computed || selected.includes('*')) return ['*']
  return sortedNames([
    ...selected,
    ...root.children.flatMap(joinColumns),
    ...primaryKey,
    ...orderColumns(root),
  ])
}

/**
 * The tree of what is shown: `select=` with nothing behind it shows what is handed to the tree.
 *
 * Rule  v16.2 spec: InsertSpec, UpdateSpec (`?select=` with `return=representation`)
 */
export function selectReturned<Node extends ReadNode<unknown>>(
  root: Node,
  returning: readonly string[],
  scope: FieldScope,
): Node {
  if (root.select.length > 0 || root.children.length > 0) return root
  const select = returning.map((name) => ({
    field: resolveField(scope, { name, jsonPath: [] }),
    cast: null,
    aggregate: null,
    aggregateCast: null,
    alias: null,
  }))
  return { ...root, select }
}

/** The root's own columns in order; those of embeds are the embeds' business. */
export function orderColumns(root: ReadNode<unknown>): readonly string[] {
  return root.order.flatMap((term) => (term.child === null ? [term.field.name] : []))
}

export function sortedNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort()
}

function joinColumns(child: ReadNode<unknown>): readonly string[] {
  const relationship = child.join?.relationship
  if (relationship === undefined || relationship.kind === 'computed') return []
  const { cardinality } = relationship
  const pairs =
    cardinality.kind === 'many-to-many' ? cardinality.junction.originColumns : cardinality.columns
  return pairs.map(([origin]) => origin)
}
