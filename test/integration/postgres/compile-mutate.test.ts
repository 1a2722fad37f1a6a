import { describe, expect, test } from 'vitest'
import type { MutatePlan, PlanField, ReadNode } from '../../../src/plan/plan.ts'
import {
  embed,
  equals,
  field,
  jsonPayload,
  mutatePlan,
  name,
  orderBy,
  request,
  root,
  selected,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { clientProjects, projectClient, useCompileFixture } from './compile-fixture.ts'

const none = { encoder: { kind: 'none' }, type: { kind: 'json' } } as const

function columns(...pairs: readonly (readonly [string, string])[]): readonly PlanField[] {
  return pairs.map(([name, type]) => field(name, { type, baseType: type }))
}

function readBack(relation: string, more: Partial<ReadNode> = {}): ReadNode {
  return root(relation, { readsResult: true, ...more })
}

const project = columns(['id', 'integer'], ['name', 'text'])
const projectWithClient = columns(['client_id', 'integer'], ['id', 'integer'], ['name', 'text'])
const item = columns(['code', 'text'], ['name', 'text'])
const itemDefaults: readonly PlanField[] = [
  field('code', { type: 'text' }),
  field('id', { type: 'integer', defaultExpression: "nextval('test.items_id_seq'::regclass)" }),
  field('made', { type: 'date', defaultExpression: "'2020-02-02'::date" }),
  field('name', { type: 'text', defaultExpression: "'none'::text" }),
]

describe.each(clusterVersions())('writes on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  function run(plan: MutatePlan, value: unknown, values: readonly string[] = []) {
    return fixture().runner.run(plan, request({ payload: jsonPayload(value), values }))
  }

  test('inserts one object', async () => {
    const answer = await run(mutatePlan('insert', 'projects', { columns: project }), {
      id: 9,
      name: 'New',
    })
    expect(answer.json).toEqual([{ id: 9, name: 'New', client_id: null }])
    expect(answer.columns).toEqual([
      'total_result_set',
      'page_total',
      'header',
      'body',
      'response_headers',
      'response_status',
      'response_inserted',
    ])
    expect([answer.page, answer.header, answer.inserted]).toEqual(['1', [], null])
  })

  test('inserts many, ordered when read back', async () => {
    const root = readBack('projects', {
      select: [selected('name')],
      order: [orderBy('name', { direction: 'desc' })],
    })
    const plan = mutatePlan('insert', 'projects', {
      columns: project,
      payloadIsArray: true,
      returning: ['id', 'name'],
      root,
    })
    const answer = await run(plan, [
      { id: 8, name: 'A' },
      { id: 9, name: 'B' },
    ])
    expect(answer.json).toEqual([{ name: 'B' }, { name: 'A' }])
  })

  test('inserts nothing from an empty array, a row of defaults from an empty object', async () => {
    const { runner } = fixture()
    const plan = mutatePlan('insert', 'items', { columns: [] })
    const many = { ...plan, payloadIsArray: true }
    const send = (value: unknown) => request({ payload: jsonPayload(value) })
    expect((await runner.run(many, send([]))).json).toEqual([])
    expect((await runner.run(plan, send({}))).json).toMatchObject([
      { name: 'none', made: '2020-02-02' },
    ])
    expect((await runner.run(many, send([{}, {}]))).page).toBe('2')
  })

  test('missing keys become null, or the default when that is preferred', async () => {
    const values = [{ code: 'x' }, { code: 'y', name: 'given' }]
    const plain = mutatePlan('insert', 'items', { columns: item, payloadIsArray: true })
    const withDefaults = mutatePlan('insert', 'items', {
      columns: itemDefaults,
      payloadIsArray: true,
      applyDefaults: true,
    })
    expect((await run(plain, values)).json).toMatchObject([{ name: null }, { name: 'given' }])
    const rows = (await run(withDefaults, values)).json as { id: number }[]
    expect(rows).toMatchObject([
      { code: 'x', name: 'none', made: '2020-02-02' },
      { code: 'y', name: 'given', made: '2020-02-02' },
    ])
    expect(rows[0]?.id).not.toBe(rows[1]?.id)
    const one = mutatePlan('insert', 'items', { columns: itemDefaults, applyDefaults: true })
    expect((await run(one, { code: 'z' })).json).toMatchObject([{ code: 'z', name: 'none' }])
  })

  test('values are cut to no length: too long is an error', async () => {
    const plan = mutatePlan('insert', 'items', {
      columns: columns(['size', 'character varying(5)']),
    })
    await expect(run(plan, { size: 'far too long' })).rejects.toMatchObject({ code: '22001' })
  })

  test('a payload that is no JSON is PostgreSQL to judge', async () => {
    const plan = mutatePlan('insert', 'projects', { columns: project })
    const bad = request({ payload: { kind: 'raw-json', text: '{"id": 1' } })
    await expect(fixture().runner.run(plan, bad)).rejects.toMatchObject({ code: '22P02' })
  })

  test('a location names the key of one row', async () => {
    const headers = { representation: 'headers-only', media: none, returning: ['id'] } as const
    const plan = mutatePlan('insert', 'projects', { columns: project, ...headers })
    const many = { ...plan, payloadIsArray: true }
    expect((await run(plan, { id: 9, name: 'a=b' })).header).toEqual(['id', 'eq.9'])
    expect(
      (
        await run(many, [
          { id: 8, name: 'x' },
          { id: 9, name: 'y' },
        ])
      ).header,
    ).toEqual([])
    const pair = mutatePlan('insert', 'pairs', {
      columns: columns(['a', 'integer'], ['b', 'integer']),
      primaryKey: ['a', 'b'],
      ...headers,
      returning: ['a', 'b'],
    })
    expect((await run(pair, { a: 5, b: 6 })).header).toEqual(['a', 'eq.5', 'b', 'eq.6'])
  })

  test('insert-only roles need not read: nothing is returned that was not asked for', async () => {
    const plan = mutatePlan('insert', 'projects', {
      columns: project,
      returning: [],
      media: none,
      representation: 'minimal',
    })
    const { database, runner } = fixture()
    const role = `writer_${database.name}`
    await database.query(
      `create role ${role}; grant usage on schema test to ${role}; grant insert on test.projects to ${role}`,
    )
    const answer = await runner.run(plan, request({ payload: jsonPayload({ id: 9, name: 'x' }) }))
    expect(answer.compiled.main.text).toContain('RETURNING 1')
    expect([answer.page, answer.body]).toEqual(['1', ''])
    await database.query(`drop owned by ${role}; drop role ${role}`)
  })

  test('a view with a trigger, and a partition, take rows', async () => {
    const view = mutatePlan('insert', 'items_view', { columns: item, primaryKey: [] })
    expect((await run(view, { name: 'v', code: 'w' })).json).toMatchObject([
      { name: 'v', code: 'w' },
    ])
    const parts = mutatePlan('upsert', 'parts', {
      columns: project,
      where: [equals('id', 0)],
      onConflict: { resolution: 'merge-duplicates', columns: ['id'] },
    })
    expect((await run(parts, { id: 7, name: 'p' }, ['7'])).inserted).toBe(1)
  })

  test('duplicates are merged or ignored, and counted', async () => {
    const rows = [
      { a: 1, b: 1, note: 'new' },
      { a: 2, b: 2, note: 'new' },
    ]
    const base = {
      columns: columns(['a', 'integer'], ['b', 'integer'], ['note', 'text']),
      primaryKey: ['a', 'b'],
      payloadIsArray: true,
      root: readBack('pairs', { order: [orderBy('a')] }),
    }
    const merge = mutatePlan('insert', 'pairs', {
      ...base,
      resolution: 'merge-duplicates',
      onConflict: { resolution: 'merge-duplicates', columns: ['a', 'b'] },
    })
    const ignore = mutatePlan('insert', 'pairs', {
      ...base,
      resolution: 'ignore-duplicates',
      onConflict: { resolution: 'ignore-duplicates', columns: ['a', 'b'] },
    })
    const merged = await run(merge, rows)
    expect(merged.json).toEqual(rows)
    expect(merged.inserted).toBe(1)
    const again = await run(merge, rows.slice(0, 1))
    expect([again.json, again.inserted]).toEqual([rows.slice(0, 1), 0])
    const ignored = await run(ignore, rows)
    expect([ignored.json, ignored.inserted]).toEqual([rows.slice(1), null])
  })

  test('merging without a key, or without columns, still inserts', async () => {
    const noKey = mutatePlan('insert', 'items', {
      columns: item,
      resolution: 'merge-duplicates',
      onConflict: { resolution: 'merge-duplicates', columns: [] },
    })
    const noColumns = mutatePlan('insert', 'items', {
      resolution: 'merge-duplicates',
      onConflict: { resolution: 'merge-duplicates', columns: ['id'] },
    })
    expect((await run(noKey, { name: 'n', code: 'k' })).inserted).toBe(1)
    expect((await run(noColumns, {})).inserted).toBe(1)
  })

  test.each([
    ['a new row', 9, '9', '1', 1],
    ['a row that is there', 3, '3', '1', 0],
    ['a row other than the one named', 9, '8', '0', null],
  ])('PUT of %s', async (_, id, named, page, inserted) => {
    const plan = mutatePlan('upsert', 'projects', {
      columns: project,
      where: [equals('id', 0)],
      onConflict: { resolution: 'merge-duplicates', columns: ['id'] },
    })
    const answer = await run(plan, { id, name: 'Put' }, [named])
    expect([answer.page, answer.inserted]).toEqual([page, inserted])
  })

  test('updates what the filters name', async () => {
    const plan = mutatePlan('update', 'projects', {
      columns: columns(['name', 'text']),
      where: [equals('client_id', 0)],
      root: readBack('projects', { order: [orderBy('id')] }),
    })
    const answer = await run(plan, { name: 'Same' }, ['1'])
    expect(answer.json).toEqual([
      { id: 1, name: 'Same', client_id: 1 },
      { id: 2, name: 'Same', client_id: 1 },
    ])
  })

  test('an update may take defaults', async () => {
    const made = field('made', { type: 'date', defaultExpression: "'2020-02-02'::date" })
    const plan = mutatePlan('update', 'items', {
      columns: [...columns(['name', 'text']), made],
      where: [equals('code', 0)],
      applyDefaults: true,
    })
    const answer = await run(plan, { name: 'x' }, ['a'])
    expect(answer.json).toMatchObject([{ code: 'a', name: 'x', made: '2020-02-02' }])
  })

  test('an update of no columns changes nothing and answers nothing', async () => {
    const plan = mutatePlan('update', 'projects', {
      returning: ['id'],
      root: readBack('projects', { select: [selected('id')] }),
    })
    const answer = await run(plan, {})
    expect([answer.json, answer.page]).toEqual([[], '0'])
    const silent = mutatePlan('update', 'projects', { returning: [], media: none })
    expect((await run(silent, {})).page).toBe('0')
  })

  test('deletes what the filters name', async () => {
    const plan = mutatePlan('delete', 'pairs', { where: [equals('a', 0)] })
    const answer = await fixture().runner.run(plan, request({ values: ['1'] }))
    expect(answer.json).toEqual([{ a: 1, b: 1, note: 'old' }])
  })

  test('what was written embeds what it points to', async () => {
    const root = readBack('projects', {
      select: [selected('name')],
      children: [embed(projectClient, { select: [selected('name')] })],
    })
    const plan = mutatePlan('insert', 'projects', {
      columns: projectWithClient,
      returning: ['client_id', 'id', 'name'],
      root,
    })
    const answer = await run(plan, { id: 9, name: 'New', client_id: 2 })
    expect(answer.json).toEqual([{ name: 'New', clients: { name: 'Bolt' } }])
  })

  test('what was written embeds what points to it', async () => {
    const root = readBack('clients', {
      select: [selected('name')],
      children: [embed(clientProjects, { select: [selected('id')], order: [orderBy('id')] })],
    })
    const plan = mutatePlan('update', 'clients', {
      columns: columns(['name', 'text']),
      where: [equals('id', 0)],
      returning: ['id', 'name'],
      root,
    })
    const answer = await run(plan, { name: 'Ace' }, ['1'])
    expect(answer.json).toEqual([{ name: 'Ace', projects: [{ id: 1 }, { id: 2 }] }])
  })

  test('a domain reads its own JSON', async () => {
    const shade = field('shade', { type: 'json', transform: name('json_color') })
    const plan = mutatePlan('insert', 'paints', { columns: [...columns(['id', 'integer']), shade] })
    const update = mutatePlan('update', 'paints', { columns: [shade], where: [equals('id', 0)] })
    expect((await run(plan, { id: 9, shade: '#00ff00' })).json).toEqual([{ id: 9, shade: 65280 }])
    expect((await run(update, { shade: '#0000ff' }, ['2'])).json).toEqual([{ id: 2, shade: 255 }])
  })
})
