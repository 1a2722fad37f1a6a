/**
 * Facts → the parts of a catalog, and the lists of them that a snapshot is built from. Keeps what it
 * made, by oid: of a load it makes anew what hangs on that load's changes alone. Pure but for itself;
 * runs in steps.
 */
import { assertNever } from '../../../../core/assert-never.ts'
import { compareTexts } from '../../../../core/compare-texts.ts'
import { nameKey, type QualifiedName } from '../../../../core/qualified-name.ts'
import type { Steps } from '../../../../core/run-in-slices.ts'
import type {
  CatalogRelation,
  ForeignKey,
  RelationKind,
  Routine,
  ViewKeyDependency,
} from '../../../../schema/catalog.ts'
import type { SchemaSnapshot } from '../../../../schema/schema-snapshot.ts'
import { endsOf } from '../catalog-keys.ts'
import { describeRoutine, type RoutineTypes } from '../catalog-routines.ts'
import type { CatalogTable } from '../catalog-tables.ts'
import { type TypeCatalog, typeCatalog } from '../catalog-types.ts'
import { ColumnPool } from '../column-pool.ts'
import { describeColumns } from '../describe-columns.ts'
import { compareForeignKeys, foreignKey, primaryKeyOf } from '../name-keys.ts'
import { compareDependencies, viewKeyDependencies } from '../view-key-dependencies.ts'
import { type ViewOrigins, viewOrigins } from '../view-origins.ts'
import {
  allWrites,
  eitherWrites,
  noWrites,
  type WriteFacts,
  type Writes,
  writesOf,
} from '../view-updatability.ts'
import type { FactChanges } from './apply-updates.ts'
import { DerivedList } from './derived-list.ts'
import { kept, keptItems, keptList, keptRelation } from './keep-equal.ts'
import { type FactUpdates, namesIn, type SchemaFacts } from './schema-facts.ts'

export interface HiddenPrimaryKey extends QualifiedName {
  readonly primaryKey: readonly string[]
}

export interface Derivation {
  readonly facts: SchemaFacts
  readonly updates: FactUpdates
  readonly changes: FactChanges
  /** Names of settings of routines that hold for transactions. */
  readonly hoisted: ReadonlySet<string>
  /** Says which writes foreign tables take that could not be asked now. */
  readonly previous: SchemaSnapshot | null
}

const none: readonly never[] = Object.freeze([])

function compareNames(a: QualifiedName, b: QualifiedName): number {
  return compareTexts(a.schema, b.schema) || compareTexts(a.name, b.name)
}

/** Routines of one name in the order of their oids, which only they can tell. */
type NumberedRoutine = readonly [number, Routine]

export class DerivedCatalog {
  readonly relations: DerivedList<CatalogRelation>
  readonly foreignKeys: DerivedList<ForeignKey>
  readonly hiddenPrimaryKeys: DerivedList<HiddenPrimaryKey>
  readonly #routines = new Map<number, Routine>()
  readonly #dependencies = new Map<number, readonly ViewKeyDependency[]>()
  readonly #origins = new Map<number, ViewOrigins>()
  /** Hidden relations that exposed views read from. */
  #hiddenOrigins: ReadonlySet<number> = new Set()
  #dependencyList: DerivedList<ViewKeyDependency>
  #routineList: readonly Routine[] = none
  /** Until the first update is done. */
  #before: DerivedCatalog | null

  /** @param before what the same database gave before: objects of it are taken over where equal */
  constructor(before: DerivedCatalog | null) {
    this.#before = before
    this.relations = new DerivedList(compareNames, before?.relations)
    this.foreignKeys = new DerivedList(compareForeignKeys, before?.foreignKeys)
    this.hiddenPrimaryKeys = new DerivedList(compareNames, before?.hiddenPrimaryKeys)
    this.#dependencyList = new DerivedList(
      compareDependencies,
      before === null ? undefined : before.#dependencyList,
    )
  }

  get viewKeyDependencies(): readonly ViewKeyDependency[] {
    return this.#dependencyList.list
  }

  get routines(): readonly Routine[] {
    return this.#routineList
  }

  hasOrigin(relation: number): boolean {
    return this.#hiddenOrigins.has(relation)
  }

  *update(derivation: Derivation): Steps<void> {
    const { facts, changes } = derivation
    const names = namesIn(facts)
    const types = typeCatalog(facts.types)
    const movedViews = yield* this.#updateOrigins(derivation)
    const movedOrigins = this.#updateHiddenOrigins(facts)
    yield
    yield* this.#updateRelations(derivation, types)
    yield* this.#updateWrites(derivation)
    // relations whose keys are to be looked at again
    const about = new Set([...changes.names, ...changes.keyEnds, ...movedOrigins])
    const keys = new Set(changes.keys)
    for (const relation of about) {
      for (const { oid } of facts.keys.at(relation)) keys.add(oid)
      yield
    }
    const hidden = new Set<number>(about)
    for (const oid of keys) {
      const key = facts.keys.get(oid)
      if (key === undefined || !this.#isRelevant(facts, key)) this.foreignKeys.delete(oid)
      else {
        const made = foreignKey(key, facts.keys.at(key.origin.relation), names)
        if (made === null) this.foreignKeys.delete(oid)
        else this.foreignKeys.set(oid, made)
      }
      if (key?.kind === 'foreign') hidden.add(key.origin.relation)
      yield
    }
    for (const relation of hidden) {
      const primaryKey = this.#isHiddenEnd(facts, relation)
        ? primaryKeyOf(relation, facts.keys.at(relation), names)
        : null
      const name = names.get(relation)?.relation
      if (primaryKey === null || name === undefined) this.hiddenPrimaryKeys.delete(relation)
      else this.hiddenPrimaryKeys.set(relation, { ...name, primaryKey })
      yield
    }
    yield* this.#updateDependencies(derivation, movedViews, about)
    yield* this.#updateRoutines(derivation, types)
    yield* this.relations.settle()
    yield* this.foreignKeys.settle()
    yield* this.hiddenPrimaryKeys.settle()
    yield* this.#dependencyList.settle()
    this.#before = null
  }

  /** Of views that changed, or that read through one that did. Returns those. */
  *#updateOrigins({ facts, changes }: Derivation): Steps<ReadonlySet<number>> {
    const moved = new Set<number>()
    const isMoved = (oid: number) => changes.views.has(oid) || changes.names.has(oid)
    for (const [oid, origins] of this.#origins) {
      if (isMoved(oid) || [...origins.keys()].some((below) => changes.views.has(below))) {
        moved.add(oid)
      }
      yield
    }
    for (const oid of [...changes.views, ...changes.names]) moved.add(oid)
    for (const oid of moved) {
      const view = facts.views.get(oid)
      const name = facts.tables.get(oid)
      if (view?.isExposed === true && name !== undefined) {
        this.#origins.set(oid, viewOrigins(view, name, facts.views))
      } else {
        this.#origins.delete(oid)
      }
      yield
    }
    return moved
  }

  /** Returns those that came or went. */
  #updateHiddenOrigins({ tables }: SchemaFacts): readonly number[] {
    const before = this.#hiddenOrigins
    const now = new Set<number>()
    for (const origins of this.#origins.values()) {
      for (const oid of origins.keys()) if (!tables.has(oid)) now.add(oid)
    }
    this.#hiddenOrigins = now
    return [
      ...[...now].filter((oid) => !before.has(oid)),
      ...[...before].filter((oid) => !now.has(oid)),
    ]
  }

  /** A snapshot is about keys with an exposed relation at an end, or one that exposed views show. */
  #isRelevant({ tables }: SchemaFacts, key: Parameters<typeof endsOf>[0]): boolean {
    return endsOf(key).some((oid) => tables.has(oid) || this.#hiddenOrigins.has(oid))
  }

  /** Neither exposed nor shown by a view, and with a foreign key to one that is. */
  #isHiddenEnd(facts: SchemaFacts, relation: number): boolean {
    if (facts.tables.has(relation) || this.#hiddenOrigins.has(relation)) return false
    return facts.keys
      .at(relation)
      .some((key) => key.origin.relation === relation && this.#isRelevant(facts, key))
  }

  *#updateRelations(
    { facts, updates, changes, previous }: Derivation,
    types: TypeCatalog,
  ): Steps<void> {
    const pool = new ColumnPool()
    for (const [oid, table] of updates.tables) {
      if (table === null) this.relations.delete(oid)
      else this.#setRelation(oid, this.#relation(table, { facts, updates, previous }, types, pool))
      yield
    }
    for (const oid of changes.keyEnds) {
      const relation = this.relations.get(oid)
      if (relation === undefined || updates.tables.has(oid)) continue
      this.#setRelation(oid, { ...relation, primaryKey: primaryKey(oid, facts) })
      yield
    }
  }

  #setRelation(oid: number, relation: CatalogRelation): void {
    const known = this.relations.get(oid) ?? this.#before?.relations.get(oid)
    this.relations.set(oid, keptRelation(known, relation))
  }

  #relation(
    table: CatalogTable,
    { facts, updates, previous }: Pick<Derivation, 'facts' | 'updates' | 'previous'>,
    types: TypeCatalog,
    pool: ColumnPool,
  ): CatalogRelation {
    const { oid, schema, name, kind } = table
    const comments = updates.comments.get(oid) ?? new Map<number, string>()
    const writes = this.#writesTo(oid, kind, { facts, previous, name: { schema, name } })
    return {
      schema,
      name,
      kind,
      description: comments.get(0) ?? null,
      canInsert: writes.insert,
      canUpdate: writes.update,
      canDelete: writes.delete,
      primaryKey: primaryKey(oid, facts),
      columns: describeColumns(table.columns, types, comments, pool),
      isClosed: true,
    }
  }

  /** Of views that are written through to what changed. */
  *#updateWrites({ facts, updates, changes, previous }: Derivation): Steps<void> {
    if (changes.views.size + changes.foreign.size === 0) return
    for (const [oid, view] of facts.views) {
      yield
      const relation = this.relations.get(oid)
      if (relation === undefined || !view.isExposed || updates.tables.has(oid)) continue
      const below = wayDown(oid, facts)
      if (!below.some((each) => changes.views.has(each) || changes.foreign.has(each))) continue
      const writes = this.#writesTo(oid, relation.kind, { facts, previous, name: relation })
      this.#setRelation(oid, {
        ...relation,
        canInsert: writes.insert,
        canUpdate: writes.update,
        canDelete: writes.delete,
      })
    }
  }

  #writesTo(
    oid: number,
    kind: RelationKind,
    { facts, previous, name }: { name: QualifiedName } & Pick<Derivation, 'facts' | 'previous'>,
  ): Writes {
    switch (kind) {
      case 'table':
      case 'partitioned-table':
        return allWrites
      case 'materialized-view':
        return noWrites
      case 'view':
      case 'foreign-table': {
        const known = this.relations.get(oid) ?? previous?.relations.get(nameKey(name))
        if (known !== undefined && wayDown(oid, facts).some((each) => facts.open.has(each))) {
          return { insert: known.canInsert, update: known.canUpdate, delete: known.canDelete }
        }
        return writesOf(oid, { get: (each) => writeFacts(each, facts) })
      }
      default:
        return assertNever(kind)
    }
  }

  *#updateDependencies(
    { facts }: Derivation,
    movedViews: ReadonlySet<number>,
    about: ReadonlySet<number>,
  ): Steps<void> {
    const names = namesIn(facts)
    const views = new Set(movedViews)
    for (const [oid, origins] of this.#origins) {
      if ([...origins.keys()].some((below) => about.has(below))) views.add(oid)
      yield
    }
    for (const oid of views) {
      const origins = this.#origins.get(oid)
      const name = names.get(oid)?.relation
      const before = this.#before === null ? undefined : this.#before.#dependencies.get(oid)
      const known = this.#dependencies.get(oid) ?? before
      const made =
        origins === undefined || name === undefined
          ? none
          : viewKeyDependencies(name, origins, (relation) => facts.keys.at(relation), names)
      const list = keptList(known, made)
      this.#dependencyList.replace(this.#dependencies.get(oid) ?? none, list)
      if (list.length === 0) this.#dependencies.delete(oid)
      else this.#dependencies.set(oid, list)
      yield
    }
  }

  *#updateRoutines({ updates, hoisted }: Derivation, catalog: TypeCatalog): Steps<void> {
    const types: RoutineTypes = {
      ...catalog,
      columnTypeOf: (oid) => catalog.baseOf(oid).text,
    }
    let isSame = true
    for (const [oid, row] of updates.routines) {
      yield
      const known = this.#routines.get(oid)
      const made = row === null ? null : describeRoutine(row, types, hoisted)
      const before = this.#before === null ? undefined : this.#before.#routines.get(oid)
      const next = made === null ? undefined : kept(known ?? before, made)
      if (next === known) continue
      isSame = false
      if (next === undefined) this.#routines.delete(oid)
      else this.#routines.set(oid, next)
    }
    if (isSame) return
    const sorted: NumberedRoutine[] = [...this.#routines].sort(([a], [b]) => a - b)
    yield
    const list = sorted.length === 0 ? none : sorted.map(([, routine]) => routine)
    this.#routineList = keptItems(
      this.#before === null ? undefined : this.#before.#routineList,
      list,
    )
  }
}

function primaryKey(oid: number, facts: SchemaFacts): readonly string[] {
  const columns = primaryKeyOf(oid, facts.keys.at(oid), namesIn(facts))
  return columns === null ? none : columns.toSorted(compareTexts)
}

function writeFacts(oid: number, { views, foreign }: SchemaFacts): WriteFacts | undefined {
  const view = views.get(oid)
  if (view === undefined) return undefined
  return { rule: view.rule, own: eitherWrites(view.own, foreign.get(oid) ?? noWrites) }
}

/** The relation, and those that it is written through to. */
function wayDown(relation: number, { views }: SchemaFacts): readonly number[] {
  const way: number[] = []
  let at: number | undefined = relation
  while (at !== undefined && !way.includes(at)) {
    way.push(at)
    at = views.get(at)?.rule?.base?.relation
  }
  return way
}
