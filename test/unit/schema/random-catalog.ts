/**
 * Random catalogs, changed at random, and all that a snapshot of one says: for what has to be true of
 * every catalog.
 */
import { expect } from 'vitest'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'
import type {
  Catalog,
  CatalogRelation,
  ForeignKey,
  Routine,
  ViewKeyDependency,
} from '../../../src/schema/catalog.ts'
import type { ComputedRelationship } from '../../../src/schema/relationships/relationship.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { representation } from '../../support/snapshot.ts'
import { column, computed, dependency, key, named, relation, routine } from './sample-catalog.ts'

/** Mulberry32: the same numbers for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const tables = ['a', 'b', 'c', 'other.d', 'private.e', 'hub']
const views = ['v', 'other.w', 'private.x']
const columnNames = ['id', 'x', 'y', 'z']

export interface Dice {
  readonly below: (limit: number) => number
  readonly oneOf: <T>(list: readonly T[]) => T
  readonly some: <T>(list: readonly T[]) => readonly T[]
}

export function dice(random: () => number): Dice {
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    below,
    oneOf: (list) => {
      const chosen = list[below(list.length)]
      if (chosen === undefined) throw new Error('nothing to choose from')
      return chosen
    },
    some: (list) => list.filter(() => random() < 0.5),
  }
}

function randomRelation(name: string, { below, some, oneOf }: Dice): CatalogRelation {
  const columns = some(columnNames).map((each) =>
    column(each, { isNullable: below(2) === 0, enumValues: some(['p', 'q']) }),
  )
  return relation(name, some(columnNames), {
    kind: views.includes(name) ? oneOf(['view', 'materialized-view']) : 'table',
    description: oneOf([null, 'words']),
    canInsert: below(4) > 0,
    columns,
  })
}

function randomKey({ below, oneOf }: Dice): ForeignKey {
  const [from, to] = [oneOf(tables), oneOf(tables)]
  const made = key(
    `${named(from).name}_${below(3)}`,
    `${from}(${oneOf(columnNames)})`,
    `${to}(${oneOf(columnNames)})`,
    below(4) === 0,
  )
  return below(8) === 0 ? { ...made, holdsList: true } : made
}

function randomDependency(keys: readonly ForeignKey[], random: Dice): ViewKeyDependency {
  const { below, oneOf } = random
  const kind = oneOf(['primary-key', 'foreign-key', 'foreign-key-reference'] as const)
  const { constraint, origin, target, columns } = keys.length > 0 ? oneOf(keys) : randomKey(random)
  const [table, side] = kind === 'foreign-key-reference' ? [target, 1] : [origin, 0]
  const carried = below(4) === 0 ? ['x', 'y'] : [oneOf(columnNames)]
  return {
    ...dependency(kind, constraint, `${table.schema}.${table.name}`, oneOf(views), {}),
    columns: columns.map((pair) => [pair[side === 1 ? 1 : 0], carried]),
  }
}

function randomComputed({ oneOf, below }: Dice): ComputedRelationship {
  const origin = oneOf([...tables, ...views, 'composite'])
  return computed(oneOf(['f', 'g', 'a', 'other.h']), origin, oneOf(tables), below(2) === 0)
}

function randomRoutine({ oneOf, some }: Dice): Routine {
  return {
    ...routine(oneOf(['f', 'g', 'other.h', 'private.i']), some(columnNames)),
    description: oneOf([null, 'words']),
  }
}

/** One member goes, comes, is made anew, moves, or is replaced by an equal one. */
function changedList<T>(list: readonly T[], make: () => T, { below, oneOf }: Dice): readonly T[] {
  const at = below(list.length)
  switch (below(list.length === 0 ? 1 : 6)) {
    case 0:
      return list.toSpliced(at, 0, make())
    case 1:
      return list.toSpliced(at, 1)
    case 2:
      return list.toSpliced(at, 1, make())
    case 3:
      return list.toSpliced(at, 1).toSpliced(below(list.length), 0, oneOf(list.slice(at, at + 1)))
    case 4:
      return list.map((member, place) => (place === at ? structuredClone(member) : member))
    default:
      return structuredClone(list)
  }
}

/** Relations, and what is known once of each, have no two members of one name. */
function distinct<T>(list: readonly T[], nameOf: (member: T) => string): readonly T[] {
  return [...new Map(list.map((member) => [nameOf(member), member])).values()]
}

export function changedCatalog(before: Catalog, random: Dice): Catalog {
  const { oneOf, some } = random
  const names = [...tables, ...views]
  const byName = ({ schema, name }: { schema: string; name: string }) => `${schema}.${name}`
  const changed = <T>(list: readonly T[] | undefined, make: () => T) =>
    changedList(list ?? [], make, random)
  switch (oneOf([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 7, 8])) {
    case 0: {
      const relations = changed(before.relations, () => randomRelation(oneOf(names), random))
      return { ...before, relations: distinct(relations, byName) }
    }
    case 1:
      return { ...before, foreignKeys: changed(before.foreignKeys, () => randomKey(random)) }
    case 2: {
      const make = () => randomDependency(before.foreignKeys, random)
      return { ...before, viewKeyDependencies: changed(before.viewKeyDependencies, make) }
    }
    case 3: {
      const make = () => randomComputed(random)
      return { ...before, computedRelationships: changed(before.computedRelationships, make) }
    }
    case 4:
      return { ...before, routines: changed(before.routines, () => randomRoutine(random)) }
    case 5: {
      const make = () => ({
        relation: named(oneOf(names)),
        name: 'field',
        baseType: oneOf(['t', 'u']),
      })
      const fields = changed(before.computedFields, make)
      return { ...before, computedFields: distinct(fields, (each) => byName(each.relation)) }
    }
    case 6: {
      const make = () => ({ ...named(oneOf(tables)), columns: some(columnNames) })
      return { ...before, uniqueKeys: changed(before.uniqueKeys, make) }
    }
    case 7: {
      const make = () => ({ ...named('private.e'), primaryKey: some(columnNames) })
      return { ...before, hiddenPrimaryKeys: changed(before.hiddenPrimaryKeys, make).slice(0, 1) }
    }
    default: {
      const make = () => representation(oneOf(['s', 't']), oneOf(['json', 'text']), 'r')
      const casts = changed(before.representations, make)
      const unreadableRelations = some(views).map((name) => ({ ...named(name), cause: 'gone' }))
      return { ...before, representations: casts, unreadableRelations }
    }
  }
}

/** All that a snapshot says, in its order. */
export function contentsOf(snapshot: SchemaSnapshot): unknown {
  const { relationships, sources: _, suggestRelation: __, ...rest } = snapshot
  const schemas = ['test', 'other', 'private']
  return {
    ...rest,
    relations: [...snapshot.relations],
    routines: [...snapshot.routines],
    representations: [...snapshot.representations].map(([source, targets]) => [
      source,
      [...targets],
    ]),
    pairCount: relationships.pairCount,
    relationships: relationships.origins().map((origin) => {
      const found = relationships.get(origin)
      expect(runAtOnce(relationships.peekInSteps(origin))).toBe(found)
      return found === undefined ? [origin] : [origin, [...found]]
    }),
    related: schemas.map((schema) => relationships.originsRelatedTo(schema)),
  }
}
