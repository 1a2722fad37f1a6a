import { describe, expect, test } from 'vitest'
import { PostgresFacts } from '../../../src/backends/postgres/catalog/postgres-facts.ts'
import { SqliteFacts } from '../../../src/backends/sqlite/catalog/sqlite-facts.ts'
import { qualifiedName } from '../../../src/core/qualified-name.ts'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog, CatalogRelation } from '../../../src/schema/catalog.ts'
import { diffSnapshots, diffSnapshotsInSlices } from '../../../src/schema/diff-snapshots.ts'
import {
  nameChanges,
  noChanges,
  type RelationChange,
  type SchemaChange,
  type SnapshotDiff,
} from '../../../src/schema/schema-change.ts'
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

function namesOf(previous: SchemaSnapshot | null, next: SchemaSnapshot): SnapshotDiff {
  return nameChanges(diffSnapshots(previous, next))
}

describe('diffSnapshots', () => {
  test('finds nothing between two builds of one catalog', () => {
    expect(namesOf(build(before, 1), build(before, 2))).toEqual({
      added: [],
      removed: [],
      changed: [],
    })
  })

  test('against nothing everything is new', () => {
    expect(namesOf(null, build(before))).toEqual({
      added: ['test.actors', 'test.directors', 'test.films', 'test.add()'],
      removed: [],
      changed: [],
    })
  })

  test.each<[string, Partial<Catalog>, SnapshotDiff]>([
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
    expect(namesOf(build(before), build(after))).toEqual(expected)
  })

  test('a column moved to another place is a change', () => {
    const turned = relation('films', ['id'], {
      columns: [...relation('films').columns].reverse(),
    })
    const after = { ...before, relations: [turned, relation('directors'), relation('actors')] }
    expect(namesOf(build(before), build(after)).changed).toEqual(['test.films(columns)'])
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
    const { changed } = namesOf(build(before), build(after))
    expect(changed).toEqual([`test.films(${parts})`])
  })

  test('what functions return, as a column or with columns of their own, is a change', () => {
    const films = qualifiedName('test', 'films')
    const field = (baseType: string) => [{ relation: films, name: 'words', baseType }]
    const text = { ...before, computedFields: field('text') }
    const vector = { ...before, computedFields: field('tsvector') }
    expect(namesOf(build(text), build(vector)).changed).toEqual(['test.films(computed fields)'])
    expect(namesOf(build(text), build({ ...text }))).toEqual(noChanges)

    const returning = (type: string) => {
      const add = routine('add', ['a', 'b'])
      const returns = { ...add.returns, columnTypes: new Map([['words', type]]) }
      return { ...before, routines: [{ ...add, returns }] }
    }
    const { changed } = namesOf(build(returning('text')), build(returning('tsvector')))
    expect(changed).toEqual(['test.add()'])
  })

  test('a relation that cannot be read any more is told from one that is gone', () => {
    const broken = { ...qualifiedName('test', 'v'), cause: 'no such table: gone' }
    const hidden = { ...broken, schema: 'hidden' }
    const after = { ...before, unreadableRelations: [broken, hidden] }
    expect(build(after).unreadableRelations).toEqual([broken])
    expect(namesOf(build(before), build(after)).changed).toEqual(['unreadable relations'])
    expect(namesOf(build(after), build(after))).toEqual(noChanges)
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
    expect(namesOf(build(before), build(after)).changed).toEqual(['relationships'])
  })

  test('members of a set are compared', () => {
    const facts = (...strict: readonly string[]) =>
      build({ ...before, engineFacts: new SqliteFacts({ strictRelations: new Set(strict) }) })
    expect(namesOf(facts('a'), facts('a'))).toEqual(noChanges)
    expect(namesOf(facts('a'), facts('b')).changed).toHaveLength(1)
    expect(namesOf(facts('a'), facts('a', 'b')).changed).toHaveLength(1)
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
    expect(namesOf(few, more)).toEqual({ added: ['test.more'], removed: [], changed: [] })
    expect(namesOf(more, few)).toEqual({ added: [], removed: ['test.more'], changed: [] })
    const loose = built([relation('films'), relation('more')], 'more')
    expect(namesOf(few, loose).changed).toEqual(['strict tables'])
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
    expect(namesOf(forth, back)).toEqual(noChanges)
  })

  describe('tells what was before and what is now', () => {
    const films = relation('films')
    const [id = column('id'), name = column('name')] = films.columns
    function changesOf(after: Partial<Catalog>, from: Partial<Catalog> = before) {
      return diffSnapshots(build(from), build({ ...from, ...after }))
    }
    function ofFilms(change: Partial<CatalogRelation>): readonly SchemaChange[] {
      const others = [relation('directors'), relation('actors')]
      return changesOf({ relations: [relation('films', ['id'], change), ...others] })
    }
    const wide = { ...id, baseType: 'bigint', nominalType: 'bigint' }
    const noted = { description: 'moving pictures', canInsert: false, primaryKey: ['name'] }

    test.each<[string, Partial<CatalogRelation>, readonly RelationChange[]]>([
      [
        'columns that came and went',
        { columns: [id, column('year')] },
        [
          { kind: 'column-added', column: column('year') },
          { kind: 'column-removed', column: name },
        ],
      ],
      [
        'a column of another type',
        { columns: [wide, name] },
        [{ kind: 'column-changed', before: id, after: wide }],
      ],
      [
        'the order of columns',
        { columns: [column('year'), name, id] },
        [
          { kind: 'column-added', column: column('year') },
          { kind: 'columns-moved', before: ['id', 'name'], after: ['name', 'id'] },
        ],
      ],
      [
        'the rest',
        { kind: 'foreign-table', isClosed: false, ...noted },
        [
          { kind: 'kind-changed', before: 'table', after: 'foreign-table' },
          { kind: 'comment-changed', before: null, after: 'moving pictures' },
          {
            kind: 'writes-changed',
            before: { canInsert: true, canUpdate: true, canDelete: true },
            after: { canInsert: false, canUpdate: true, canDelete: true },
          },
          { kind: 'key-changed', before: ['id'], after: ['name'] },
          { kind: 'openness-changed', before: false, after: true },
        ],
      ],
    ])('of a relation: %s', (_, change, expected) => {
      expect(ofFilms(change)).toEqual([
        { kind: 'relation-changed', relation: qualifiedName('test', 'films'), changes: expected },
      ])
    })

    test('of relationships: those that came and went, of several between two relations', () => {
      const keys = [key('a', 'films(a)', 'directors(id)'), key('b', 'films(b)', 'directors(id)')]
      const others = [key('b', 'films(b)', 'directors(id)'), key('c', 'films(c)', 'directors(id)')]
      const changes = changesOf({ foreignKeys: others }, { ...before, foreignKeys: keys })
      const told = changes.flatMap((change) =>
        change.kind === 'relation-changed' ? change.changes.map((each) => [change, each]) : [],
      )
      expect(told).toMatchObject(
        [
          ['directors', 'relationship-added', 'c'],
          ['directors', 'relationship-removed', 'a'],
          ['films', 'relationship-added', 'c'],
          ['films', 'relationship-removed', 'a'],
        ].map(([relationName, kind, constraint]) => [
          { relation: { name: relationName } },
          { kind, relationship: { cardinality: { constraint } } },
        ]),
      )
    })

    test('of relationships that are not listed: to which schemas they lead', () => {
      const after = { foreignKeys: [key('fk', 'films(far_id)', 'private.far(id)')] }
      expect(changesOf(after)).toEqual([
        {
          kind: 'relation-changed',
          relation: qualifiedName('test', 'films'),
          changes: [{ kind: 'related-schemas-changed', before: [], after: ['private'] }],
        },
      ])
    })

    test('of functions: all overloads', () => {
      const [one, two] = [routine('add', ['a']), routine('add', ['a', 'b'])]
      const name = qualifiedName('test', 'add')
      expect(changesOf({ routines: [one, two] })).toMatchObject([
        { kind: 'function-changed', routine: name, before: [two], after: [one, two] },
      ])
      expect(changesOf({ routines: [] })).toMatchObject([
        { kind: 'function-removed', routine: name, before: [two] },
      ])
    })

    test('of facts that have names: which of them', () => {
      const facts = (roles: Record<string, string>) => ({
        engineFacts: new PostgresFacts(
          new Map(
            Object.entries(roles).map(([role, timeout]) => [
              role,
              { isolationLevel: null, settings: [['statement_timeout', timeout]] },
            ]),
          ),
        ),
      })
      const settings = facts({ ada: '1s', bob: '1s', eve: '1s' })
      const others = facts({ ada: '1s', bob: '2s', dan: '1s' })
      expect(changesOf(others, settings)).toEqual([
        { kind: 'part-changed', part: 'role settings', entries: ['bob', 'dan', 'eve'] },
      ])
    })
  })

  test('in slices comes to the same', async () => {
    const next = build({ ...before, relations: [relation('films')] })
    const slices = { pause: () => Promise.resolve(), now: () => performance.now(), budgetMs: 0 }
    expect(await diffSnapshotsInSlices(build(before), next, slices)).toEqual(
      diffSnapshots(build(before), next),
    )
  })
})
