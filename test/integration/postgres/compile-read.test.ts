import { describe, expect, test } from 'vitest'
import type { Window } from '../../../src/api/api-request.ts'
import type { CountKind, OrderBy, PlanWindow, SelectColumn } from '../../../src/plan/plan.ts'
import {
  field,
  name,
  orderBy,
  readPlan,
  request,
  root,
  selected,
  unbounded,
  where,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { useCompileFixture } from './compile-fixture.ts'

const asked: PlanWindow = { source: 0, hasLimit: true, hasOffset: true, maxRows: null }
const counted: SelectColumn = selected('*', { aggregate: 'count' })

const selections: readonly (readonly [
  title: string,
  relation: string,
  select: readonly SelectColumn[],
  first: unknown,
])[] = [
  ['the star', 'clients', [selected('*')], { id: 1, name: 'Acme' }],
  ['nothing at all is the star', 'clients', [], { id: 1, name: 'Acme' }],
  [
    'columns in the order asked for',
    'clients',
    [selected('name'), selected('id')],
    { name: 'Acme', id: 1 },
  ],
  ['an alias', 'clients', [selected('name', { alias: 'title' })], { title: 'Acme' }],
  ['a cast', 'clients', [selected('id', { cast: 'text' })], { id: '1' }],
  ['a computed field', 'projects', [selected('shout')], { shout: 'ALPHA' }],
  [
    'a star and more',
    'projects',
    [selected('*'), selected('shout')],
    { id: 1, name: 'Alpha', client_id: 1, shout: 'ALPHA' },
  ],
  ['a JSON path', 'documents', [selected('data->a->b', { alias: 'b' })], { b: [10, 20] }],
  [
    'a JSON text with a cast',
    'documents',
    [selected('data->a->b->>0', { alias: 'b', cast: 'int' })],
    { b: 10 },
  ],
  [
    'an array element',
    'documents',
    [selected('tags', { field: field('tags->1', { toDocument: true }), alias: 'tags' })],
    { tags: 'y' },
  ],
  [
    'a represented domain',
    'paints',
    [
      selected('shade', {
        field: field('shade', { transform: name('color_text') }),
        alias: 'shade',
      }),
    ],
    { shade: '#0000ff' },
  ],
]

describe.each(clusterVersions())('reads on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  test.each(selections)('selects %s', async (_, relation, select, first) => {
    const node = root(relation, { select, order: [orderBy('id')] })
    const answer = await fixture().runner.run(readPlan(node), request())
    const rows = answer.json as unknown[]
    expect(rows[0]).toEqual(first)
    expect(Object.keys(rows[0] as object)).toEqual(Object.keys(first as object))
    expect(answer.page).toBe(String(rows.length))
  })

  test.each([
    ['ascending, nulls last', orderBy('n'), [1, 2, null]],
    ['descending, nulls first', orderBy('n', { direction: 'desc' }), [null, 2, 1]],
    ['nulls first', orderBy('n', { direction: 'asc', nulls: 'first' }), [null, 1, 2]],
    ['nulls last', orderBy('n', { direction: 'desc', nulls: 'last' }), [2, 1, null]],
  ] as const)('orders %s', async (_, term, expected) => {
    const byKey: OrderBy = { ...term, field: field('data->n') }
    const select = [selected('data->n', { alias: 'n' })]
    const answer = await fixture().runner.run(
      readPlan(root('documents', { select, order: [byKey] })),
      request(),
    )
    expect((answer.json as { n: unknown }[]).map((row) => row.n)).toEqual(expected)
  })

  const windows: readonly (readonly [string, PlanWindow, Window, readonly number[]])[] = [
    ['a limit', { ...asked, hasOffset: false }, { offset: 0, limit: 2 }, [1, 2]],
    ['an offset', { ...asked, hasLimit: false }, { offset: 2 }, [3, 4]],
    ['both', asked, { offset: 1, limit: 2 }, [2, 3]],
    ['a limit of nothing', asked, { offset: 0, limit: 0 }, []],
    ['db-max-rows alone', { ...unbounded, maxRows: 3 }, { offset: 0 }, [1, 2, 3]],
    ['db-max-rows below the limit', { ...asked, maxRows: 1 }, { offset: 1, limit: 3 }, [2]],
    ['db-max-rows above the limit', { ...asked, maxRows: 9 }, { offset: 0, limit: 2 }, [1, 2]],
  ]

  test.each(windows)('a window: %s', async (_, window, sent, expected) => {
    const node = root('projects', { select: [selected('id')], order: [orderBy('id')], window })
    const answer = await fixture().runner.run(readPlan(node), request({ window: sent }))
    expect((answer.json as { id: number }[]).map((row) => row.id)).toEqual(expected)
  })

  test('a limit too large for the server is its error, not ours', async () => {
    const node = root('projects', { window: asked })
    const run = fixture().runner.run(
      readPlan(node),
      request({ window: { offset: 0, limit: 1e22 } }),
    )
    await expect(run).rejects.toMatchObject({ code: '22003' })
  })

  const counts: readonly (readonly [
    string,
    CountKind | null,
    PlanWindow,
    number | null,
    string | null,
  ])[] = [
    ['none', null, asked, null, null],
    ['exact on a page', 'exact', asked, null, '3'],
    ['exact without a page', 'exact', unbounded, null, '3'],
    ['exact under db-max-rows', 'exact', { ...unbounded, maxRows: 1 }, 1, '3'],
    ['planned', 'planned', asked, null, null],
    ['estimated without a bound', 'estimated', asked, null, '3'],
    ['estimated stops past the bound', 'estimated', { ...unbounded, maxRows: 1 }, 1, '2'],
  ]

  test.each(counts)('a count: %s', async (_, count, window, maxRows, total) => {
    const more = [where('id', { kind: 'comparison', operator: 'gt', value: 0 })]
    const node = root('projects', { select: [selected('id')], where: more, window })
    const answer = await fixture().runner.run(
      readPlan(node, { count, maxRows }),
      request({ values: ['1'], window: { offset: 1, limit: 1 } }),
    )
    expect(answer.total).toBe(total)
    expect(answer.guess === null).toBe(count === null || count === 'exact')
  })

  test('an aggregate is of all rows, or of each group', async () => {
    const all = root('tasks', {
      select: [
        counted,
        selected('hours', { aggregate: 'sum', aggregateCast: 'text', alias: 'hours' }),
      ],
    })
    const groups = root('tasks', {
      select: [selected('name'), counted, selected('hours', { aggregate: 'max' })],
      order: [orderBy('name')],
    })
    const { runner } = fixture()
    expect((await runner.run(readPlan(all), request())).json).toEqual([{ count: 4, hours: '13.5' }])
    expect((await runner.run(readPlan(groups), request())).json).toEqual([
      { name: 'Code', count: 2, max: 10 },
      { name: 'Design', count: 2, max: 2.5 },
    ])
  })

  test('groups by a JSON path, whatever its name', async () => {
    const node = root('documents', {
      select: [selected('data->>n', { alias: 'id', cast: 'int' }), counted],
      where: [where('data', { kind: 'is', value: 'not_null' })],
      order: [orderBy('data->>n')],
    })
    const plan = readPlan({ ...node, order: [] })
    const rows = (await fixture().runner.run(plan, request())).json as { id: number }[]
    expect(rows.sort((a, b) => a.id - b.id)).toEqual([
      { id: 1, count: 1 },
      { id: 2, count: 1 },
    ])
  })

  test('the log shows the shapes that its readers look for', async () => {
    const node = root('projects')
    const plan = readPlan(node, { count: 'planned' })
    const { compiled } = await fixture().runner.run(plan, request())
    expect(compiled.main.text).toMatch(
      /^WITH pgrst_source AS.+SELECT "test"\."projects"\.\* FROM "test"\."projects".+_postgrest_t/,
    )
    expect(compiled.explainCount?.text).toBe(
      'EXPLAIN (FORMAT JSON) SELECT 1  FROM "test"."projects"',
    )
  })

  test("a cast to blanks is the server's to refuse", async () => {
    const node = root('projects', { select: [selected('id', { cast: '' })] })
    await expect(fixture().runner.run(readPlan(node), request())).rejects.toThrow(
      'syntax error at or near ")"',
    )
  })

  test('a cast that could end itself is a bug', async () => {
    const node = root('projects', { select: [selected('id', { cast: 'int) from pg_authid--' })] })
    await expect(fixture().runner.run(readPlan(node), request())).rejects.toThrow('cast')
  })
})
