import { describe, expect, test } from 'vitest'
import { compilePlan } from '../../../src/backends/postgres/compile/compile-postgres.ts'
import type { BodyEncoder, ReadNode } from '../../../src/plan/plan.ts'
import {
  embed,
  equals,
  mutatePlan,
  orderBy,
  readPlan,
  request,
  root,
  selected,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { projectClient, useCompileFixture } from './compile-fixture.ts'

const handler = (routine: string, relation: string | null): BodyEncoder => ({
  kind: 'custom',
  routine: { schema: 'test', name: routine },
  relation: relation === null ? null : { schema: 'test', name: relation },
})

const byId = [orderBy('id')]
const two = root('documents', {
  select: [selected('id'), selected('body')],
  where: [equals('id', 0)],
})

const bodies: readonly (readonly [string, BodyEncoder, ReadNode, string, unknown])[] = [
  ['JSON', { kind: 'json', stripNulls: false }, two, '3', [{ id: 3, body: null }]],
  ['JSON of no rows', { kind: 'json', stripNulls: false }, two, '9', []],
  ['JSON without nulls', { kind: 'json', stripNulls: true }, two, '3', [{ id: 3 }]],
  ['one object', { kind: 'singular', stripNulls: false }, two, '3', { id: 3, body: null }],
  ['one object without nulls', { kind: 'singular', stripNulls: true }, two, '3', { id: 3 }],
  ['no object', { kind: 'singular', stripNulls: false }, two, '9', null],
]

describe.each(clusterVersions())('bodies on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  test.each(bodies)('%s', async (_, encoder, node, id, expected) => {
    const plan = readPlan(node, { media: { encoder, type: { kind: 'json' } } })
    const answer = await fixture().runner.run(plan, request({ values: [id] }))
    expect(answer.json).toEqual(expected)
    expect(answer.columns).toEqual([
      'total_result_set',
      'page_total',
      'body',
      'response_headers',
      'response_status',
      'response_inserted',
    ])
  })

  test.each([
    [
      'CSV',
      { kind: 'csv' },
      root('projects', { order: byId }),
      'id,name,client_id\n1,Alpha,1\n2,Beta,1\n3,Gamma,2\n4,Orphan,',
    ],
    [
      'CSV quotes values that need it, and no header',
      { kind: 'csv' },
      root('od"d; drop'),
      'sel ect,a,b\n1,"it\'s ""quoted"""',
    ],
    ['CSV of no rows', { kind: 'csv' }, root('projects', { where: [equals('id', 0)] }), '\n'],
    ['nothing', { kind: 'none' }, root('projects'), ''],
    [
      'a handler of one relation',
      handler('names_agg', 'projects'),
      root('projects', { order: byId }),
      'Alpha;Beta;Gamma;Orphan;',
    ],
    ['a handler of any relation', handler('dots', null), root('projects'), '....'],
  ] as const)('%s', async (_, encoder, node, expected) => {
    const plan = readPlan(node, { media: { encoder, type: { kind: 'csv' } } })
    const answer = await fixture().runner.run(plan, request({ values: ['99'] }))
    expect(answer.body).toBe(expected)
  })

  test('what a media handler makes is asked for in binary, all else in text', () => {
    const encoder = handler('dots', null)
    const custom = { encoder, type: { kind: 'text' } } as const
    const plan = { kind: 'plan', of: { kind: 'text' }, format: 'text', options: [] } as const
    const formats = [
      readPlan(root('projects'), { media: custom }),
      mutatePlan('delete', 'projects', { media: custom }),
      readPlan(root('projects'), { media: { encoder, type: plan } }),
      readPlan(root('projects')),
    ].map((each) => compilePlan(each).main.resultFormats)
    expect(formats).toEqual([[0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0, 0], [], []])
  })

  test('what a json column holds keeps its keys, also when embedded', async () => {
    const node = root('documents', { select: [selected('plain')], where: [equals('id', 0)] })
    const answer = await fixture().runner.run(readPlan(node), request({ values: ['1'] }))
    expect(answer.body).toContain('{"z": 1, "a": 2}')
  })

  test.each([
    ['json', [], 'FORMAT JSON'],
    ['text', [], 'FORMAT TEXT'],
    [
      'json',
      ['analyze', 'verbose', 'settings', 'buffers', 'wal'],
      'FORMAT JSON, ANALYZE, VERBOSE, SETTINGS, BUFFERS, WAL',
    ],
  ] as const)('a plan in %s with %j', async (format, options, expected) => {
    const type = { kind: 'plan', of: { kind: 'json' }, format, options } as const
    const media = { encoder: { kind: 'json', stripNulls: false }, type } as const
    const answer = await fixture().runner.run(readPlan(root('projects'), { media }), request())
    expect(answer.compiled.main.text).toMatch(`EXPLAIN (${expected}) WITH pgrst_source`)
    expect(answer.lines[0]).toContain('Aggregate')
  })

  test('plans name the body where tools look for it', async () => {
    const type = {
      kind: 'plan',
      of: { kind: 'json' },
      format: 'json',
      options: ['verbose'],
    } as const
    const encoder = { kind: 'json', stripNulls: false } as const
    const singular = { kind: 'singular', stripNulls: false } as const
    const { runner } = fixture()
    const read = await runner.run(
      readPlan(root('projects'), { media: { encoder, type } }),
      request(),
    )
    const row = 'ROW(projects.id, projects.name, projects.client_id)'
    const [{ Plan: plan }] = JSON.parse(read.lines[0] ?? '')
    expect(plan.Output[2]).toBe(`COALESCE(json_agg(${row}), '[]'::json)`)
    expect(plan.Plans[0].Output).toEqual(['projects.id', 'projects.name', 'projects.client_id'])

    const gone = mutatePlan('delete', 'projects', {
      where: [equals('id', 0)],
      media: { encoder: singular, type },
    })
    const deleted = await runner.run(gone, request({ values: ['4'] }))
    const [{ Plan: deletion }] = JSON.parse(deleted.lines[0] ?? '')
    expect(deletion.Output[3]).toBe(`COALESCE((json_agg(${row}) -> 0), 'null'::json)`)
  })

  test('GeoJSON asks PostGIS for each feature', async () => {
    const media = { encoder: { kind: 'geojson' }, type: { kind: 'geojson' } } as const
    const run = fixture().runner.run(readPlan(root('projects'), { media }), request())
    await expect(run).rejects.toMatchObject({
      code: '42883',
      message: expect.stringContaining('st_asgeojson'),
    })
  })

  test('embeds in CSV are their JSON', async () => {
    const children = [embed(projectClient, { select: [selected('name')] })]
    const node = root('projects', { select: [selected('id')], where: [equals('id', 0)], children })
    const media = { encoder: { kind: 'csv' }, type: { kind: 'csv' } } as const
    const answer = await fixture().runner.run(readPlan(node, { media }), request({ values: ['1'] }))
    expect(answer.body).toBe('id,clients\n1,"{""name"": ""Acme""}"')
  })
})
