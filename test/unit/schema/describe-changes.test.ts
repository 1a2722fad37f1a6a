/**
 * The entries that the history of reloads has for what changed, by the snapshots before and after.
 */
import { expect, test } from 'vitest'
import { buildSnapshot } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import { describeChanges } from '../../../src/schema/describe-changes.ts'
import { diffSnapshots } from '../../../src/schema/diff-snapshots.ts'
import { catalog, column, key, options, relation, routine } from './sample-catalog.ts'

const films = relation('films', ['id'], { columns: [column('id'), column('title')] })
const before: Partial<Catalog> = {
  relations: [films, relation('directors')],
  routines: [routine('add', ['a'])],
}

function entries(after: Partial<Catalog>): readonly string[] {
  const snapshot = (parts: Partial<Catalog>) =>
    buildSnapshot(catalog(parts), options, 1, new Date(0))
  const changes = diffSnapshots(snapshot(before), snapshot(after))
  return [...describeChanges(changes)].map((change) => {
    const { kind, subject, name, part } = change
    const texts = `${change.before ?? '-'} | ${change.after ?? '-'}`
    return `${kind} ${subject} ${name}${part === null ? '' : ` (${part})`}: ${texts}`
  })
}

const type = column('id').nominalType
const table = (columns: readonly ReturnType<typeof column>[], part: object = {}) => ({
  ...before,
  relations: [relation('films', ['id'], { columns, ...part }), relation('directors')],
})

test.each<[string, Partial<Catalog>, readonly string[]]>([
  ['nothing', before, []],
  [
    'relations',
    { ...before, relations: [films, relation('actors')] },
    [
      expect.stringMatching(/^added relation test\.actors: - \| table, \d columns?, key id$/),
      expect.stringMatching(/^removed relation test\.directors: table, .* \| -$/),
    ],
  ],
  [
    'columns that came and went',
    table([column('id'), { ...column('seen'), isNullable: false, defaultExpression: '0' }]),
    [
      `added column test.films.seen: - | ${type} not null default 0`,
      expect.stringContaining('removed column test.films.title: '),
    ],
  ],
  [
    'a type, and whether null is allowed',
    table([column('id'), { ...column('title'), nominalType: 'varchar(9)', isNullable: false }]),
    [
      `changed column test.films.title (type): ${column('title').nominalType} | varchar(9)`,
      'changed column test.films.title (null): allowed | refused',
    ],
  ],
  [
    'what a column has beside them',
    table([column('id'), { ...column('title'), isGenerated: true }]),
    ['changed column test.films.title (properties): - | -'],
  ],
  [
    'a key',
    { ...before, relations: [{ ...films, primaryKey: ['id', 'title'] }, relation('directors')] },
    ['changed key test.films (primary key): id | id, title'],
  ],
  [
    'a comment',
    { ...before, relations: [{ ...films, description: 'All of them' }, relation('directors')] },
    ['changed relation test.films (comment): - | All of them'],
  ],
  [
    'relationships, at both ends',
    { ...before, foreignKeys: [key('made_by', 'films(title)', 'directors(id)')] },
    [
      'added relationship test.directors: - | one-to-many → test.films by made_by (id = title)',
      'added relationship test.films: - | many-to-one → test.directors by made_by (title = id)',
    ],
  ],
  [
    'a function',
    { ...before, routines: [routine('add', ['a', 'b'])] },
    [expect.stringMatching(/^changed function test\.add: \(a .*\) → .* \| \(a .*, b .*\) → /)],
  ],
])('%s', (_, after, expected) => {
  expect(entries(after)).toEqual(expected)
})
