/**
 * What one foreign key, or a pair of them, says about how relations join: the key as declared, as
 * seen through views, from its other end, and as half of a junction. Pure pieces that
 * `derive-relationships.ts` puts together; everything they return is frozen and their own.
 */
import { nameKey, type QualifiedName, sameName } from '../core/qualified-name.ts'
import type { ForeignKey, ViewKeyDependency } from './catalog.ts'
import type { Cardinality, ColumnPair, KeyRelationship } from './relationship.ts'

/** A relationship in the direction in which the key was declared. */
export interface ForwardKey extends KeyRelationship {
  /** One-to-many where the column holds a list of keys. */
  readonly cardinality: Exclude<Cardinality, { kind: 'many-to-many' }>
}

export type DependencyIndex = ReadonlyMap<string, readonly ViewKeyDependency[]>

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
  return Object.freeze({
    kind: 'key',
    origin,
    target,
    cardinality: Object.freeze(cardinality),
    ...flags,
  })
}

function forwardKey(
  key: ForeignKey,
  origin: QualifiedName,
  target: QualifiedName,
  pairs: readonly (readonly [string, string])[],
  flags: Pick<KeyRelationship, 'isSelf' | 'originIsView' | 'targetIsView'>,
): ForwardKey {
  const { constraint } = key
  const columns = freezePairs(pairs)
  const cardinality = Object.freeze(forwardCardinality(key, { constraint, columns }))
  return Object.freeze({ kind: 'key', origin, target, cardinality, ...flags })
}

function forwardCardinality(
  { isUnique, holdsList }: ForeignKey,
  key: { readonly constraint: string; readonly columns: readonly ColumnPair[] },
): ForwardKey['cardinality'] {
  if (holdsList === true) return { kind: 'one-to-many', ...key }
  return isUnique
    ? { kind: 'one-to-one', ...key, originIsParent: false }
    : { kind: 'many-to-one', ...key }
}

function dependencyKey(
  table: QualifiedName,
  constraint: string,
  kind: ViewKeyDependency['kind'],
): string {
  return `${nameKey(table)}\0${constraint}\0${kind}`
}

export function indexDependencies(dependencies: readonly ViewKeyDependency[]): DependencyIndex {
  const index = new Map<string, ViewKeyDependency[]>()
  for (const dependency of dependencies) {
    const key = dependencyKey(dependency.table, dependency.constraint, dependency.kind)
    const known = index.get(key)
    if (known === undefined) index.set(key, [dependency])
    else known.push(dependency)
  }
  return index
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

/** One foreign key as declared, and as seen from views over either or both of its ends. */
export function* forwardKeys(
  key: ForeignKey,
  dependencies: DependencyIndex,
): Generator<ForwardKey> {
  const origin = copyName(key.origin)
  const target = copyName(key.target)
  const table = { originIsView: false, targetIsView: false }
  const isSelf = sameName(origin, target)
  yield forwardKey(key, origin, target, key.columns, { ...table, isSelf })

  const originColumns = key.columns.map(([column]) => column)
  const targetColumns = key.columns.map(([, column]) => column)
  const views = (end: QualifiedName, kind: ViewKeyDependency['kind']) =>
    (dependencies.get(dependencyKey(end, key.constraint, kind)) ?? []).flatMap((dependency) => {
      const view = copyName(dependency.view)
      return viewColumnChoices(dependency.columns).map((columns) => ({ view, columns }))
    })
  const originViews = views(origin, 'foreign-key')
  const targetViews = views(target, 'foreign-key-reference')

  for (const { view, columns } of originViews) {
    const flags = { isSelf: false, originIsView: true, targetIsView: false }
    yield forwardKey(key, view, target, zip(columns, targetColumns), flags)
  }
  for (const { view, columns } of targetViews) {
    const flags = { isSelf: false, originIsView: false, targetIsView: true }
    yield forwardKey(key, origin, view, zip(originColumns, columns), flags)
  }
  for (const from of originViews) {
    for (const to of targetViews) {
      const isSelfView = sameName(from.view, to.view)
      const flags = { isSelf: isSelfView, originIsView: true, targetIsView: true }
      yield forwardKey(key, from.view, to.view, zip(from.columns, to.columns), flags)
    }
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

export interface RelationKeys {
  /** Columns of a relation's primary key, those of views as far as they carry one. */
  readonly primaryKeyOf: (relation: QualifiedName) => readonly string[]
  readonly uniqueKeysOf: (relation: QualifiedName) => readonly (readonly string[])[]
}

/**
 * Two many-to-one keys of one relation make it a junction, if the columns of both belong to its
 * primary key, or are a unique key together: each pair of keys once in either direction. Also yields
 * undefined wherever the work may pause.
 */
export function* junctions(
  forward: readonly ForwardKey[],
  { primaryKeyOf, uniqueKeysOf }: RelationKeys,
): Generator<KeyRelationship | undefined> {
  const keysByRelation = new Map<string, ForwardKey[]>()
  for (const key of forward) {
    yield undefined
    if (key.cardinality.kind !== 'many-to-one') continue
    const keys = [primaryKeyOf(key.origin), ...uniqueKeysOf(key.origin)]
    if (!keys.some((columns) => isWithin(key, columns))) continue
    const relation = nameKey(key.origin)
    const known = keysByRelation.get(relation)
    if (known === undefined) keysByRelation.set(relation, [key])
    else known.push(key)
  }
  function identifyTogether(first: ForwardKey, second: ForwardKey): boolean {
    const primaryKey = primaryKeyOf(first.origin)
    if (isWithin(first, primaryKey) && isWithin(second, primaryKey)) return true
    const own = new Set([first, second].flatMap(ownColumns))
    return uniqueKeysOf(first.origin).some(
      (columns) => columns.length === own.size && columns.every((column) => own.has(column)),
    )
  }
  for (const keys of keysByRelation.values()) {
    for (const first of keys) {
      for (const second of keys) {
        if (first.cardinality.constraint === second.cardinality.constraint) continue
        if (!identifyTogether(first, second)) continue
        const junction = Object.freeze({
          relation: first.origin,
          originConstraint: first.cardinality.constraint,
          targetConstraint: second.cardinality.constraint,
          originColumns: swapPairs(first.cardinality.columns),
          targetColumns: swapPairs(second.cardinality.columns),
        })
        yield keyRelationship(
          first.target,
          second.target,
          { kind: 'many-to-many', junction },
          {
            isSelf: sameName(first.target, second.target),
            originIsView: first.targetIsView,
            targetIsView: second.targetIsView,
          },
        )
      }
    }
  }
}

function ownColumns({ cardinality }: ForwardKey): readonly string[] {
  return cardinality.columns.map(([column]) => column)
}

function isWithin(key: ForwardKey, columns: readonly string[]): boolean {
  return ownColumns(key).every((column) => columns.includes(column))
}
