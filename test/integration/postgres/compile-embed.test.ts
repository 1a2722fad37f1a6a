import { describe, expect, test } from 'vitest'
import type { PlanWindow, ReadNode } from '../../../src/plan/plan.ts'
import {
  computed,
  embed,
  equals,
  field,
  orderBy,
  readPlan,
  request,
  root,
  selected,
  spread,
  where,
} from '../../support/plan-builders.ts'
import { clusterVersions } from '../../support/shared-cluster.ts'
import {
  clientProjects,
  projectClient,
  projectTasks,
  taskProject,
  taskUsers,
  useCompileFixture,
  userTasks,
} from './compile-fixture.ts'

const id = selected('id')
const byName = selected('name')
const byId = [orderBy('id')]
const first: PlanWindow = { source: 1, hasLimit: true, hasOffset: false, maxRows: null }

describe.each(clusterVersions())('embeds on PostgreSQL %s', (version) => {
  const fixture = useCompileFixture(version)

  async function rows(node: ReadNode, options: Parameters<typeof request>[0] = {}) {
    return (await fixture().runner.run(readPlan(node), request(options))).json
  }

  test('a to-one embed is an object, or null', async () => {
    const children = [embed(projectClient, { select: [byName] })]
    const found = await rows(root('projects', { select: [id], order: byId, children }))
    expect(found).toEqual([
      { id: 1, clients: { name: 'Acme' } },
      { id: 2, clients: { name: 'Acme' } },
      { id: 3, clients: { name: 'Bolt' } },
      { id: 4, clients: null },
    ])
  })

  test('a to-many embed is an array, empty where there is nothing', async () => {
    const children = [embed(clientProjects, { select: [byName], order: byId })]
    const found = await rows(root('clients', { select: [id], order: byId, children }))
    expect(found).toEqual([
      { id: 1, projects: [{ name: 'Alpha' }, { name: 'Beta' }] },
      { id: 2, projects: [{ name: 'Gamma' }] },
      { id: 3, projects: [] },
    ])
  })

  test('what is embedded has the text of jsonb, in JSON and in CSV', async () => {
    const children = [embed(projectClient, { select: [byName, id] })]
    const node = root('projects', { select: [id], where: [equals('id', 0)], children })
    const values = { values: ['1'] }
    const json = await fixture().runner.run(readPlan(node), request(values))
    expect(json.body).toBe('[{"id":1,"clients":{"id": 1, "name": "Acme"}}]')
    const media = { encoder: { kind: 'csv' }, type: { kind: 'csv' } } as const
    const csv = await fixture().runner.run(readPlan(node, { media }), request(values))
    expect(csv.body).toBe('id,clients\n1,"{""id"": 1, ""name"": ""Acme""}"')
  })

  test('what is embedded can be grouped by', async () => {
    const count = selected('*', { aggregate: 'count' })
    const children = [embed(projectClient, { select: [byName] })]
    const node = root('projects', { select: [count], children })
    expect(await rows(node)).toEqual(
      expect.arrayContaining([
        { count: 2, clients: { name: 'Acme' } },
        { count: 1, clients: { name: 'Bolt' } },
        { count: 1, clients: null },
      ]),
    )
  })

  test('a junction is passed through, and back again', async () => {
    const back = embed(taskUsers, { depth: 2, select: [byName], order: byId })
    const children = [embed(userTasks, { select: [id], order: byId, children: [back] })]
    const found = await rows(root('users', { select: [byName], order: byId, children }))
    expect(found).toEqual([
      {
        name: 'Ann',
        tasks: [
          { id: 1, users: [{ name: 'Ann' }] },
          { id: 2, users: [{ name: 'Ann' }, { name: 'Ben' }] },
        ],
      },
      {
        name: 'Ben',
        tasks: [
          { id: 2, users: [{ name: 'Ann' }, { name: 'Ben' }] },
          { id: 4, users: [{ name: 'Ben' }] },
        ],
      },
      { name: 'Cid', tasks: [] },
    ])
  })

  test('embeds nest to any depth', async () => {
    const tasks = embed(projectTasks, { depth: 2, select: [byName], order: byId })
    const projects = embed(clientProjects, { select: [id], order: byId, children: [tasks] })
    const found = await rows(root('clients', { select: [], order: byId, children: [projects] }))
    expect(found).toEqual([
      {
        projects: [
          { id: 1, tasks: [{ name: 'Design' }, { name: 'Code' }] },
          { id: 2, tasks: [{ name: 'Design' }] },
        ],
      },
      { projects: [{ id: 3, tasks: [{ name: 'Code' }] }] },
      { projects: [] },
    ])
  })

  test('the same relation may be embedded under several names', async () => {
    const some = embed(clientProjects, { alias: 'some', select: [id], where: [equals('id', 0)] })
    const all = embed(clientProjects, { alias: 'all', select: [id], order: byId })
    const found = await rows(
      root('clients', { select: [id], where: [equals('id', 1)], children: [some, all] }),
      { values: ['2', '1'] },
    )
    expect(found).toEqual([{ id: 1, some: [{ id: 2 }], all: [{ id: 1 }, { id: 2 }] }])
  })

  test('computed relationships call their function', async () => {
    const one = embed(computed('clients_of', 'projects', 'clients', true), {
      name: 'clients_of',
      select: [byName],
    })
    const many = embed(computed('projects_of', 'clients', 'projects', false), {
      depth: 2,
      name: 'projects_of',
      select: [id],
      order: byId,
    })
    const found = await rows(
      root('projects', { select: [id], order: byId, children: [{ ...one, children: [many] }] }),
    )
    expect(found).toEqual([
      { id: 1, clients_of: { name: 'Acme', projects_of: [{ id: 1 }, { id: 2 }] } },
      { id: 2, clients_of: { name: 'Acme', projects_of: [{ id: 1 }, { id: 2 }] } },
      { id: 3, clients_of: { name: 'Bolt', projects_of: [{ id: 3 }] } },
      { id: 4, clients_of: null },
    ])
  })

  test('each embed has its own filters, order and window', async () => {
    const children = [
      embed(clientProjects, {
        select: [id],
        where: [where('id', { kind: 'comparison', operator: 'lt', value: 0 })],
        order: [orderBy('id', { direction: 'desc' })],
        window: first,
      }),
    ]
    const found = await rows(root('clients', { select: [id], order: byId, children }), {
      values: ['3'],
      embedWindows: [{ offset: 0, limit: 1 }],
    })
    expect(found).toEqual([
      { id: 1, projects: [{ id: 2 }] },
      { id: 2, projects: [] },
      { id: 3, projects: [] },
    ])
  })

  test('inner embeds drop what they do not match, in rows and in the count', async () => {
    const tasks = embed(projectTasks, {
      depth: 2,
      select: [id],
      inner: true,
      order: byId,
      where: [equals('name', 0)],
    })
    const projects = embed(clientProjects, {
      select: [id],
      inner: true,
      order: byId,
      children: [tasks],
    })
    const node = root('clients', {
      select: [id],
      order: byId,
      children: [projects],
      window: { source: 0, hasLimit: true, hasOffset: false, maxRows: null },
    })
    const sent = request({ values: ['Code'], window: { offset: 0, limit: 1 } })
    const answer = await fixture().runner.run(readPlan(node, { count: 'exact' }), sent)
    expect(answer.json).toEqual([{ id: 1, projects: [{ id: 1, tasks: [{ id: 2 }] }] }])
    expect(answer.total).toBe('2')
  })

  test('inner joins to one, and through a junction', async () => {
    const one = root('projects', {
      select: [id],
      order: byId,
      children: [
        embed(projectClient, { inner: true, select: [byName], where: [equals('name', 0)] }),
      ],
    })
    const through = root('users', {
      select: [id],
      order: byId,
      children: [embed(userTasks, { inner: true, select: [id], where: [equals('id', 0)] })],
    })
    const { runner } = fixture()
    const oneAnswer = await runner.run(
      readPlan(one, { count: 'exact' }),
      request({ values: ['Bolt'] }),
    )
    const throughAnswer = await runner.run(
      readPlan(through, { count: 'exact' }),
      request({ values: ['4'] }),
    )
    expect(oneAnswer.json).toEqual([{ id: 3, clients: { name: 'Bolt' } }])
    expect(throughAnswer.json).toEqual([{ id: 2, tasks: [{ id: 4 }] }])
    expect([oneAnswer.total, throughAnswer.total]).toEqual(['1', '1'])
  })

  test.each([
    ['is null', false, [3], '1'],
    ['not is null', true, [1, 2], '2'],
  ])('a to-many embed that %s', async (_, negated, ids, total) => {
    const children = [
      embed(clientProjects, {
        select: [],
        output: { kind: 'array', name: 'projects', isEmpty: true },
      }),
    ]
    const conditions = [{ kind: 'embed-null', child: 'clients_projects_1', negated }] as const
    const node = root('clients', {
      select: [id],
      order: byId,
      where: conditions,
      children,
      window: { source: null, hasLimit: false, hasOffset: false, maxRows: 100 },
    })
    const answer = await fixture().runner.run(readPlan(node, { count: 'exact' }), request())
    expect(answer.json).toEqual(ids.map((each) => ({ id: each })))
    expect(answer.total).toBe(total)
  })

  test('a null embed among alternatives', async () => {
    const children = [embed(projectClient, { select: [byName], where: [equals('name', 0)] })]
    const either = {
      kind: 'logic',
      operator: 'or',
      negated: false,
      operands: [
        { kind: 'embed-null', child: 'projects_clients_1', negated: true },
        equals('id', 1),
      ],
    } as const
    const node = root('projects', { select: [id], order: byId, where: [either], children })
    expect(await rows(node, { values: ['Bolt', '4'] })).toEqual([
      { id: 3, clients: { name: 'Bolt' } },
      { id: 4, clients: null },
    ])
  })

  test('a to-one embed orders its parent', async () => {
    const children = [embed(projectClient, { select: [byName] })]
    const order = [
      orderBy('name', { child: 'projects_clients_1', direction: 'desc', nulls: 'last' }),
      orderBy('id'),
    ]
    const found = await rows(root('projects', { select: [id], order, children }))
    expect((found as { id: number }[]).map((row) => row.id)).toEqual([3, 1, 2, 4])
  })

  test('db-max-rows cuts arrays and leaves single objects', async () => {
    const maxRows: PlanWindow = { source: null, hasLimit: false, hasOffset: false, maxRows: 1 }
    const client = embed(projectClient, { depth: 2, select: [byName], window: maxRows })
    const children = [
      embed(clientProjects, { select: [id], order: byId, window: maxRows, children: [client] }),
    ]
    const found = await rows(
      root('clients', { select: [id], order: byId, window: { ...maxRows, maxRows: 2 }, children }),
    )
    expect(found).toEqual([
      { id: 1, projects: [{ id: 1, clients: { name: 'Acme' } }] },
      { id: 2, projects: [{ id: 3, clients: { name: 'Bolt' } }] },
    ])
  })

  describe('spreads', () => {
    test('one row lends its columns', async () => {
      const children = [
        embed(projectClient, {
          select: [selected('name', { alias: 'client' })],
          output: spread('spread-one', ['client']),
        }),
      ]
      const found = await rows(root('projects', { select: [id], order: byId, children }))
      expect(found).toEqual([
        { id: 1, client: 'Acme' },
        { id: 2, client: 'Acme' },
        { id: 3, client: 'Bolt' },
        { id: 4, client: null },
      ])
    })

    test('a star lends every column', async () => {
      const children = [embed(projectClient, { output: spread('spread-one', ['*']) })]
      const found = await rows(
        root('projects', { select: [], where: [equals('id', 0)], children }),
        { values: ['3'] },
      )
      expect(found).toEqual([{ id: 2, name: 'Bolt' }])
    })

    test('a star lends the embed inside too', async () => {
      const client = embed(projectClient, { depth: 2, select: [byName] })
      const output = spread('spread-one', ['*'])
      const children = [embed(taskProject, { children: [client], output })]
      const node = root('tasks', { select: [], where: [equals('id', 0)], children })
      const answer = await fixture().runner.run(readPlan(node), request({ values: ['4'] }))
      expect(answer.body.match(/"clients"/g)).toHaveLength(1)
      expect(answer.json).toEqual([
        { id: 3, name: 'Gamma', client_id: 2, clients: { name: 'Bolt' } },
      ])
    })

    test('many rows lend arrays that belong together, in the order of the embed', async () => {
      const order = [orderBy('hours', { direction: 'desc', nulls: 'last' }), orderBy('id')]
      const children = [
        embed(projectTasks, {
          select: [selected('name', { alias: 'task' }), selected('hours')],
          order,
          output: spread('spread-many', ['task', 'hours']),
        }),
      ]
      const found = await rows(root('projects', { select: [id], order: byId, children }))
      expect(found).toEqual([
        { id: 1, task: ['Code', 'Design'], hours: [10, 2.5] },
        { id: 2, task: ['Design'], hours: [1] },
        { id: 3, task: ['Code'], hours: [null] },
        { id: 4, task: [], hours: [] },
      ])
    })

    test('a cut spread keeps the first in order', async () => {
      const order = [orderBy('id', { direction: 'desc' })]
      const children = [
        embed(projectTasks, {
          select: [id],
          order,
          window: first,
          output: spread('spread-many', ['id']),
        }),
      ]
      const found = await rows(
        root('projects', { select: [byName], where: [equals('id', 0)], children }),
        { values: ['1'], embedWindows: [{ offset: 0, limit: 1 }] },
      )
      expect(found).toEqual([{ name: 'Alpha', id: [2] }])
    })

    test('an inner spread of many drops parents without rows', async () => {
      const children = [
        embed(projectTasks, {
          inner: true,
          select: [byName],
          where: [equals('name', 0)],
          output: spread('spread-many', ['name']),
        }),
      ]
      const found = await rows(root('projects', { select: [id], order: byId, children }), {
        values: ['Code'],
      })
      expect(found).toEqual([
        { id: 1, name: ['Code'] },
        { id: 3, name: ['Code'] },
      ])
    })

    test('embeds and spreads nest in spreads', async () => {
      const client = embed(projectClient, {
        depth: 2,
        select: [selected('name', { alias: 'client' })],
        output: spread('spread-one', ['client']),
      })
      const tasks = embed(projectTasks, { depth: 2, select: [id], order: byId })
      const project = embed(taskProject, {
        select: [selected('name', { alias: 'project' })],
        children: [client, tasks],
        output: spread('spread-one', ['project', 'client', 'tasks']),
      })
      const found = await rows(
        root('tasks', { select: [id], where: [equals('id', 0)], children: [project] }),
        { values: ['4'] },
      )
      expect(found).toEqual([{ id: 4, project: 'Gamma', client: 'Bolt', tasks: [{ id: 4 }] }])
    })

    test('many rows may lend arrays of embeds', async () => {
      const client = embed(projectClient, { depth: 2, select: [byName] })
      const children = [
        embed(taskUsers, {
          select: [byName],
          order: byId,
          output: spread('spread-many', ['name']),
        }),
        embed(taskProject, {
          select: [],
          children: [client],
          output: spread('spread-one', ['clients']),
        }),
      ]
      const found = await rows(
        root('tasks', { select: [id], where: [equals('id', 0)], children }),
        { values: ['2'] },
      )
      expect(found).toEqual([{ id: 2, name: ['Ann', 'Ben'], clients: { name: 'Acme' } }])
    })
  })

  describe('aggregates', () => {
    const sumOfHours = {
      name: 'hours',
      aggregate: 'sum',
      aggregateCast: null,
      alias: 'sum',
    } as const

    test('of an embed are per parent', async () => {
      const children = [
        embed(projectTasks, { select: [selected('*', { aggregate: 'count', alias: 'count' })] }),
      ]
      const found = await rows(root('projects', { select: [id], order: byId, children }))
      expect(found).toEqual(
        [1, 2, 3, 4].map((each, i) => ({ id: each, tasks: [{ count: [2, 1, 1, 0][i] }] })),
      )
    })

    test('of a spread group the parent', async () => {
      const project = embed(taskProject, {
        select: [selected('name', { alias: 'project' })],
        output: spread('spread-one', ['project']),
      })
      const node = root('tasks', {
        select: [selected('hours', { aggregate: 'sum', alias: 'sum' })],
        children: [project],
        order: [orderBy('project', { child: 'tasks_projects_1' })],
      })
      expect(await rows(node)).toEqual([
        { sum: 12.5, project: 'Alpha' },
        { sum: 1, project: 'Beta' },
        { sum: null, project: 'Gamma' },
      ])
    })

    test('of a spread are lifted into the parent, and count its rows', async () => {
      const columns = [
        sumOfHours,
        { name: 'count', aggregate: 'count', aggregateCast: 'text', alias: 'count' },
      ] as const
      const children = [
        embed(taskProject, {
          select: [
            selected('id', { alias: 'hours' }),
            selected('*', { field: field('*', { isFullRow: true }), alias: 'count' }),
          ],
          output: spread('spread-one', columns),
        }),
      ]
      const node = root('tasks', { select: [byName], order: [orderBy('name')], children })
      expect(await rows(node)).toEqual([
        { name: 'Code', sum: 4, count: '2' },
        { name: 'Design', sum: 3, count: '2' },
      ])
    })

    test('group by embedded documents too', async () => {
      const children = [embed(projectClient, { select: [byName] })]
      const node = root('projects', {
        select: [selected('*', { aggregate: 'count', alias: 'count' })],
        children,
        where: [where('id', { kind: 'comparison', operator: 'lt', value: 0 })],
      })
      const found = (await rows(node, { values: ['4'] })) as { count: number }[]
      expect(found.sort((a, b) => b.count - a.count)).toEqual([
        { count: 2, clients: { name: 'Acme' } },
        { count: 1, clients: { name: 'Bolt' } },
      ])
    })
  })
})
