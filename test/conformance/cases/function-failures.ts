/**
 * Functions that are not there, cannot be told apart, or fail by themselves.
 */
import { type ConformanceCase, errorBody, get, post } from '../conformance-case.ts'

const unknown = 'PostgREST docs: errors (PGRST202)'
const affected = 'PostgREST docs: preferences (Max Affected)'
const raising = 'PostgREST docs: errors (Custom Errors)'
const needs = 'functions'

/** There is no such function. */
const raisesNothing = {
  status: 404,
  code: 'PGRST202',
  reason: 'a pipeline, which is what functions are there, cannot raise errors',
} as const

export const functionFailureCases: readonly ConformanceCase[] = [
  {
    name: 'call/with-malformed-json',
    rule: 'PostgREST docs: errors (PGRST102)',
    source: 'v16.2 spec: RpcSpec (rejects malformed json payload)',
    request: post('/rpc/greet', '{'),
    expect: { status: 400, body: errorBody('PGRST102', 'Empty or invalid json') },
  },
  {
    name: 'call/with-text-that-no-function-takes',
    rule: unknown,
    source: 'v16.2 spec: RpcSpec (single unnamed text parameter)',
    needs,
    request: post('/rpc/byte_count', 'x', { 'Content-Type': 'text/plain' }),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST202',
        'Could not find the function {schema}.byte_count in the schema cache',
        {
          details:
            'Searched for the function {schema}.byte_count with a single unnamed text parameter, but no matches were found in the schema cache.',
        },
      ),
    },
  },
  {
    name: 'call/overloaded-by-type-only',
    rule: 'PostgREST docs: errors (PGRST203)',
    source: 'v16.2 spec: RpcSpec (300 Multiple Choices)',
    needs,
    request: get('/rpc/ambiguous?n=1'),
    expect: {
      status: 300,
      body: errorBody(
        'PGRST203',
        'Could not choose the best candidate function between: {schema}.ambiguous(n => integer), {schema}.ambiguous(n => text)',
        {
          hint: 'Try renaming the parameters or the function itself in the database so function overloading can be resolved',
        },
      ),
    },
  },
  {
    name: 'call/of-what-is-not-there',
    rule: unknown,
    source: 'v16.2 spec: RpcSpec (unknown proc name)',
    needs,
    request: get('/rpc/zzz'),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST202',
        'Could not find the function {schema}.zzz without parameters in the schema cache',
        {
          details:
            'Searched for the function {schema}.zzz without parameters, but no matches were found in the schema cache.',
        },
      ),
    },
  },
  {
    name: 'call/of-a-name-alike',
    rule: unknown,
    source: 'v16.2 spec: RpcSpec (hint the closest proc)',
    needs,
    request: get('/rpc/newest_fil'),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST202',
        'Could not find the function {schema}.newest_fil without parameters in the schema cache',
        {
          details:
            'Searched for the function {schema}.newest_fil without parameters, but no matches were found in the schema cache.',
          hint: 'Perhaps you meant to call the function {schema}.newest_film',
        },
      ),
    },
  },
  {
    name: 'call/with-other-arguments',
    rule: unknown,
    source: 'v16.2 spec: RpcSpec (hint the closest args)',
    needs,
    request: get('/rpc/greet?nam=Peter'),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST202',
        'Could not find the function {schema}.greet(nam) in the schema cache',
        {
          details:
            'Searched for the function {schema}.greet with parameter nam, but no matches were found in the schema cache.',
          hint: 'Perhaps you meant to call the function {schema}.greet(name)',
        },
      ),
    },
  },
  {
    name: 'call/by-post-with-other-arguments',
    rule: unknown,
    source: 'v16.2 spec: RpcSpec (or with a single unnamed json/jsonb parameter)',
    needs,
    request: post('/rpc/add_them', { a: 1, b: 2, smthelse: 3 }),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST202',
        'Could not find the function {schema}.add_them(a, b, smthelse) in the schema cache',
        {
          details:
            'Searched for the function {schema}.add_them with parameters a, b, smthelse or with a single unnamed json/jsonb parameter, but no matches were found in the schema cache.',
          hint: 'Perhaps you meant to call the function {schema}.add_them(a, b)',
        },
      ),
    },
  },
  {
    name: 'call/a-value-of-the-wrong-type',
    rule: 'PostgREST docs: errors (HTTP Status Codes)',
    needs,
    request: get('/rpc/add_them?a=x&b=2'),
    expect: { status: 400, body: errorBody('22P02', 'invalid input syntax for type integer: "x"') },
  },
  {
    name: 'call/max-affected',
    rule: affected,
    variant: 'generous',
    source: 'v16.2 spec: MaxAffectedSpec (rpc)',
    needs,
    request: post(
      '/rpc/drop_reviews',
      { of_author: 'Kim' },
      {
        Prefer: 'handling=strict, max-affected=1',
      },
    ),
    expect: {
      status: 400,
      body: errorBody('PGRST124', 'Query result exceeds max-affected preference constraint', {
        details: 'The query affects 2 rows',
      }),
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
    name: 'call/max-affected-of-no-rows',
    rule: 'PostgREST docs: errors (PGRST128)',
    variant: 'generous',
    source: 'v16.2 spec: MaxAffectedSpec (returns void)',
    needs,
    request: post('/rpc/forget_notes', {}, { Prefer: 'handling=strict, max-affected=20' }),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST128',
        'Function must return SETOF or TABLE when max-affected preference is used with handling=strict',
      ),
    },
  },
  {
    name: 'raise/plainly',
    rule: raising,
    needs,
    request: post('/rpc/refuse', {}),
    expect: {
      status: 400,
      body: errorBody('P0001', 'I refuse!', {
        details: 'Pretty simple',
        hint: 'There is nothing you can do.',
      }),
    },
    differs: { mongodb: raisesNothing },
  },
  {
    name: 'raise/with-a-status',
    rule: 'PostgREST docs: errors (RAISE errors with HTTP Status Codes)',
    needs,
    request: post('/rpc/payment_required', {}),
    expect: {
      status: 402,
      headers: { 'proxy-status': 'PostgREST; error=PT402' },
      body: errorBody('PT402', 'Payment Required', {
        details: 'Quota exceeded',
        hint: 'Upgrade your plan',
      }),
    },
    differs: { mongodb: raisesNothing },
  },
  {
    name: 'raise/with-headers',
    rule: 'PostgREST docs: errors (Add HTTP Headers with RAISE)',
    needs,
    request: post('/rpc/raise_whole', {}),
    expect: {
      status: 402,
      headers: { 'x-powered-by': 'Nerd Rage', 'proxy-status': 'PostgREST; error=123' },
      body: errorBody('123', 'Payment Required', {
        details: 'Quota exceeded',
        hint: 'Upgrade your plan',
      }),
    },
    differs: { mongodb: raisesNothing },
  },
  {
    name: 'raise/with-what-cannot-be-read',
    rule: 'PostgREST docs: errors (PGRST121)',
    source: 'v16.2 spec: RpcSpec (raise_sqlstate)',
    needs,
    request: post('/rpc/raise_garbled', {}),
    expect: {
      status: 500,
      body: errorBody('PGRST121', 'Could not parse JSON in the "RAISE SQLSTATE \'PGRST\'" error', {
        details: "Invalid JSON value for MESSAGE: 'INVALID'",
        hint: "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' and optional keys: 'details', 'hint'.",
      }),
    },
    differs: { mongodb: raisesNothing },
  },
  {
    name: 'raise/a-privilege-for-nobody',
    rule: raising,
    needs,
    request: post('/rpc/raise_privilege', {}),
    expect: { status: 401, body: errorBody('42501', 'not for you') },
    differs: { mongodb: raisesNothing },
  },
  {
    name: 'raise/a-privilege-for-somebody',
    rule: raising,
    only: { engine: 'postgres', reason: 'roles' },
    request: {
      ...post('/rpc/raise_privilege', {}),
      claims: { role: 'conformance_editor' },
    },
    expect: { status: 403, body: errorBody('42501', 'not for you') },
  },
]
