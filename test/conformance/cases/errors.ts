/**
 * Errors that reads run into: ours, and the database's own.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const ours = 'PostgREST docs: errors (PostgREST Error Codes)'
const statuses = 'PostgREST docs: errors (HTTP Status Codes)'
const proxyStatus = 'PostgREST docs: errors (Proxy-Status Header)'
const verbosity = 'PostgREST docs: errors (Client Error Verbosity)'
const tokens = 'PostgREST docs: errors (Group 3 - JWT)'
const roles = { engine: 'postgres', reason: 'roles' } as const
const only = { engine: 'postgres', reason: 'SQLite has no such failure' } as const

export const errorCases: readonly ConformanceCase[] = [
  {
    name: 'error/an-unknown-relation',
    rule: ours,
    source: 'v16.2 spec: ErrorSpec (don’t show hint when similarity is less than 75%)',
    request: get('/nowhere'),
    expect: {
      status: 404,
      headers: { 'proxy-status': 'PostgREST; error=PGRST205' },
      body: errorBody(
        'PGRST205',
        "Could not find the table '{schema}.nowhere' in the schema cache",
      ),
    },
  },
  {
    name: 'error/a-relation-with-a-name-alike',
    rule: ours,
    source: 'v16.2 spec: ErrorSpec (show hint when similarity is at least 75%)',
    request: get('/competition'),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST205',
        "Could not find the table '{schema}.competition' in the schema cache",
        { hint: "Perhaps you meant the table '{schema}.competitions'" },
      ),
    },
  },
  {
    name: 'error/a-path-too-deep',
    rule: ours,
    source: 'v16.2 spec: QuerySpec (invalid resource path)',
    request: get('/films/1/directors'),
    expect: {
      status: 404,
      headers: { 'content-length': '96' },
      body: errorBody('PGRST125', 'Invalid path specified in request URL'),
    },
  },
  {
    name: 'error/an-unsupported-method',
    rule: ours,
    source: 'v16.2 source: ApiRequest (UnsupportedMethod)',
    request: { method: 'TRACE', target: '/films' },
    expect: {
      status: 405,
      body: errorBody('PGRST117', 'Unsupported HTTP method: TRACE'),
    },
  },
  {
    name: 'error/an-unsupported-method-on-a-function',
    rule: ours,
    source: 'v16.2 spec: RpcSpec (unsupported method)',
    request: { method: 'DELETE', target: '/rpc/greet' },
    expect: {
      status: 405,
      body: errorBody('PGRST101', 'Cannot use the DELETE method on RPC'),
    },
  },
  {
    name: 'root/is-an-openapi-document',
    rule: 'PostgREST docs: openapi',
    source: 'v16.2 spec: RootSpec, OpenApiSpec',
    request: get('/'),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/openapi+json; charset=utf-8' },
      text: /^\{.*"swagger":"2\.0"/s,
    },
  },
  {
    name: 'root/in-another-format',
    rule: 'PostgREST docs: openapi',
    source: 'v16.2 source: Plan (inspectPlan)',
    request: get('/', { Accept: 'text/csv' }),
    expect: {
      status: 406,
      body: errorBody('PGRST107', 'None of these media types are available: text/csv'),
    },
  },
  {
    name: 'error/the-root-where-it-is-switched-off',
    rule: ours,
    variant: 'strict',
    source: 'v16.2 spec: DisabledOpenApiSpec',
    request: get('/'),
    expect: {
      status: 404,
      body: { code: 'PGRST126', message: 'Root endpoint metadata is disabled' },
    },
  },
  {
    name: 'error/a-filter-without-an-operator',
    rule: ours,
    source: 'v16.2 spec: QuerySpec (fails if an operator is not given)',
    ownHint: 'A filter has an operator before the value: id=eq.0',
    request: get('/films?id=0'),
    expect: {
      status: 400,
      body: errorBody('PGRST100', '"failed to parse filter (0)" (line 1, column 1)', {
        details: 'unexpected "0" expecting "not" or operator (eq, gt, ...)',
      }),
    },
  },
  {
    name: 'error/a-selection-that-does-not-end',
    rule: ours,
    source: 'v16.2 source: QueryParams (pRequestSelect)',
    request: get('/films?select=id,directors(name'),
    expect: { status: 400, code: 'PGRST100' },
  },
  {
    name: 'error/in-without-parentheses',
    rule: ours,
    source: 'v16.2 source: QueryParams',
    request: get('/films?id=in.1,2'),
    expect: {
      status: 400,
      body: errorBody('PGRST100', '"failed to parse filter (in.1,2)" (line 1, column 4)', {
        details: 'unexpected "1" expecting "("',
      }),
    },
  },
  {
    name: 'error/a-value-of-the-wrong-type',
    rule: statuses,
    source: 'v16.2 spec: QuerySpec (22P02)',
    request: get('/films?id=eq.abc'),
    expect: {
      status: 400,
      headers: { 'proxy-status': 'PostgREST; error=22P02' },
      body: errorBody('22P02', 'invalid input syntax for type integer: "abc"'),
    },
  },
  {
    name: 'error/an-empty-value-in-a-list-of-numbers',
    rule: statuses,
    source: 'v16.2 spec: QuerySpec (only returns an empty result set if the in value is empty)',
    request: get('/films?id=in.(%20,3,4)'),
    expect: { status: 400, body: errorBody('22P02', 'invalid input syntax for type integer: ""') },
  },
  {
    name: 'error/a-value-out-of-range',
    rule: statuses,
    request: get('/films?id=eq.99999999999999999999'),
    expect: { status: 400, code: '22003' },
  },
  {
    name: 'error/a-date-that-is-none',
    rule: statuses,
    request: get('/films?released=eq.sometime'),
    expect: {
      status: 400,
      body: errorBody('22007', 'invalid input syntax for type date: "sometime"'),
    },
  },
  {
    name: 'error/a-boolean-that-is-none',
    rule: statuses,
    request: get('/films?is_color=eq.maybe'),
    expect: {
      status: 400,
      body: errorBody('22P02', 'invalid input syntax for type boolean: "maybe"'),
    },
  },
  {
    name: 'error/a-regular-expression-that-is-none',
    rule: statuses,
    needs: 'match',
    request: get('/films?title=match.('),
    expect: { status: 400, code: '2201B' },
  },
  {
    name: 'error/a-pattern-that-ends-in-its-escape',
    rule: statuses,
    needs: 'like',
    request: get('/films?title=like.L%5C'),
    expect: {
      status: 400,
      body: errorBody('22025', 'LIKE pattern must not end with escape character'),
    },
    differs: {
      sqlite: {
        status: 200,
        body: [],
        reason: 'only PostgreSQL tells, and only when it gets that far in some text',
      },
      mongodb: {
        status: 200,
        body: [],
        reason: 'only PostgreSQL tells, and only when it gets that far in some text',
      },
    },
  },
  {
    name: 'error/a-list-that-is-none',
    rule: statuses,
    needs: 'quantifiers',
    request: get('/films?id=eq(any).3'),
    expect: { status: 400, code: '22P02' },
  },
  {
    name: 'error/on-head-the-header-tells',
    rule: proxyStatus,
    request: { method: 'HEAD', target: '/nowhere' },
    expect: {
      status: 404,
      headers: { 'proxy-status': 'PostgREST; error=PGRST205' },
      text: '',
    },
  },
  {
    name: 'error/minimal-verbosity',
    rule: verbosity,
    variant: 'strict',
    request: get('/competition'),
    expect: {
      status: 404,
      body: {
        code: 'PGRST205',
        message: "Could not find the table '{schema}.competition' in the schema cache",
      },
    },
  },
  {
    name: 'error/minimal-verbosity-of-the-databases-own',
    rule: verbosity,
    variant: 'strict',
    request: get('/films?id=eq.abc'),
    expect: {
      status: 400,
      body: { code: '22P02', message: 'invalid input syntax for type integer: "abc"' },
    },
  },
  {
    name: 'error/minimal-verbosity-past-the-end',
    rule: verbosity,
    variant: 'strict',
    source: 'v16.2 source: Response (the body of a 416)',
    needs: 'countExact',
    request: get('/films?offset=100', { Prefer: 'count=exact' }),
    expect: {
      status: 416,
      body: { code: 'PGRST103', message: 'Requested range not satisfiable' },
    },
  },
  {
    name: 'error/a-division-by-zero',
    rule: statuses,
    only,
    request: get('/bad_quotient'),
    expect: { status: 400, body: errorBody('22012', 'division by zero') },
  },
  {
    name: 'error/a-subquery-of-several-rows',
    rule: statuses,
    source: 'v16.2 spec: ErrorSpec (500 for cardinality_violation)',
    only,
    request: get('/many_in_one'),
    expect: {
      status: 500,
      body: errorBody('21000', 'more than one row returned by a subquery used as an expression'),
    },
  },
  {
    name: 'error/infinite-recursion',
    rule: statuses,
    source: 'v16.2 spec: QuerySpec (infinite recursion error 42P17)',
    only,
    request: get('/endless'),
    expect: {
      status: 500,
      body: errorBody('42P17', 'infinite recursion detected in rules for relation "endless"'),
    },
  },
  {
    name: 'error/no-privilege-for-nobody',
    rule: statuses,
    only: roles,
    request: get('/ledger'),
    expect: {
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
      body: errorBody('42501', 'permission denied for table ledger'),
    },
  },
  {
    name: 'error/no-privilege-for-somebody',
    rule: statuses,
    only: roles,
    request: { ...get('/ledger'), claims: { role: 'conformance_editor' } },
    expect: { status: 403, body: errorBody('42501', 'permission denied for table ledger') },
  },
  {
    name: 'error/an-operator-that-a-type-lacks',
    rule: statuses,
    only,
    request: get('/films?year=like.*1'),
    expect: { status: 404, code: '42883' },
  },
  {
    name: 'token/of-a-role',
    rule: 'PostgREST docs: auth',
    only: roles,
    request: {
      ...get('/rpc/request_context'),
      claims: { role: 'conformance_editor' },
    },
    expect: { status: 200, text: /"role" : "conformance_editor"/ },
  },
  {
    name: 'token/of-two-parts',
    rule: tokens,
    source: 'v16.2 spec: ErrorSpec (works with Jwt error)',
    only: roles,
    request: get('/films', { Authorization: 'Bearer a.b' }),
    expect: {
      status: 401,
      headers: {
        'www-authenticate':
          'Bearer error="invalid_token", error_description="Expected 3 parts in JWT; got 2"',
      },
      body: errorBody('PGRST301', 'Expected 3 parts in JWT; got 2'),
    },
  },
  {
    name: 'token/of-a-role-that-is-not-there',
    rule: tokens,
    source: 'v16.2 spec: ErrorSpec (when role does not exist)',
    only: roles,
    request: { ...get('/films'), claims: { role: 'not existing' } },
    expect: { status: 401, body: errorBody('22023', 'role "not existing" does not exist') },
  },
  {
    name: 'token/that-has-expired',
    rule: tokens,
    source: 'v16.2 spec: ErrorSpec (should return error if expired)',
    only: roles,
    request: { ...get('/films'), claims: { role: 'conformance_editor', exp: 1000000000 } },
    expect: { status: 401, body: errorBody('PGRST303', 'JWT expired') },
  },
  {
    name: 'token/that-is-not-yet-valid',
    rule: tokens,
    source: 'v16.2 spec: ErrorSpec (used before it is valid)',
    only: roles,
    request: { ...get('/films'), claims: { role: 'conformance_editor', nbf: 9000000000 } },
    expect: { status: 401, body: errorBody('PGRST303', 'JWT not yet valid') },
  },
]
