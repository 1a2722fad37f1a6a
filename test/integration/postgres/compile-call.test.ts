import { describe, expect, test } from 'vitest'
import type { CallPlan } from '../../../src/plan/plan.ts'
import type { ReturnType } from '../../../src/schema/catalog.ts'
import {
  callPlan,
  embed,
  equals,
  jsonPayload,
  name,
  orderBy,
  parameter,
  type RequestOptions,
  request,
  returns,
  root,
  selected,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import { projectClient, useCompileFixture } from './compile-fixture.ts'

const integer = returns('int4')
const text = returns('text')
const projects: ReturnType = {
  isSet: true,
  type: name('projects'),
  kind: 'composite',
  isCompositeAlias: false,
}
const record: ReturnType = { ...projects, type: { schema: 'pg_catalog', name: 'record' } }
const a = parameter('a', 'integer')
const b = parameter('b', 'integer', { isRequired: false })
const direct = { via: 'get', arguments: { kind: 'direct' } } as const

function whole(type: string): Partial<CallPlan> {
  return { parameters: [], arguments: { kind: 'whole-body', parameter: parameter('', type) } }
}

function bytes(value: string): RequestOptions {
  return { payload: { kind: 'raw', bytes: new TextEncoder().encode(value) } }
}

const json = (value: unknown): RequestOptions => ({ payload: jsonPayload(value) })

const calls: readonly (readonly [string, CallPlan, RequestOptions, unknown])[] = [
  ['a scalar by JSON', callPlan('add', integer, [a, b]), json({ a: 1, b: 2 }), 3],
  ['a default', callPlan('add', integer, [a]), json({ a: 1 }), 11],
  [
    'of several objects the first',
    callPlan('add', integer, [a, b]),
    json([
      { a: 1, b: 2 },
      { a: 5, b: 5 },
    ]),
    3,
  ],
  [
    'a scalar by query',
    callPlan('add', integer, [a, b], direct),
    {
      callArguments: [
        ['a', '4'],
        ['b', '5'],
      ],
    },
    9,
  ],
  [
    'of repeated keys the last',
    callPlan('add', integer, [a, b], direct),
    {
      callArguments: [
        ['a', '4'],
        ['b', '5'],
        ['a', '1'],
      ],
    },
    6,
  ],
  [
    'a scalar by form',
    callPlan('add', integer, [a, b], direct),
    {
      payload: {
        kind: 'form',
        pairs: [
          ['a', '2'],
          ['b', '2'],
        ],
        keys: ['a', 'b'],
        text: '{}',
      },
    },
    4,
  ],
  [
    'a set of scalars',
    callPlan('series', { ...integer, isSet: true }, [parameter('n', 'integer')]),
    json({ n: 3 }),
    [1, 2, 3],
  ],
  [
    'one composite',
    callPlan('one_project', { ...projects, isSet: false }, [parameter('pid', 'integer')]),
    json({ pid: 4 }),
    { id: 4, name: 'Orphan', client_id: null },
  ],
  [
    'no composite',
    callPlan('one_project', { ...projects, isSet: false }, [parameter('pid', 'integer')]),
    json({ pid: 99 }),
    { id: null, name: null, client_id: null },
  ],
  [
    'a table',
    callPlan('pair', record, [parameter('x', 'integer')]),
    json({ x: 7 }),
    [{ a: 7, b: 'b7' }],
  ],
  [
    'an array by JSON',
    callPlan('total', integer, [parameter('numbers', 'integer[]')]),
    json({ numbers: [1, 2, 3] }),
    6,
  ],
  [
    'an array by query',
    callPlan('total', integer, [parameter('numbers', 'integer[]')], direct),
    { callArguments: [['numbers', '{4,5}']] },
    9,
  ],
  [
    'a variadic by query',
    callPlan('gather', text, [parameter('v', 'text[]', { isVariadic: true })], direct),
    {
      callArguments: [
        ['v', 'x'],
        ['v', ''],
        ['v', 'y"z'],
      ],
    },
    'x++y"z',
  ],
  [
    'a variadic by JSON',
    callPlan('gather', text, [parameter('v', 'text[]', { isVariadic: true })]),
    json({ v: ['x', 'y'] }),
    'x+y',
  ],
  [
    'a whole body of JSON',
    callPlan('whole_json', returns('json'), [], whole('json')),
    json([1, { z: 1, a: 2 }]),
    [1, { z: 1, a: 2 }],
  ],
  [
    'a whole body of text',
    callPlan('whole_text', text, [], whole('text')),
    bytes('héllo'),
    'héllo',
  ],
  [
    'a whole body of bytes',
    callPlan('whole_bytes', integer, [], whole('bytea')),
    bytes('héllo'),
    6,
  ],
  ['no body at all', callPlan('whole_text', text, [], whole('text')), {}, null],
  [
    'no arguments',
    callPlan('series', { ...integer, isSet: true }, [parameter('n', 'integer')], direct),
    { callArguments: [['n', '0']] },
    [],
  ],
]

describe.each(clusterVersions())('calls on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  test.each(calls)('%s', async (_, plan, options, expected) => {
    const answer = await fixture().runner.run(plan, request(options))
    expect(answer.json).toEqual(expected)
    expect(answer.columns).not.toContain('header')
  })

  test.each([
    ['json', { kind: 'json', stripNulls: false }],
    ['none', { kind: 'none' }],
  ] as const)('a function sets the response, with body %s', async (_, encoder) => {
    const plan = callPlan('nothing', returns('void'), [], {
      media: { encoder, type: { kind: 'json' } },
    })
    const answer = await fixture().runner.run(plan, request())
    expect([answer.page, answer.responseStatus]).toEqual(['1', '202'])
    expect(answer.responseHeaders).toBe('[{"x-a": "1"}]')
  })

  test('rows are filtered, ordered, cut, counted and embed', async () => {
    const node = root('projects', {
      readsResult: true,
      select: [selected('name')],
      where: [equals('client_id', 0)],
      order: [orderBy('id', { direction: 'desc' })],
      window: { source: 0, hasLimit: true, hasOffset: false, maxRows: null },
      children: [embed(projectClient, { select: [selected('name')] })],
    })
    const plan = callPlan('some_projects', projects, [parameter('min_id', 'integer')], {
      ...direct,
      root: node,
      returning: ['client_id', 'name'],
      filterColumns: ['client_id', 'id'],
      count: 'exact',
    })
    const answer = await fixture().runner.run(
      plan,
      request({ callArguments: [['min_id', '1']], values: ['1'], window: { offset: 0, limit: 1 } }),
    )
    expect(answer.json).toEqual([{ name: 'Beta', clients: { name: 'Acme' } }])
    expect([answer.total, answer.page]).toEqual(['2', '1'])
  })

  test('a stable function is inlined', async () => {
    const type = { kind: 'plan', of: { kind: 'json' }, format: 'text', options: [] } as const
    const media = { encoder: { kind: 'json', stripNulls: false }, type } as const
    const plan = callPlan('some_projects', projects, [parameter('min_id', 'integer')], {
      ...direct,
      media,
    })
    const answer = await fixture().runner.run(plan, request({ callArguments: [['min_id', '1']] }))
    expect(answer.lines.join('\n')).not.toContain('some_projects')
  })

  test('one scalar may go through a plain function as media handler', async () => {
    const encoder = { kind: 'custom', routine: name('loud'), relation: null } as const
    const media = { encoder, type: { kind: 'text' } } as const
    const plan = callPlan('add', integer, [a, b], { media })
    const answer = await fixture().runner.run(plan, request(json({ a: 1, b: 2 })))
    expect(answer.body).toBe('int 3')
  })

  test('invalid text is refused, not repaired', async () => {
    const plan = callPlan('whole_text', text, [], whole('text'))
    const broken = request({ payload: { kind: 'raw', bytes: new Uint8Array([0xff, 0xfe]) } })
    await expect(fixture().runner.run(plan, broken)).rejects.toMatchObject({ code: '22021' })
  })
})
