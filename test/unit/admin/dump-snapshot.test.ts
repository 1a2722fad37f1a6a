import { describe, expect, test } from 'vitest'
import { dumpSnapshot } from '../../../src/admin/dump-snapshot.ts'
import {
  describeSnapshot,
  representation,
  type SnapshotDescription,
} from '../../support/snapshot.ts'

type Entries = readonly (readonly [unknown, unknown])[]

function dump(description: SnapshotDescription): Readonly<Record<string, Entries>> {
  return JSON.parse(dumpSnapshot(describeSnapshot(description)))
}

const api = (name: string) => ({ qiName: name, qiSchema: 'api' })

describe('the dump of a snapshot', () => {
  test('is compact JSON whose objects have their keys in alphabetical order', () => {
    const text = dumpSnapshot(describeSnapshot({ relations: { films: 'id:integer!' } }))
    expect(text).not.toMatch(/\s/)
    expect(text).toMatch(/"dbTables":\[\[\{"qiName":"films","qiSchema":"api"\},/)
    const sort = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(sort)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .map(([key, member]) => [key, sort(member)] as const)
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      )
    }
    expect(text).toBe(JSON.stringify(sort(JSON.parse(text))))
  })

  test('has all five maps, empty but for the built-in media handlers', () => {
    const { dbMediaHandlers, ...others } = dump({})
    expect(others).toEqual({
      dbRelationships: [],
      dbRepresentations: [],
      dbRoutines: [],
      dbTables: [],
    })
    const any = { tag: 'RelAnyElement' }
    expect(dbMediaHandlers).toEqual([
      [
        [any, { tag: 'MTTextCSV' }],
        [{ tag: 'BuiltinOvAggCsv' }, { tag: 'MTTextCSV' }],
      ],
      [
        [any, { tag: 'MTGeoJSON' }],
        [{ tag: 'BuiltinOvAggGeoJson' }, { tag: 'MTGeoJSON' }],
      ],
      [
        [any, { tag: 'MTApplicationJSON' }],
        [{ tag: 'BuiltinOvAggJson' }, { tag: 'MTApplicationJSON' }],
      ],
      [
        [any, { tag: 'MTAny' }],
        [{ tag: 'BuiltinOvAggJson' }, { tag: 'MTApplicationJSON' }],
      ],
    ])
  })

  test('describes tables with their columns, sorted by name', () => {
    const { dbTables } = dump({
      schemas: ['api', 'b'],
      relations: {
        zoo: 'name:varchar(10)=x, id:integer!',
        'b.alone': { columns: 'id:integer', kind: 'view', canInsert: false },
        ant: '',
      },
    })
    expect(dbTables?.map(([key]) => key)).toEqual([
      api('ant'),
      api('zoo'),
      { qiName: 'alone', qiSchema: 'b' },
    ])
    expect(dbTables?.[1]?.[1]).toEqual({
      tableColumns: {
        id: {
          colDefault: null,
          colDescription: null,
          colEnum: [],
          colMaxLen: null,
          colName: 'id',
          colNominalType: 'integer',
          colNullable: false,
          colType: 'integer',
        },
        name: {
          colDefault: 'x',
          colDescription: null,
          colEnum: [],
          colMaxLen: null,
          colName: 'name',
          colNominalType: 'varchar(10)',
          colNullable: true,
          colType: 'varchar',
        },
      },
      tableDeletable: true,
      tableDescription: null,
      tableInsertable: true,
      tableIsView: false,
      tableName: 'zoo',
      tablePKCols: ['id'],
      tableSchema: 'api',
      tableUpdatable: true,
    })
    expect(dbTables?.[2]?.[1]).toMatchObject({ tableIsView: true, tableInsertable: false })
  })

  test('lists relationships by table and schema, each with its cardinality', () => {
    const { dbRelationships } = dump({
      relations: {
        films: 'id:integer!, director_id:integer',
        directors: 'id:integer!',
        details: 'film_id:integer!',
        actors: 'id:integer!',
        roles: 'film_id:integer!, actor_id:integer!',
      },
      foreignKeys: [
        'films(director_id) -> directors(id) as director',
        'details(film_id) -> films(id) as detail unique',
        'roles(film_id) -> films(id) as film',
        'roles(actor_id) -> actors(id) as actor',
      ],
    })
    const of = (name: string) =>
      dbRelationships?.find(
        ([key]) => JSON.stringify(key) === JSON.stringify([api(name), 'api']),
      )?.[1]
    expect(dbRelationships?.map(([key]) => key)).toEqual(
      ['actors', 'details', 'directors', 'films', 'roles'].map((name) => [api(name), 'api']),
    )
    expect(of('films')).toContainEqual({
      relCardinality: { relColumns: [['director_id', 'id']], relCons: 'director', tag: 'M2O' },
      relFTableIsView: false,
      relForeignTable: api('directors'),
      relIsSelf: false,
      relTable: api('films'),
      relTableIsView: false,
      tag: 'Relationship',
    })
    const cardinalities = (name: string) =>
      (of(name) as readonly { relCardinality: unknown }[]).map((each) => each.relCardinality)
    expect(cardinalities('directors')).toEqual([
      { relColumns: [['id', 'director_id']], relCons: 'director', tag: 'O2M' },
    ])
    expect(cardinalities('details')).toEqual([
      { isParent: false, relColumns: [['film_id', 'id']], relCons: 'detail', tag: 'O2O' },
    ])
    expect(cardinalities('films')).toContainEqual({
      isParent: true,
      relColumns: [['id', 'film_id']],
      relCons: 'detail',
      tag: 'O2O',
    })
    expect(cardinalities('actors')).toContainEqual({
      contents: {
        junColsSource: [['id', 'actor_id']],
        junColsTarget: [['id', 'film_id']],
        junConstraint1: 'actor',
        junConstraint2: 'film',
        junTable: api('roles'),
      },
      tag: 'M2M',
    })
  })

  test('tells computed relationships apart', () => {
    const { dbRelationships } = dump({
      relations: { films: 'id:integer!' },
      computed: [{ routine: 'remakes', origin: 'films', target: 'films' }],
    })
    expect(dbRelationships).toEqual([
      [
        [api('films'), 'api'],
        [
          {
            relForeignTable: api('films'),
            relFunction: api('remakes'),
            relIsSelf: true,
            relTable: api('films'),
            relTableAlias: { qiName: '', qiSchema: '' },
            relToOne: false,
            tag: 'ComputedRelationship',
          },
        ],
      ],
    ])
  })

  test('lists overloads of functions under one name', () => {
    const { dbRoutines } = dump({
      routines: [
        { name: 'add', parameters: 'a:integer, b:integer?', volatility: 'immutable' },
        { name: 'add', parameters: 'a:text[]*' },
        { name: 'aaa' },
      ],
    })
    expect(dbRoutines?.map(([key]) => key)).toEqual([api('aaa'), api('add')])
    const overloads = dbRoutines?.[1]?.[1] as readonly unknown[]
    expect(overloads).toHaveLength(2)
    expect(overloads[0]).toMatchObject({ pdHasVariadic: true, pdVolatility: 'Volatile' })
    expect(overloads[1]).toEqual({
      pdDescription: null,
      pdFuncSettings: [],
      pdHasVariadic: false,
      pdIsoLvl: null,
      pdName: 'add',
      pdParams: [
        { ppName: 'a', ppReq: true, ppType: 'integer', ppTypeMaxLength: 'integer', ppVar: false },
        { ppName: 'b', ppReq: false, ppType: 'integer', ppTypeMaxLength: 'integer', ppVar: false },
      ],
      pdReturnType: {
        contents: { contents: { qiName: 'integer', qiSchema: 'pg_catalog' }, tag: 'Scalar' },
        tag: 'Single',
      },
      pdSchema: 'api',
      pdVolatility: 'Immutable',
    })
  })

  test.each([
    ['integer', { tag: 'Single', contents: { tag: 'Scalar' } }],
    ['setof integer', { tag: 'SetOf', contents: { tag: 'Scalar' } }],
    [
      'table films',
      { tag: 'Single', contents: { tag: 'Composite', contents: [api('films'), false] } },
    ],
    ['setof table films', { tag: 'SetOf', contents: { tag: 'Composite' } }],
  ])('describes the return type %s', (returns, expected) => {
    const { dbRoutines } = dump({ routines: [{ name: 'f', returns }] })
    expect(dbRoutines?.[0]?.[1]).toMatchObject([{ pdReturnType: expected }])
  })

  test('lists representations by pairs of types', () => {
    const { dbRepresentations } = dump({
      representations: [
        representation('json', 'color', 'api.color_of'),
        representation('color', 'json', 'api.json_of'),
      ],
    })
    expect(dbRepresentations).toEqual([
      [
        ['color', 'json'],
        { drFunction: 'api.json_of', drSourceType: 'color', drTargetType: 'json' },
      ],
      [
        ['json', 'color'],
        { drFunction: 'api.color_of', drSourceType: 'json', drTargetType: 'color' },
      ],
    ])
  })

  test('has handlers of the schema in place of built-in ones, and beside them', () => {
    const relation = { schema: 'api', name: 'films' }
    const routine = { schema: 'api', name: 'agg' }
    const { dbMediaHandlers } = dump({
      mediaHandlers: [
        { mediaType: 'text/csv', relation: null, routine },
        { mediaType: '*/*', relation, routine },
        { mediaType: 'App/X', relation, routine },
      ],
    })
    const any = { tag: 'RelAnyElement' }
    const films = { contents: api('films'), tag: 'RelId' }
    expect(dbMediaHandlers?.map(([key]) => key)).toEqual([
      [any, { tag: 'MTGeoJSON' }],
      [any, { tag: 'MTApplicationJSON' }],
      [any, { tag: 'MTAny' }],
      [any, { tag: 'MTTextCSV' }],
      [films, { tag: 'MTAny' }],
      [films, { contents: 'app/x', tag: 'MTOther' }],
    ])
    expect(dbMediaHandlers?.slice(3).map(([, value]) => value)).toEqual([
      [{ contents: [api('agg'), any], tag: 'CustomFunc' }, { tag: 'MTTextCSV' }],
      [{ contents: [api('agg'), films], tag: 'CustomFunc' }, { tag: 'MTOctetStream' }],
      [
        { contents: [api('agg'), films], tag: 'CustomFunc' },
        { contents: 'App/X', tag: 'MTOther' },
      ],
    ])
  })
})
