/** How collections are found to lead to each other. */
import { describe, expect, test } from 'vitest'
import { buildRelation } from '../../../../../src/backends/mongodb/catalog/build-relation.ts'
import { mongodbKeys } from '../../../../../src/backends/mongodb/catalog/mongodb-keys.ts'
import { readIndexes } from '../../../../../src/backends/mongodb/catalog/read-indexes.ts'
import type {
  SeenField,
  SeenFields,
  SeenKind,
} from '../../../../../src/backends/mongodb/catalog/seen-fields.ts'
import type { DeclaredRelationship } from '../../../../../src/backends/registry/declared-schema.ts'
import { nameKey } from '../../../../../src/core/qualified-name.ts'

/** Shape  `{ films: { _id: 'int or objectId', director_id: 'int', actor_ids: 'int[]', r: '@films' } }` */
type Described = Readonly<Record<string, Readonly<Record<string, string>>>>

const kinds: readonly SeenKind[] = ['int', 'long', 'string', 'objectId', 'document']

function seenField(text: string): SeenField {
  const isList = text.endsWith('[]')
  const named = text.replace('[]', '').split(' or ')
  const found = kinds.filter((kind) => named.includes(kind))
  const references = new Set(text.startsWith('@') ? [text.slice(1)] : [])
  const own: readonly SeenKind[] = references.size > 0 ? ['document'] : isList ? ['array'] : found
  return { kinds: new Set(own), elements: new Set(isList ? found : []), hasNan: false, references }
}

function keysOf(...parts: Parameters<typeof found>): readonly string[] {
  return found(...parts).foreignKeys.map((key) => {
    const { constraint, target, columns, isUnique, holdsList } = key
    const kind = holdsList === true ? ' (list)' : isUnique ? ' (unique)' : ''
    return `${constraint}: ${columns.map((pair) => pair.join(' = ')).join(', ')} of ${target.name}${kind}`
  })
}

function found(
  described: Described,
  declared: readonly DeclaredRelationship[] = [],
  unique: Readonly<Record<string, readonly string[]>> = {},
  closed: readonly string[] = [],
) {
  const read = Object.entries(described).map(([text, fields]) => {
    const [name = '', database = 'shop'] = text.split('@')
    const seen: SeenFields = new Map(
      Object.entries(fields).map(([field, kind]) => [field, seenField(kind)]),
    )
    const indexes = readIndexes(
      (unique[name] ?? []).map((field) => ({ key: { [field]: 1 }, name: field, unique: true })),
      {},
    )
    const listed = { database, name, kind: 'collection', identity: name, options: {} } as const
    const only = { name, comment: null, columns: [], primaryKey: null, isClosed: true }
    const own = closed.includes(name) ? only : null
    return {
      built: buildRelation({ listed, indexes, seen }, { declared: own, isReadOnly: false }),
      seen,
    }
  })
  const samples = new Map(
    read.map(({ built, seen }) => {
      const sample = { identity: '', fingerprint: '', isFull: false, seen }
      return [nameKey(built.relation), sample] as const
    }),
  )
  return mongodbKeys(
    read.map(({ built }) => built),
    samples,
    declared,
    'shop',
  )
}

const directors = { _id: 'objectId' }

describe('keys by convention', () => {
  test.each([
    ['director_id', 'films_director_id_fkey: director_id = _id of directors'],
    ['directorId', 'films_directorId_fkey: directorId = _id of directors'],
  ])('%s leads to directors', (field, key) => {
    expect(keysOf({ films: { _id: 'int', [field]: 'objectId' }, directors })).toEqual([key])
  })

  test('prefer the collection that is called so', () => {
    const director = { _id: 'objectId' }
    expect(keysOf({ films: { director_id: 'objectId' }, director, directors })).toEqual([
      'films_director_id_fkey: director_id = _id of director',
    ])
  })

  test('of lists lead from each member', () => {
    expect(keysOf({ films: { director_ids: 'objectId[]' }, directors })).toEqual([
      'films_director_ids_fkey: director_ids = _id of directors (list)',
    ])
  })

  test.each([
    ['other types', { films: { director_id: 'string' }, directors }],
    ['lists of other types', { films: { director_ids: 'string[]' }, directors }],
    ['nothing but null', { films: { director_id: 'null' }, directors }],
    ['another database', { films: { director_id: 'objectId' }, 'directors@other': directors }],
    ['the collection itself', { films: { _id: 'int', film_id: 'int' } }],
  ])('are none over %s', (_, described) => {
    expect(keysOf(described)).toEqual([])
  })

  test('are there over numbers of another width, and to what is empty', () => {
    expect(keysOf({ films: { maker_id: 'int' }, makers: { _id: 'long' } })).toHaveLength(1)
    expect(keysOf({ films: { maker_id: 'int' }, makers: {} })).toHaveLength(1)
  })

  test('are there over several types, some of which may be equal', () => {
    const makers = { _id: 'int or objectId' }
    expect(keysOf({ films: { maker_id: 'int' }, makers })).toHaveLength(1)
    expect(keysOf({ films: { maker_id: 'int or string' }, makers })).toHaveLength(1)
    expect(keysOf({ films: { maker_id: 'int or string' }, makers: { _id: 'int' } })).toHaveLength(1)
  })

  test('are unique with an index', () => {
    const described = { specs: { film_id: 'int' }, films: { _id: 'int' } }
    expect(keysOf(described, [], { specs: ['film_id'] })).toEqual([
      'specs_film_id_fkey: film_id = _id of films (unique)',
    ])
  })
})

test('a DBRef leads to the collection that it names', () => {
  expect(keysOf({ films: { made: '@directors' }, directors })).toEqual([
    'films_made_fkey: made.$id = _id of directors',
  ])
  expect(keysOf({ films: { made: '@nobody' }, directors })).toEqual([])
})

describe('declared keys', () => {
  const made: DeclaredRelationship = {
    kind: 'key',
    name: 'made_by',
    from: 'films',
    to: 'shop.people',
    columns: [['director_id', '_id']],
    isUnique: false,
  }
  const people = { _id: 'objectId' }

  test('take the place of those by convention', () => {
    expect(keysOf({ films: { director_id: 'objectId' }, directors, people }, [made])).toEqual([
      'made_by: director_id = _id of people',
    ])
  })

  test('are none while what they name is not there', () => {
    expect(keysOf({ films: { director_id: 'objectId' }, directors }, [made])).toEqual([
      'films_director_id_fkey: director_id = _id of directors',
    ])
  })

  test('between two databases are told of', () => {
    const described = { films: { director_id: 'objectId' }, 'people@other': people }
    const across = { ...made, to: 'other.people' }
    const { foreignKeys, unusableRelationships } = found(described, [across])
    expect(foreignKeys).toEqual([])
    expect(unusableRelationships).toEqual([
      { name: 'made_by', cause: 'shop.films and other.people are in two databases' },
    ])
  })

  test('over what a closed relation has not are told of', () => {
    const { unusableRelationships } = found({ films: {}, people }, [made], {}, ['people'])
    expect(unusableRelationships).toEqual([
      { name: 'made_by', cause: 'shop.people has no column _id' },
    ])
  })

  test('may be over fields that nobody has seen', () => {
    expect(keysOf({ films: {}, people }, [made])).toHaveLength(1)
  })

  test('through a relation are two keys of it', () => {
    const cast: DeclaredRelationship = {
      kind: 'junction',
      name: 'cast',
      from: 'films',
      to: 'people',
      through: 'roles',
      fromColumns: [['film', '_id']],
      toColumns: [['person', '_id']],
    }
    const described = { films: {}, people, roles: { film: 'objectId', person: 'objectId' } }
    expect(keysOf(described, [cast])).toEqual([
      'cast_film: film = _id of films',
      'cast_person: person = _id of people',
    ])
  })
})
