/**
 * Dirty objects → what the catalogs say of them now, and of what depends on them. Asked in rounds,
 * each a batch of statements: the first one asks for all that can be known to be needed, which is
 * nearly always all; a further one for what only its answers lead to (types that nobody used before,
 * users of a type that is another now, names of hidden relations at the ends of new keys). Nothing
 * is changed before everything has been read: `apply-updates.ts` does that.
 *
 * With nothing known the first round asks for everything.
 */
import type { Steps } from '../../../../core/run-in-slices.ts'
import type { ControlRows, ControlStatement } from '../../connect/control-connection.ts'
import { computedFieldsStatement, typesOfComputedFields } from '../catalog-computed-fields.ts'
import { computedRelationshipsStatement } from '../catalog-computed-relationships.ts'
import { type CatalogKey, endsOf } from '../catalog-keys.ts'
import { mediaHandlersStatement } from '../catalog-media-handlers.ts'
import { castsStatement, typesOfCasts } from '../catalog-representations.ts'
import { roleSettings, roleSettingsStatement } from '../catalog-role-settings.ts'
import { typesOfRoutine } from '../catalog-routines.ts'
import type { CatalogScope } from '../catalog-scope.ts'
import type { CatalogType } from '../catalog-types.ts'
import { missingBases } from '../catalog-views.ts'
import type { DirtyObjects } from '../changes/dirty-objects.ts'
import { capabilitiesStatement, postgresCapabilities } from '../postgres-capabilities.ts'
import { FactQuestions, type QueryGroup, type Question } from './fact-questions.ts'
import { type FactUpdates, isSameType, noUpdates, type SchemaFacts } from './schema-facts.ts'

export interface FactsReading {
  readonly scope: CatalogScope
  /** Null: nothing is known. */
  readonly facts: SchemaFacts | null
  /** Hidden relations that exposed views are known to read from. */
  readonly origins: { has(oid: number): boolean }
  readonly dirty: DirtyObjects
  readonly readRoleSettings: boolean
  /** Sends the statements of one round, and has the rows taken in. */
  readonly ask: (questions: readonly Question[]) => Promise<void>
  /** Runs long work in slices. */
  readonly sliced: <T>(steps: Steps<T>) => Promise<T>
}

/** What is to be asked in the next round, by oid. */
interface Wanted {
  readonly relations: Set<number>
  readonly routines: Set<number>
  /** With the modifiers that they are used with; none: the bare name is enough. */
  readonly types: Map<number, Set<number>>
  readonly names: Set<number>
  readonly viewsBelow: Set<number>
}

function nothingWanted(): Wanted {
  return {
    relations: new Set(),
    routines: new Set(),
    types: new Map(),
    names: new Set(),
    viewsBelow: new Set(),
  }
}

function isNothing({ relations, routines, types, names, viewsBelow }: Wanted): boolean {
  return [relations, routines, types, names, viewsBelow].every(({ size }) => size === 0)
}

/** Errors  rejects with BackendFailure */
export async function readFacts(reading: FactsReading): Promise<FactUpdates> {
  const round = new Round(reading)
  await reading.ask(round.firstQuestions())
  for (;;) {
    const wanted = await reading.sliced(round.consequences())
    if (isNothing(wanted)) return round.updates
    await reading.ask(round.questions(wanted))
  }
}

class Round {
  readonly updates = noUpdates()
  readonly #reading: FactsReading
  readonly #questions: FactQuestions
  readonly #asked = nothingWanted()
  readonly #types: { get(oid: number): CatalogType | undefined }

  constructor(reading: FactsReading) {
    const { updates } = this
    this.#reading = reading
    this.#questions = new FactQuestions(reading.scope, reading.facts, updates)
    this.#types = {
      get(oid) {
        const read = updates.types.get(oid)
        return read === undefined ? reading.facts?.types.get(oid) : (read ?? undefined)
      },
    }
  }

  firstQuestions(): readonly Question[] {
    const { facts, dirty, scope, readRoleSettings } = this.#reading
    const { whole } = this.updates
    const questions: Question[] = []
    const asksAll = facts === null
    const hasNames = dirty.renamed.size + dirty.routines.size + dirty.types.size > 0
    if (asksAll) {
      questions.push(
        this.#questions.tables(null),
        this.#questions.comments(null),
        this.#questions.views(null),
        this.#questions.keys(null),
        this.#questions.routines(null),
        this.#questions.ownTypes(),
      )
    } else {
      const wanted = nothingWanted()
      for (const oid of dirty.relations) wanted.relations.add(oid)
      for (const oid of dirty.routines) wanted.routines.add(oid)
      for (const oid of typesAbout(facts, dirty)) this.#wantType(wanted, oid)
      for (const oid of dirty.relations) if (facts.hidden.has(oid)) wanted.names.add(oid)
      questions.push(...this.questions(wanted))
      if (dirty.constraints.size > 0) questions.push(this.#questions.keys(dirty.constraints))
      if (hasNames) questions.push(this.#questions.printers(dirty))
    }
    const small = (
      group: QueryGroup,
      statement: ControlStatement,
      keep: (rows: ControlRows) => void,
    ) => {
      const take = (rows: ControlRows) => atOnce(() => keep(rows))
      questions.push({ group, statement, take, hasMany: false })
    }
    if (asksAll || hasNames) {
      small('comprels', computedRelationshipsStatement(scope), (rows) => {
        whole.computedRelationships = rows
      })
    }
    if (asksAll || hasNames || dirty.relations.size > 0) {
      small('comprels', computedFieldsStatement(scope), (rows) => {
        whole.computedFields = rows
      })
    }
    if (asksAll || hasNames || dirty.casts || dirty.settings) {
      small('dreps', castsStatement, (rows) => {
        whole.casts = rows
      })
    }
    if (asksAll || hasNames) {
      small('mhandlers', mediaHandlersStatement(scope), (rows) => {
        whole.mediaHandlers = rows
      })
    }
    if (asksAll || dirty.routines.size > 0) {
      small('tables', capabilitiesStatement, (rows) => {
        whole.capabilities = postgresCapabilities(rows)
      })
    }
    if (readRoleSettings && (asksAll || dirty.settings)) {
      small('tables', roleSettingsStatement(scope.serverVersion), (rows) => {
        whole.roles = roleSettings(rows)
      })
    }
    return questions
  }

  questions(wanted: Wanted): readonly Question[] {
    const { relations, routines, types, names, viewsBelow } = wanted
    const questions: Question[] = []
    if (relations.size > 0) {
      questions.push(
        this.#questions.tables(relations),
        this.#questions.comments(relations),
        this.#questions.views(relations),
      )
      for (const oid of relations) this.#asked.relations.add(oid)
    }
    if (routines.size > 0) {
      questions.push(this.#questions.routines(routines))
      for (const oid of routines) this.#asked.routines.add(oid)
    }
    if (types.size + relations.size + routines.size > 0) {
      questions.push(this.#questions.typesOf(types, relations, routines))
      for (const [oid, modifiers] of types) {
        this.#asked.types.set(oid, new Set([...(this.#asked.types.get(oid) ?? []), ...modifiers]))
      }
    }
    if (names.size > 0) {
      questions.push(this.#questions.names(names))
      for (const oid of names) this.#asked.names.add(oid)
    }
    if (viewsBelow.size > 0) {
      questions.push(this.#questions.viewsBelow(viewsBelow))
      for (const oid of viewsBelow) this.#asked.viewsBelow.add(oid)
    }
    return questions
  }

  /** What the answers so far lead to, and has not been asked. */
  *consequences(): Steps<Wanted> {
    const wanted = nothingWanted()
    this.#wantPrinters(wanted)
    yield* this.#wantUsersOfTypes(wanted)
    yield* this.#wantMissingTypes(wanted)
    const { views } = this.updates
    const known = this.#reading.facts?.views
    const read = new Map([...views].flatMap(([oid, view]) => (view === null ? [] : [[oid, view]])))
    for (const oid of missingBases(read)) {
      if (known?.has(oid) !== true && !this.#asked.viewsBelow.has(oid)) wanted.viewsBelow.add(oid)
    }
    yield
    yield* this.#wantNames(wanted)
    return wanted
  }

  #wantPrinters(wanted: Wanted): void {
    const { facts } = this.#reading
    for (const oid of this.#questions.printing.relations) {
      if (facts?.tables.has(oid) === true) this.#wantRelation(wanted, oid)
    }
    for (const oid of this.#questions.printing.types) {
      if (facts?.types.has(oid) === true) this.#wantType(wanted, oid)
    }
  }

  /** Of types that are others than they were, or gone. */
  *#wantUsersOfTypes(wanted: Wanted): Steps<void> {
    const { facts } = this.#reading
    if (facts === null) return
    const changed = new Set<number>()
    for (const [oid, type] of this.updates.types) {
      const before = facts.types.get(oid)
      if (before !== undefined && (type === null || !isSameType(before, type))) changed.add(oid)
    }
    if (changed.size === 0) return
    for (const { oid, elementOf, domainOf } of facts.types.values()) {
      if (changed.has(elementOf) || changed.has(domainOf)) this.#wantType(wanted, oid)
    }
    for (const [oid, { ownTypes }] of facts.tables) {
      if (ownTypes.some((type) => this.#leadsTo(type, changed))) this.#wantRelation(wanted, oid)
      yield
    }
    for (const [oid, types] of facts.routines) {
      if (types.some((type) => this.#leadsTo(type, changed)) && !this.#asked.routines.has(oid)) {
        wanted.routines.add(oid)
      }
      yield
    }
  }

  /** A domain shows what it is over. */
  #leadsTo(type: number, changed: ReadonlySet<number>): boolean {
    for (let at = type; at !== 0; at = this.#reading.facts?.types.get(at)?.domainOf ?? 0) {
      if (changed.has(at)) return true
    }
    return false
  }

  *#wantMissingTypes(wanted: Wanted): Steps<void> {
    const { tables, routines, whole } = this.updates
    const facts = this.#reading.facts?.whole
    for (const table of tables.values()) {
      for (const { type, modifier } of table?.columns ?? []) {
        this.#wantMissingType(wanted, type, modifier)
      }
      yield
    }
    for (const row of routines.values()) {
      if (row !== null) for (const type of typesOfRoutine(row)) this.#wantMissingType(wanted, type)
      yield
    }
    const fields = whole.computedFields ?? facts?.computedFields ?? []
    const casts = whole.casts ?? facts?.casts ?? []
    for (const type of [...typesOfComputedFields(fields), ...typesOfCasts(casts)]) {
      this.#wantMissingType(wanted, type)
    }
  }

  #wantMissingType(wanted: Wanted, oid: number, modifier?: number): void {
    const type = this.#types.get(oid)
    if (type !== undefined && (modifier === undefined || type.modifiedTexts.has(modifier))) return
    const asked = this.#asked.types.get(oid)
    if (asked !== undefined && (modifier === undefined || asked.has(modifier))) return
    const modifiers = wanted.types.get(oid) ?? new Set()
    wanted.types.set(oid, modifier === undefined ? modifiers : modifiers.add(modifier))
  }

  /** With all modifiers that are known of it. */
  #wantType(wanted: Wanted, oid: number): void {
    if (this.#asked.types.has(oid)) return
    wanted.types.set(oid, new Set(this.#types.get(oid)?.modifiedTexts.keys()))
  }

  #wantRelation(wanted: Wanted, oid: number): void {
    if (!this.#asked.relations.has(oid)) wanted.relations.add(oid)
  }

  /**
   * Names of hidden relations that keys of a snapshot may lead to: at the other ends of keys that
   * came, and of those at relations that came, went, or that views came to read from. Some that
   * turn out not to be needed are read as well.
   */
  *#wantNames(wanted: Wanted): Steps<void> {
    const { facts } = this.#reading
    const { tables, views, keys, hidden } = this.updates
    const isExposed = (oid: number) => {
      const read = tables.get(oid)
      return read === undefined ? facts?.tables.has(oid) === true : read !== null
    }
    const viewOf = (oid: number) => (views.has(oid) ? views.get(oid) : facts?.views.get(oid))
    const origins = new Set<number>()
    // what a view reads from may be a view that is known, of which other columns lead elsewhere
    const followed = [...views.keys()]
    for (let oid = followed.pop(); oid !== undefined; oid = followed.pop()) {
      const view = viewOf(oid)
      for (const { originRelation } of view?.isFollowed === true
        ? (view.rule?.columns ?? [])
        : []) {
        if (originRelation === 0 || origins.has(originRelation)) continue
        origins.add(originRelation)
        followed.push(originRelation)
      }
      yield
    }
    // views that did not change may read from what was exposed until now
    for (const [oid, table] of tables) {
      if (table === null && facts?.tables.has(oid) === true) origins.add(oid)
    }
    const isOrigin = (oid: number) => origins.has(oid) || this.#reading.origins.has(oid)
    const want = (oid: number) => {
      if (isExposed(oid) || this.#asked.names.has(oid) || wanted.names.has(oid)) return
      const isKnown = hidden.has(oid) ? hidden.get(oid) !== null : facts?.hidden.has(oid) === true
      if (!isKnown) wanted.names.add(oid)
    }
    const wantEnds = (key: CatalogKey) => {
      for (const oid of endsOf(key)) want(oid)
    }
    for (const key of keys.values()) {
      if (key !== null && endsOf(key).some((oid) => isExposed(oid) || isOrigin(oid))) wantEnds(key)
      yield
    }
    if (facts === null) return
    for (const [oid, table] of tables) {
      if ((table !== null) === facts.tables.has(oid)) continue
      for (const key of facts.keys.at(oid)) if (keys.get(key.oid) !== null) wantEnds(key)
    }
    for (const oid of origins) {
      for (const key of facts.keys.at(oid)) wantEnds(key)
      yield
    }
  }
}

/**
 * Types that came, and those that are known and may be others: themselves, or for what they are of or
 * over.
 */
function typesAbout(facts: SchemaFacts, { types, renamed }: DirtyObjects): readonly number[] {
  if (types.size + renamed.size === 0) return []
  const known = [...facts.types.values()]
    .filter(
      ({ elementOf, domainOf, relation }) =>
        types.has(elementOf) || types.has(domainOf) || renamed.has(relation),
    )
    .map(({ oid }) => oid)
  return [...types, ...known]
}

function* atOnce(work: () => void): Steps<void> {
  work()
  yield
}
