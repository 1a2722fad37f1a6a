/**
 * How collections lead to each other, in a database that knows no foreign keys: what is declared,
 * what the names of fields say by convention, and DBRefs. A declared key takes the place of another
 * over the same columns. Keys stay inside a database.
 */
import { nameKey, type QualifiedName, sameName } from '../../../core/qualified-name.ts'
import type { Catalog, ForeignKey, UnusableRelationship } from '../../../schema/catalog.ts'
import type { ColumnPair } from '../../../schema/relationships/relationship.ts'
import type {
  DeclaredJunction,
  DeclaredKey,
  DeclaredRelationship,
} from '../../registry/declared-schema.ts'
import type { FieldKind } from '../bson/field-kind.ts'
import { idField } from './build-columns.ts'
import type { BuiltRelation } from './build-relation.ts'
import { isMeant } from './declared-relation.ts'
import { isComparable } from './infer-kind.ts'
import { type FieldFacts, referenceColumn, type Sample } from './mongodb-facts.ts'
import { namedTargets } from './named-targets.ts'

type Keys = Pick<Catalog, 'foreignKeys'> &
  Required<Pick<Catalog, 'uniqueKeys' | 'unusableRelationships'>>

/** Relations that keys may lead to, by database and collection. */
type Targets = ReadonlyMap<string, BuiltRelation>

/** `samples`: by `nameKey`, for the collections that DBRefs were seen to lead to. */
export function mongodbKeys(
  relations: readonly BuiltRelation[],
  samples: ReadonlyMap<string, Sample>,
  declared: readonly DeclaredRelationship[],
  firstSchema: string,
): Keys {
  const targets: Targets = new Map(relations.map((each) => [nameKey(each.relation), each]))
  const find = (text: string) =>
    relations.find(({ relation }) => isMeant(text, firstSchema, relation.schema, relation.name))
  const keys: ForeignKey[] = []
  const unique: Required<Catalog>['uniqueKeys'][number][] = relations.flatMap((each) =>
    each.facts.uniqueIndexes.map(({ columns }) => ({ ...nameOf(each), columns })),
  )
  const unusable: UnusableRelationship[] = []
  for (const each of declared) {
    const made = each.kind === 'key' ? declaredKey(each, find) : declaredJunction(each, find)
    keys.push(...made.foreignKeys)
    unique.push(...made.uniqueKeys)
    unusable.push(...made.unusableRelationships)
  }
  const taken = new Set(keys.map(originColumns))
  for (const each of relations) {
    const own = [...conventionKeys(each, targets), ...referenceKeys(each, targets, samples)]
    keys.push(...own.filter((key) => !taken.has(originColumns(key))))
  }
  return { foreignKeys: keys, uniqueKeys: unique, unusableRelationships: unusable }
}

function nameOf({ relation: { schema, name } }: BuiltRelation): QualifiedName {
  return { schema, name }
}

function originColumns({ origin, columns }: ForeignKey): string {
  return JSON.stringify([origin.schema, origin.name, ...columns.map(([own]) => own).sort()])
}

/** By names: `director_id`, `directorId` and lists of them in `actor_ids`, where the types agree. */
function conventionKeys(origin: BuiltRelation, targets: Targets): readonly ForeignKey[] {
  return [...origin.facts.fields].flatMap(([column, field]) => {
    const { schema } = origin.relation
    for (const name of namedTargets(column)) {
      const target = targets.get(nameKey({ schema, name }))
      const id = target === undefined ? null : idOf(target)
      // `film_id` in `films` is another key of the collection, not a reference to itself
      if (target === undefined || id === null || sameName(target.relation, origin.relation))
        continue
      return holds(field, id.kind) ? [keyOf(origin, target, [[column, id.column]])] : []
    }
    return []
  })
}

/** The one collection that the DBRefs of a field lead to. */
function referenceKeys(
  origin: BuiltRelation,
  targets: Targets,
  samples: ReadonlyMap<string, Sample>,
): readonly ForeignKey[] {
  const seen = samples.get(nameKey(origin.relation))?.seen
  return [...origin.facts.fields].flatMap(([column, { field }]) => {
    const [name, ...others] = seen?.get(field)?.references ?? []
    if (name === undefined || others.length > 0) return []
    const target = targets.get(nameKey({ schema: origin.relation.schema, name }))
    const id = target === undefined ? null : idOf(target)
    if (target === undefined || id === null) return []
    const key = keyOf(origin, target, [[referenceColumn(column), id.column]])
    return [{ ...key, constraint: `${origin.relation.name}_${column}_fkey` }]
  })
}

function idOf({ facts }: BuiltRelation): { column: string; kind: FieldKind } | null {
  if (facts.kind === 'time-series') return null
  for (const [column, { field, kind }] of facts.fields) {
    if (field === idField) return { column, kind }
  }
  return null
}

/**
 * Whether the field, or a member of its list, can be equal to an id. Of several types some may be: a
 * document whose key is of another type than all others, which any insert without a key makes where
 * keys are numbers, is not to take a relationship away.
 */
function holds({ kind, elements }: FieldFacts, id: FieldKind): boolean {
  const own = kind === 'array' ? elements : kind
  if (own === null || own === 'any') return false
  // of an empty collection nothing is known
  return id === 'any' || own === 'mixed' || id === 'mixed' || isComparable(own, id)
}

function keyOf(
  origin: BuiltRelation,
  target: BuiltRelation,
  columns: readonly ColumnPair[],
): ForeignKey {
  const own = columns.map(([column]) => column)
  return {
    constraint: `${origin.relation.name}_${own.join('_')}_fkey`,
    origin: nameOf(origin),
    target: nameOf(target),
    columns,
    isUnique: isUnique(origin, own),
    holdsList: own.some((column) => origin.facts.fields.get(column)?.kind === 'array'),
  }
}

/** No two documents hold the same. */
function isUnique({ facts }: BuiltRelation, columns: readonly string[]): boolean {
  const wanted = new Set(columns)
  return facts.uniqueIndexes.some(
    (index) =>
      index.columns.length === wanted.size && index.columns.every((name) => wanted.has(name)),
  )
}

type Find = (text: string) => BuiltRelation | undefined

const noKeys: Keys = { foreignKeys: [], uniqueKeys: [], unusableRelationships: [] }

/** None where a collection that it names is not there: it comes with its first document. */
function declaredKey(key: DeclaredKey, find: Find): Keys {
  const origin = find(key.from)
  const target = find(key.to)
  if (origin === undefined || target === undefined) return noKeys
  const cause = misfit(origin, target, key.columns)
  if (cause !== null) return unusable(key, cause)
  const made = keyOf(origin, target, key.columns)
  const isUniqueKey = made.isUnique || key.isUnique
  return { ...noKeys, foreignKeys: [{ ...made, constraint: key.name, isUnique: isUniqueKey }] }
}

/** Two keys of the relation between, which are its key together. */
function declaredJunction(junction: DeclaredJunction, find: Find): Keys {
  const { name, fromColumns, toColumns } = junction
  const through = find(junction.through)
  const from = find(junction.from)
  const to = find(junction.to)
  if (through === undefined || from === undefined || to === undefined) return noKeys
  const cause = misfit(through, from, fromColumns) ?? misfit(through, to, toColumns)
  if (cause !== null) return unusable(junction, cause)
  const half = (target: BuiltRelation, columns: readonly ColumnPair[]): ForeignKey => {
    const key = keyOf(through, target, columns)
    return { ...key, constraint: `${name}_${columns.map(([own]) => own).join('_')}` }
  }
  const columns = [...new Set([...fromColumns, ...toColumns].map(([own]) => own))]
  return {
    ...noKeys,
    foreignKeys: [half(from, fromColumns), half(to, toColumns)],
    uniqueKeys: [{ ...nameOf(through), columns }],
  }
}

function unusable({ name }: DeclaredRelationship, cause: string): Keys {
  return { ...noKeys, unusableRelationships: [{ name, cause }] }
}

/** Why the one cannot lead to the other by these columns; null: it can. */
function misfit(
  origin: BuiltRelation,
  target: BuiltRelation,
  pairs: readonly ColumnPair[],
): string | null {
  if (origin.relation.schema !== target.relation.schema) {
    return `${shownName(origin)} and ${shownName(target)} are in two databases`
  }
  for (const [own, theirs] of pairs) {
    if (!hasColumn(origin, own)) return `${shownName(origin)} has no column ${own}`
    if (!hasColumn(target, theirs)) return `${shownName(target)} has no column ${theirs}`
  }
  return null
}

function shownName({ relation: { schema, name } }: BuiltRelation): string {
  return `${schema}.${name}`
}

function hasColumn({ relation, facts }: BuiltRelation, name: string): boolean {
  return facts.fields.has(name) || !relation.isClosed
}
