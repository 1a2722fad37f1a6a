/**
 * What surrounds a request in the database: its transaction, its settings, what it may set.
 */
import { type ConformanceCase, errorBody, get, post } from '../conformance-case.ts'

const mode = 'PostgREST docs: transactions (Access Mode on Tables and Views)'
const isolation = 'PostgREST docs: transactions (Isolation Level)'
const request = 'PostgREST docs: transactions (Request Headers, Cookies and JWT claims)'
const pathMethod = 'PostgREST docs: transactions (Request Path and Method)'
const role = 'PostgREST docs: transactions (Request Role and Search Path)'
const headers = 'PostgREST docs: transactions (Response Headers)'
const status = 'PostgREST docs: transactions (Response Status Code)'
const settings = 'PostgREST docs: transactions (Impersonated Role Settings)'
const hoisted = 'PostgREST docs: transactions (Hoisted Function Settings)'
const end = 'PostgREST docs: transactions (Transaction End)'
const preRequest = 'PostgREST docs: transactions (Pre-Request)'
const only = { engine: 'postgres', reason: 'settings and functions in the database' } as const
const editor = { role: 'conformance_editor', email: 'kim@example.com' }

export const transactionCases: readonly ConformanceCase[] = [
  {
    name: 'transaction/reads-are-read-only',
    rule: mode,
    only,
    request: get('/visit_counter'),
    expect: {
      status: 405,
      body: errorBody('25006', 'cannot execute nextval() in a read-only transaction'),
    },
  },
  {
    name: 'transaction/settings-of-the-request',
    rule: request,
    only,
    request: {
      ...get('/rpc/request_context', {
        'X-Agent': 'conformance',
        Cookie: 'theme=dark; session=abc',
      }),
      claims: editor,
    },
    expect: {
      status: 200,
      body: {
        method: 'GET',
        path: '/rpc/request_context',
        agent: 'conformance',
        cookie: 'abc',
        role: 'conformance_editor',
        claimed_role: 'conformance_editor',
        email: 'kim@example.com',
        search_path: '"public", "public"',
        isolation: 'repeatable read',
        read_only: 'on',
      },
    },
  },
  {
    name: 'transaction/settings-of-an-anonymous-request',
    rule: role,
    only,
    request: post('/rpc/request_context', {}),
    expect: {
      status: 200,
      body: {
        method: 'POST',
        path: '/rpc/request_context',
        agent: null,
        cookie: null,
        role: 'conformance_anon',
        claimed_role: 'conformance_anon',
        email: null,
        search_path: '"public", "public"',
        isolation: 'read committed',
        read_only: 'on',
      },
    },
  },
  {
    name: 'transaction/the-search-path-begins-with-the-schema',
    rule: role,
    variant: 'generous',
    only,
    request: get('/rpc/request_context'),
    expect: { status: 200, text: /"search_path" : "\\"public\\", \\"public\\", \\"extras\\""/ },
  },
  {
    name: 'transaction/path-and-method-of-the-request',
    rule: pathMethod,
    only,
    request: post('/rpc/request_context', {}),
    expect: { status: 200, text: /"method" : "POST", "path" : "\/rpc\/request_context"/ },
  },
  {
    name: 'transaction/isolation-of-a-role',
    rule: isolation,
    only,
    request: { ...get('/rpc/request_context'), claims: editor },
    expect: { status: 200, text: /"isolation" : "repeatable read"/ },
  },
  {
    name: 'transaction/isolation-of-a-function',
    rule: isolation,
    only,
    request: post('/rpc/serializable_level', {}),
    expect: { status: 200, body: 'serializable' },
  },
  {
    name: 'transaction/headers-may-be-set',
    rule: headers,
    needs: 'functions',
    request: post('/rpc/with_headers', {}),
    expect: {
      status: 200,
      headers: { 'cache-control': /^public, max-age=60$/, 'x-films': 'seven' },
      body: 'sent',
    },
  },
  {
    name: 'transaction/headers-may-be-set-twice',
    rule: headers,
    source: 'v16.2 spec: RpcSpec (can set the same http header twice)',
    needs: 'functions',
    request: post('/rpc/with_cookies', {}),
    expect: {
      status: 204,
      headers: { 'set-cookie': ['a=1; Path=/', 'b=2; HttpOnly'] },
      text: '',
    },
  },
  {
    name: 'transaction/vary-may-be-replaced',
    rule: 'PostgREST docs: vary_header (Vary Header)',
    needs: 'functions',
    request: post('/rpc/with_vary', {}),
    expect: { status: 200, headers: { vary: 'Accept, X-Films' }, body: 'varied' },
  },
  {
    name: 'transaction/headers-that-are-none',
    rule: 'PostgREST docs: errors (PGRST111)',
    needs: 'functions',
    request: post('/rpc/bad_headers', {}),
    expect: {
      status: 500,
      body: errorBody(
        'PGRST111',
        'response.headers guc must be a JSON array composed of objects with a single key and a string value',
      ),
    },
  },
  {
    name: 'transaction/the-status-may-be-set',
    rule: status,
    needs: 'functions',
    request: post('/rpc/teapot', {}),
    expect: { status: 418, body: { message: 'short and stout' } },
  },
  {
    name: 'transaction/a-status-that-is-none',
    rule: 'PostgREST docs: errors (PGRST112)',
    needs: 'functions',
    request: post('/rpc/bad_status', {}),
    expect: {
      status: 500,
      body: errorBody('PGRST112', 'response.status guc must be a valid status code'),
    },
  },
  {
    name: 'transaction/settings-of-a-role',
    rule: settings,
    only,
    request: { ...post('/rpc/current_timeout', {}), claims: editor },
    expect: { status: 200, body: '7s' },
  },
  {
    name: 'transaction/settings-that-take-privileges-are-left-out',
    rule: 'PostgREST docs: transactions (Settings with privileged context)',
    only,
    request: { ...post('/rpc/current_log_level', {}), claims: editor },
    expect: { status: 200, body: 'warning' },
  },
  {
    name: 'transaction/hoisted-settings-of-a-function',
    rule: hoisted,
    only,
    request: { ...post('/rpc/slow_enough', {}), claims: editor },
    expect: { status: 200, body: '4s' },
  },
  {
    name: 'transaction/rolled-back-unless-asked-otherwise',
    rule: end,
    variant: 'generous',
    source: 'v16.2 spec: RollbackSpec (db-tx-end = rollback-allow-override)',
    needs: 'insert',
    request: post('/notes', { body: 'third' }),
    expect: { status: 201, headers: { 'preference-applied': null }, text: '' },
    afterwards: { request: get('/notes?body=eq.third'), expect: { status: 200, body: [] } },
  },
  {
    name: 'transaction/rolled-back-when-asked-to',
    rule: 'PostgREST docs: preferences (Transaction End Preference)',
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/notes', { body: 'third' }, { Prefer: 'tx=rollback, return=representation' }),
    expect: {
      status: 201,
      headers: { 'preference-applied': 'return=representation, tx=rollback' },
      body: [{ body: 'third' }],
    },
    afterwards: { request: get('/notes?body=eq.third'), expect: { status: 200, body: [] } },
  },
  {
    name: 'transaction/a-failure-rolls-back-everything',
    rule: 'PostgREST docs: transactions (Aborting transactions)',
    variant: 'generous',
    needs: 'insert',
    request: post(
      '/languages',
      [
        { code: 'ja', name: 'Japanese' },
        { code: 'en', name: 'taken' },
      ],
      { Prefer: 'tx=commit' },
    ),
    expect: { status: 409, code: '23505' },
    afterwards: { request: get('/languages?code=eq.ja'), expect: { status: 200, body: [] } },
  },
  {
    name: 'pre-request/sets-headers',
    rule: 'PostgREST docs: transactions (Setting headers via pre-request)',
    variant: 'schemas',
    source: 'v16.2 spec: RpcPreRequestGucsSpec',
    only,
    request: get('/countries?code=eq.CA', { 'X-Cache': 'no' }),
    expect: {
      status: 200,
      headers: { 'cache-control': 'no-store' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'pre-request/refuses',
    rule: preRequest,
    variant: 'schemas',
    only,
    request: get('/countries', { 'X-Blocked': 'yes' }),
    expect: { status: 403, body: errorBody('PT403', 'Blocked') },
  },
]
