/**
 * Random catalogs and random changes of them: a snapshot that takes over what stayed the same from the
 * one before equals one that is made from nothing, and the diff of two that share most of their parts
 * tells what that of two deep copies tells.
 */
import { describe, expect, test } from 'vitest'
import { isSameLookup } from '../../../src/core/is-same.ts'
import { nameKey } from '../../../src/core/qualified-name.ts'
import { runAtOnce } from '../../../src/core/run-in-slices.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type {
  Catalog,
  CatalogRelation,
  ForeignKey,
  Routine,
  ViewKeyDependency,
} from '../../../src/schema/catalog.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import type { ComputedRelationship } from '../../../src/schema/relationship.ts'
import type { SchemaChange } from '../../../src/schema/schema-change.ts'
import type { SchemaOptions, SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { representation } from '../../support/snapshot.ts'
import {
  catalog,
  column,
  computed,
  dependency,
  key,
  named,
  options,
  relation,
  routine,
  view,
} from './sample-catalog.ts'

/** Mulberry32: the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
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

interface Dice {
  readonly below: (limit: number) => number
  readonly oneOf: <T>(list: readonly T[]) => T
  readonly some: <T>(list: readonly T[]) => readonly T[]
}

function dice(random: () => number): Dice {
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

function changedCatalog(before: Catalog, random: Dice): Catalog {
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
function contentsOf(snapshot: SchemaSnapshot): unknown {
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

/** Relations of both whose relationships differ, found by comparing all of them. */
function relatedOtherwise(before: SchemaSnapshot, after: SchemaSnapshot): readonly string[] {
  return [...after.relations.keys()].filter(
    (origin) =>
      before.relations.has(origin) &&
      !isSameLookup(before.relationships.get(origin), after.relationships.get(origin)),
  )
}

function toldAsRelated(changes: readonly SchemaChange[]): readonly string[] {
  return changes.flatMap((change) =>
    change.kind === 'relation-changed' && change.changes.some(({ kind }) => /^relat/.test(kind))
      ? [nameKey(change.relation)]
      : [],
  )
}

const seeds = Array.from({ length: 40 }, (_, at) => at + 1)

describe('a snapshot that takes over what stayed the same', () => {
  test.each(seeds)('equals one made from nothing, and so do the diffs (%d)', (seed) => {
    const random = dice(randomNumbers(seed))
    const wide: SchemaOptions = { ...options, dbSchemas: ['test', 'other'] }
    const fresh = (from: Catalog, version: number, own = wide) =>
      buildSnapshot(structuredClone(from), own, version, new Date(version))
    let current = catalog()
    let snapshot = buildSnapshot(current, wide, 0, new Date(0))
    for (let version = 1; version <= 40; version += 1) {
      const previous = { snapshot, alone: fresh(current, version - 1, snapshot.options) }
      for (let changes = random.below(4); changes >= 0; changes -= 1) {
        current = changedCatalog(current, random)
      }
      const own = random.below(20) === 0 ? options : wide
      // some were asked for, and are taken over where they may be
      for (const origin of random.some(snapshot.relationships.origins())) {
        snapshot.relationships.get(origin)
      }
      snapshot = buildSnapshot(current, own, version, new Date(version), snapshot)
      const alone = fresh(current, version, own)
      expect(diffSnapshots(previous.snapshot, snapshot)).toEqual(
        diffSnapshots(previous.alone, alone),
      )
      expect(contentsOf(snapshot)).toEqual(contentsOf(alone))
      expect(toldAsRelated(diffSnapshots(previous.alone, alone))).toEqual(
        relatedOtherwise(previous.alone, alone),
      )
    }
  })

  test('has the very same parts where nothing changed', () => {
    const films = relation('films', ['id'])
    const roles = relation('roles', ['film_id', 'actor_id'])
    const before = catalog({
      relations: [relation('actors'), films, relation('lone'), roles],
      foreignKeys: [
        key('film_fkey', 'roles(film_id)', 'films(id)'),
        key('actor_fkey', 'roles(actor_id)', 'actors(id)'),
      ],
      routines: [routine('add', ['a'])],
    })
    const first = buildSnapshot(before, options, 1, new Date(1))
    const related = first.relationships.get('test\0films')
    const lone = relation('lone', ['id'], { columns: [column('id')] })
    const relations = before.relations.map((each) => (each.name === 'lone' ? lone : each))
    const second = buildSnapshot({ ...before, relations }, options, 2, new Date(2), first)
    expect(second.relations.get('test\0lone')?.columns.size).toBe(1)
    expect(second.relations.get('test\0films')).toBe(first.relations.get('test\0films'))
    expect(second.routines).toBe(first.routines)
    expect(second.options).toBe(first.options)
    expect(second.relationships.get('test\0films')).toBe(related)

    const equal = buildSnapshot(structuredClone(before), options, 3, new Date(3), first)
    expect(equal.relations).toBe(first.relations)
    expect(equal.routines).toBe(first.routines)
  })

  const roleKeys = (roles: string) => [
    key('film_fkey', `${roles}(film_id)`, 'films(id)'),
    key('actor_fkey', `${roles}(actor_id)`, 'other.actors(id)'),
  ]
  const both = ['film_id', 'actor_id']
  const carry = (kind: ViewKeyDependency['kind'], constraint: string, ...columns: string[]) =>
    dependency(
      kind,
      constraint,
      'roles',
      'roles_view',
      Object.fromEntries(columns.map((each) => [each, [each]])),
    )
  const carried = [
    carry('foreign-key', 'film_fkey', 'film_id'),
    carry('foreign-key', 'actor_fkey', 'actor_id'),
  ]
  const plainRoles = { relations: [relation('roles')], foreignKeys: roleKeys('roles') }
  const viewOfRoles = {
    relations: [relation('roles'), view('roles_view')],
    foreignKeys: roleKeys('roles'),
  }

  test.each<[string, Partial<Catalog>, Partial<Catalog>]>([
    ['a table with another primary key', plainRoles, { relations: [relation('roles', both)] }],
    [
      'a table with a unique key',
      plainRoles,
      { uniqueKeys: [{ ...named('roles'), columns: both }] },
    ],
    [
      'a table that is not exposed',
      { foreignKeys: roleKeys('private.roles') },
      { hiddenPrimaryKeys: [{ ...named('private.roles'), primaryKey: both }] },
    ],
    [
      'a view that carries the key of its table',
      { ...viewOfRoles, viewKeyDependencies: carried },
      { viewKeyDependencies: [carry('primary-key', 'roles_pkey', ...both), ...carried] },
    ],
    [
      'a view that carries the key of another table',
      { ...viewOfRoles, viewKeyDependencies: carried },
      {
        viewKeyDependencies: [
          { ...carry('primary-key', 'casts_pkey', ...both), table: named('casts') },
          ...carried,
        ],
      },
    ],
  ])('relates through what becomes a junction, and no longer is one: %s', (_, parts, change) => {
    const wide = { ...options, dbSchemas: ['test', 'other'] }
    const without = catalog(parts)
    const build = (from: Catalog, previous: SchemaSnapshot | null) =>
      buildSnapshot(from, wide, 1, new Date(0), previous)
    const schemasOf = (snapshot: SchemaSnapshot) => [
      ...(snapshot.relationships.get('test\0films')?.keys() ?? []),
    ]
    const table = build(without, null)
    expect(schemasOf(table)).not.toContain('other')
    const junction = build({ ...without, ...change }, table)
    expect(schemasOf(junction)).toContain('other')
    expect(junction.relationships.pairCount).toBeGreaterThan(table.relationships.pairCount)
    const again = build(without, junction)
    expect(schemasOf(again)).not.toContain('other')
    expect(again.relationships.pairCount).toBe(table.relationships.pairCount)
    expect(diffSnapshots(table, junction)).not.toEqual([])
  })
})
