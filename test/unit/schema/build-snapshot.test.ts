import { describe, expect, test } from 'vitest'
import { buildSnapshot, buildSnapshotInSlices } from '../../../src/schema/build-snapshot.ts'
import type { Catalog } from '../../../src/schema/catalog.ts'
import type { SchemaSnapshot } from '../../../src/schema/schema-snapshot.ts'
import { summarizeSnapshot } from '../../../src/schema/summarize-snapshot.ts'
import { representation } from '../../support/snapshot.ts'
import {
  capabilities,
  catalog,
  column,
  computed,
  dependency,
  key,
  options,
  relation,
  routine,
  view,
} from './sample-catalog.ts'

const rich: Catalog = catalog({
  relations: [
    relation('films', ['id'], {
      columns: [
        column('id'),
        column('mood', { enumValues: ['good', 'bad'] }),
        column('director_id'),
      ],
    }),
    relation('directors'),
    relation('roles', ['film_id', 'actor_id']),
    relation('actors'),
    view('films_view'),
    relation('private.secrets'),
  ],
  foreignKeys: [
    key('director_fkey', 'films(director_id)', 'directors(id)'),
    key('film_fkey', 'roles(film_id)', 'films(id)'),
    key('actor_fkey', 'roles(actor_id)', 'actors(id)'),
  ],
  viewKeyDependencies: [
    dependency('primary-key', 'films_pkey', 'films', 'films_view', { id: ['id', 'id_again'] }),
    dependency('foreign-key', 'director_fkey', 'films', 'films_view', {
      director_id: ['director_id'],
    }),
  ],
  routines: [
    routine('add', ['a', 'b']),
    routine('add', ['a']),
    routine('add'),
    routine('private.hidden'),
  ],
  computedRelationships: [computed('best_film', 'actors', 'films', true)],
  representations: [
    representation('app.color', 'json', 'app.json'),
    representation('json', 'app.color', 'app.color'),
    representation('app.color', 'text', 'app.text'),
  ],
  mediaHandlers: [
    {
      mediaType: 'text/csv',
      relation: null,
      routine: { schema: 'test', name: 'csv_agg' },
    },
    {
      mediaType: 'application/vnd.twkb',
      relation: { schema: 'test', name: 'films' },
      routine: { schema: 'test', name: 'twkb_agg' },
    },
  ],
})

function build(parts: Catalog, schemas: readonly string[] = ['test']): SchemaSnapshot {
  return buildSnapshot(parts, { ...options, dbSchemas: schemas }, 7, new Date(1000))
}

/** Paths of everything reachable that is not frozen. */
function unfrozen(value: unknown, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null || value instanceof Date) return []
  const own = Object.isFrozen(value) ? [] : [path]
  const children = value instanceof Map ? [...value] : Object.entries(value)
  return [...own, ...children.flatMap(([name, child]) => unfrozen(child, `${path}.${name}`))]
}

describe('buildSnapshot', () => {
  test('freezes all that requests are planned on', () => {
    const { sources: _, relationships, ...snapshot } = build(rich)
    expect(unfrozen(Object.freeze(snapshot), 'snapshot')).toEqual([])
    const related = new Map(relationships.origins().map((key) => [key, relationships.get(key)]))
    expect(related.size).toBe(5)
    expect(unfrozen([...related.values()], 'relationships')).toEqual(['relationships'])
  })

  test('takes columns over as they are, and changes nothing of the catalog', () => {
    const given = structuredClone(rich)
    const { columns } = build(given).relations.get('test\0films') ?? {}
    expect(columns?.get('mood')).toBe(given.relations[0]?.columns[1])
    expect(given).toEqual(structuredClone(rich))
  })

  test('carries number, date, schema version and the options it was built with', () => {
    const snapshot = build(rich)
    expect(snapshot).toMatchObject({
      snapshotVersion: 7,
      schemaVersion: 'v1',
      options: { dbSchemas: ['test'], dbExtraSearchPath: ['public'] },
      schemas: ['test'],
      schemaAliases: new Map(),
      capabilities: { engine: 'PostgreSQL', serverVersion: '18.1' },
    })
    expect(snapshot.loadedAt.getTime()).toBe(1000)
  })

  test('exposes relations and functions of the given schemas only, sorted by name', () => {
    expect([...build(rich).relations.keys()]).toEqual(
      ['actors', 'directors', 'films', 'films_view', 'roles'].map((name) => `test\0${name}`),
    )
    expect([...build(rich).routines.keys()]).toEqual(['test\0add'])
    expect([...build(rich, ['private']).relations.keys()]).toEqual(['private\0secrets'])
  })

  test('hands the facts of the engine on as they are', () => {
    const engineFacts = Object.freeze({ parts: [] })
    expect(build(catalog({ engineFacts })).engineFacts).toBe(engineFacts)
  })

  test('exposes the one schema of an engine without schemas, whatever it is called', () => {
    const grades = { ...capabilities.grades, schemas: 'unsupported' } as const
    const flat = catalog({
      capabilities: { ...capabilities, grades },
      relations: [relation('main.films'), relation('main.directors')],
      foreignKeys: [key('fk', 'main.films(director_id)', 'main.directors(id)')],
      routines: [routine('main.add')],
    })
    const snapshot = build(flat, ['public'])
    expect(snapshot.schemas).toEqual(['main'])
    expect(snapshot.schemaAliases).toEqual(new Map([['public', 'main']]))
    expect(snapshot.options.dbSchemas).toEqual(['public'])
    expect([...snapshot.relations.keys()]).toEqual(['main\0directors', 'main\0films'])
    expect(snapshot.relationships.get('main\0films')?.get('main')).toHaveLength(1)
    expect([...snapshot.routines.keys()]).toEqual(['main\0add'])
  })

  test('keeps columns in declared order', () => {
    const films = build(rich).relations.get('test\0films')
    expect([...(films?.columns.keys() ?? [])]).toEqual(['id', 'mood', 'director_id'])
    expect(films?.columns.get('mood')?.enumValues).toEqual(['good', 'bad'])
  })

  test.each([
    ['view', true],
    ['materialized-view', true],
    ['table', false],
    ['partitioned-table', false],
    ['foreign-table', false],
  ] as const)('of kind %s a relation is a view: %s', (kind, isView) => {
    const snapshot = build(catalog({ relations: [relation('one', ['id'], { kind })] }))
    expect(snapshot.relations.get('test\0one')?.isView).toBe(isView)
  })

  test('lists overloads with the fewest parameters first', () => {
    const overloads = build(rich).routines.get('test\0add') ?? []
    expect(overloads.map((one) => one.parameters.map(({ name }) => name))).toEqual([
      [],
      ['a'],
      ['a', 'b'],
    ])
  })

  test.each<[string, readonly string[]]>([
    ['the first of several columns that show the same one', ['id']],
  ])('gives a view the key it carries: %s', (_, expected) => {
    expect(build(rich).relations.get('test\0films_view')?.primaryKey).toEqual(expected)
  })

  test('joins the keys of several tables below a view, the later table first', () => {
    const both = catalog({
      relations: [view('ab')],
      viewKeyDependencies: [
        dependency('primary-key', 'a_pkey', 'a', 'ab', { x: ['ax'], y: ['ay'] }),
        dependency('primary-key', 'b_pkey', 'b', 'ab', { id: ['b_id'] }),
      ],
    })
    expect(build(both).relations.get('test\0ab')?.primaryKey).toEqual(['b_id', 'ax', 'ay'])
  })

  test('finds representations by both types', () => {
    const { representations } = build(rich)
    expect(representations.get('app.color')?.get('text')?.routine.name).toBe('text')
    expect(representations.get('json')?.get('app.color')?.routine.name).toBe('color')
  })
})

describe('suggestRelation', () => {
  test('names the relation of that schema that is close enough', () => {
    const { suggestRelation } = build(rich)
    expect(suggestRelation({ schema: 'test', name: 'film' })).toBe('films')
    expect(suggestRelation({ schema: 'test', name: 'secret' })).toBeNull()
    expect(suggestRelation({ schema: 'private', name: 'secret' })).toBeNull()
    expect(suggestRelation({ schema: 'test', name: 'fxxms' })).toBeNull()
  })

  test.each([
    [499, 'table_1'],
    [500, null],
  ])('in a schema of %d relations answers %s', (count, expected) => {
    const relations = Array.from({ length: count }, (_, at) => relation(`table_${at}`))
    const { suggestRelation } = build(catalog({ relations }))
    expect(suggestRelation({ schema: 'test', name: 'tablex1' })).toBe(expected)
  })
})

describe('summarizeSnapshot', () => {
  test('counts as PostgREST does', () => {
    expect(summarizeSnapshot(build(rich))).toBe(
      '5 Relations, 5 Relationships, 1 RPCs, 3 Domain Representations, 5 Media Type Handlers',
    )
  })

  test('counts a pair of relation and schema though all between them is internal', () => {
    const parts = catalog({
      relations: [relation('a')],
      foreignKeys: [key('fk', 'a(b_id)', 'private.b(id)')],
    })
    expect(summarizeSnapshot(build(parts))).toContain('1 Relations, 1 Relationships')
  })

  test('an empty database still has the built-in media types', () => {
    expect(summarizeSnapshot(build(catalog()))).toBe(
      '0 Relations, 0 Relationships, 0 RPCs, 0 Domain Representations, 4 Media Type Handlers',
    )
  })
})

describe('buildSnapshotInSlices', () => {
  const names = Array.from({ length: 3000 }, (_, at) => `table_${String(at).padStart(4, '0')}`)
  const large = catalog({
    relations: names.map((name) =>
      relation(name, ['id'], {
        columns: Array.from({ length: 20 }, (_, at) => column(`column_${at}`)),
      }),
    ),
    foreignKeys: names.map((name, at) =>
      key(`${name}_fkey`, `${name}(column_1)`, `${names[(at + 1) % names.length] ?? ''}(id)`),
    ),
    routines: names.map((name) => routine(`fn_${name}`, ['a', 'b'])),
  })

  test('builds what buildSnapshot builds', async () => {
    const sliced = await buildSnapshotInSlices(rich, options, 7, new Date(1000), null, {
      pause: () => Promise.resolve(),
      now: () => 0,
    })
    const { suggestRelation: _, ...own } = sliced
    const { suggestRelation: __, ...other } = build(rich)
    expect(own).toEqual(other)
  })

  test('pauses as soon as a slice has used its time', async () => {
    let clock = 0
    let pauses = 0
    await buildSnapshotInSlices(rich, options, 7, new Date(1000), null, {
      pause: async () => {
        pauses += 1
      },
      now: () => {
        clock += 1
        return clock
      },
      budgetMs: 2,
    })
    expect(pauses).toBeGreaterThan(5)
  })

  test('may rest every few relations, keys and functions, however large the schema is', async () => {
    let rests = 0
    await buildSnapshotInSlices(large, options, 1, new Date(), null, {
      pause: async () => {
        rests += 1
      },
      now: () => 0,
      budgetMs: 0,
    })
    const pieces = large.relations.length + large.foreignKeys.length + large.routines.length
    expect(rests).toBeGreaterThanOrEqual(pieces / 64)
  })
})
