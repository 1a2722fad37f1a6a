/**
 * What access rules let a role write: attacks that have to be refused with nothing stored, or to pass
 * over what is hidden. What is let through is rolled back, so that cases do not meet.
 */
import { asClerk, denied } from './access-read-cases.ts'
import { type CaseRequest, type ConformanceCase, errorBody, type Json } from './conformance-case.ts'

const rule = 'access rules'

function violated(relation: string) {
  const message = `new row violates row-level security policy for table "${relation}"`
  return { status: 403, body: errorBody('42501', message) }
}

/** All that there is, as somebody sees who bypasses the policies. */
const untouched: ConformanceCase['afterwards'] = {
  request: {
    method: 'GET',
    target: '/orders?select=id,tenant_id,status,customer_id&order=id',
    claims: { role: 'auditor' },
  },
  expect: {
    status: 200,
    body: [
      { id: 1, tenant_id: 6, status: 'open', customer_id: 2 },
      { id: 2, tenant_id: 5, status: 'open', customer_id: 1 },
      { id: 3, tenant_id: 5, status: 'paid', customer_id: 2 },
      { id: 4, tenant_id: 5, status: 'archived', customer_id: 1 },
    ],
  },
}

type Method = CaseRequest['method']

interface WriteCase {
  readonly name: string
  readonly as?: CaseRequest['claims']
  readonly send: readonly [method: Method, target: string, body?: Json | undefined, prefer?: string]
  readonly expect: ConformanceCase['expect']
  readonly differs?: ConformanceCase['differs']
}

const shown = 'return=representation'
const poster = { role: 'poster', org: { id: 5 } } as const

const cases: readonly WriteCase[] = [
  {
    name: 'inserting for another tenant',
    send: ['POST', '/orders', { id: 9, tenant_id: 6 }],
    expect: violated('orders'),
  },
  {
    name: 'inserting for another tenant as one row of many',
    send: [
      'POST',
      '/orders',
      [
        { id: 8, tenant_id: 5 },
        { id: 9, tenant_id: 6 },
      ],
    ],
    expect: violated('orders'),
  },
  {
    name: 'inserting for the own tenant',
    send: ['POST', '/orders?select=id,tenant_id,status', { id: 9, tenant_id: 5 }, shown],
    expect: { status: 201, body: [{ id: 9, tenant_id: 5, status: 'open' }] },
  },
  {
    name: 'inserting a row that would be hidden, to see it',
    send: ['POST', '/orders?select=id', { id: 9, tenant_id: 5, status: 'archived' }, shown],
    expect: violated('orders'),
  },
  {
    name: 'inserting a row that would be hidden, unseen',
    send: ['POST', '/orders', { id: 9, tenant_id: 5, status: 'archived' }, 'return=minimal'],
    expect: { status: 201, text: '' },
  },
  {
    name: 'moving a row to another tenant',
    send: ['PATCH', '/orders?id=eq.2', { tenant_id: 6 }],
    expect: violated('orders'),
  },
  {
    name: 'changing a hidden row',
    send: ['PATCH', '/orders?id=eq.1&select=id', { note: 'mine' }, shown],
    expect: { status: 200, body: [] },
  },
  {
    name: 'changing a hidden row, counted',
    send: ['PATCH', '/orders?id=eq.1', { note: 'mine' }, 'count=exact'],
    expect: { status: 204, headers: { 'content-range': '*/0' } },
  },
  {
    name: 'changing without a filter',
    send: ['PATCH', '/orders?select=id', { note: 'mine' }, shown],
    expect: { status: 200, body: [{ id: 2 }, { id: 3 }] },
  },
  {
    name: 'changing by a regular expression that takes for ever on a hidden row',
    send: ['PATCH', '/orders?note=match.^(a%2B)%2B$&select=id', { note: 'mine' }, shown],
    expect: { status: 200, body: [] },
  },
  {
    name: 'deleting a hidden row',
    send: ['DELETE', '/order_tags?order_id=eq.1'],
    expect: denied('order_tags'),
  },
  {
    name: 'deleting a hidden row of a relation that may be deleted from',
    send: ['DELETE', '/customers?id=eq.2&select=id', undefined, shown],
    expect: { status: 200, body: [] },
  },
  {
    name: 'deleting by a filter that matches hidden rows as well',
    send: ['DELETE', '/customers?id=gt.1&select=id', undefined, shown],
    expect: { status: 200, body: [] },
  },
  {
    name: 'merging over the key of another tenant',
    send: [
      'POST',
      '/customers',
      { id: 2, name: 'Eve', tenant_id: 5 },
      'resolution=merge-duplicates',
    ],
    expect: violated('customers'),
  },
  {
    name: 'merging over another column of another tenant',
    send: [
      'POST',
      '/customers?on_conflict=email',
      { id: 7, name: 'Eve', tenant_id: 5, email: 'bob@example.com' },
      'resolution=merge-duplicates',
    ],
    expect: violated('customers'),
  },
  {
    name: 'merging into another tenant',
    send: [
      'POST',
      '/customers',
      { id: 1, name: 'Eve', tenant_id: 6 },
      'resolution=merge-duplicates',
    ],
    expect: violated('customers'),
  },
  {
    name: 'merging over an own row',
    send: [
      'POST',
      '/customers?select=id,name',
      { id: 1, name: 'Eve', tenant_id: 5 },
      `resolution=merge-duplicates,${shown}`,
    ],
    expect: { status: 200, body: [{ id: 1, name: 'Eve' }] },
  },
  {
    name: 'putting over the key of another tenant',
    send: ['PUT', '/customers?id=eq.2', { id: 2, name: 'Eve', tenant_id: 5 }],
    expect: violated('customers'),
  },
  {
    name: 'putting an own row',
    send: ['PUT', '/customers?id=eq.1&select=name', { id: 1, name: 'Eve', tenant_id: 5 }, shown],
    expect: { status: 200, body: [{ name: 'Eve' }] },
  },
  {
    name: 'ignoring the row of another tenant',
    send: [
      'POST',
      '/customers?select=id',
      { id: 2, name: 'Eve', tenant_id: 5 },
      `resolution=ignore-duplicates,${shown}`,
    ],
    expect: { status: 201, body: [] },
  },
  {
    name: 'ignoring it with a row for another tenant',
    send: [
      'POST',
      '/customers',
      { id: 2, name: 'Eve', tenant_id: 6 },
      'resolution=ignore-duplicates',
    ],
    expect: violated('customers'),
  },
  {
    name: 'inserting without select, to see the row',
    as: poster,
    send: ['POST', '/orders', { tenant_id: 5, note: 'x' }, shown],
    expect: denied('orders'),
  },
  {
    name: 'inserting without select, to see where it is',
    as: poster,
    send: ['POST', '/orders', { tenant_id: 5, note: 'x' }, 'return=headers-only'],
    expect: denied('orders'),
  },
  {
    name: 'inserting without select, unseen',
    as: poster,
    send: ['POST', '/orders', { id: 9, tenant_id: 5, note: 'x' }, 'return=minimal'],
    expect: { status: 201, text: '' },
  },
  {
    name: 'inserting a column that is not granted',
    send: ['POST', '/orders', { id: 9, tenant_id: 5, salary: 1 }],
    expect: denied('orders'),
  },
  {
    name: 'a column that is not granted in columns',
    send: ['POST', '/orders?columns=id,tenant_id,salary', { id: 9, tenant_id: 5 }],
    expect: denied('orders'),
  },
  {
    name: 'changing a column that is not granted',
    send: ['PATCH', '/orders?id=eq.2', { salary: 1 }],
    expect: denied('orders'),
  },
  {
    name: 'changing by a column that is not granted',
    send: ['PATCH', '/orders?salary=gt.1', { note: 'x' }],
    expect: denied('orders'),
  },
  {
    name: 'showing a column that is not granted',
    send: ['PATCH', '/orders?id=eq.2&select=salary', { note: 'x' }, shown],
    expect: denied('orders'),
  },
  {
    name: 'showing the key by an empty select, which takes no grant on all columns',
    send: ['PATCH', '/orders?id=eq.2&select=', { note: 'x' }, shown],
    expect: { status: 200, body: [{ id: 2 }] },
  },
  {
    name: 'showing what an empty select is ordered by',
    send: ['PATCH', '/orders?id=eq.2&select=&order=salary', { note: 'x' }, shown],
    expect: denied('orders'),
  },
  {
    name: 'showing the key of a new row by an empty select',
    send: ['POST', '/orders?select=', { id: 9, tenant_id: 5 }, shown],
    expect: { status: 201, body: [{ id: 9 }] },
  },
  {
    name: 'embedding what is not granted in what was written',
    send: ['PATCH', '/orders?id=eq.2&select=id,secrets(*)', { note: 'x' }, shown],
    expect: denied('secrets'),
  },
  {
    name: 'embedding hidden rows in what was written',
    send: ['PATCH', '/orders?id=eq.3&select=id,customers(name),tags(name)', { note: 'x' }, shown],
    expect: { status: 200, body: [{ id: 3, customers: null, tags: [{ name: 'blue' }] }] },
  },
  {
    name: 'the key of a hidden row',
    send: ['POST', '/customers', { id: 2, name: 'Eve', tenant_id: 5 }],
    expect: {
      status: 409,
      body: errorBody('23505', 'duplicate key value violates unique constraint "customers_pkey"'),
    },
    differs: {
      mongodb: {
        status: 409,
        body: errorBody('23505', 'duplicate key value violates unique constraint "_id_"'),
        reason: 'the index of `_id` is called so',
      },
    },
  },
  {
    name: 'another key of a hidden row',
    send: ['POST', '/customers', { id: 9, name: 'Eve', tenant_id: 5, email: 'bob@example.com' }],
    expect: {
      status: 409,
      body: errorBody(
        '23505',
        'duplicate key value violates unique constraint "customers_email_key"',
      ),
    },
  },
  {
    name: 'a foreign key that leads nowhere',
    send: ['POST', '/orders', { id: 9, tenant_id: 5, customer_id: 99 }],
    expect: {
      status: 409,
      body: errorBody(
        '23503',
        'insert or update on table "orders" violates foreign key constraint "orders_customer_id_fkey"',
      ),
    },
    differs: { mongodb: { status: 201, text: '', reason: 'there are no foreign keys' } },
  },
  {
    name: 'a row that lacks a value',
    send: ['POST', '/customers', { id: 9, tenant_id: 5 }],
    expect: {
      status: 400,
      body: errorBody(
        '23502',
        'null value in column "name" of relation "customers" violates not-null constraint',
      ),
    },
  },
  {
    name: 'a function that writes, with an embed that is not granted',
    send: ['POST', '/rpc/reopen_orders?select=id,secrets(*)', { tenant: 5 }],
    expect: denied('secrets'),
  },
  {
    name: 'a function that writes, with an embed of which some rows are hidden',
    send: ['POST', '/rpc/reopen_orders?select=id,customers(name)&order=id', { tenant: 5 }],
    expect: {
      status: 200,
      body: [
        { id: 2, customers: { name: 'Ada' } },
        { id: 3, customers: null },
        { id: 4, customers: { name: 'Ada' } },
      ],
    },
    differs: {
      mongodb: {
        status: 400,
        code: 'PGRST127',
        reason: 'a stage that writes cannot stand in a transaction, which alone could undo it',
      },
    },
  },
  {
    name: 'a function that writes and is not granted',
    as: poster,
    send: ['POST', '/rpc/reopen_orders', { tenant: 5 }],
    expect: denied('reopen_orders', 'function'),
  },
  {
    name: 'writing to what may only be read',
    send: ['POST', '/projects', { id: 9, name: 'x', sealed: false }],
    expect: denied('projects'),
  },
]

export const accessWriteCases: readonly ConformanceCase[] = cases.map(
  ({ name, as, send: [method, target, body, prefer], expect, differs }) => {
    const request: CaseRequest = {
      method,
      target,
      headers: { Prefer: ['tx=rollback', ...(prefer === undefined ? [] : [prefer])].join(', ') },
      ...(body === undefined ? {} : { body }),
    }
    return {
      name: `access/writes/${name}`,
      rule,
      request: as === undefined ? asClerk(request) : { ...request, claims: as },
      expect,
      ...(differs === undefined ? {} : { differs }),
      afterwards: untouched,
    }
  },
)
