/**
 * What one foreign key, or a pair of them, says about how relations join: the key as declared, as
 * seen through views, from its other end, and as half of a junction. Pure pieces that
 * `derive-relationships.ts` puts together; everything they return is frozen and their own.
 */
import { type QualifiedName, sameName } from '../../core/qualified-name.ts'
import type { ForeignKey, ViewKeyDependency } from '../catalog.ts'
import type { Cardinality, ColumnPair, Junction, KeyRelationship } from './relationship.ts'
import { carriersOf, groupOf, primaryKeyOf, type RelationshipFacts } from './relationship-facts.ts'

/** A relationship in the direction in which the key was declared. */
export interface ForwardKey extends KeyRelationship {
  /** One-to-many where the column holds a list of keys. */
  readonly cardinality: Exclude<Cardinality, { kind: 'many-to-many' }>
}

/** The relation at one end of a key, or a view that stands for it, and its columns of the key. */
interface KeyEnd {
  readonly relation: QualifiedName
  readonly columns: readonly string[]
  readonly isView: boolean
}

export function copyName({ schema, name }: QualifiedName): QualifiedName {
  return Object.freeze({ schema, name })
}

function freezePairs(pairs: readonly (readonly [string, string])[]): readonly ColumnPair[] {
  return Object.freeze(pairs.map(([a, b]): ColumnPair => Object.freeze<[string, string]>([a, b])))
}

function swapPairs(pairs: readonly ColumnPair[]): readonly ColumnPair[] {
  return freezePairs(pairs.map(([a, b]) => [b, a]))
}

function keyRelationship(
  origin: QualifiedName,
  target: QualifiedName,
  cardinality: Cardinality,
  flags: Pick<KeyRelationship, 'isSelf' | 'originIsView' | 'targetIsView'>,
): KeyRelationship {
  const { isSelf, originIsView, targetIsView } = flags
  // member by member, here and below: a frozen copy by spread takes four times the memory
  return Object.freeze({
    kind: 'key',
    origin,
    target,
    cardinality: Object.freeze(cardinality),
    isSelf,
    originIsView,
    targetIsView,
  })
}

function forwardCardinality(
  { isUnique, holdsList }: ForeignKey,
  constraint: string,
  columns: readonly ColumnPair[],
): ForwardKey['cardinality'] {
  if (holdsList === true) return { kind: 'one-to-many', constraint, columns }
  return isUnique
    ? { kind: 'one-to-one', constraint, columns, originIsParent: false }
    : { kind: 'many-to-one', constraint, columns }
}

/** A column selected several times gives one choice of view columns for each of them. */
function viewColumnChoices(columns: ViewKeyDependency['columns']): readonly (readonly string[])[] {
  return columns.reduce<readonly (readonly string[])[]>(
    (choices, [, viewColumns]) =>
      choices.flatMap((choice) => viewColumns.map((column) => [...choice, column])),
    [[]],
  )
}

function zip(a: readonly string[], b: readonly string[]): readonly (readonly [string, string])[] {
  return a.flatMap((left, at) => {
    const right = b[at]
    return right === undefined ? [] : [[left, right] as const]
  })
}

/** One foreign key between the two relations, or views over them. */
function join(key: ForeignKey, from: KeyEnd, to: KeyEnd): ForwardKey {
  const { constraint } = key
  const columns = freezePairs(zip(from.columns, to.columns))
  return Object.freeze({
    kind: 'key',
    origin: from.relation,
    target: to.relation,
    cardinality: Object.freeze(forwardCardinality(key, constraint, columns)),
    isSelf: sameName(from.relation, to.relation),
    originIsView: from.isView,
    targetIsView: to.isView,
  })
}

function viewEnds({ view, columns }: ViewKeyDependency): readonly KeyEnd[] {
  const relation = copyName(view)
  return viewColumnChoices(columns).map((own) => ({ relation, columns: own, isView: true }))
}

/** The relation that has the key. */
function originEnd({ origin, columns }: ForeignKey): KeyEnd {
  return { relation: copyName(origin), columns: columns.map(([own]) => own), isView: false }
}

/** The relation that the key points to. */
function targetEnd({ target, columns }: ForeignKey): KeyEnd {
  return { relation: copyName(target), columns: columns.map(([, other]) => other), isView: false }
}

function originEnds(key: ForeignKey, facts: RelationshipFacts): readonly KeyEnd[] {
  const carriers = carriersOf(facts, key, key.origin, 'foreign-key')
  return [originEnd(key), ...carriers.flatMap(viewEnds)]
}

function targetEnds(key: ForeignKey, facts: RelationshipFacts): readonly KeyEnd[] {
  const carriers = carriersOf(facts, key, key.target, 'foreign-key-reference')
  return [targetEnd(key), ...carriers.flatMap(viewEnds)]
}

/** The keys that a view carries, with the view at the end of each. */
function* keysOfView(
  view: QualifiedName,
  kind: Exclude<ViewKeyDependency['kind'], 'primary-key'>,
  facts: RelationshipFacts,
): Generator<readonly [ForeignKey, KeyEnd]> {
  const keysOf = kind === 'foreign-key' ? facts.keysFrom : facts.keysTo
  for (const carrier of groupOf(facts.keysOfViews, view)) {
    if (carrier.kind !== kind) continue
    for (const key of groupOf(keysOf, carrier.table)) {
      if (key.constraint !== carrier.constraint) continue
      for (const end of viewEnds(carrier)) yield [key, end]
    }
  }
}

/** Keys of a relation or view, to the relations that they point to and to views over those. */
export function* keysFrom(origin: QualifiedName, facts: RelationshipFacts): Generator<ForwardKey> {
  for (const key of groupOf(facts.keysFrom, origin)) {
    const from = originEnd(key)
    for (const to of targetEnds(key, facts)) yield join(key, from, to)
  }
  for (const [key, from] of keysOfView(origin, 'foreign-key', facts)) {
    for (const to of targetEnds(key, facts)) yield join(key, from, to)
  }
}

/** Keys that point to a relation or view, from the relations that have them and from views over those. */
export function* keysTo(target: QualifiedName, facts: RelationshipFacts): Generator<ForwardKey> {
  for (const key of groupOf(facts.keysTo, target)) {
    const to = targetEnd(key)
    for (const from of originEnds(key, facts)) yield join(key, from, to)
  }
  for (const [key, to] of keysOfView(target, 'foreign-key-reference', facts)) {
    for (const from of originEnds(key, facts)) yield join(key, from, to)
  }
}

/** The same key seen from the relation that it references: of a list, as many either way. */
export function inverseKey(forward: ForwardKey): KeyRelationship {
  const { origin, target, cardinality, isSelf, originIsView, targetIsView } = forward
  const { constraint } = cardinality
  const columns = swapPairs(cardinality.columns)
  return keyRelationship(
    target,
    origin,
    cardinality.kind === 'one-to-one'
      ? { kind: 'one-to-one', constraint, columns, originIsParent: !cardinality.originIsParent }
      : { kind: 'one-to-many', constraint, columns },
    { isSelf, originIsView: targetIsView, targetIsView: originIsView },
  )
}

/**
 * Two many-to-one keys of one relation make it a junction, if the columns of both belong to its
 * primary key, or are a unique key together.
 *
 * Shape  from the target of `first` to those of the junction's other keys
 */
export function* throughJunction(
  first: ForwardKey,
  facts: RelationshipFacts,
): Generator<KeyRelationship> {
  const junction = first.origin
  const primaryKey = primaryKeyOf(facts, junction)
  const uniqueKeys = groupOf(facts.uniqueKeys, junction)
  const isPart = (key: ForwardKey) =>
    key.cardinality.kind === 'many-to-one' &&
    (isWithin(key, primaryKey) || uniqueKeys.some(({ columns }) => isWithin(key, columns)))
  // most keys are no part of another one: their relation's other keys are not looked at
  if (!isPart(first)) return
  for (const second of keysFrom(junction, facts)) {
    if (second.cardinality.constraint === first.cardinality.constraint) continue
    if (!isPart(second)) continue
    const bothWithin = isWithin(first, primaryKey) && isWithin(second, primaryKey)
    if (!bothWithin && !uniqueKeys.some(({ columns }) => isMadeOf(columns, first, second))) continue
    yield keyRelationship(
      first.target,
      second.target,
      { kind: 'many-to-many', junction: junctionOf(first, second) },
      {
        isSelf: sameName(first.target, second.target),
        originIsView: first.targetIsView,
        targetIsView: second.targetIsView,
      },
    )
  }
}

function junctionOf(first: ForwardKey, second: ForwardKey): Junction {
  return Object.freeze({
    relation: first.origin,
    originConstraint: first.cardinality.constraint,
    targetConstraint: second.cardinality.constraint,
    originColumns: swapPairs(first.cardinality.columns),
    targetColumns: swapPairs(second.cardinality.columns),
  })
}

function isMadeOf(columns: readonly string[], first: ForwardKey, second: ForwardKey): boolean {
  const own = new Set([first, second].flatMap(ownColumns))
  return columns.length === own.size && columns.every((column) => own.has(column))
}

function ownColumns({ cardinality }: ForwardKey): readonly string[] {
  return cardinality.columns.map(([column]) => column)
}

function isWithin(key: ForwardKey, columns: readonly string[]): boolean {
  return ownColumns(key).every((column) => columns.includes(column))
}
