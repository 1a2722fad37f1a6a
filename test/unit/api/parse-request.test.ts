import { describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../src/api/api-request.ts'
import { type ParseConfig, parseRequest } from '../../../src/api/parse-request.ts'
import {
  maxEmbedLevels,
  maxJsonSteps,
  maxLogicLevels,
  maxRequestNodes,
} from '../../../src/api/request-limits.ts'

const config: ParseConfig = {
  dbSchemas: ['api'],
  dbRootSpec: null,
  openapiMode: 'follow-privileges',
  dbTxEnd: 'commit',
}

interface Options {
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
  readonly config?: Partial<ParseConfig>
}

function parse(method: string, target: string, options: Options = {}) {
  const [path = '', ...query] = target.split('?')
  return parseRequest(
    {
      method,
      path,
      query: query.join('?'),
      headers: options.headers ?? [],
      body: Buffer.from(options.body ?? ''),
    },
    { ...config, ...options.config },
  )
}

function accepted(method: string, target: string, options: Options = {}): ApiRequest {
  const parsed = parse(method, target, options)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

function refused(method: string, target: string, options: Options = {}) {
  const parsed = parse(method, target, options)
  return parsed.ok ? null : parsed.error
}

const films = { schema: 'api', name: 'films' }
const fn = { schema: 'api', name: 'fn' }

describe('the action', () => {
  test.each([
    ['GET', '/films', { kind: 'read', relation: films, headersOnly: false }],
    ['HEAD', '/films', { kind: 'read', relation: films, headersOnly: true }],
    ['DELETE', '/films', { kind: 'mutate', relation: films, mutation: 'delete' }],
    ['OPTIONS', '/films', { kind: 'relation-info', relation: films }],
    ['GET', '/rpc/fn', { kind: 'call', routine: fn, via: 'get' }],
    ['HEAD', '/rpc/fn', { kind: 'call', routine: fn, via: 'head' }],
    ['POST', '/rpc/fn', { kind: 'call', routine: fn, via: 'post' }],
    ['OPTIONS', '/rpc/fn', { kind: 'routine-info', routine: fn }],
    ['GET', '/', { kind: 'inspect', schema: 'api', headersOnly: false }],
    ['HEAD', '/', { kind: 'inspect', schema: 'api', headersOnly: true }],
    ['OPTIONS', '/', { kind: 'schema-info' }],
    ['GET', '/rpc', { kind: 'read', relation: { schema: 'api', name: 'rpc' }, headersOnly: false }],
    [
      'GET',
      '/Order%20Items+%2F%D9%85',
      { kind: 'read', relation: { schema: 'api', name: 'Order Items+/م' }, headersOnly: false },
    ],
  ])('%s %s', (method, target, action) => {
    expect(accepted(method, target).action).toEqual(action)
  })

  test.each([
    ['POST', 'insert'],
    ['PATCH', 'update'],
    ['PUT', 'upsert'],
  ])('%s /films', (method, mutation) => {
    const request = accepted(method, '/films', { body: '{}' })
    expect(request.action).toEqual({ kind: 'mutate', relation: films, mutation })
  })

  test.each([
    ['GET', '/films/1', { kind: 'invalid-path' }],
    ['GET', '/films/', { kind: 'invalid-path' }],
    ['GET', '//', { kind: 'invalid-path' }],
    ['GET', '/rpc/fn/x', { kind: 'invalid-path' }],
    ['DELETE', '/rpc/fn', { kind: 'invalid-rpc-method', method: 'DELETE' }],
    ['PATCH', '/rpc/fn', { kind: 'invalid-rpc-method', method: 'PATCH' }],
    ['POST', '/', { kind: 'unsupported-method', method: 'POST' }],
    ['CONNECT', '/films', { kind: 'unsupported-method', method: 'CONNECT' }],
  ])('%s %s is refused', (method, target, error) => {
    expect(refused(method, target)).toEqual(error)
  })

  test('the root calls the function of db-root-spec', () => {
    for (const dbRootSpec of ['fn', 'other.fn']) {
      const request = accepted('GET', '/', { config: { dbRootSpec } })
      expect(request.action).toEqual({ kind: 'call', routine: fn, via: 'get' })
    }
  })

  test('openapi-mode=disabled closes the root, db-root-spec or not', () => {
    for (const dbRootSpec of [null, 'fn']) {
      const disabled = { openapiMode: 'disabled', dbRootSpec } as const
      expect(refused('GET', '/', { config: disabled })).toEqual({ kind: 'openapi-disabled' })
    }
  })
})

describe('the schema', () => {
  const many = { dbSchemas: ['v1', 'v2', 'SPECIAL "@/\\#~_-'] }

  test.each([
    ['GET', 'accept-profile'],
    ['HEAD', 'accept-profile'],
    ['OPTIONS', 'accept-profile'],
    ['POST', 'content-profile'],
    ['PATCH', 'content-profile'],
    ['PUT', 'content-profile'],
    ['DELETE', 'content-profile'],
  ])('of %s is chosen by %s', (method, header) => {
    const options = { config: many, body: '{}', headers: [[header, 'v2']] as const }
    expect(accepted(method, '/t', options)).toMatchObject({
      schema: 'v2',
      negotiatedByProfile: true,
    })
    const other = header === 'accept-profile' ? 'content-profile' : 'accept-profile'
    expect(accepted(method, '/t', { ...options, headers: [[other, 'v2']] }).schema).toBe('v1')
  })

  test('is the first one by default, announced when there are several', () => {
    expect(accepted('GET', '/t')).toMatchObject({ schema: 'api', negotiatedByProfile: false })
    expect(accepted('GET', '/t', { config: many })).toMatchObject({
      schema: 'v1',
      negotiatedByProfile: true,
    })
  })

  test('may be named by what stands for it, and is told by its own name', () => {
    const config = { dbSchemas: ['main'], schemaAliases: new Map([['public', 'main']]) }
    const named = { schema: 'main', negotiatedByProfile: true }
    const read = { config, headers: [['accept-profile', 'public']] as const }
    expect(accepted('GET', '/t', read)).toMatchObject({
      ...named,
      action: { relation: { schema: 'main', name: 't' } },
    })
    const written = { config, body: '{}', headers: [['content-profile', 'public']] as const }
    expect(accepted('POST', '/t', written)).toMatchObject(named)
    const other = { config, headers: [['accept-profile', 'private']] as const }
    expect(refused('GET', '/t', other)).toEqual({
      kind: 'unacceptable-schema',
      schema: 'private',
      exposed: ['main'],
    })
  })

  test('that is not exposed is refused', () => {
    const options = { config: many, headers: [['accept-profile', 'v3']] as const }
    expect(refused('GET', '/t', options)).toEqual({
      kind: 'unacceptable-schema',
      schema: 'v3',
      exposed: many.dbSchemas,
    })
  })
})

describe('the query', () => {
  test('is sorted into its parts', () => {
    const request = accepted(
      'GET',
      '/films?select=id,a:roles(*)&year=gte.2017&a.name=eq.x&order=year.desc&a.order=id&or=(id.eq.1,id.eq.2)&a.not.and=(x.is.null)&limit=3&a.limit=2&on_conflict=id,"a b"&nothing',
    )
    expect(request).toMatchObject({
      select: [{ kind: 'field' }, { kind: 'embed', alias: 'a' }],
      filters: [
        { path: [], value: { field: { name: 'year' }, operation: { value: 2 } } },
        { path: ['a'], value: { field: { name: 'name' }, operation: { value: 3 } } },
      ],
      logic: [
        { path: [], value: { operator: 'or', negated: false } },
        { path: ['a'], value: { operator: 'and', negated: true } },
      ],
      order: [
        { path: [], value: [{ direction: 'desc' }] },
        { path: ['a'], value: [{ field: { name: 'id' } }] },
      ],
      window: { offset: 0, limit: 3 },
      embedWindows: [{ path: ['a'], value: { offset: 0, limit: 2 } }],
      onConflict: ['id', 'a b'],
      values: ['1', '2', '2017', 'x'],
    })
  })

  test('without select asks for everything', () => {
    const everything = [{ kind: 'field', field: { name: '*', jsonPath: [] } }]
    expect(accepted('GET', '/films').select).toEqual(everything)
    expect(accepted('GET', '/films?select&select=id').select).toEqual(everything)
    expect(accepted('GET', '/films?select=').select).toEqual([])
    expect(accepted('GET', '/films?select=id&select=name').select).toHaveLength(1)
  })

  test('quotes keep separators in names', () => {
    const { filters, order } = accepted('GET', '/t?"a.b"=eq.1&"x"."y"=eq.2&e.order=id')
    expect(filters.map(({ path, value }) => [path, value.field.name])).toEqual([
      [[], 'a.b'],
      [['x'], 'y'],
    ])
    expect(order[0]?.path).toEqual(['e'])
  })

  test('a logic tree without parentheses is a filter on a column of that beginning', () => {
    expect(accepted('GET', '/t?or=acle.eq.1').logic).toMatchObject([
      { value: { operator: 'and', operands: [{ kind: 'filter', field: { name: 'oracle' } }] } },
    ])
  })

  test('of a function read by GET holds arguments and filters', () => {
    const request = accepted('GET', '/rpc/fn?a=1&v=x&v=y&b=eq.2&x.c=3&empty&limit=5')
    expect(request.callArguments).toEqual([
      ['a', '1'],
      ['v', 'x'],
      ['v', 'y'],
      ['c', '3'],
    ])
    expect(request.filters).toMatchObject([{ value: { field: { name: 'b' } } }])
    expect(request.window).toEqual({ offset: 0, limit: 5 })
  })

  test('of a function called by POST holds filters only', () => {
    expect(refused('POST', '/rpc/fn?a=1')).toMatchObject({ kind: 'query-syntax' })
  })
})

describe('syntax errors', () => {
  test.each([
    [
      '/items?order=id.asc.nullslasttt',
      '"failed to parse order (id.asc.nullslasttt)" (line 1, column 17)',
      `unexpected 't' expecting "," or end of input`,
    ],
    [
      '/ghostBusters?id=0',
      '"failed to parse filter (0)" (line 1, column 1)',
      'unexpected "0" expecting "not" or operator (eq, gt, ...)',
    ],
    [
      '/entities?or=()',
      '"failed to parse logic tree (())" (line 1, column 4)',
      'unexpected ")" expecting field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)',
    ],
    [
      '/articles?columns=',
      '"failed to parse columns parameter ()" (line 1, column 1)',
      'unexpected end of input expecting field name (* or [a..z0..9_$])',
    ],
    [
      '/articles?on_conflict=',
      '"failed to parse on_conflict parameter ()" (line 1, column 1)',
      'unexpected end of input expecting field name (* or [a..z0..9_$])',
    ],
    [
      '/json_arr?select=data->(!@#$%^%26*_d->>!@#$%^%26*_e::integer',
      '"failed to parse select parameter (data->(!@#$%^&*_d->>!@#$%^&*_e::integer)" (line 1, column 7)',
      'unexpected "(" expecting "-", digit or any non reserved character different from: .,>()',
    ],
    [
      '/json_arr?select=data->>--34',
      '"failed to parse select parameter (data->>--34)" (line 1, column 9)',
      'unexpected "-" expecting digit',
    ],
    [
      '/t?.a=eq.1',
      '"failed to parse tree path (.a)" (line 1, column 1)',
      'unexpected "." expecting field name (* or [a..z0..9_$])',
    ],
    [
      '/t?!.and=(id.eq.1)',
      '"failed to parse logic path (!.and)" (line 1, column 1)',
      'unexpected "!" expecting field name (* or [a..z0..9_$])',
    ],
    [
      '/t?!.limit=1',
      '"failed to parse tree path (!.limit)" (line 1, column 1)',
      'unexpected "!" expecting field name (* or [a..z0..9_$])',
    ],
  ])('%s', (target, message, details) => {
    expect(refused('GET', target)).toMatchObject({ kind: 'query-syntax', message, details })
  })

  test.each([
    ['GET', '/trees?name=Banyan', 'trees', 'name', 'name=eq.Banyan'],
    ['PATCH', '/trees?name=Banyan', 'trees', 'name', 'name=eq.Banyan'],
    ['GET', '/trees?id=0', 'trees', 'id', 'id=eq.0'],
    ['GET', '/trees?name=not.Banyan', 'trees', 'name', 'name=not.eq.Banyan'],
    ['GET', '/trees?name=eq:Banyan', 'trees', 'name', 'name=eq.eq:Banyan'],
    ['GET', '/trees?name=equals.Banyan', 'trees', 'name', 'name=eq.equals.Banyan'],
    ['GET', '/trees?parks.name=Hyde', 'parks', 'name', 'parks.name=eq.Hyde'],
    ['GET', '/trees?data->>a=b', 'trees', 'data', 'data->>a=eq.b'],
    ['GET', `/trees?name=${'x'.repeat(100)}`, 'trees', 'name', 'name=eq.value'],
    ['GET', '/trees?name=', 'trees', 'name', 'name=eq.'],
    ['GET', '/trees?or=(id.1)', 'trees', 'id', 'id.eq.1'],
    ['PATCH', '/trees?and=(id.eq.1,name.Banyan)', 'trees', 'name', 'name.eq.Banyan'],
    ['GET', '/trees?not.or=(id.in.(1,2), name.not.Banyan)', 'trees', 'name', 'name.not.eq.Banyan'],
    [
      'GET',
      '/trees?or=(id.eq.1,not.and("a,b".eq."(x",data->>c.d))',
      'trees',
      'data',
      'data->>c.eq.d',
    ],
    ['GET', '/trees?or=(tags.cs.{a,b},id.1)', 'trees', 'id', 'id.eq.1'],
    ['GET', '/trees?parks.or=(name.Hyde,id.eq.1)', 'parks', 'name', 'name.eq.Hyde'],
  ])('%s %s tells a filter without an operator', (method, target, relation, column, asEquality) => {
    expect(refused(method, target)).toMatchObject({
      kind: 'query-syntax',
      unread: { relation: { name: relation }, column, asEquality },
    })
  })

  test.each([
    '/trees?id=in.1,2',
    '/trees?id=not.in.1,2',
    '/trees?id=is.nothing',
    '/trees?or=(id.eq.1',
    '/trees?or=(id.in.1)',
    '/trees?or=(id.eq.1,)',
    '/trees?or=()',
    `/trees?or=${'(or'.repeat(9000)}`,
    '/trees?order=id.up',
    '/trees?select=id,',
  ])('%s tells no filter without an operator', (target) => {
    expect(refused('GET', target)).toMatchObject({ kind: 'query-syntax' })
    expect(refused('GET', target)).not.toHaveProperty('unread')
  })

  test('are told in the order order, logic, columns, select, filters, on_conflict', () => {
    const faults = ['order=!', 'or=!', 'columns=!', 'select=a!', 'x=!', 'on_conflict=!']
    const named = faults.map((_, index) => {
      const error = refused('GET', `/t?${faults.slice(index).reverse().join('&')}`)
      return error?.kind === 'query-syntax' ? error.message.split(' (')[0] : error
    })
    expect(named).toEqual([
      '"failed to parse order',
      '"failed to parse logic tree',
      '"failed to parse columns parameter',
      '"failed to parse select parameter',
      '"failed to parse filter',
      '"failed to parse on_conflict parameter',
    ])
  })
})

describe('nesting', () => {
  const deepSelect = (levels: number) => `/t?select=${'a('.repeat(levels)}${')'.repeat(levels)}`
  const deepLogic = (levels: number) =>
    `/t?and=(${'or('.repeat(levels)}a.eq.1${')'.repeat(levels)})`

  test('is taken to the limits', () => {
    expect(parse('GET', deepSelect(maxEmbedLevels)).ok).toBe(true)
    expect(parse('GET', deepLogic(maxLogicLevels - 1)).ok).toBe(true)
    expect(parse('GET', `/t?select=a${'->b'.repeat(maxJsonSteps)}`).ok).toBe(true)
  })

  test.each([
    [deepSelect(maxEmbedLevels + 1), 'more than 32 nested levels'],
    [deepSelect(20_000), 'more than 32 nested levels'],
    [`/t?select=${'a('.repeat(30_000)}`, 'more than 32 nested levels'],
    [deepLogic(maxLogicLevels), 'more than 100 nested levels'],
    [deepLogic(20_000), 'more than 100 nested levels'],
    [`/t?select=a${'->b'.repeat(maxJsonSteps + 1)}`, 'more than 100 JSON arrows'],
    [`/t?order=a${'->b'.repeat(20_000)}`, 'more than 100 JSON arrows'],
    [`/t?a${'->b'.repeat(20_000)}=eq.1`, 'more than 100 JSON arrows'],
  ])('beyond them is refused', (target, details) => {
    expect(refused('GET', target)).toMatchObject({
      kind: 'query-syntax',
      details: `unexpected ${details}`,
    })
  })
})

describe('the number of things asked for', () => {
  const half = maxRequestNodes / 2
  const fewer = (piece: string, count: number) => Array.from({ length: count }, () => piece).join()

  test('is taken to the limit, and values do not count', () => {
    expect(parse('GET', `/t?select=${fewer('a', maxRequestNodes)}`).ok).toBe(true)
    expect(parse('GET', `/t?a=in.(${fewer('1', maxRequestNodes * 2)})`).ok).toBe(true)
  })

  test.each([
    `/t?select=${fewer('a', maxRequestNodes + 1)}`,
    `/t?order=${fewer('a', maxRequestNodes + 1)}`,
    `/t?or=(${fewer('a.is.null', maxRequestNodes + 1)})`,
    `/t?select=${fewer('a', half)}&order=${fewer('a', half + 1)}`,
    `/t?select=${fewer('a(b)', half + 1)}`,
    `/t?${Array.from({ length: maxRequestNodes + 1 }, () => 'a=is.null').join('&')}`,
  ])('beyond it is refused', (target) => {
    expect(refused('GET', target)).toMatchObject({
      kind: 'query-syntax',
      details: 'unexpected more than 4000 columns, embeds, conditions and order terms',
    })
  })
})

describe('the order of checks', () => {
  const wrong = [
    ['content-profile', 'nowhere'],
    ['content-type', 'text/html'],
  ] as const

  test('is resource, profile, action, query, window, payload, windows of embeds', () => {
    const kinds = [
      refused('POST', '/a/b/c?x=!&limit=-1', { headers: wrong }),
      refused('POST', '/?x=!&limit=-1', { headers: wrong }),
      refused('POST', '/?x=!&limit=-1', { headers: wrong.slice(1) }),
      refused('POST', '/t?x=!&limit=-1', { headers: wrong.slice(1) }),
      refused('POST', '/t?limit=-1', { headers: wrong.slice(1) }),
      refused('POST', '/t', { headers: wrong.slice(1) }),
      refused('POST', '/rpc/fn?!.limit=1', { headers: wrong.slice(1) }),
      refused('POST', '/rpc/fn?!.limit=1'),
    ].map((error) => error?.kind)
    expect(kinds).toEqual([
      'invalid-path',
      'unacceptable-schema',
      'unsupported-method',
      'query-syntax',
      'invalid-range',
      'invalid-body',
      'invalid-body',
      'query-syntax',
    ])
  })

  test('a write has no windows of embeds', () => {
    expect(accepted('PATCH', '/t?e.limit=-1&!.limit=1', { body: '{}' }).embedWindows).toEqual([])
  })

  test('a query that is no UTF-8 is malformed', () => {
    expect(refused('GET', '/t?a=eq.%ff')).toMatchObject({ kind: 'malformed-request' })
  })
})

describe('headers', () => {
  test('travel on without cookies, repeated ones joined', () => {
    const request = accepted('GET', '/t', {
      headers: [
        ['host', 'here'],
        ['x-a', '1'],
        ['cookie', 'a=1; b=x=y; c'],
        ['x-b', '\u00d9\u0085'],
        ['x-a', '2'],
      ],
    })
    expect(request.headers).toEqual([
      ['host', 'here'],
      ['x-a', '1, 2'],
      ['x-b', 'م'],
    ])
    expect(request.cookies).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
      ['c', ''],
    ])
  })

  test('of Accept, Content-Type and Range the first line counts', () => {
    const request = accepted('GET', '/t', {
      headers: [
        ['accept', 'text/csv'],
        ['accept', 'application/json'],
        ['content-type', 'text/xml'],
        ['content-type', 'text/csv'],
        ['range', '0-1'],
        ['range', '5-6'],
      ],
    })
    expect(request.accept).toEqual([{ kind: 'csv' }])
    expect(request.contentType).toEqual({ kind: 'xml' })
    expect(request.window).toEqual({ offset: 0, limit: 2 })
  })

  test('tx is heeded where db-tx-end lets clients choose', () => {
    const headers = [['prefer', 'tx=rollback']] as const
    for (const [dbTxEnd, tx] of [
      ['commit', undefined],
      ['rollback', undefined],
      ['commit-allow-override', 'rollback'],
      ['rollback-allow-override', 'rollback'],
    ] as const) {
      expect(accepted('GET', '/t', { headers, config: { dbTxEnd } }).preferences.tx).toBe(tx)
    }
  })
})

describe('the body', () => {
  test.each([
    ['GET', '/t'],
    ['HEAD', '/t'],
    ['DELETE', '/t'],
    ['OPTIONS', '/t'],
    ['GET', '/rpc/fn'],
  ])('of %s %s is not read', (method, target) => {
    const request = accepted(method, target, { body: '{', headers: [['content-type', 'x/y']] })
    expect(request.payload).toBeUndefined()
    expect(request.columns).toEqual([])
  })

  test('gives the columns unless columns= does', () => {
    expect(accepted('POST', '/t', { body: '[{"b":1,"a":2}]' }).columns).toEqual(['a', 'b'])
    expect(accepted('POST', '/t?columns=c,"d e",c', { body: '[]' })).toMatchObject({
      columns: ['c', 'd e'],
      payload: { kind: 'raw-json', text: '[]' },
    })
  })
})

describe('the shape key', () => {
  const shape = (method: string, target: string, options: Options = {}) =>
    accepted(method, target, options).shapeKey

  test.each([
    ['GET', '/t?id=eq.1', '/t?id=eq.22'],
    ['GET', '/t?id=in.(1,2)', '/t?id=in.("3",4,5)'],
    ['GET', '/t?id=not.eq(any).{1}', '/t?id=not.eq(any).{2,3}'],
    ['GET', '/t?a=fts(english).x', '/t?a=fts(english).y'],
    ['GET', '/t?or=(a.eq.1,b.in.(1,2),c.is.null)', '/t?or=(a.eq."x,y",b.in.(3),c.is.null)'],
    ['GET', '/t?limit=5&offset=2', '/t?limit=10&offset=3'],
    ['GET', '/t?select=a(*)&a.limit=5', '/t?select=a(*)&a.limit=6'],
    ['GET', '/rpc/fn?a=1', '/rpc/fn?a=2'],
    ['GET', '/t', '/t?select=*'],
  ])('is one for %s %s and %s', (method, a, b) => {
    expect(shape(method, a)).toBe(shape(method, b))
  })

  test.each([
    ['/t?id=eq.1', '/t?id=gt.1'],
    ['/t?id=eq.1', '/t?id=not.eq.1'],
    ['/t?id=eq.1', '/t?name=eq.1'],
    ['/t?id=eq.1', '/u?id=eq.1'],
    ['/t?id=eq.1', '/t?a.id=eq.1'],
    ['/t?id=eq.1', '/t?id=eq.1&id=eq.1'],
    ['/t?id=is.null', '/t?id=is.true'],
    ['/t?id=eq(any).{1}', '/t?id=eq(all).{1}'],
    ['/t?a=fts(english).x', '/t?a=fts(french).x'],
    ['/t?select=a', '/t?select=b'],
    ['/t?order=a', '/t?order=a.desc'],
    ['/t?limit=5', '/t'],
    ['/t?limit=5', '/t?limit=0'],
    ['/t?offset=5', '/t'],
    ['/t?limit=5', '/t?limit=5&offset=1'],
    ['/t?select=a(*)&a.limit=5', '/t?select=a(*)'],
    ['/t?or=(a.eq.1,b.eq.2)', '/t?and=(a.eq.1,b.eq.2)'],
    ['/t?or=(a.eq.1,b.eq.2)', '/t?or=(a.eq.1,c.eq.2)'],
    ['/t?or=(a.eq.1,b.eq.2)', '/t?or=(a.eq.1)'],
    ['/t?or=(a.eq.1,b.is.null)', '/t?or=(a.eq.1,b.is.true)'],
    ['/t?on_conflict=a', '/t?on_conflict=b'],
    ['/rpc/fn?a=1', '/rpc/fn?b=1'],
    ['/rpc/fn?a=1', '/rpc/fn?a=eq.1'],
    ['/rpc/fn?a=1&b=1', '/rpc/fn?b=1&a=1'],
    // values cannot pass for structure
    ['/t?a=eq.1&b=eq.2', '/t?a=eq.1%26b%3Deq.2'],
    ['/t?a=eq.1%0Af1:b5:eq.', '/t?a=eq.1&b=eq.'],
    ['/t?or=(a.eq."1,b.eq.2")', '/t?or=(a.eq.1,b.eq.2)'],
  ])('differs for %s and %s', (a, b) => {
    expect(shape('GET', a)).not.toBe(shape('GET', b))
  })

  test('differs by method', () => {
    const keys = ['GET', 'HEAD', 'OPTIONS', 'DELETE'].map((method) => shape(method, '/t'))
    expect(new Set(keys).size).toBe(4)
  })

  const withHeader = (name: string, value: string) =>
    shape('GET', '/t', { headers: [[name, value]] })

  test('covers preferences, accepted types and the content type, not other headers', () => {
    expect(withHeader('prefer', 'count=exact')).not.toBe(withHeader('prefer', 'count=planned'))
    expect(withHeader('prefer', 'timezone=UTC')).toBe(withHeader('prefer', 'timezone=CET'))
    expect(withHeader('accept', 'text/csv')).not.toBe(withHeader('accept', 'text/xml'))
    expect(withHeader('content-type', 'a/b')).not.toBe(withHeader('content-type', 'a/c'))
    expect(withHeader('user-agent', 'a')).toBe(withHeader('user-agent', 'b'))
    expect(withHeader('authorization', 'a')).toBe(withHeader('authorization', 'b'))
    expect(withHeader('range', '0-9')).toBe(withHeader('range', '0-4'))
  })

  const write = (body: string, target = '/t', type = 'application/json') =>
    shape('POST', target, { body, headers: [['content-type', type]] })

  test('covers kind and keys of the payload, not its contents', () => {
    expect(write('{"a":1,"b":2}')).toBe(write('{"b":"x","a":null}'))
    expect(write('{"a":1}')).not.toBe(write('{"b":1}'))
    expect(write('{"a":1}')).not.toBe(write('[{"a":1}]'))
    expect(write('[]', '/t?columns=a')).not.toBe(write('[]', '/t?columns=b'))
    expect(write('[{"a":1}]')).toBe(write('[{"a":1},{"a":2}]'))
    expect(write('a=1', '/rpc/fn', 'application/x-www-form-urlencoded')).not.toBe(
      write('{"a":1}', '/rpc/fn'),
    )
  })
})
