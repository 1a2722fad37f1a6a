import { describe, expect, test } from 'vitest'
import type { ApiError, JwtFailure } from '../../../src/errors/api-error.ts'
import { errorCodes, jwtCodes, retiredCodes } from '../../../src/errors/error-codes.ts'
import { errorLogJson, parseRaise, renderError } from '../../../src/errors/error-envelope.ts'

interface Body {
  readonly code: string
  readonly details: unknown
  readonly hint: string | null
  readonly message: string
}

function bodyOf(error: ApiError): Body {
  return JSON.parse(renderError(error, 'verbose').body)
}

type Row = readonly [
  error: ApiError,
  status: number,
  code: string,
  message: string,
  details?: unknown,
  hint?: string,
]

function answers(rows: readonly Row[]): void {
  const cases = rows.map(([error, status, code, message, details = null, hint = null]) => ({
    error,
    status,
    body: { code, details, hint, message },
  }))
  test.each(cases)('$body.code $body.message', ({ error, status, body }) => {
    expect(renderError(error, 'verbose').status).toBe(status)
    expect(bodyOf(error)).toEqual(body)
  })
}

const jwt = (failure: JwtFailure): ApiError => ({ kind: 'jwt', failure })

describe('group 0, the connection', () => {
  answers([
    [
      { kind: 'connection', details: 'no route' },
      503,
      'PGRST000',
      'Database connection error.',
      'no route',
    ],
    [
      { kind: 'connection-lost', details: 'server closed' },
      503,
      'PGRST001',
      'Database client error. Retrying the connection.',
      'server closed',
    ],
    [
      { kind: 'cache-not-loaded' },
      503,
      'PGRST002',
      'Could not query the database for the schema cache. Retrying.',
    ],
    [
      { kind: 'acquisition-timeout' },
      504,
      'PGRST003',
      'Timed out acquiring connection from connection pool.',
    ],
  ])
})

const raiseMessage = `Could not parse JSON in the "RAISE SQLSTATE 'PGRST'" error`
const detailHint =
  "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'."

describe('group 1, the request', () => {
  answers([
    [{ kind: 'query-syntax', message: 'm', details: 'd' }, 400, 'PGRST100', 'm', 'd'],
    [
      { kind: 'invalid-rpc-method', method: 'DELETE' },
      405,
      'PGRST101',
      'Cannot use the DELETE method on RPC',
    ],
    [
      { kind: 'invalid-body', message: 'Empty or invalid json' },
      400,
      'PGRST102',
      'Empty or invalid json',
    ],
    [
      { kind: 'invalid-range', failure: { kind: 'negative-limit' } },
      416,
      'PGRST103',
      'Requested range not satisfiable',
      'Limit should be greater than or equal to zero.',
    ],
    [
      { kind: 'invalid-range', failure: { kind: 'lower-above-upper' } },
      416,
      'PGRST103',
      'Requested range not satisfiable',
      'The lower boundary must be lower than or equal to the upper boundary in the Range header.',
    ],
    [
      { kind: 'invalid-range', failure: { kind: 'out-of-bounds', offset: '100', total: '15' } },
      416,
      'PGRST103',
      'Requested range not satisfiable',
      'An offset of 100 was requested, but there are only 15 rows.',
    ],
    [
      { kind: 'invalid-filters' },
      405,
      'PGRST105',
      "Filters must include all and only primary key columns with 'eq' operators",
    ],
    [
      { kind: 'unacceptable-schema', schema: 'unknown', exposed: ['v1', 'v2', 'S "@/\\#~_-'] },
      406,
      'PGRST106',
      'Invalid schema: unknown',
      null,
      'Only the following schemas are exposed: v1, v2, S "@/\\#~_-',
    ],
    [
      { kind: 'media-type', accepted: ['text/unknowntype', 'a/b'] },
      406,
      'PGRST107',
      'None of these media types are available: text/unknowntype, a/b',
    ],
    [
      { kind: 'not-embedded', target: 'tasks', renamed: null },
      400,
      'PGRST108',
      "'tasks' is not an embedded resource in this request",
      null,
      "Verify that 'tasks' is included in the 'select' query parameter.",
    ],
    [
      { kind: 'not-embedded', target: 'tasks', renamed: { relation: 'tasks', alias: 't' } },
      400,
      'PGRST108',
      "'tasks' is not an embedded resource in this request",
      'Target names are not allowed in filters if they have an alias',
      "Change 'tasks' to 't' in filters, orders or limits.",
    ],
    [
      { kind: 'guc-headers' },
      500,
      'PGRST111',
      'response.headers guc must be a JSON array composed of objects with a single key and a string value',
    ],
    [{ kind: 'guc-status' }, 500, 'PGRST112', 'response.status guc must be a valid status code'],
    [
      { kind: 'put-limit' },
      400,
      'PGRST114',
      'limit/offset querystring parameters are not allowed for PUT',
    ],
    [
      { kind: 'put-matching-pk' },
      400,
      'PGRST115',
      'Payload values do not match URL in primary key column(s)',
    ],
    [
      { kind: 'not-singular', rows: 2 },
      406,
      'PGRST116',
      'Cannot coerce the result to a single JSON object',
      'The result contains 2 rows',
    ],
    [
      { kind: 'unsupported-method', method: 'CONNECT' },
      405,
      'PGRST117',
      'Unsupported HTTP method: CONNECT',
    ],
    [
      { kind: 'related-order-not-to-one', origin: 'clients', target: 'projects' },
      400,
      'PGRST118',
      "A related order on 'projects' is not possible",
      "'clients' and 'projects' do not form a many-to-one or one-to-one relationship",
    ],
    [
      { kind: 'raise-unparsable', part: 'message', text: 'INVALID' },
      500,
      'PGRST121',
      raiseMessage,
      "Invalid JSON value for MESSAGE: 'INVALID'",
      "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
    ],
    [
      { kind: 'raise-unparsable', part: 'detail', text: 'INVALID' },
      500,
      'PGRST121',
      raiseMessage,
      "Invalid JSON value for DETAIL: 'INVALID'",
      detailHint,
    ],
    [
      { kind: 'raise-unparsable', part: 'no-detail', text: '' },
      500,
      'PGRST121',
      raiseMessage,
      'DETAIL is missing in the RAISE statement',
      detailHint,
    ],
    [
      { kind: 'invalid-preferences', preferences: ['something', 'else'] },
      400,
      'PGRST122',
      'Invalid preferences given with handling=strict',
      'Invalid preferences: something, else',
    ],
    [
      { kind: 'aggregates-not-allowed' },
      400,
      'PGRST123',
      'Use of aggregate functions is not allowed',
    ],
    [
      { kind: 'max-affected', rows: 15 },
      400,
      'PGRST124',
      'Query result exceeds max-affected preference constraint',
      'The query affects 15 rows',
    ],
    [{ kind: 'invalid-path' }, 404, 'PGRST125', 'Invalid path specified in request URL'],
    [{ kind: 'openapi-disabled' }, 404, 'PGRST126', 'Root endpoint metadata is disabled'],
    [
      { kind: 'not-implemented', feature: 'Aggregates are not for this.', engine: null },
      400,
      'PGRST127',
      'Feature not implemented',
      'Aggregates are not for this.',
    ],
    [
      { kind: 'not-implemented', feature: 'functions (/rpc)', engine: 'sqlite' },
      400,
      'PGRST127',
      'Feature not implemented',
      'sqlite does not support functions (/rpc)',
    ],
    [
      { kind: 'max-affected-rpc' },
      400,
      'PGRST128',
      'Function must return SETOF or TABLE when max-affected preference is used with handling=strict',
    ],
  ])
})

const noRelationship = {
  kind: 'relationship-not-found',
  origin: 'films',
  target: 'role',
  hint: null,
  schema: 'api',
  suggestion: null,
} as const

const noFunction = {
  kind: 'function-not-found',
  schema: 'api',
  name: 'sayhell',
  argumentNames: [],
  contentType: 'application/json',
  isPost: false,
  suggestion: null,
} as const

describe('group 2, the schema cache', () => {
  answers([
    [
      noRelationship,
      400,
      'PGRST200',
      "Could not find a relationship between 'films' and 'role' in the schema cache",
      "Searched for a foreign key relationship between 'films' and 'role' in the schema 'api', but no matches were found.",
    ],
    [
      {
        ...noRelationship,
        hint: 'fk',
        suggestion: "Perhaps you meant 'roles' instead of 'role'.",
      },
      400,
      'PGRST200',
      "Could not find a relationship between 'films' and 'role' in the schema cache",
      "Searched for a foreign key relationship between 'films' and 'role' using the hint 'fk' in the schema 'api', but no matches were found.",
      "Perhaps you meant 'roles' instead of 'role'.",
    ],
    [
      {
        kind: 'ambiguous-relationship',
        origin: 'message',
        target: 'person',
        choices: [
          {
            cardinality: 'many-to-one',
            embedding: 'message with person',
            relationship: 'message_recipient_fkey using message(recipient) and person(id)',
            hintTarget: 'person!message_recipient_fkey',
          },
          {
            cardinality: 'many-to-one',
            embedding: 'message with person',
            relationship: 'message_sender_fkey using message(sender) and person(id)',
            hintTarget: 'person!message_sender_fkey',
          },
        ],
      },
      300,
      'PGRST201',
      "Could not embed because more than one relationship was found for 'message' and 'person'",
      [
        {
          cardinality: 'many-to-one',
          embedding: 'message with person',
          relationship: 'message_recipient_fkey using message(recipient) and person(id)',
        },
        {
          cardinality: 'many-to-one',
          embedding: 'message with person',
          relationship: 'message_sender_fkey using message(sender) and person(id)',
        },
      ],
      "Try changing 'person' to one of the following: 'person!message_recipient_fkey', 'person!message_sender_fkey'. Find the desired relationship in the 'details' key.",
    ],
    [
      { ...noFunction, suggestion: 'sayhello' },
      404,
      'PGRST202',
      'Could not find the function api.sayhell without parameters in the schema cache',
      'Searched for the function api.sayhell without parameters, but no matches were found in the schema cache.',
      'Perhaps you meant to call the function api.sayhello',
    ],
    [
      { ...noFunction, argumentNames: ['a'] },
      404,
      'PGRST202',
      'Could not find the function api.sayhell(a) in the schema cache',
      'Searched for the function api.sayhell with parameter a, but no matches were found in the schema cache.',
    ],
    [
      { ...noFunction, argumentNames: ['a', 'b'], isPost: true },
      404,
      'PGRST202',
      'Could not find the function api.sayhell(a, b) in the schema cache',
      'Searched for the function api.sayhell with parameters a, b or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
    ],
    [
      { ...noFunction, isPost: true },
      404,
      'PGRST202',
      'Could not find the function api.sayhell without parameters in the schema cache',
      'Searched for the function api.sayhell without parameters or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
    ],
    ...(
      [
        ['text/plain', 'text'],
        ['text/xml', 'xml'],
        ['application/octet-stream', 'bytea'],
      ] as const
    ).map(
      ([contentType, type]): Row => [
        { ...noFunction, contentType, isPost: true },
        404,
        'PGRST202',
        'Could not find the function api.sayhell in the schema cache',
        `Searched for the function api.sayhell with a single unnamed ${type} parameter, but no matches were found in the schema cache.`,
      ],
    ),
    [
      { ...noFunction, argumentNames: ['a'], contentType: 'text/csv', isPost: true },
      404,
      'PGRST202',
      'Could not find the function api.sayhell(a) in the schema cache',
      'Searched for the function api.sayhell with parameter a, but no matches were found in the schema cache.',
    ],
    [
      { kind: 'ambiguous-function', signatures: ['api.f(a => integer)', 'api.f(a => text)'] },
      300,
      'PGRST203',
      'Could not choose the best candidate function between: api.f(a => integer), api.f(a => text)',
      null,
      'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
    ],
    [
      { kind: 'column-not-found', relation: 'articles', column: 'helicopters' },
      400,
      'PGRST204',
      "Could not find the 'helicopters' column of 'articles' in the schema cache",
    ],
    [
      { kind: 'relation-not-found', schema: 'test', relation: 'projectx', suggestion: 'projects' },
      404,
      'PGRST205',
      "Could not find the table 'test.projectx' in the schema cache",
      null,
      "Perhaps you meant the table 'test.projects'",
    ],
    [
      { kind: 'relation-not-found', schema: 'test', relation: 'x', suggestion: null },
      404,
      'PGRST205',
      "Could not find the table 'test.x' in the schema cache",
    ],
  ])
})

describe('group 3, authentication', () => {
  answers([
    [jwt({ kind: 'secret-missing' }), 500, 'PGRST300', 'Server lacks JWT secret'],
    [
      jwt({ kind: 'undecodable', message: 'No suitable key or wrong key type', details: 'd' }),
      401,
      'PGRST301',
      'No suitable key or wrong key type',
      'd',
    ],
    [jwt({ kind: 'token-required' }), 401, 'PGRST302', 'Anonymous access is disabled'],
    [jwt({ kind: 'claims', message: 'JWT expired' }), 401, 'PGRST303', 'JWT expired'],
  ])

  test.each<[JwtFailure, string | undefined]>([
    [{ kind: 'secret-missing' }, undefined],
    [{ kind: 'token-required' }, 'Bearer'],
    [
      { kind: 'claims', message: "The JWT 'exp' claim must be a number" },
      `Bearer error="invalid_token", error_description="The JWT 'exp' claim must be a number"`,
    ],
    [
      { kind: 'undecodable', message: 'Expected 3 parts in JWT; got 1', details: null },
      'Bearer error="invalid_token", error_description="Expected 3 parts in JWT; got 1"',
    ],
  ])('%j asks for credentials with %s', (failure, challenge) => {
    const headers = new Map(renderError(jwt(failure), 'verbose').headers)
    expect(headers.get('WWW-Authenticate')).toBe(challenge)
  })
})

describe('group X, the edges of the server', () => {
  answers([
    [{ kind: 'internal' }, 500, 'PGRSTX01', 'Internal server error'],
    [{ kind: 'malformed-request', details: 'd' }, 400, 'PGRSTX00', 'Malformed request', 'd'],
    [{ kind: 'request-timeout' }, 408, 'PGRSTX08', 'Timed out waiting for the request'],
    [
      { kind: 'body-too-large', limitBytes: 10 },
      413,
      'PGRSTX13',
      'Request body too large',
      'The limit is 10 bytes',
    ],
    [
      { kind: 'target-too-long', limitBytes: 10 },
      414,
      'PGRSTX14',
      'Request target too large',
      'The limit is 10 bytes',
    ],
    [
      { kind: 'headers-too-large', limitBytes: 10 },
      431,
      'PGRSTX31',
      'Request headers too large',
      'The limit is 10 bytes',
    ],
    [{ kind: 'reload-failed', details: 'd' }, 503, 'PGRSTX02', 'Reload failed', 'd'],
    [
      { kind: 'cross-origin' },
      403,
      'PGRSTX03',
      'Cross-origin request',
      'A page of another origin may not ask for this.',
    ],
    [
      { kind: 'admin-token-required' },
      401,
      'PGRSTX04',
      'Admin token required',
      null,
      'Send the value of admin-server-token as Authorization: Bearer.',
    ],
    [
      { kind: 'foreign-host' },
      403,
      'PGRSTX05',
      'Foreign host',
      'The admin server is bound to this machine alone, and was asked by another name.',
      'Ask it at localhost, or set admin-server-token.',
    ],
    [
      { kind: 'too-many-watchers', limit: 8 },
      503,
      'PGRSTX07',
      'Too many watchers',
      'At most 8 may read the events at once.',
    ],
    [{ kind: 'too-complex', details: 'd' }, 400, 'PGRSTX06', 'The request is too complex', 'd'],
  ])
})

function database(sqlState: string, message = 'm', authenticated = true): ApiError {
  return {
    kind: 'database',
    failure: { sqlState, message, details: null, hint: null },
    authenticated,
  }
}

describe('the words of the database', () => {
  test('are handed on', () => {
    const failure = { sqlState: '23502', message: 'm', details: 'd', hint: 'h' }
    expect(bodyOf({ kind: 'database', failure, authenticated: false })).toEqual({
      code: '23502',
      details: 'd',
      hint: 'h',
      message: 'm',
    })
  })

  test.each([
    ['08006', 503],
    ['09000', 500],
    ['0L000', 403],
    ['0P000', 403],
    ['23502', 400],
    ['23503', 409],
    ['23505', 409],
    ['23514', 400],
    ['25006', 405],
    ['25P02', 500],
    ['22P02', 400],
    ['28000', 403],
    ['2D000', 500],
    ['38000', 500],
    ['39000', 500],
    ['3B000', 500],
    ['40001', 500],
    ['42501', 403],
    ['42703', 400],
    ['42883', 404],
    ['42P01', 404],
    ['42P17', 500],
    ['53100', 503],
    ['53400', 500],
    ['54001', 500],
    ['55P03', 500],
    ['57014', 500],
    ['57P01', 503],
    ['58000', 500],
    ['F0000', 500],
    ['HV000', 500],
    ['P0001', 400],
    ['P0002', 500],
    ['XX000', 500],
    ['21000', 500],
    ['22023', 400],
    ['PT402', 402],
    ['PT200', 200],
    ['PT4O2', 500],
    ['PT099', 500],
    ['PT999', 500],
    ['ZZ999', 400],
  ])('%s is %i', (state, status) => {
    expect(renderError(database(state), 'verbose').status).toBe(status)
  })

  test('that will pass is 503, whatever its SQLSTATE, and asks to come back', () => {
    const failure = { sqlState: '55P03', message: 'busy', details: null, hint: null }
    const passing = { kind: 'database', failure, authenticated: true, isPassing: true } as const
    const rendered = renderError(passing, 'verbose')
    expect(rendered.status).toBe(503)
    expect(new Map(rendered.headers).get('Retry-After')).toBe('1')
    expect(JSON.parse(rendered.body)).toMatchObject({ code: '55P03', message: 'busy' })
  })

  test.each([
    ['21000', 'UPDATE requires a WHERE clause', 400],
    ['21000', 'more than one row returned by a subquery used as an expression', 500],
    ['22023', 'role "x" does not exist', 401],
    ['22023', 'invalid value for parameter "TimeZone": "x"', 400],
    ['42883', 'function xmlagg(json) does not exist', 406],
    ['42883', 'function f(json) does not exist', 404],
  ])('%s with %s is %i', (state, message, status) => {
    expect(renderError(database(state, message), 'verbose').status).toBe(status)
  })

  test('a refusal asks the anonymous for credentials', () => {
    const anonymous = renderError(database('42501', 'permission denied', false), 'verbose')
    expect(anonymous.status).toBe(401)
    expect(anonymous.headers).toContainEqual(['WWW-Authenticate', 'Bearer'])
    const known = renderError(database('42501', 'permission denied', true), 'verbose')
    expect(known.headers.map(([name]) => name)).not.toContain('WWW-Authenticate')
  })
})

describe('the envelope', () => {
  const error: ApiError = {
    kind: 'relation-not-found',
    schema: 's',
    relation: 'r',
    suggestion: 't',
  }

  test('is compact, its keys in the order of the alphabet', () => {
    expect(renderError(error, 'verbose').body).toBe(
      `{"code":"PGRST205","details":null,"hint":"Perhaps you meant the table 's.t'","message":"Could not find the table 's.r' in the schema cache"}`,
    )
  })

  test('has two keys under client-error-verbosity=minimal', () => {
    expect(renderError(error, 'minimal').body).toBe(
      `{"code":"PGRST205","message":"Could not find the table 's.r' in the schema cache"}`,
    )
  })

  test('names its code in Proxy-Status', () => {
    expect(renderError(error, 'minimal').headers).toEqual([
      ['Content-Type', 'application/json; charset=utf-8'],
      ['Proxy-Status', 'PostgREST; error=PGRST205'],
    ])
    const headers = new Map(renderError(database('57014'), 'verbose').headers)
    expect(headers.get('Proxy-Status')).toBe('PostgREST; error=57014')
  })

  test('lets clients come back at once after a 503', () => {
    const retried = (failed: ApiError) =>
      new Map(renderError(failed, 'verbose').headers).get('Retry-After')
    expect(retried({ kind: 'cache-not-loaded' })).toBe('0')
    expect(retried({ kind: 'connection', details: '' })).toBe('0')
    expect(retried(database('57P01'))).toBe('0')
    expect(retried(error)).toBeUndefined()
    expect(retried({ kind: 'reload-failed', details: '' })).toBeUndefined()
  })

  test('is logged with all four keys', () => {
    expect(errorLogJson({ kind: 'acquisition-timeout' })).toBe(
      '{"code":"PGRST003","details":null,"hint":null,"message":"Timed out acquiring connection from connection pool."}',
    )
  })

  test('never takes a code twice', () => {
    const codes = [...Object.values(errorCodes), ...Object.values(jwtCodes)].map(({ code }) => code)
    const all = [...codes, ...retiredCodes]
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('RAISE SQLSTATE PGRST', () => {
  const message = '{"code":"123","message":"ABC","details":"DEF","hint":"XYZ"}'
  const detail =
    '{"status":332,"status_text":"My Custom Status","headers":{"X-Header":"str","A":"b"}}'

  test('writes the whole answer', () => {
    const raised = parseRaise(message, detail)
    expect(raised).toEqual({
      kind: 'raised',
      status: 332,
      statusText: 'My Custom Status',
      headers: [
        ['A', 'b'],
        ['X-Header', 'str'],
      ],
      code: '123',
      message: 'ABC',
      details: 'DEF',
      hint: 'XYZ',
    })
    expect(renderError(raised, 'verbose')).toEqual({
      status: 332,
      statusText: 'My Custom Status',
      headers: [
        ['Content-Type', 'application/json; charset=utf-8'],
        ['Proxy-Status', 'PostgREST; error=123'],
        ['A', 'b'],
        ['X-Header', 'str'],
      ],
      body: '{"code":"123","details":"DEF","hint":"XYZ","message":"ABC"}',
      errorCode: '123',
    })
  })

  test('sends any text in a header, and none that says where the body ends', () => {
    const headers = '{"Content-Length":"3","X":"é☃","transfer-encoding":"chunked"}'
    expect(parseRaise(message, `{"status":402,"headers":${headers}}`)).toMatchObject({
      kind: 'raised',
      headers: [['X', 'é☃']],
    })
  })

  test('needs no details, no hint and no status text', () => {
    expect(
      parseRaise('{"code":"1","message":"m","hint":null}', '{"status":404,"headers":{}}'),
    ).toEqual({
      kind: 'raised',
      status: 404,
      statusText: null,
      headers: [],
      code: '1',
      message: 'm',
      details: null,
      hint: null,
    })
  })

  test.each([
    'INVALID',
    '[]',
    '"text"',
    '{"code":"1"}',
    '{"message":"m"}',
    '{"code":1,"message":"m"}',
    '{"code":"1","message":"m","details":{}}',
    '{"code":"1","message":"m","hint":2}',
  ])('cannot read the message %s', (text) => {
    expect(parseRaise(text, detail)).toEqual({ kind: 'raise-unparsable', part: 'message', text })
  })

  test.each([
    'INVALID',
    '[]',
    '{"status":404}',
    '{"headers":{}}',
    '{"status":"404","headers":{}}',
    '{"status":404.5,"headers":{}}',
    '{"status":404,"headers":[]}',
    '{"status":404,"headers":{"X":1}}',
    '{"status":404,"headers":{"X":"a\\nb"}}',
    '{"status":404,"headers":{"X Y":"a"}}',
    '{"status":404,"headers":{},"status_text":1}',
  ])('cannot read the detail %s', (text) => {
    expect(parseRaise(message, text)).toEqual({ kind: 'raise-unparsable', part: 'detail', text })
  })

  test('needs a detail', () => {
    expect(parseRaise(message, null)).toEqual({
      kind: 'raise-unparsable',
      part: 'no-detail',
      text: '',
    })
  })

  test.each([99, 100, 600, 1000])('cannot answer with status %i', (status) => {
    const raised = parseRaise(message, JSON.stringify({ status, headers: {} }))
    expect(renderError(raised, 'verbose').status).toBe(500)
  })

  test('a code that no header can carry is cut there, not in the body', () => {
    const raised = parseRaise('{"code":"a\\nbé","message":"m"}', '{"status":400,"headers":{}}')
    const { headers, body } = renderError(raised, 'verbose')
    expect(new Map(headers).get('Proxy-Status')).toBe('PostgREST; error=ab')
    expect(JSON.parse(body).code).toBe('a\nbé')
  })
})
