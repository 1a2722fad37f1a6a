import { describe, expect, test } from 'vitest'
import { SqliteFacts } from '../../../src/backends/sqlite/catalog/sqlite-facts.ts'
import { qualifiedName } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog, CatalogRelation } from '../../../src/schema/catalog.ts'
import {
  diffSnapshots,
  diffSnapshotsInSlices,
  noChanges,
} from '../../../src/schema/diff-snapshots.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { representation } from '../../support/snapshot.ts'
import { capabilities, catalog, column, key, options, relation, routine } from './sample-catalog.ts'

const before: Partial<Catalog> = {
  relations: [relation('films'), relation('directors'), relation('actors')],
  routines: [routine('add', ['a', 'b'])],
}

function build(parts: Partial<Catalog>, version = 1): SchemaSnapshot {
  return buildSnapshot(catalog(parts), options, version, new Date(version))
}

describe('diffSnapshots', () => {
  test('finds nothing between two builds of one catalog', () => {
    expect(diffSnapshots(build(before, 1), build(before, 2))).toEqual({
      added: [],
      removed: [],
      changed: [],
    })
  })

  test('against nothing everything is new', () => {
    expect(diffSnapshots(null, build(before))).toEqual({
      added: ['test.actors', 'test.directors', 'test.films', 'test.add()'],
      removed: [],
      changed: [],
    })
  })

  test.each<[string, Partial<Catalog>, ReturnType<typeof diffSnapshots>]>([
    [
      'relations that came and went',
      { ...before, relations: [relation('films'), relation('directors'), relation('roles')] },
      { added: ['test.roles'], removed: ['test.actors'], changed: [] },
    ],
    [
      'a new column',
      {
        ...before,
        relations: [
          relation('films', ['id'], { columns: [column('id'), column('name'), column('year')] }),
          relation('directors'),
          relation('actors'),
        ],
      },
      { added: [], removed: [], changed: ['test.films(columns)'] },
    ],
    [
      'another type of a column',
      {
        ...before,
        relations: [
          relation('films', ['id'], { columns: [column('id', { baseType: 'bigint' })] }),
          relation('directors'),
          relation('actors'),
        ],
      },
      { added: [], removed: [], changed: ['test.films(columns)'] },
    ],
    [
      'both ends of a new foreign key',
      { ...before, foreignKeys: [key('fk', 'films(id)', 'directors(id)')] },
      {
        added: [],
        removed: [],
        changed: ['test.directors(relationships)', 'test.films(relationships)'],
      },
    ],
    [
      'a function with another signature, and a dropped one',
      { ...before, routines: [routine('add', ['a'])] },
      { added: [], removed: [], changed: ['test.add()'] },
    ],
    [
      'a dropped function',
      { ...before, routines: [] },
      { added: [], removed: ['test.add()'], changed: [] },
    ],
    [
      'what has no name of its own',
      {
        ...before,
        capabilities: { ...capabilities, serverVersion: '18.2' },
        unusableRelationships: [{ name: 'made_by', cause: 'no' }],
        representations: [representation('a', 'json', 'r')],
        mediaHandlers: [
          { mediaType: 'a/b', relation: null, routine: { schema: 'test', name: 'h' } },
        ],
        engineFacts: { parts: [{ title: 'role settings', kind: 'whole', facts: 1 }] },
      },
      {
        added: [],
        removed: [],
        changed: [
          'unusable relationships',
          'engine',
          'domain representations',
          'media type handlers',
          'role settings',
        ],
      },
    ],
  ])('tells %s', (_, after, expected) => {
    expect(diffSnapshots(build(before), build(after))).toEqual(expected)
  })

  test('a column moved to another place is a change', () => {
    const turned = relation('films', ['id'], {
      columns: [...relation('films').columns].reverse(),
    })
    const after = { ...before, relations: [turned, relation('directors'), relation('actors')] }
    expect(diffSnapshots(build(before), build(after)).changed).toEqual(['test.films(columns)'])
  })

  test.each<[string, Partial<CatalogRelation>, string]>([
    ['a comment', { description: 'moving pictures' }, 'comment'],
    ['a right to write', { canInsert: false }, 'writes'],
    ['a primary key', { primaryKey: ['name'] }, 'key'],
    ['a foreign table in its place', { kind: 'foreign-table' }, 'kind'],
    ['several', { primaryKey: [], columns: [column('id')] }, 'key, columns'],
  ])('%s of a relation is named', (_, change, parts) => {
    const films = relation('films', ['id'], change)
    const after = { ...before, relations: [films, relation('directors'), relation('actors')] }
    const { changed } = diffSnapshots(build(before), build(after))
    expect(changed).toEqual([`test.films(${parts})`])
  })

  test('what functions return, as a column or with columns of their own, is a change', () => {
    const films = qualifiedName('test', 'films')
    const field = (baseType: string) => [{ relation: films, name: 'words', baseType }]
    const text = { ...before, computedFields: field('text') }
    const vector = { ...before, computedFields: field('tsvector') }
    expect(diffSnapshots(build(text), build(vector)).changed).toEqual([
      'test.films(computed fields)',
    ])
    expect(diffSnapshots(build(text), build({ ...text }))).toEqual(noChanges)

    const returning = (type: string) => {
      const add = routine('add', ['a', 'b'])
      const returns = { ...add.returns, columnTypes: new Map([['words', type]]) }
      return { ...before, routines: [{ ...add, returns }] }
    }
    const { changed } = diffSnapshots(build(returning('text')), build(returning('tsvector')))
    expect(changed).toEqual(['test.add()'])
  })

  test('a relation that cannot be read any more is told from one that is gone', () => {
    const broken = { ...qualifiedName('test', 'v'), cause: 'no such table: gone' }
    const hidden = { ...broken, schema: 'hidden' }
    const after = { ...before, unreadableRelations: [broken, hidden] }
    expect(build(after).unreadableRelations).toEqual([broken])
    expect(diffSnapshots(build(before), build(after)).changed).toEqual(['unreadable relations'])
    expect(diffSnapshots(build(after), build(after))).toEqual(noChanges)
  })

  test('a computed relationship of what is no relation is a change', () => {
    const [origin, target] = [qualifiedName('test', 'pair'), qualifiedName('test', 'films')]
    const routine = qualifiedName('test', 'films_of')
    const computed = {
      kind: 'computed' as const,
      routine,
      origin,
      target,
      isToOne: false,
      isSelf: false,
    }
    const after = { ...before, computedRelationships: [computed] }
    expect(diffSnapshots(build(before), build(after)).changed).toEqual(['relationships'])
  })

  test('members of a set are compared', () => {
    const facts = (...strict: readonly string[]) =>
      build({ ...before, engineFacts: new SqliteFacts({ strictRelations: new Set(strict) }) })
    expect(diffSnapshots(facts('a'), facts('a'))).toEqual(noChanges)
    expect(diffSnapshots(facts('a'), facts('b')).changed).toHaveLength(1)
    expect(diffSnapshots(facts('a'), facts('a', 'b')).changed).toHaveLength(1)
  })

  test('of a relation that came or went, no facts are told besides', () => {
    const built = (relations: Catalog['relations'], ...strict: readonly string[]) =>
      build({
        ...before,
        relations,
        engineFacts: new SqliteFacts({ strictRelations: new Set(strict) }),
      })
    const few = built([relation('films')], 'films')
    const more = built([relation('films'), relation('more')], 'films', 'more')
    expect(diffSnapshots(few, more)).toEqual({ added: ['test.more'], removed: [], changed: [] })
    expect(diffSnapshots(more, few)).toEqual({ added: [], removed: ['test.more'], changed: [] })
    const loose = built([relation('films'), relation('more')], 'more')
    expect(diffSnapshots(few, loose).changed).toEqual(['strict tables'])
  })

  test('the order in which keys and casts were read is no change', () => {
    const keys = [key('fk', 'films(id)', 'directors(id)'), key('other', 'films(id)', 'far.x(id)')]
    const casts = [representation('a', 'json', 'r'), representation('a', 'text', 's')]
    const wide = { ...options, dbSchemas: ['test', 'far'] }
    const relations = [...(before.relations ?? []), { ...relation('x'), schema: 'far' }]
    const read = (foreignKeys: Catalog['foreignKeys'], representations: typeof casts) =>
      buildSnapshot(
        catalog({ ...before, relations, foreignKeys, representations }),
        wide,
        1,
        new Date(1),
      )
    const forth = read(keys, casts)
    const back = read([...keys].reverse(), [...casts].reverse())
    expect(diffSnapshots(forth, back)).toEqual(noChanges)
  })

  test('in slices comes to the same', async () => {
    const next = build({ ...before, relations: [relation('films')] })
    const slices = { pause: () => Promise.resolve(), now: () => performance.now(), budgetMs: 0 }
    expect(await diffSnapshotsInSlices(build(before), next, slices)).toEqual(
      diffSnapshots(build(before), next),
    )
  })
})
