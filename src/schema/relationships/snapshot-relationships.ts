/**
 * The relationships of a snapshot, derived relation by relation when somebody asks: nobody embeds along
 * all of forty thousand tables. What was derived is kept, and goes over into the next snapshot for
 * relations that no change has to do with. Seen from outside all of them are there.
 */
import { compareTexts } from '../../core/compare-texts.ts'
import { nameOfKey } from '../../core/qualified-name.ts'
import { runAtOnce, type Steps } from '../../core/run-in-slices.ts'
import { exposes } from '../exposure.ts'
import { deriveRelationships, type RelationshipsBySchema } from './derive-relationships.ts'
import type { RelationshipFacts } from './relationship-facts.ts'

type Derived = RelationshipsBySchema | undefined

/** Keys are those of `nameKey`. */
export interface SnapshotRelationships {
  /** Pairs of a relation and a schema that it is related to. */
  readonly pairCount: number
  /** Of one relation, kept from the first time on; undefined where it has none. */
  get(origin: string): Derived
  /** `get`, for work that may rest: a relation may have very many. */
  getInSteps(origin: string): Steps<Derived>
  /** The same for somebody who wants those of all relations once: they are not kept for it. */
  peekInSteps(origin: string): Steps<Derived>
  /** All that may have relationships, in order. */
  origins(): readonly string[]
  /** All that have some with relations of a schema, exposed or not. */
  originsRelatedTo(schema: string): readonly string[]
}

export class LazyRelationships implements SnapshotRelationships {
  readonly facts: RelationshipFacts
  readonly pairCount: number
  readonly #derived: Map<string, Derived>
  /** By schema; made when a hint asks. */
  readonly #related = new Map<string, readonly string[]>()

  private constructor(facts: RelationshipFacts, pairCount: number, derived: Map<string, Derived>) {
    this.facts = facts
    this.pairCount = pairCount
    this.#derived = derived
    Object.freeze(this)
  }

  /** Counts them all, and keeps none. */
  static *of(facts: RelationshipFacts): Steps<LazyRelationships> {
    const counting = new LazyRelationships(facts, 0, new Map())
    const [schema, ...others] = yield* schemasIn(facts)
    let pairCount = 0
    for (const origin of counting.origins()) {
      yield
      // of one schema it is enough to know that there are any, and most keys tell that
      if (schema !== undefined && others.length === 0) {
        pairCount += counting.#isRelatedTo(origin, schema) ? 1 : 0
      } else pairCount += (yield* counting.peekInSteps(origin))?.size ?? 0
    }
    return new LazyRelationships(facts, pairCount, new Map())
  }

  /** Those of the next snapshot: of relations that are not `affected` the same objects. */
  *next(facts: RelationshipFacts, affected: ReadonlySet<string>): Steps<LazyRelationships> {
    const kept = new Map(this.#derived)
    for (const origin of affected) kept.delete(origin)
    const next = new LazyRelationships(facts, 0, kept)
    let { pairCount } = this
    for (const origin of affected) {
      pairCount -= (yield* this.getInSteps(origin))?.size ?? 0
      pairCount += (yield* next.getInSteps(origin))?.size ?? 0
      yield
    }
    return new LazyRelationships(facts, pairCount, kept)
  }

  get(origin: string): Derived {
    return runAtOnce(this.getInSteps(origin))
  }

  *getInSteps(origin: string): Steps<Derived> {
    const derived = yield* this.peekInSteps(origin)
    // clients may ask for any name: only those that have some are kept
    if (derived !== undefined) this.#derived.set(origin, derived)
    return derived
  }

  *peekInSteps(origin: string): Steps<Derived> {
    return this.#derived.get(origin) ?? (yield* deriveRelationships(nameOfKey(origin), this.facts))
  }

  origins(): readonly string[] {
    const { keysFrom, keysTo, keysOfViews, computedFrom } = this.facts
    const groupings = [keysFrom, keysTo, keysOfViews, computedFrom]
    return [...new Set(groupings.flatMap(({ groups }) => [...groups.keys()]))].sort(compareTexts)
  }

  originsRelatedTo(schema: string): readonly string[] {
    const known = this.#related.get(schema)
    if (known !== undefined) return known
    const related = this.origins().filter((origin) => this.#isRelatedTo(origin, schema))
    if (related.length > 0) this.#related.set(schema, related)
    return related
  }

  /** Where a key of its own tells, nothing is derived. */
  #isRelatedTo(origin: string, schema: string): boolean {
    const { exposure, keysFrom, keysTo } = this.facts
    if (!exposes(exposure, nameOfKey(origin))) return false
    return (
      (keysFrom.groups.get(origin)?.some(({ target }) => target.schema === schema) ?? false) ||
      (keysTo.groups.get(origin)?.some((key) => key.origin.schema === schema) ?? false) ||
      (runAtOnce(this.peekInSteps(origin))?.has(schema) ?? false)
    )
  }
}

/** All schemas that a relationship may lead to. */
function* schemasIn(facts: RelationshipFacts): Steps<ReadonlySet<string>> {
  const schemas = new Set<string>()
  for (const { origin, target } of facts.keysFrom.list) {
    schemas.add(origin.schema).add(target.schema)
  }
  yield
  for (const { view } of facts.viewsOver.list) schemas.add(view.schema)
  yield
  for (const { routine } of facts.computedFrom.list) schemas.add(routine.schema)
  return schemas
}
