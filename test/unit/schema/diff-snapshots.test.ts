import { describe, expect, test } from 'vitest'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import { diffSnapshots, diffSnapshotsInSlices } from '../../../src/schema/diff-snapshots.ts'
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
      { added: [], removed: [], changed: ['test.films'] },
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
      { added: [], removed: [], changed: ['test.films'] },
    ],
    [
      'both ends of a new foreign key',
      { ...before, foreignKeys: [key('fk', 'films(id)', 'directors(id)')] },
      { added: [], removed: [], changed: ['test.directors', 'test.films'] },
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
        representations: [representation('a', 'json', 'r')],
        mediaHandlers: [
          { mediaType: 'a/b', relation: null, routine: { schema: 'test', name: 'h' } },
        ],
        engineFacts: { title: 'role settings' },
      },
      {
        added: [],
        removed: [],
        changed: ['engine', 'domain representations', 'media type handlers', 'role settings'],
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
    expect(diffSnapshots(build(before), build(after)).changed).toEqual(['test.films'])
  })

  test('in slices comes to the same', async () => {
    const next = build({ ...before, relations: [relation('films')] })
    const slices = { pause: () => Promise.resolve(), now: () => performance.now(), budgetMs: 0 }
    expect(await diffSnapshotsInSlices(build(before), next, slices)).toEqual(
      diffSnapshots(build(before), next),
    )
  })
})
