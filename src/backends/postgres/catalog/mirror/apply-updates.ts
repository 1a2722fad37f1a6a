/**
 * What a load has read → put into the facts, all at one go, with a note of what is another now:
 * `derive-catalog.ts` makes anew what hangs on that, and nothing else.
 */
import { isDeepStrictEqual } from 'node:util'
import type { QualifiedName } from '../../../../core/qualified-name.ts'
import type { Steps } from '../../../../core/run-in-slices.ts'
import { endsOf } from '../catalog-keys.ts'
import { typesOfRoutine } from '../catalog-routines.ts'
import type { CatalogTable } from '../catalog-tables.ts'
import type { RelationName } from '../relation-names.ts'
import { type FactUpdates, isSameType, type SchemaFacts, type TableFacts } from './schema-facts.ts'

/** Objects of which something is another, by oid; they may be gone. */
export interface FactChanges {
  /** Relations that were read, or are exposed no more. */
  readonly tables: Set<number>
  /** Relations with another name, or other names or numbers of columns; that came or went. */
  readonly names: Set<number>
  /** Constraints. */
  readonly keys: Set<number>
  /** Relations at the ends of keys that are others. */
  readonly keyEnds: Set<number>
  readonly views: Set<number>
  /** Foreign tables that take other writes. */
  readonly foreign: Set<number>
  readonly routines: Set<number>
  /** But for the modifiers that they are used with. */
  readonly types: Set<number>
}

/** The oids of types that came with the server are below. */
const firstUserOid = 16384

export function* applyUpdates(facts: SchemaFacts, updates: FactUpdates): Steps<FactChanges> {
  const changes: FactChanges = {
    tables: new Set(updates.tables.keys()),
    names: new Set(),
    keys: new Set(),
    keyEnds: new Set(),
    views: new Set(),
    foreign: new Set(),
    routines: new Set(updates.routines.keys()),
    types: new Set(),
  }
  for (const [oid, type] of updates.types) {
    const before = facts.types.get(oid)
    if (before === undefined || type === null || !isSameType(before, type)) changes.types.add(oid)
    if (type === null) facts.types.delete(oid)
    else facts.types.set(oid, type)
  }
  yield
  const lists = { names: new SharedLists<string>(), numbers: new SharedLists<number>() }
  for (const [oid, name] of updates.hidden) {
    if (!hasSameName(facts.hidden.get(oid), name ?? undefined)) changes.names.add(oid)
    if (name === null) facts.hidden.delete(oid)
    else facts.hidden.set(oid, name)
    yield
  }
  for (const [oid, table] of updates.tables) {
    const before = facts.tables.get(oid)
    const now = table === null ? undefined : tableFacts(table, before, lists)
    if (!hasSameName(before, now)) changes.names.add(oid)
    if (now === undefined) facts.tables.delete(oid)
    else {
      facts.tables.set(oid, now)
      facts.hidden.delete(oid)
    }
    yield
  }
  for (const [oid, key] of updates.keys) {
    const before = facts.keys.get(oid)
    if (isDeepStrictEqual(before, key ?? undefined)) continue
    changes.keys.add(oid)
    for (const each of [before, key ?? undefined]) {
      for (const end of each === undefined ? [] : endsOf(each)) changes.keyEnds.add(end)
    }
    if (key === null) facts.keys.delete(oid)
    else facts.keys.set(key)
    yield
  }
  for (const [oid, view] of updates.views) {
    if (isDeepStrictEqual(facts.views.get(oid), view ?? undefined)) continue
    changes.views.add(oid)
    if (view === null) facts.views.delete(oid)
    else facts.views.set(oid, view)
    yield
  }
  for (const [oid, row] of updates.routines) {
    const types = row === null ? [] : typesOfRoutine(row).filter((type) => type >= firstUserOid)
    if (types.length === 0) facts.routines.delete(oid)
    else facts.routines.set(oid, types)
    yield
  }
  for (const [oid, writes] of updates.foreign) {
    if (!isDeepStrictEqual(facts.foreign.get(oid), writes ?? undefined)) changes.foreign.add(oid)
    if (writes === null) facts.open.add(oid)
    else {
      facts.foreign.set(oid, writes)
      facts.open.delete(oid)
    }
  }
  for (const oid of changes.views) {
    if (facts.views.get(oid)?.kind === 'f') continue
    facts.foreign.delete(oid)
    facts.open.delete(oid)
  }
  facts.whole = { ...facts.whole, ...updates.whole }
  return changes
}

interface TableLists {
  readonly names: SharedLists<string>
  readonly numbers: SharedLists<number>
}

function tableFacts(
  { columns, schema, name }: CatalogTable,
  before: TableFacts | undefined,
  lists: TableLists,
): TableFacts {
  const relation: QualifiedName =
    before?.relation.schema === schema && before.relation.name === name
      ? before.relation
      : Object.freeze({ schema, name })
  const types = new Set(columns.map(({ type }) => type).filter((type) => type >= firstUserOid))
  return {
    relation,
    positions: lists.numbers.shared(columns.map(({ position }) => position)),
    columns: lists.names.shared(columns.map((column) => column.name)),
    ownTypes: lists.numbers.shared([...types]),
  }
}

function hasSameName(a: RelationName | undefined, b: RelationName | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return (
    isDeepStrictEqual(a.relation, b.relation) &&
    isDeepStrictEqual(a.positions, b.positions) &&
    isDeepStrictEqual(a.columns, b.columns)
  )
}

/** Equal lists of one load are one list: large schemas have many tables that are alike. */
class SharedLists<T extends string | number> {
  readonly #lists = new Map<string, readonly T[]>()

  shared(list: readonly T[]): readonly T[] {
    // no name holds a NUL
    const key = list.join('\0')
    const known = this.#lists.get(key)
    if (known !== undefined) return known
    this.#lists.set(key, list)
    return list
  }
}
