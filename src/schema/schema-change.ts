/**
 * What differs between two snapshots: each change with what was before and what is now, for the
 * history of reloads; and the names of what came, went and changed, for the log and the admin's
 * answer. `diff-snapshots.ts` finds the changes, the names are made of them.
 */
import { assertNever } from '../core/assert-never.ts'
import type { QualifiedName } from '../core/qualified-name.ts'
import type { Capabilities } from './capabilities.ts'
import type { Column, RelationKind, Routine } from './catalog.ts'
import type { Relationship } from './relationships/relationship.ts'
import type { Relation } from './schema-snapshot.ts'

/** What a client can write to a relation. */
export interface RelationWrites {
  readonly canInsert: boolean
  readonly canUpdate: boolean
  readonly canDelete: boolean
}

/** One change of a relation that keeps its name. A column that was renamed went, and another came. */
export type RelationChange =
  | { readonly kind: 'column-added'; readonly column: Column }
  | { readonly kind: 'column-removed'; readonly column: Column }
  | { readonly kind: 'column-changed'; readonly before: Column; readonly after: Column }
  /** The columns that both have stand in another order. */
  | {
      readonly kind: 'columns-moved'
      readonly before: readonly string[]
      readonly after: readonly string[]
    }
  /** Whether it has columns beyond those that are known. */
  | { readonly kind: 'openness-changed'; readonly before: boolean; readonly after: boolean }
  | {
      readonly kind: 'key-changed'
      readonly before: readonly string[]
      readonly after: readonly string[]
    }
  | {
      readonly kind: 'comment-changed'
      readonly before: string | null
      readonly after: string | null
    }
  | { readonly kind: 'kind-changed'; readonly before: RelationKind; readonly after: RelationKind }
  | {
      readonly kind: 'writes-changed'
      readonly before: RelationWrites
      readonly after: RelationWrites
    }
  /** Base types by name. */
  | {
      readonly kind: 'computed-fields-changed'
      readonly before: ReadonlyMap<string, string>
      readonly after: ReadonlyMap<string, string>
    }
  | { readonly kind: 'relationship-added'; readonly relationship: Relationship }
  | { readonly kind: 'relationship-removed'; readonly relationship: Relationship }
  /** Relationships out of the exposed schemas, which are not listed, came or went. */
  | {
      readonly kind: 'related-schemas-changed'
      readonly before: readonly string[]
      readonly after: readonly string[]
    }

export type SchemaChange =
  | { readonly kind: 'relation-added'; readonly relation: Relation }
  | { readonly kind: 'relation-removed'; readonly relation: Relation }
  | {
      readonly kind: 'relation-changed'
      readonly relation: QualifiedName
      /** At least one. */
      readonly changes: readonly RelationChange[]
    }
  /** Overloads count as one function. */
  | {
      readonly kind: 'function-added'
      readonly routine: QualifiedName
      readonly after: readonly Routine[]
    }
  | {
      readonly kind: 'function-removed'
      readonly routine: QualifiedName
      readonly before: readonly Routine[]
    }
  | {
      readonly kind: 'function-changed'
      readonly routine: QualifiedName
      readonly before: readonly Routine[]
      readonly after: readonly Routine[]
    }
  | { readonly kind: 'engine-changed'; readonly before: Capabilities; readonly after: Capabilities }
  /** What has no name of its own: `schema options`, `role settings`. */
  | {
      readonly kind: 'part-changed'
      readonly part: string
      /** What of it differs, where its entries have names. Not their values: settings may be secret. */
      readonly entries: readonly string[]
    }

/**
 * The changes by name.
 *
 * Shape  `api.films`, `api.films(columns, key)` where it changed, `api.f()`, `engine`
 */
export interface SnapshotDiff {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

export const noChanges: SnapshotDiff = { added: [], removed: [], changed: [] }

export function isUnchanged({ added, removed, changed }: SnapshotDiff): boolean {
  return added.length + removed.length + changed.length === 0
}

/** The words for what can change of a relation that keeps its name, in the order of the text. */
const partNames = {
  'kind-changed': 'kind',
  'comment-changed': 'comment',
  'writes-changed': 'writes',
  'key-changed': 'key',
  'column-added': 'columns',
  'column-removed': 'columns',
  'column-changed': 'columns',
  'columns-moved': 'columns',
  'openness-changed': 'columns',
  'computed-fields-changed': 'computed fields',
  'relationship-added': 'relationships',
  'relationship-removed': 'relationships',
  'related-schemas-changed': 'relationships',
} as const satisfies Record<RelationChange['kind'], string>

const partOrder: readonly string[] = [...new Set(Object.values(partNames))]

function partsOf(changes: readonly RelationChange[]): string {
  const parts = new Set<string>(changes.map(({ kind }) => partNames[kind]))
  return partOrder.filter((part) => parts.has(part)).join(', ')
}

function dotted({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`
}

export function nameChanges(changes: readonly SchemaChange[]): SnapshotDiff {
  const added: string[] = []
  const removed: string[] = []
  const changed: string[] = []
  for (const change of changes) {
    switch (change.kind) {
      case 'relation-added':
        added.push(dotted(change.relation))
        break
      case 'relation-removed':
        removed.push(dotted(change.relation))
        break
      case 'relation-changed':
        changed.push(`${dotted(change.relation)}(${partsOf(change.changes)})`)
        break
      case 'function-added':
        added.push(`${dotted(change.routine)}()`)
        break
      case 'function-removed':
        removed.push(`${dotted(change.routine)}()`)
        break
      case 'function-changed':
        changed.push(`${dotted(change.routine)}()`)
        break
      case 'engine-changed':
        changed.push('engine')
        break
      case 'part-changed':
        changed.push(change.part)
        break
      default:
        assertNever(change)
    }
  }
  return { added, removed, changed }
}
