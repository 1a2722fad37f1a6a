/** What an operator may declare of collections, and how slips are told. */
import { describe, expect, test } from 'vitest'
import {
  readDeclaredRelationships,
  readDeclaredSchema,
} from '../../../../src/backends/registry/read-declared-schema.ts'

const problemsOf = (read: { readonly ok: boolean; readonly error?: unknown }) =>
  read.ok ? [] : read.error

describe('a declared schema', () => {
  test('says of columns what it names, and leaves the rest to be found out', () => {
    const read = readDeclaredSchema(
      JSON.stringify([
        {
          name: 'films',
          closed: true,
          primaryKey: 'id',
          columns: [
            { name: 'id', field: '_id', type: 'int4', nullable: false },
            { name: 'made_by', type: 'ObjectId', comment: 'A person' },
            { name: 'tags', type: 'varchar(20)[]' },
            { name: 'notes', default: { a: 1 } },
          ],
        },
        { name: 'shop.orders' },
      ]),
    )
    expect(read.ok && read.value).toMatchObject([
      {
        name: 'films',
        isClosed: true,
        primaryKey: ['id'],
        columns: [
          { name: 'id', field: '_id', type: { name: 'integer' }, isNullable: false, comment: null },
          {
            name: 'made_by',
            field: 'made_by',
            type: 'objectid',
            isNullable: null,
            defaultJson: null,
          },
          { name: 'tags', type: { name: 'character varying[]', isArray: true } },
          { name: 'notes', type: null, defaultJson: '{"a":1}' },
        ],
      },
      { name: 'shop.orders', isClosed: false, primaryKey: null, columns: [], comment: null },
    ])
  })

  test.each([
    ['{}', '$ is an object, it should be a list'],
    ['[{}]', '$[0] has no name'],
    [
      '[{"name":"a","open":true}]',
      '$[0].open is not known: known are name, comment, columns, primaryKey, closed',
    ],
    [
      '[{"name":"a","columns":[{"name":"x","type":"flaot"}]}]',
      '$[0].columns[0].type is flaot, which is no type',
    ],
    [
      '[{"name":"a","columns":[{"name":"x"},{"name":"x"}]}]',
      '$[0].columns[1] has the name of another: x',
    ],
    [
      '[{"name":"a","columns":[{"name":"x"},{"name":"y","field":"x"}]}]',
      '$[0].columns[1] has the field of another: x',
    ],
    ['[{"name":"a"},{"name":"a"}]', '$[1] has the name of another: a'],
    [
      '[{"name":"a","closed":true,"primaryKey":["id"]}]',
      '$[0] is closed and has no column id, which its primaryKey names',
    ],
  ])('is refused: %s', (text, problem) => {
    expect(problemsOf(readDeclaredSchema(text))).toEqual([problem])
  })
})

describe('declared relationships', () => {
  test('lead over columns, or through a relation', () => {
    const read = readDeclaredRelationships(
      JSON.stringify([
        { name: 'maker', from: 'films', to: 'people', columns: { made_by: '_id' } },
        {
          name: 'spec',
          from: 'specs',
          to: 'films',
          columns: { film: '_id' },
          cardinality: 'one-to-one',
        },
        {
          name: 'cast',
          from: 'films',
          to: 'people',
          through: { relation: 'roles', from: { film: '_id' }, to: { person: '_id' } },
        },
      ]),
    )
    expect(read.ok && read.value).toEqual([
      {
        kind: 'key',
        name: 'maker',
        from: 'films',
        to: 'people',
        columns: [['made_by', '_id']],
        isUnique: false,
      },
      {
        kind: 'key',
        name: 'spec',
        from: 'specs',
        to: 'films',
        columns: [['film', '_id']],
        isUnique: true,
      },
      {
        kind: 'junction',
        name: 'cast',
        from: 'films',
        to: 'people',
        through: 'roles',
        fromColumns: [['film', '_id']],
        toColumns: [['person', '_id']],
      },
    ])
  })

  const through = '"through":{"relation":"r","from":{"a":"b"},"to":{"c":"d"}}'
  const named = '"name":"n","from":"a","to":"b"'
  test('have a name of their own between the same two', () => {
    const key = (name: string, from: string) => {
      return { name, from, to: 'directors', columns: { director_id: 'id' } }
    }
    const read = readDeclaredRelationships(
      JSON.stringify([key('made_by', 'films'), key('made_by', 'recent_films')]),
    )
    expect(read.ok && read.value.map(({ from }) => from)).toEqual(['films', 'recent_films'])
  })

  test.each([
    [`[{${named}}]`, '$[0] has neither columns nor through'],
    [`[{${named},"columns":{}}]`, '$[0].columns names no columns'],
    [`[{${named},"columns":{"x":1}}]`, '$[0].columns.x is 1, it should be a text'],
    [`[{${named},"columns":{"x":"y"},${through}}]`, '$[0] has either columns or through'],
    [
      `[{${named},"cardinality":"one-to-one",${through}}]`,
      '$[0] is one-to-one, which goes through nothing',
    ],
    [
      `[{${named},"cardinality":"many-to-many","columns":{"x":"y"}}]`,
      '$[0] is many-to-many and has no through',
    ],
    [`[{${named},${through}},{${named},${through}}]`, '$[1] has the name of another: n'],
  ])('are refused: %s', (text, problem) => {
    expect(problemsOf(readDeclaredRelationships(text))).toEqual([problem])
  })
})
