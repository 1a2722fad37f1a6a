/**
 * What access rules let through when a role reads: the attacks on them, each of which has to see
 * nothing or be refused. The rules are fixtures/access-registry.json, the rows fixtures/access.sql.
 * Played on every engine that has its roles from a registry.
 */
import { type CaseRequest, type ConformanceCase, errorBody, get } from './conformance-case.ts'

const clerk = { role: 'clerk', org: { id: 5 }, sub: 'ann' } as const

export function asClerk(request: CaseRequest): CaseRequest {
  return { ...request, claims: clerk }
}

export function denied(relation: string, kind = 'table') {
  return { status: 403, body: errorBody('42501', `permission denied for ${kind} ${relation}`) }
}

function unknownTable(name: string, rest: { readonly hint?: string } = {}) {
  return errorBody(
    'PGRST205',
    `Could not find the table '{schema}.${name}' in the schema cache`,
    rest,
  )
}

type ReadCase = readonly [
  name: string,
  target: string,
  expect: ConformanceCase['expect'],
  rest?: Partial<CaseRequest>,
]

const privileges: readonly ReadCase[] = [
  ['a relation that is not granted', '/secrets', denied('secrets')],
  [
    'one that is granted to everybody',
    '/products',
    { status: 200, body: [{ id: 1, name: 'Chair' }] },
  ],
  ['a star over columns that are granted in part', '/orders?select=*', denied('orders')],
  ['no select, which is a star', '/orders', denied('orders')],
  ['an empty select, which is one', '/orders?select=', denied('orders')],
  ['a filter on a column that is not granted', '/orders?select=id&salary=gt.1', denied('orders')],
  ['an order by one', '/orders?select=id&order=salary', denied('orders')],
  ['an aggregate of one', '/orders?select=salary.max()', denied('orders')],
  [
    'one inside a logic tree',
    '/orders?select=id&or=(id.eq.1,not.and(salary.gt.1,id.gt.0))',
    denied('orders'),
  ],
  ['one under an alias and a cast', '/orders?select=id,x:salary::text', denied('orders')],
  ['a JSON path into one', '/orders?select=salary->a', denied('orders')],
  ['an embed that is not granted', '/orders?select=id,secrets(*)', denied('secrets')],
  ['an embed of nothing', '/orders?select=id,secrets()', denied('secrets')],
  ['an inner join', '/orders?select=id,secrets!inner()', denied('secrets')],
  [
    'two levels deep, with an alias',
    '/customers?select=id,o:orders(id,s:secrets(x))',
    denied('secrets'),
  ],
  ['a spread', '/orders?select=id,...secrets(x)', denied('secrets')],
  ['a filter on an embed', '/customers?select=id,orders(id)&orders.salary=gt.1', denied('orders')],
  [
    'an order by the column of an embed',
    '/order_tags?select=tag_id,orders(id)&order=orders(salary)',
    denied('orders'),
  ],
  [
    'an embed through a junction',
    '/tags?select=name,orders(id)',
    {
      status: 200,
      body: [
        { name: 'red', orders: [{ id: 2 }] },
        { name: 'blue', orders: [{ id: 3 }] },
      ],
    },
  ],
  [
    'a name like one that is granted',
    '/produkts',
    {
      status: 404,
      body: unknownTable('produkts', { hint: "Perhaps you meant the table '{schema}.products'" }),
    },
  ],
  ['a name like one that is not', '/secretz', { status: 404, body: unknownTable('secretz') }],
  [
    'an embed with a name like one that is not',
    '/orders?select=id,secretz(*)',
    {
      status: 400,
      body: errorBody(
        'PGRST200',
        "Could not find a relationship between 'orders' and 'secretz' in the schema cache",
        {
          details:
            "Searched for a foreign key relationship between 'orders' and 'secretz' in the schema '{schema}', but no matches were found.",
        },
      ),
    },
  ],
  ['an unknown column', '/orders?select=id,nothing', denied('orders')],
]

const policies: readonly ReadCase[] = [
  ['rows of another tenant', '/orders?select=id', { status: 200, body: [{ id: 2 }, { id: 3 }] }],
  ['one of them by its key', '/orders?select=id&id=eq.1', { status: 200, body: [] }],
  [
    'one of them as a single object',
    '/orders?select=id&id=eq.1',
    { status: 406, code: 'PGRST116' },
    { headers: { Accept: 'application/vnd.pgrst.object+json' } },
  ],
  [
    'as CSV',
    '/orders?select=id',
    { status: 200, text: 'id\n2\n3' },
    { headers: { Accept: 'text/csv' } },
  ],
  [
    'a window over what is there',
    '/orders?select=id&order=id&limit=1&offset=1',
    { status: 200, body: [{ id: 3 }] },
  ],
  [
    'a to-one embed of another tenant',
    '/orders?select=id,customers(name)',
    {
      status: 200,
      body: [
        { id: 2, customers: { name: 'Ada' } },
        { id: 3, customers: null },
      ],
    },
  ],
  [
    'a to-many embed',
    '/customers?select=id,orders(id)',
    { status: 200, body: [{ id: 1, orders: [{ id: 2 }] }] },
  ],
  [
    'an embed through hidden rows of a junction',
    '/orders?select=id,tags(name)',
    {
      status: 200,
      body: [
        { id: 2, tags: [{ name: 'red' }] },
        { id: 3, tags: [{ name: 'blue' }] },
      ],
    },
  ],
  [
    'a spread of one row',
    '/orders?select=id,...customers(name)',
    {
      status: 200,
      body: [
        { id: 2, name: 'Ada' },
        { id: 3, name: null },
      ],
    },
  ],
  [
    'a spread of many rows',
    '/customers?select=id,...orders(status)',
    { status: 200, body: [{ id: 1, status: ['open'] }] },
  ],
  ['an inner join', '/orders?select=id,customers!inner()', { status: 200, body: [{ id: 2 }] }],
  [
    'an inner join through a junction',
    '/tags?select=name,orders!inner(id)&orders.id=eq.1',
    { status: 200, body: [] },
  ],
  [
    'an embed that is null',
    '/orders?select=id,customers()&customers=is.null',
    { status: 200, body: [{ id: 3 }] },
  ],
  [
    'an embed that is not',
    '/orders?select=id,customers()&customers=not.is.null',
    { status: 200, body: [{ id: 2 }] },
  ],
  [
    'an order by an embed',
    '/orders?select=id,customers(name)&order=customers(name).desc.nullslast',
    {
      status: 200,
      body: [
        { id: 2, customers: { name: 'Ada' } },
        { id: 3, customers: null },
      ],
    },
  ],
  [
    'an exact count',
    '/orders?select=id',
    { status: 200, headers: { 'content-range': '0-1/2' } },
    { headers: { Prefer: 'count=exact' } },
  ],
  [
    'a planned count',
    '/orders?select=id',
    { status: 200, headers: { 'content-range': '0-1/2' } },
    { headers: { Prefer: 'count=planned' } },
  ],
  [
    'an estimated count of a page',
    '/orders?select=id&limit=1',
    { status: 206, headers: { 'content-range': '0-0/2' } },
    { headers: { Prefer: 'count=estimated' } },
  ],
  [
    'a count with an inner join',
    '/orders?select=id,customers!inner()&limit=1',
    { status: 200, headers: { 'content-range': '0-0/1' } },
    { headers: { Prefer: 'count=exact' } },
  ],
  ['an aggregate', '/orders?select=count()', { status: 200, body: [{ count: 2 }] }],
  [
    'an aggregate of a column',
    '/orders?select=id.min(),id.max()',
    { status: 200, body: [{ min: 2, max: 3 }] },
  ],
  [
    'an aggregate in an embed',
    '/customers?select=id,orders(count())',
    { status: 200, body: [{ id: 1, orders: [{ count: 1 }] }] },
  ],
  [
    'a cast that fails on a hidden row',
    '/orders?select=id,note::int',
    {
      status: 200,
      body: [
        { id: 2, note: 12 },
        { id: 3, note: 7 },
      ],
    },
  ],
  [
    'a JSON path that fails on a hidden row',
    '/orders?select=id&doc->>a=eq.2',
    { status: 200, body: [{ id: 3 }] },
  ],
  [
    'an order by a JSON path that fails on one',
    '/orders?select=id&order=doc->a.desc',
    { status: 200, body: [{ id: 3 }, { id: 2 }] },
  ],
  ['a regular expression', '/orders?select=id&note=match.^1', { status: 200, body: [{ id: 2 }] }],
  [
    'one in a logic tree',
    '/orders?select=id&or=(note.match.^1,note.imatch.o)',
    { status: 200, body: [{ id: 2 }] },
  ],
  [
    'a regular expression that takes for ever on a hidden row, behind a policy that looks elsewhere',
    '/projects?select=id&name=match.^(a%2B)%2B$',
    { status: 200, body: [] },
  ],
  [
    'an archived row of the own tenant',
    '/orders?select=id&status=eq.archived',
    { status: 200, body: [] },
  ],
  [
    'a policy over a relation that is not granted',
    '/projects',
    { status: 200, body: [{ id: 1, name: 'Bridge', sealed: false }] },
  ],
]

const claims: readonly (readonly [
  string,
  CaseRequest['claims'],
  string,
  ConformanceCase['expect'],
])[] = [
  [
    'a claim that is a filter',
    { role: 'clerk', org: { id: '5&or=(id.gt.0)' } },
    '/orders?select=id',
    { status: 200, body: [] },
  ],
  [
    'a claim that is an object',
    { role: 'clerk', org: { id: { $ne: null } } },
    '/orders?select=id',
    { status: 200, body: [] },
  ],
  [
    'a claim that is a list',
    { role: 'clerk', org: { id: [5, 6] } },
    '/orders?select=id',
    { status: 200, body: [] },
  ],
  [
    'a claim that is null',
    { role: 'clerk', org: { id: null } },
    '/orders?select=id',
    { status: 200, body: [] },
  ],
  [
    'a claim whose digits are lost',
    { role: 'clerk', org: { id: 1e300 } },
    '/orders?select=id',
    { status: 200, body: [] },
  ],
  ['no claim', { role: 'clerk' }, '/orders?select=id', { status: 200, body: [] }],
  [
    'a claim as a text',
    { role: 'clerk', org: { id: '5' } },
    '/orders?select=id',
    { status: 200, body: [{ id: 2 }, { id: 3 }] },
  ],
  [
    'a claim with the name of a member of every object',
    { role: 'clerk', org: {} },
    '/customers',
    { status: 200, body: [] },
  ],
  [
    'a missing claim under neq and isdistinct',
    { role: 'reader', blocked: [] },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a missing list under not.in',
    { role: 'reader', sub: 'ann', kind: 'a' },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a list with a member that is none',
    { role: 'reader', sub: 'ann', kind: 'a', blocked: [null] },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'all of them there',
    { role: 'reader', sub: 'ann', kind: 'a', blocked: ['zoe'] },
    '/letters?select=id',
    { status: 200, body: [{ id: 2 }] },
  ],
  [
    'a missing list below a negation',
    { role: 'lister', names: ['ann', 'zoe'], sub: 'ben' },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a missing claim below a negation',
    { role: 'lister', names: ['ann', 'zoe'], kinds: ['c'] },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a list',
    { role: 'lister', names: ['ann', 'zoe'], kinds: ['c'], sub: 'ben' },
    '/letters?select=id',
    { status: 200, body: [{ id: 1 }, { id: 3 }] },
  ],
  [
    'an empty list',
    { role: 'lister', names: [], kinds: ['c'], sub: 'ben' },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a text in place of a list',
    { role: 'lister', names: '{ann,zoe}', kinds: ['c'], sub: 'ben' },
    '/letters?select=id',
    { status: 200, body: [] },
  ],
  [
    'a role that bypasses policies',
    { role: 'auditor' },
    '/orders?select=id&order=id',
    { status: 200, body: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] },
  ],
  ['but not grants', { role: 'auditor' }, '/customers', denied('customers')],
  [
    'a role without a policy of its own',
    { role: 'poster', org: { id: 5 } },
    '/orders?select=id',
    denied('orders'),
  ],
  [
    'a role that occurs nowhere',
    { role: 'nobody' },
    '/products',
    { status: 401, body: errorBody('22023', 'role "nobody" does not exist') },
  ],
  [
    'public, which is no role',
    { role: 'public' },
    '/products',
    { status: 401, body: errorBody('22023', 'role "public" does not exist') },
  ],
]

const functions: readonly ReadCase[] = [
  ['one that is not granted', '/rpc/all_salaries', denied('all_salaries', 'function')],
  [
    'one that is granted, whose rows are its own business',
    '/rpc/orders_of?tenant=6&select=id,salary',
    { status: 200, body: [{ id: 1, salary: 900 }] },
  ],
  [
    'an embed in its rows that is not granted',
    '/rpc/orders_of?tenant=5&select=id,secrets(*)',
    denied('secrets'),
  ],
  [
    'an embed in its rows, of which some are hidden',
    '/rpc/orders_of?tenant=5&select=id,customers(name)&order=id',
    {
      status: 200,
      body: [
        { id: 2, customers: { name: 'Ada' } },
        { id: 3, customers: null },
        { id: 4, customers: { name: 'Ada' } },
      ],
    },
  ],
  [
    'an inner join of its rows with hidden ones',
    '/rpc/orders_of?tenant=6&select=id,customers!inner(name)',
    { status: 200, body: [] },
  ],
]

const rule = 'access rules'

export const accessReadCases: readonly ConformanceCase[] = [
  ...privileges.map(([name, target, expect, rest]) => {
    return {
      name: `access/privileges/${name}`,
      rule,
      request: { ...asClerk(get(target)), ...rest },
      expect,
    }
  }),
  ...policies.map(([name, target, expect, rest]) => {
    return {
      name: `access/policies/${name}`,
      rule,
      request: { ...asClerk(get(target)), ...rest },
      expect,
    }
  }),
  ...functions.map(([name, target, expect]) => {
    return { name: `access/functions/${name}`, rule, request: asClerk(get(target)), expect }
  }),
  {
    name: 'access/options/of a function that is not granted',
    rule,
    request: asClerk({ method: 'OPTIONS', target: '/rpc/all_salaries' }),
    expect: denied('all_salaries', 'function'),
  },
  ...claims.map(([name, of, target, expect]) => {
    const request = { ...get(target), ...(of === undefined ? {} : { claims: of }) }
    return { name: `access/claims/${name}`, rule, request, expect }
  }),
  {
    name: 'access/anonymous/what is not granted',
    rule,
    request: get('/secrets'),
    expect: { status: 401, body: errorBody('42501', 'permission denied for table secrets') },
  },
  {
    name: 'access/anonymous/what is granted to everybody',
    rule,
    request: get('/products?select=name'),
    expect: { status: 200, body: [{ name: 'Chair' }] },
  },
  {
    name: 'access/options/of a relation',
    rule,
    request: asClerk({ method: 'OPTIONS', target: '/projects' }),
    expect: { status: 200, headers: { allow: 'OPTIONS,GET,HEAD' } },
  },
  {
    name: 'access/options/of one that is not granted',
    rule,
    request: asClerk({ method: 'OPTIONS', target: '/secrets' }),
    expect: denied('secrets'),
  },
]
