/**
 * Facts of two snapshots, and which of them differ → the relations whose relationships may differ. A
 * relation's relationships rest on its own keys, on what views carry of them, and through junctions on
 * the keys of the relations that point to it.
 */
import { isSame } from '../../core/is-same.ts'
import { nameKey, nameOfKey, type QualifiedName } from '../../core/qualified-name.ts'
import { carriersOf, groupOf, type RelationshipFacts } from './relationship-facts.ts'

/** Keys (`nameKey`) of what differs. */
export interface DifferentFacts {
  readonly keysFrom: Iterable<string>
  readonly viewsOver: Iterable<string>
  readonly computedFrom: Iterable<string>
  readonly uniqueKeys: Iterable<string>
  readonly relations: Iterable<string>
}

/** Shape  keys of relations, perhaps of more than necessary */
export function affectedOrigins(
  previous: RelationshipFacts,
  next: RelationshipFacts,
  different: DifferentFacts,
): ReadonlySet<string> {
  const affected = new Set<string>(different.computedFrom)
  const owners = new Set<string>([
    ...different.keysFrom,
    ...different.uniqueKeys,
    ...otherwiseIdentified(previous, next, different.relations),
  ])
  const both = [previous, next]
  for (const table of different.viewsOver) {
    const name = nameOfKey(table)
    owners.add(table)
    const carried = new Set(carriedKeys(name, both))
    for (const facts of both) {
      for (const key of groupOf(facts.keysTo, name)) {
        if (carried.has(key.constraint)) owners.add(nameKey(key.origin))
      }
    }
  }
  for (const owner of owners) {
    for (const facts of both) addReach(nameOfKey(owner), facts, affected)
  }
  return affected
}

/** Those with another primary key, of the relations and of all that are not exposed. */
function otherwiseIdentified(
  { relations: before, hiddenKeys: hiddenBefore }: RelationshipFacts,
  { relations: after, hiddenKeys: hiddenAfter }: RelationshipFacts,
  relations: Iterable<string>,
): readonly string[] {
  const hidden = hiddenBefore === hiddenAfter ? [] : [...hiddenBefore.keys(), ...hiddenAfter.keys()]
  return [
    ...[...relations].filter(
      (key) => !isSame(before.get(key)?.primaryKey, after.get(key)?.primaryKey),
    ),
    ...hidden.filter((key) => !isSame(hiddenBefore.get(key), hiddenAfter.get(key))),
  ]
}

/** Names of the keys to a table that other views carry than before. */
function carriedKeys(table: QualifiedName, [before, after]: readonly RelationshipFacts[]) {
  const references = (facts: RelationshipFacts | undefined) =>
    facts === undefined
      ? []
      : groupOf(facts.viewsOver, table).filter(({ kind }) => kind === 'foreign-key-reference')
  const [old, now] = [references(before), references(after)]
  return [
    ...old.filter((carrier) => !now.includes(carrier)),
    ...now.filter((carrier) => !old.includes(carrier)),
  ].map(({ constraint }) => constraint)
}

/** A relation with foreign keys, views over it, where its keys lead, and views over those. */
function addReach(owner: QualifiedName, facts: RelationshipFacts, affected: Set<string>): void {
  affected.add(nameKey(owner))
  for (const { view } of groupOf(facts.viewsOver, owner)) affected.add(nameKey(view))
  const carried = groupOf(facts.keysOfViews, owner).flatMap(({ kind, table, constraint }) =>
    kind === 'foreign-key'
      ? groupOf(facts.keysFrom, table).filter((key) => key.constraint === constraint)
      : [],
  )
  for (const key of [...groupOf(facts.keysFrom, owner), ...carried]) {
    affected.add(nameKey(key.target))
    for (const { view } of carriersOf(facts, key, key.target, 'foreign-key-reference')) {
      affected.add(nameKey(view))
    }
  }
}
