/**
 * Random catalogs and random changes of them: a snapshot that takes over what stayed the same from the
 * one before equals one that is made from nothing, and the diff of two that share most of their parts
 * tells what that of two deep copies tells.
 */
import { describe, expect, test } from 'vitest'
import { isSameLookup } from '../../../src/core/is-same.ts'
import { nameKey } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog, ViewKeyDependency } from '../../../src/schema/catalog.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import type { SchemaChange } from '../../../src/schema/schema-change.ts'
import type { SchemaOptions, SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { changedCatalog, contentsOf, dice, randomNumbers } from './random-catalog.ts'
import {
  catalog,
  column,
  dependency,
  key,
  named,
  options,
  relation,
  routine,
  view,
} from './sample-catalog.ts'

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
