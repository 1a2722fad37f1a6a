/**
 * Which rules each place of a plan gets: as in PostgreSQL's table of policies by command. The rules
 * are told by the columns that their policies ask for: one policy an action, on a column of its name.
 */
import { describe, expect, test } from 'vitest'
import { bindRegistry, type RoleAccess } from '../../../src/access/access-rules.ts'
import { applyRules } from '../../../src/access/apply-rules.ts'
import { readPolicyRegistry } from '../../../src/access/read-policy-registry.ts'
import type { MutatePlan, ReadNode, RowRule } from '../../../src/plan/plan.ts'
import { planRequest } from '../../../src/plan/plan-request.ts'
import { defaultPlanOptions, type RequestParts, requestOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({
  relations: {
    orders:
      'id:integer!, s:integer, u:integer, d:integer, i:integer, uc:integer, customer_id:integer',
    customers: 'id:integer!, s:integer',
    order_tags: 'order_id:integer!, tag_id:integer!, s:integer',
    tags: 'id:integer!, s:integer',
  },
  foreignKeys: [
    'orders(customer_id) -> customers(id)',
    'order_tags(order_id) -> orders(id)',
    'order_tags(tag_id) -> tags(id)',
  ],
})

const own = (relation: string, action: string, using: string, check?: string) => ({
  name: `${relation} ${action}`,
  role: 'clerk',
  relation,
  actions: action,
  ...(action === 'insert' ? { with_check: using } : { using }),
  ...(check === undefined ? {} : { with_check: check }),
})

const registry = readPolicyRegistry(
  JSON.stringify({
    grants: [
      {
        role: ['clerk', 'other'],
        relation: ['orders', 'customers', 'order_tags', 'tags'],
        actions: ['select', 'insert', 'update', 'delete'],
      },
    ],
    policies: [
      own('orders', 'select', 's=eq.1'),
      own('orders', 'update', 'u=eq.1', 'uc=eq.1'),
      own('orders', 'delete', 'd=eq.1'),
      own('orders', 'insert', 'i=eq.1'),
      ...['customers', 'order_tags', 'tags'].map((each) => own(each, 'select', 's=eq.1')),
    ],
  }),
)
if (!registry.ok) throw new Error(registry.error.join())
const rules = bindRegistry(registry.value, snapshot)

function accessOf(role: string): RoleAccess {
  const access = rules.role(role)
  if (access === null) throw new Error(`no role ${role}`)
  return access
}

function ruled(line: string, parts: RequestParts = {}, role = 'clerk') {
  const planned = planRequest(requestOf(snapshot, line, parts), snapshot, defaultPlanOptions)
  if (!planned.ok) throw new Error(JSON.stringify(planned.error))
  const result = applyRules(planned.value, accessOf(role), snapshot, true)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value.plan
}

/** The columns that a rule asks for; `*`: there is no rule. */
function columnsOf(rule: RowRule | null): string {
  if (rule === null || rule.kind === 'all') return '*'
  return rule.conditions
    .map((condition) => (condition.kind === 'known' ? condition.filter.field.name : condition.kind))
    .join(' ')
}

function rulesOf(plan: MutatePlan) {
  const { using, checkNew, checkMerged, checkInTheWay, checkShown } = plan
  const all = { using, checkNew, checkMerged, checkInTheWay, checkShown }
  const named = Object.entries(all).map(([name, rule]) => [name, columnsOf(rule)] as const)
  return Object.fromEntries(named.filter(([, columns]) => columns !== '*'))
}

const shown = 'return=representation'
const merge = 'resolution=merge-duplicates'

describe('of a write', () => {
  test.each([
    ['POST /orders', '', { checkNew: 'i' }],
    ['POST /orders', shown, { checkNew: 'i', checkShown: 's' }],
    [
      'POST /orders',
      merge,
      { checkNew: 'i', checkMerged: 'uc', checkInTheWay: 'u s', checkShown: 's' },
    ],
    ['POST /orders', 'resolution=ignore-duplicates', { checkNew: 'i', checkShown: 's' }],
    [
      'PUT /orders?id=eq.1',
      '',
      { checkNew: 'i', checkMerged: 'uc', checkInTheWay: 'u s', checkShown: 's' },
    ],
    ['PATCH /orders', '', { using: 'u', checkNew: 'uc' }],
    ['PATCH /orders?id=eq.1', '', { using: 'u s', checkNew: 'uc', checkShown: 's' }],
    ['PATCH /orders', shown, { using: 'u s', checkNew: 'uc', checkShown: 's' }],
    ['DELETE /orders', '', { using: 'd' }],
    ['DELETE /orders?id=eq.1', '', { using: 'd s' }],
    ['DELETE /orders', shown, { using: 'd s' }],
  ])('%s %s', (line, prefer, expected) => {
    const plan = ruled(line, { headers: { Prefer: prefer }, body: '{"id":1}' })
    expect(plan.kind === 'mutate' && rulesOf(plan)).toEqual(expected)
  })

  test('nothing is let through where the role has no policy', () => {
    const plan = ruled('PATCH /orders?id=eq.1', { body: '{"id":1}' }, 'other')
    expect(plan.kind === 'mutate' && rulesOf(plan)).toEqual({
      using: 'never never',
      checkNew: 'never',
      checkShown: 'never',
    })
  })
})

describe('of a read', () => {
  const allRules = (node: ReadNode): readonly string[] => [
    `${node.relation.name} ${columnsOf(node.rows)}`,
    ...(node.join?.relationship.kind === 'key' &&
    node.join.relationship.cardinality.kind === 'many-to-many'
      ? [`junction ${columnsOf(node.join.junctionRows)}`]
      : []),
    ...node.children.flatMap(allRules),
  ]

  test('every node and junction is ruled, however it is joined', () => {
    const plan = ruled(
      'GET /orders?select=id,customers!inner(id,orders(id)),...tags(id),order_tags()&order_tags=is.null',
    )
    expect(plan.kind === 'read' && allRules(plan.root)).toEqual([
      'orders s',
      'customers s',
      'orders s',
      'tags s',
      'junction s',
      'order_tags s',
    ])
  })

  test('operands of different places have slots of their own', () => {
    const planned = planRequest(
      requestOf(snapshot, 'GET /orders?select=id,customers(id)&id=eq.1'),
      snapshot,
      defaultPlanOptions,
    )
    if (!planned.ok) throw new Error('not planned')
    const result = applyRules(planned.value, accessOf('clerk'), snapshot, true)
    expect(result.ok && result.value.operands).toHaveLength(2)
    const plan = result.ok ? result.value.plan : null
    const slots = (plan?.kind === 'read' ? [plan.root, ...plan.root.children] : []).map(
      ({ rows }) =>
        rows.kind === 'policed' && rows.conditions[0]?.kind === 'known'
          ? rows.conditions[0].slot
          : null,
    )
    expect(slots).toEqual([-1, -2])
  })
})

describe('of a key below a document', () => {
  const shop = describeSnapshot({
    relations: {
      notes: 'id:integer!, on:jsonb, text:text',
      films: 'id:integer!, title:text',
      odd: 'id:integer!, on:jsonb, on.$id:integer',
    },
    foreignKeys: ['notes(on.$id) -> films(id)', 'odd(on.$id) -> films(id)'],
  })
  const isRefused = (line: string, columns: readonly string[]) => {
    const read = readPolicyRegistry(
      JSON.stringify({
        grants: [
          { role: 'clerk', relation: ['notes', 'odd'], columns, actions: ['select'] },
          { role: 'clerk', relation: 'films', actions: ['select'] },
        ],
      }),
    )
    if (!read.ok) throw new Error(read.error.join())
    const access = bindRegistry(read.value, shop).role('clerk')
    const planned = planRequest(requestOf(shop, line), shop, defaultPlanOptions)
    if (access === null || !planned.ok) throw new Error('no access, or no plan')
    return !applyRules(planned.value, access, shop, true).ok
  }

  test.each([
    ['GET /notes?select=id,films(title)', ['id', 'on'], false],
    ['GET /films?select=title,notes(id)', ['id', 'on'], false],
    ['GET /notes?select=id,films(title)', ['id', 'on.$id'], false],
    ['GET /notes?select=id,films(title)', ['id', 'o'], true],
    ['GET /notes?select=id,films(title)', ['id', 'text'], true],
    // a column of that name is another than what is below `on`
    ['GET /odd?select=id,films(title)', ['id', 'on'], true],
    ['GET /odd?select=id,films(title)', ['id', 'on.$id'], false],
  ])('%s with %j granted, refused: %s', (line, columns, refused) => {
    expect(isRefused(line, columns)).toBe(refused)
  })
})
