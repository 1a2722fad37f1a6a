/**
 * Functions under /rpc.
 */
import { type ConformanceCase, errorBody, get, post } from '../conformance-case.ts'

const posting = 'PostgREST docs: functions (Calling with POST)'
const getting = 'PostgREST docs: functions (Calling with GET)'
const jsonArray = 'PostgREST docs: functions (Functions with an array of JSON objects)'
const unnamedJson = 'PostgREST docs: functions (Functions with a single unnamed JSON parameter)'
const unnamed = 'PostgREST docs: functions (Functions with a single unnamed parameter)'
const arrays = 'PostgREST docs: functions (Functions with array parameters)'
const variadic = 'PostgREST docs: functions (Variadic functions)'
const tables = 'PostgREST docs: functions (Table-Valued Functions)'
const scalars = 'PostgREST docs: functions (Scalar functions)'
const overloaded = 'PostgREST docs: functions (Overloaded functions)'
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const needs = 'functions'

/** Where writes are rolled back unless a request wants otherwise. */
const notUndone = {
  status: 400,
  body: errorBody('PGRST127', 'Feature not implemented', {
    details: 'MongoDB does not support undoing what a function has written',
  }),
  reason: 'a stage that writes cannot stand in a transaction, which alone could undo it',
} as const

export const functionCases: readonly ConformanceCase[] = [
  {
    name: 'call/with-an-object',
    rule: posting,
    needs,
    request: post('/rpc/add_them', { a: 1, b: 2 }),
    expect: {
      status: 200,
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-range': '0-0/*',
        'content-location': null,
      },
      text: '3',
    },
  },
  {
    name: 'call/of-a-name-in-mixed-case',
    rule: posting,
    needs,
    request: post('/rpc/Mixed%20Case', { 'Some Arg': 'as it is' }),
    expect: { status: 200, body: 'as it is' },
  },
  {
    name: 'call/only-the-columns-named',
    rule: posting,
    source: 'v16.2 spec: RpcSpec (ignores json keys not included in ?columns)',
    needs,
    request: post('/rpc/greet?columns=name', { name: 'John', smth: 'here' }),
    expect: { status: 200, body: 'Hello John!' },
  },
  {
    name: 'call/the-first-of-several-objects-counts',
    rule: posting,
    source: 'v16.2 spec: RpcSpec (only takes the first object)',
    needs,
    request: post('/rpc/add_them', [
      { a: 1, b: 2 },
      { a: 4, b: 6 },
    ]),
    expect: { status: 200, body: 3 },
  },
  {
    name: 'call/with-an-empty-body',
    rule: posting,
    source: 'v16.2 spec: RpcSpec (empty string as empty json object)',
    needs,
    request: post('/rpc/greet', ''),
    expect: { status: 200, body: 'Hello guest!' },
  },
  {
    name: 'call/with-a-form',
    rule: posting,
    source: 'v16.2 spec: RpcSpec (from an html form)',
    needs,
    request: post('/rpc/greet', 'name=John+Doe', form),
    expect: { status: 200, body: 'Hello John Doe!' },
  },
  {
    name: 'call/by-get',
    rule: getting,
    needs,
    request: get('/rpc/add_them?a=1&b=2'),
    expect: { status: 200, text: '3' },
  },
  {
    name: 'call/by-get-with-defaults',
    rule: getting,
    needs,
    request: get('/rpc/greet'),
    expect: { status: 200, text: '"Hello guest!"' },
  },
  {
    name: 'call/by-head',
    rule: getting,
    source: 'v16.2 spec: RpcSpec',
    needs,
    request: { method: 'HEAD', target: '/rpc/greet' },
    expect: {
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8', 'content-length': null },
      text: '',
    },
  },
  {
    name: 'call/the-last-of-a-repeated-argument-counts',
    rule: getting,
    source: 'v16.2 spec: RpcSpec (returns last value for repeated params)',
    needs,
    request: get('/rpc/greet?name=ignored&name=world'),
    expect: { status: 200, body: 'Hello world!' },
  },
  {
    name: 'call/writing-by-get',
    rule: 'PostgREST docs: transactions (Access Mode on Functions)',
    source: 'v16.2 spec: RpcSpec (should fail on mutating procs)',
    needs,
    request: get('/rpc/forget_notes'),
    expect: {
      status: 405,
      body: errorBody('25006', 'cannot execute DELETE in a read-only transaction'),
    },
    differs: {
      mongodb: {
        status: 405,
        body: errorBody('25006', 'cannot execute $out in a read-only transaction'),
        reason: 'a function writes by a stage of its pipeline, which is what is named',
      },
    },
  },
  {
    name: 'call/writing-although-stable',
    rule: 'PostgREST docs: transactions (Access Mode on Functions)',
    needs,
    request: post('/rpc/count_while_stable', {}),
    expect: {
      status: 405,
      body: errorBody('25006', 'cannot execute nextval() in a read-only transaction'),
    },
    differs: {
      sqlite: {
        status: 405,
        body: errorBody('25006', 'cannot execute INSERT in a read-only transaction'),
        reason: 'there are no sequences: the function inserts a row',
      },
      mongodb: {
        status: 405,
        body: errorBody('25006', 'cannot execute $merge in a read-only transaction'),
        reason: 'a function writes by a stage of its pipeline, which is what is named',
      },
    },
  },
  {
    name: 'call/writing-by-post',
    rule: 'PostgREST docs: transactions (Access Mode on Functions)',
    variant: 'generous',
    needs,
    request: post('/rpc/add_review', { author: 'Lee', stars: 2 }),
    expect: {
      status: 200,
      body: {
        id: 50,
        film_id: null,
        author: 'Lee',
        stars: 2,
        body: null,
        meta: null,
        written: '2024-01-01',
      },
    },
    differs: { mongodb: notUndone },
  },
  {
    name: 'call/of-void',
    rule: scalars,
    variant: 'generous',
    source: 'v16.2 spec: RpcSpec (returns 204, no Content-Type header and no content)',
    needs,
    request: post('/rpc/forget_notes', {}),
    expect: { status: 204, headers: { 'content-type': null, 'content-length': null }, text: '' },
    differs: { mongodb: notUndone },
  },
  {
    name: 'call/with-a-list-of-documents',
    rule: jsonArray,
    needs,
    request: post('/rpc/sum_of', { items: [{ n: 1 }, { n: '2' }] }),
    expect: { status: 200, body: 3 },
  },
  {
    name: 'call/with-the-body-as-the-argument',
    rule: unnamedJson,
    needs,
    request: post('/rpc/multiply', { x: 4, y: 2 }),
    expect: { status: 200, body: 8 },
  },
  {
    name: 'call/with-text',
    rule: unnamed,
    needs,
    request: post('/rpc/shout', 'hello', { 'Content-Type': 'text/plain' }),
    expect: { status: 200, body: 'HELLO!' },
  },
  {
    name: 'call/with-bytes',
    rule: unnamed,
    needs,
    request: post('/rpc/byte_count', 'été', { 'Content-Type': 'application/octet-stream' }),
    expect: { status: 200, body: 5 },
  },
  {
    name: 'call/with-an-array',
    rule: arrays,
    needs,
    request: post('/rpc/plus_one', { numbers: [1, 2, 3, 4] }),
    expect: { status: 200, body: [2, 3, 4, 5] },
  },
  {
    name: 'call/with-an-array-literal',
    rule: arrays,
    needs,
    request: get('/rpc/plus_one?numbers=%7B1,2,3,4%7D'),
    expect: { status: 200, body: [2, 3, 4, 5] },
  },
  {
    name: 'call/variadic-by-post',
    rule: variadic,
    needs,
    request: post('/rpc/total', { numbers: [1, 2, 3] }),
    expect: { status: 200, body: 6 },
  },
  {
    name: 'call/variadic-by-get',
    rule: variadic,
    needs,
    request: get('/rpc/total?numbers=1&numbers=2&numbers=3'),
    expect: { status: 200, body: 6 },
  },
  {
    name: 'call/variadic-by-form',
    rule: variadic,
    needs,
    request: post('/rpc/total', 'numbers=1&numbers=2', form),
    expect: { status: 200, body: 3 },
  },
  {
    name: 'call/rows-with-embeds',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins on Table-Valued Functions)',
    needs,
    request: get('/rpc/films_of?maker=2&select=title,director:directors(name)&title=like.D*'),
    expect: {
      status: 200,
      body: [{ title: 'Dune', director: { name: 'Denis Villeneuve' } }],
    },
  },
  {
    name: 'call/rows-filtered-by-what-is-not-selected',
    rule: 'PostgREST docs: functions (Horizontal Filtering)',
    needs,
    request: post('/rpc/films_of?select=id&title=eq.Arrival', { maker: 2 }),
    expect: { status: 200, body: [{ id: 3 }] },
  },
  {
    name: 'call/rows-of-a-function-that-is-inlined',
    rule: 'PostgREST docs: functions (Function Inlining)',
    variant: 'generous',
    needs: [needs, 'planMedia'],
    request: get('/rpc/all_films?id=eq.1', { Accept: 'application/vnd.pgrst.plan' }),
    expect: { status: 200, text: /^(?!.*Function Scan).*Scan.* on films/s },
    differs: {
      sqlite: {
        status: 200,
        text: /SEARCH films USING INTEGER PRIMARY KEY/,
        reason: 'SQLite tells the steps of a plan, and no costs',
      },
    },
  },
  {
    name: 'call/rows-ordered-limited-and-counted',
    rule: tables,
    needs,
    request: get('/rpc/films_of?maker=1&select=id&order=id.desc&limit=1', {
      Prefer: 'count=exact',
    }),
    expect: { status: 206, headers: { 'content-range': '0-0/2' }, body: [{ id: 2 }] },
  },
  {
    name: 'call/rows-in-a-range',
    rule: tables,
    source: 'v16.2 spec: RpcSpec (using the Range header)',
    needs,
    request: get('/rpc/films_of?maker=1&select=id', { Range: '1-1' }),
    expect: { status: 200, headers: { 'content-range': '1-1/*' }, body: [{ id: 2 }] },
  },
  {
    name: 'call/one-row-is-an-object',
    rule: tables,
    source: 'v16.2 spec: RpcSpec (returns single row from table)',
    needs,
    request: get('/rpc/newest_film?select=id,title'),
    expect: { status: 200, body: { id: 4, title: 'Dune' } },
  },
  {
    name: 'call/rows-as-an-object',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    source: 'v16.2 spec: SingularSpec (when calling a stored proc)',
    needs,
    request: get('/rpc/films_of?maker=3&select=id', {
      Accept: 'application/vnd.pgrst.object+json',
    }),
    expect: { status: 200, body: { id: 5 } },
  },
  {
    name: 'call/rows-as-csv',
    rule: tables,
    source: 'v16.2 spec: RpcSpec (returns CSV)',
    needs,
    request: get('/rpc/film_years?limit=2', { Accept: 'text/csv' }),
    expect: { status: 200, text: 'title,year\n"Lady Bird",2017\n"Little Women",2019' },
  },
  {
    name: 'call/a-table-of-its-own',
    rule: tables,
    source: 'v16.2 spec: RpcSpec (procs with TABLE return)',
    needs,
    request: get('/rpc/film_years?year=lt.2000'),
    expect: { status: 200, body: [{ title: 'Modern Times', year: 1936 }] },
  },
  {
    name: 'call/values-of-a-set',
    rule: scalars,
    source: 'v16.2 spec: RpcSpec (returns setof integers)',
    needs,
    request: get('/rpc/all_years'),
    expect: { status: 200, body: [1936, 2016, 2017, 2019, 2021, 2024] },
  },
  {
    name: 'call/out-parameters-are-an-object',
    rule: scalars,
    source: 'v16.2 spec: RpcSpec (many OUT params)',
    needs,
    request: get('/rpc/one_pair'),
    expect: { status: 200, body: { low: 1, high: 2 } },
  },
  {
    name: 'call/counts-one-value',
    rule: scalars,
    source: 'v16.2 spec: RpcSpec (exact count of 1)',
    needs,
    request: get('/rpc/add_them?a=3&b=4', { Prefer: 'count=exact' }),
    expect: { status: 200, headers: { 'content-range': '0-0/1' }, body: 7 },
  },
  {
    name: 'call/untyped-rows',
    rule: 'PostgREST docs: functions (Untyped functions)',
    source: 'v16.2 spec: RpcSpec (returns a setof record type)',
    needs,
    request: post('/rpc/untyped_films', {}),
    expect: {
      status: 200,
      body: [
        { id: 1, title: 'Lady Bird' },
        { id: 2, title: 'Little Women' },
      ],
    },
  },
  {
    name: 'call/overloaded-by-the-number-of-arguments',
    rule: overloaded,
    needs,
    request: get('/rpc/duration?film=1'),
    expect: { status: 200, body: 'of 1' },
  },
  {
    name: 'call/overloaded-with-more-arguments',
    rule: overloaded,
    needs,
    request: get('/rpc/duration?film=1&unit=hours'),
    expect: { status: 200, body: 'of 1 in hours' },
  },
  {
    name: 'call/refuses-a-nul-in-a-document',
    rule: posting,
    needs,
    source: 'PostgreSQL manual: JSON Types (Unicode escapes)',
    request: post('/rpc/sum_of', '{"items":[{"n":1,"more":"\\u0000"}]}'),
    expect: {
      status: 400,
      body: errorBody('22P05', 'unsupported Unicode escape sequence', {
        details: '\\u0000 cannot be converted to text.',
      }),
    },
  },
  {
    name: 'call/refuses-half-a-surrogate-pair',
    rule: posting,
    needs,
    source: 'PostgreSQL manual: JSON Types (Unicode escapes)',
    request: post('/rpc/greet', '{"name":"\\udc00"}'),
    expect: {
      status: 400,
      body: errorBody('22P02', 'invalid input syntax for type json', {
        details: 'Unicode low surrogate must follow a high surrogate.',
      }),
    },
  },
]
