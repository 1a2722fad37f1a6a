import { describe, expect, test } from 'vitest'
import { nameKey, qualifiedName } from '../../../../src/core/qualified-name.ts'
import { buildOpenapiDefinition } from '../../../../src/http/openapi/build-openapi-definition.ts'
import type { Column } from '../../../../src/schema/catalog.ts'
import type { SchemaSnapshot } from '../../../../src/schema/schema-snapshot.ts'
import { describeSnapshot, type SnapshotDescription } from '../../../support/snapshot.ts'

function relationOf(snapshot: SchemaSnapshot, name: string) {
  const relation = snapshot.relations.get(nameKey(qualifiedName('api', name)))
  if (relation === undefined) throw new Error(`no relation ${name}`)
  return relation
}

function definitionText(name: string, description: SnapshotDescription): string {
  const snapshot = describeSnapshot(description)
  const relation = relationOf(snapshot, name)
  return buildOpenapiDefinition(
    relation,
    snapshot.relationships.get(nameKey(relation))?.get('api') ?? [],
  )
}

function definition(name: string, description: SnapshotDescription) {
  return JSON.parse(definitionText(name, description))
}

/** The one property of a relation of one column. */
function propertyText(column: Partial<Column>): string {
  const relation = relationOf(describeSnapshot({ relations: { films: 'c:text' } }), 'films')
  const [own] = relation.columns.values()
  if (own === undefined) throw new Error('no column')
  return buildOpenapiDefinition(
    { ...relation, columns: new Map([['c', { ...own, ...column }]]) },
    [],
  )
}

function property(column: Partial<Column>) {
  return JSON.parse(propertyText(column)).properties.c
}

describe('the definition of a relation', () => {
  test('lets other fields be where there may be some', () => {
    const columns = 'id:integer!'
    const open = definition('films', { relations: { films: { columns, isClosed: false } } })
    expect(open.additionalProperties).toBe(true)
    const closed = definition('films', { relations: { films: { columns, isClosed: true } } })
    expect(closed).not.toHaveProperty('additionalProperties')
  })

  test('lists its columns in their order, keys noted, and which must be there', () => {
    const relations = { films: 'id:integer!, title:text, director:integer' }
    expect(definition('films', { relations })).toEqual({
      required: ['id'],
      properties: {
        id: {
          description: 'Note:\nThis is a Primary Key.<pk/>',
          format: 'int32',
          type: 'integer',
        },
        title: { format: 'text', type: 'string' },
        director: { format: 'int32', type: 'integer' },
      },
      type: 'object',
    })
    expect(definitionText('films', { relations })).toMatch(/"id":.*"title":.*"director":/)
  })

  test('without columns is an object of nothing', () => {
    expect(definitionText('films', { relations: { films: '' } })).toBe('{"type":"object"}')
  })

  test('carries the comment of the relation whole', () => {
    const relation = relationOf(describeSnapshot({ relations: { films: '' } }), 'films')
    const commented = { ...relation, description: 'summary\n\ndetails' }
    expect(JSON.parse(buildOpenapiDefinition(commented, []))).toEqual({
      description: 'summary\n\ndetails',
      type: 'object',
    })
  })
})

describe('the note on a foreign key', () => {
  const note = (table: string) =>
    `Note:\nThis is a Foreign Key to \`${table}.id\`.<fk table='${table}' column='id'/>`

  test('leads from a column to the column that it refers to', () => {
    const { properties } = definition('films', {
      relations: { films: 'id:integer!, director_id:integer', directors: 'id:integer!' },
      foreignKeys: ['films(director_id) -> directors(id)'],
    })
    expect(properties.director_id.description).toBe(note('directors'))
  })

  test('is there for a one-to-one key, at the side that refers', () => {
    const description = {
      relations: { first: 'second_id:integer', second: 'id:integer!' },
      foreignKeys: ['first(second_id) -> second(id) unique'],
    }
    expect(definition('first', description).properties.second_id.description).toBe(note('second'))
    expect(definition('second', description).properties.id.description).toBe(
      'Note:\nThis is a Primary Key.<pk/>',
    )
  })

  test('names the table, not a view of it', () => {
    const columns = [['id', ['id']]] as const
    const { properties } = definition('films', {
      relations: {
        films: 'director_id:integer',
        a_view: { columns: 'id:integer', kind: 'view' },
        directors: 'id:integer!',
      },
      foreignKeys: ['films(director_id) -> directors(id) as key'],
      viewKeys: [
        {
          table: qualifiedName('api', 'directors'),
          view: qualifiedName('api', 'a_view'),
          constraint: 'key',
          kind: 'foreign-key-reference',
          columns,
        },
      ],
    })
    expect(properties.director_id.description).toBe(note('directors'))
  })

  test('is missing where the key has several columns, or leads out of the schema', () => {
    const { properties } = definition('films', {
      schemas: ['api', 'other'],
      relations: {
        films: 'a:integer, b:integer, c:integer',
        pairs: 'a:integer!, b:integer!',
        'other.things': 'c:integer!',
      },
      foreignKeys: ['films(a, b) -> pairs(a, b)', 'films(c) -> other.things(c)'],
    })
    expect(properties.a.description).toBeUndefined()
    expect(properties.c.description).toBeUndefined()
  })

  test('follows the comment and the note on the primary key', () => {
    const snapshot = describeSnapshot({
      relations: { a: 'id:integer!', b: 'id:integer!' },
      foreignKeys: ['a(id) -> b(id)'],
    })
    const relation = relationOf(snapshot, 'a')
    const columns = new Map(
      [...relation.columns].map(([name, column]) => [name, { ...column, description: 'Mine' }]),
    )
    const text = buildOpenapiDefinition(
      { ...relation, columns },
      snapshot.relationships.get(nameKey(relation))?.get('api') ?? [],
    )
    expect(JSON.parse(text).properties.id.description).toBe(
      "Mine\n\nNote:\nThis is a Primary Key.<pk/>\nThis is a Foreign Key to `b.id`.<fk table='b' column='id'/>",
    )
  })
})

describe('the property of a column', () => {
  test('names length and labels', () => {
    expect(property({ baseType: 'character', maxLength: 1 })).toMatchObject({ maxLength: 1 })
    expect(property({ baseType: 'api.mood', enumValues: ['ok', 'so so'] })).toEqual({
      enum: ['ok', 'so so'],
      format: 'api.mood',
      type: 'string',
    })
  })

  test.each(['"now()"', '42', 'false', '12345678901234567890.123456789'])(
    'shows the default %s digit by digit',
    (shownDefault) => {
      expect(propertyText({ baseType: 'numeric', shownDefault })).toContain(
        `"default":${shownDefault},`,
      )
    },
  )

  test('has no default where the backend shows none', () => {
    const column = { defaultExpression: 'now()', shownDefault: null }
    expect(property(column)).not.toHaveProperty('default')
  })
})
