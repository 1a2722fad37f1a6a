/**
 * What loads have read of a database, by oid: the ground that a catalog is derived from. A load
 * reads of it what is dirty, and puts it in at one go, when all has been read (`read-facts.ts`).
 */
import { isDeepStrictEqual } from 'node:util'
import type { Capabilities } from '../../../../schema/capabilities.ts'
import { type CatalogKey, endsOf } from '../catalog-keys.ts'
import type { CatalogRow } from '../catalog-row.ts'
import type { CatalogScope } from '../catalog-scope.ts'
import type { CatalogTable, Comments } from '../catalog-tables.ts'
import type { CatalogType } from '../catalog-types.ts'
import type { CatalogView } from '../catalog-views.ts'
import type { KnownObjects } from '../changes/dirty-objects.ts'
import type { RoleSettings } from '../postgres-facts.ts'
import type { RelationName, RelationNames } from '../relation-names.ts'
import type { Writes } from '../view-updatability.ts'
import { KeyIndex } from './key-index.ts'

/** A relation of an exposed schema. */
export interface TableFacts extends RelationName {
  /** Types of its columns, those that came with the server left out. */
  readonly ownTypes: readonly number[]
}

export interface SchemaFacts {
  readonly scope: CatalogScope
  readonly tables: Map<number, TableFacts>
  /** Names of relations that are not exposed, as far as keys led to them. */
  readonly hidden: Map<number, RelationName>
  readonly views: Map<number, CatalogView>
  readonly keys: KeyIndex
  readonly types: Map<number, CatalogType>
  /** Types that routines of exposed schemas name. */
  readonly routines: Map<number, readonly number[]>
  /** Writes that foreign tables take. */
  readonly foreign: Map<number, Writes>
  /** Foreign tables that could not be asked. */
  readonly open: Set<number>
  whole: WholeFacts
}

/** What is small, and read as a whole where anything of it may have changed. */
export interface WholeFacts {
  readonly capabilities: Capabilities
  readonly computedRelationships: readonly CatalogRow[]
  readonly computedFields: readonly CatalogRow[]
  readonly casts: readonly CatalogRow[]
  readonly mediaHandlers: readonly CatalogRow[]
  readonly roles: ReadonlyMap<string, RoleSettings>
}

/** What one load has read; null: there is none any more, or it is not exposed. */
export interface FactUpdates {
  readonly tables: Map<number, CatalogTable | null>
  readonly comments: Map<number, Comments>
  readonly hidden: Map<number, RelationName | null>
  readonly views: Map<number, CatalogView | null>
  readonly keys: Map<number, CatalogKey | null>
  readonly types: Map<number, CatalogType | null>
  readonly routines: Map<number, CatalogRow | null>
  readonly foreign: Map<number, Writes | null>
  whole: { -readonly [Part in keyof WholeFacts]?: WholeFacts[Part] }
}

export function noUpdates(): FactUpdates {
  return {
    tables: new Map(),
    comments: new Map(),
    hidden: new Map(),
    views: new Map(),
    keys: new Map(),
    types: new Map(),
    routines: new Map(),
    foreign: new Map(),
    whole: {},
  }
}

export function noFacts(scope: CatalogScope, whole: WholeFacts): SchemaFacts {
  return {
    scope,
    tables: new Map(),
    hidden: new Map(),
    views: new Map(),
    keys: new KeyIndex(),
    types: new Map(),
    routines: new Map(),
    foreign: new Map(),
    open: new Set(),
    whole,
  }
}

export function namesIn({ tables, hidden }: Pick<SchemaFacts, 'tables' | 'hidden'>): RelationNames {
  return { get: (oid) => tables.get(oid) ?? hidden.get(oid) }
}

/** Equal but for the modifiers that they are used with. */
export function isSameType(a: CatalogType, b: CatalogType): boolean {
  return isDeepStrictEqual({ ...a, modifiedTexts: null }, { ...b, modifiedTexts: null })
}

/** @param origins hidden relations that exposed views read from */
export function knownObjects(
  facts: SchemaFacts,
  origins: { hasOrigin(relation: number): boolean },
): KnownObjects {
  const followed = new Set(facts.scope.followed.slice(1, -1).split(',').map(Number))
  const ofTypes = new Set([...facts.types.values()].map(({ relation }) => relation))
  // most types are of no relation
  ofTypes.delete(0)
  return {
    hasRelation: (oid) =>
      facts.tables.has(oid) ||
      facts.hidden.has(oid) ||
      facts.views.has(oid) ||
      ofTypes.has(oid) ||
      origins.hasOrigin(oid),
    isFollowed: (schema) => followed.has(schema),
    endsOfKey: (constraint) => {
      const key = facts.keys.get(constraint)
      return key === undefined ? [] : endsOf(key)
    },
  }
}
