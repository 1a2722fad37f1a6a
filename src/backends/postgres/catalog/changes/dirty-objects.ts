/**
 * Rows of the catalogs that came, changed or went → the objects that the next load has to read
 * again, kept until a load has done so, and whether anything of it can show in a snapshot. Objects
 * of schemas that no load has met are passed over: whatever leads to them changes first.
 */
import { assertNever } from '../../../../core/assert-never.ts'
import type { RowChange } from './change-window.ts'

/** Objects by oid. */
export interface DirtyObjects {
  /** Nothing that is known can be built upon. */
  isWhole: boolean
  /** Any of their rows: own, columns, defaults, comments, rules, triggers. */
  readonly relations: Set<number>
  /** Came, went, or have another name, schema or kind; sequences too. */
  readonly renamed: Set<number>
  readonly constraints: Set<number>
  readonly routines: Set<number>
  /** Their own row or their labels. */
  readonly types: Set<number>
  casts: boolean
  servers: boolean
  /** Roles, their settings, or what the login role may do. */
  settings: boolean
}

export function noDirtyObjects(): DirtyObjects {
  return {
    isWhole: false,
    relations: new Set(),
    renamed: new Set(),
    constraints: new Set(),
    routines: new Set(),
    types: new Set(),
    casts: false,
    servers: false,
    settings: false,
  }
}

export function isClean(dirty: DirtyObjects): boolean {
  const { isWhole, casts, servers, settings } = dirty
  const sets = [dirty.relations, dirty.renamed, dirty.constraints, dirty.routines, dirty.types]
  return !(isWhole || casts || servers || settings) && sets.every(({ size }) => size === 0)
}

/** What loads have met, by oid. */
export interface KnownObjects {
  /** Relations that facts are kept of: exposed ones, and those that keys, views and types lead to. */
  hasRelation(oid: number): boolean
  /** A schema that the load is about: relations that come in it matter. */
  isFollowed(schema: number): boolean
  /** Relations at the ends of a key that is known. */
  endsOfKey(constraint: number): readonly number[]
}

/** Marks the objects of a change. Returns whether it can show in a snapshot. */
export function markDirty(dirty: DirtyObjects, change: RowChange, known: KnownObjects): boolean {
  const { key, owner, extra } = change
  switch (change.kind) {
    case 'relation':
      return markRelation(dirty, change, known)
    case 'column':
    case 'default':
    case 'rule':
    case 'trigger':
      return markKnown(dirty, owner, known)
    case 'foreignTable':
      return markKnown(dirty, key, known)
    case 'comment':
      if (key % 2 === 0) return markKnown(dirty, owner, known)
      dirty.routines.add(owner)
      return true
    case 'constraint': {
      dirty.constraints.add(key)
      const ends = [owner, extra, ...known.endsOfKey(key)]
      return ends.some((oid) => dirty.relations.has(oid) || known.hasRelation(oid))
    }
    case 'routine':
      dirty.routines.add(key)
      return true
    case 'cast':
      dirty.casts = true
      return true
    case 'type':
      dirty.types.add(key)
      // nothing can be made of a type that comes but by what comes with it
      return change.change !== 'came'
    case 'label':
      dirty.types.add(owner)
      return true
    case 'schema':
      if (change.change === 'came') return false
      if (change.change === 'went' && !known.isFollowed(key)) return false
      dirty.isWhole = true
      return true
    case 'server':
      dirty.servers = true
      return true
    default:
      return assertNever(change.kind)
  }
}

function markKnown({ relations }: DirtyObjects, oid: number, known: KnownObjects): boolean {
  if (relations.has(oid)) return true
  if (!known.hasRelation(oid)) return false
  relations.add(oid)
  return true
}

function markRelation(
  { relations, renamed }: DirtyObjects,
  { key, extra, change }: RowChange,
  known: KnownObjects,
): boolean {
  const isKnown = relations.has(key) || known.hasRelation(key)
  if (isKnown || (change !== 'went' && known.isFollowed(extra))) {
    relations.add(key)
    renamed.add(key)
    return true
  }
  // its name may be printed in a default
  if (change !== 'changed') return false
  renamed.add(key)
  return true
}
