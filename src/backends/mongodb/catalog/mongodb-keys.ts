/**
 * How collections lead to each other, in a database that knows no foreign keys: what is declared,
 * what the names of fields say by convention, and DBRefs. A declared key takes the place of another
 * over the same columns. Keys stay inside a database.
 */
import { nameKey, type QualifiedName, sameName } from '../../../core/qualified-name.ts'
import type { Catalog, ForeignKey } from '../../../schema/catalog.ts'
import type { ColumnPair } from '../../../schema/relationship.ts'
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

type Keys = Pick<Catalog, 'foreignKeys'> & Required<Pick<Catalog, 'uniqueKeys'>>

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
  for (const each of declared) {
    if (each.kind === 'key') keys.push(...declaredKey(each, find))
    else {
      const junction = declaredJunction(each, find)
      keys.push(...junction.foreignKeys)
      unique.push(...junction.uniqueKeys)
    }
  }
  const taken = new Set(keys.map(originColumns))
  for (const each of relations) {
    const own = [...conventionKeys(each, targets), ...referenceKeys(each, targets, samples)]
    keys.push(...own.filter((key) => !taken.has(originColumns(key))))
  }
  return { foreignKeys: keys, uniqueKeys: unique }
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
      // its own name beside _id is another key of the collection itself
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

/** None where what it names is not there, or not in one database. */
function declaredKey(key: DeclaredKey, find: Find): readonly ForeignKey[] {
  const origin = find(key.from)
  const target = find(key.to)
  if (origin === undefined || target === undefined || !fits(origin, target, key.columns)) return []
  const made = keyOf(origin, target, key.columns)
  return [{ ...made, constraint: key.name, isUnique: made.isUnique || key.isUnique }]
}

/** Two keys of the relation between, which are its key together. */
function declaredJunction(junction: DeclaredJunction, find: Find): Keys {
  const { name, fromColumns, toColumns } = junction
  const through = find(junction.through)
  const from = find(junction.from)
  const to = find(junction.to)
  const isThere =
    through !== undefined &&
    from !== undefined &&
    to !== undefined &&
    fits(through, from, fromColumns) &&
    fits(through, to, toColumns)
  if (!isThere) return { foreignKeys: [], uniqueKeys: [] }
  const half = (target: BuiltRelation, columns: readonly ColumnPair[]): ForeignKey => {
    const key = keyOf(through, target, columns)
    return { ...key, constraint: `${name}_${columns.map(([own]) => own).join('_')}` }
  }
  const columns = [...new Set([...fromColumns, ...toColumns].map(([own]) => own))]
  return {
    foreignKeys: [half(from, fromColumns), half(to, toColumns)],
    uniqueKeys: [{ ...nameOf(through), columns }],
  }
}

function fits(origin: BuiltRelation, target: BuiltRelation, pairs: readonly ColumnPair[]): boolean {
  return (
    origin.relation.schema === target.relation.schema &&
    pairs.every(([own, theirs]) => hasColumn(origin, own) && hasColumn(target, theirs))
  )
}

function hasColumn({ relation, facts }: BuiltRelation, name: string): boolean {
  return facts.fields.has(name) || !relation.isClosed
}
