/**
 * Windows over the rows, and how many rows there are.
 */
import { type ConformanceCase, errorBody, get, type Json } from '../conformance-case.ts'

function ids(...list: readonly number[]): Json {
  return list.map((id) => ({ id }))
}

const limits = 'PostgREST docs: pagination_count (Limits and Pagination)'
const parameters = 'PostgREST docs: pagination_count (Query Parameters)'
const header = 'PostgREST docs: pagination_count (Range Header)'
const exact = 'PostgREST docs: pagination_count (Exact Count)'
const planned = 'PostgREST docs: pagination_count (Planned Count)'
const estimated = 'PostgREST docs: pagination_count (Estimated Count)'
const unsatisfiable = 'PostgREST docs: errors (PGRST103)'

export const paginationCases: readonly ConformanceCase[] = [
  {
    name: 'range/every-answer-tells-its-range',
    rule: limits,
    request: get('/films?select=id&order=id'),
    expect: {
      status: 200,
      headers: { 'content-range': '0-6/*' },
      body: ids(1, 2, 3, 4, 5, 6, 7),
    },
  },
  {
    name: 'range/of-no-rows',
    rule: limits,
    source: 'v16.2 spec: RangeSpec',
    request: get('/lost_films'),
    expect: { status: 200, headers: { 'content-range': '*/*' }, body: [] },
  },
  {
    name: 'limit/and-offset',
    rule: parameters,
    request: get('/films?select=id&order=id&limit=2&offset=3'),
    expect: { status: 200, headers: { 'content-range': '3-4/*' }, body: ids(4, 5) },
  },
  {
    name: 'limit/more-than-there-is',
    rule: parameters,
    request: get('/films?select=id&order=id&limit=20&offset=5'),
    expect: { status: 200, headers: { 'content-range': '5-6/*' }, body: ids(6, 7) },
  },
  {
    name: 'limit/zero-gives-no-rows',
    rule: parameters,
    source: 'v16.2 spec: RangeSpec (limit equals 0)',
    request: get('/films?limit=0'),
    expect: { status: 200, headers: { 'content-range': '*/*' }, body: [] },
  },
  {
    name: 'limit/negative',
    rule: unsatisfiable,
    source: 'v16.2 spec: RangeSpec (fails if limit is negative)',
    request: get('/films?limit=-1'),
    expect: {
      status: 416,
      body: errorBody('PGRST103', 'Requested range not satisfiable', {
        details: 'Limit should be greater than or equal to zero.',
      }),
    },
  },
  {
    name: 'limit/no-number-is-no-limit',
    rule: parameters,
    source: 'v16.2 source: QueryParams (a limit that cannot be read is left out)',
    request: get('/competitions?select=id&order=id&limit=many'),
    expect: { status: 200, body: ids(1, 2, 3) },
  },
  {
    name: 'offset/alone',
    rule: parameters,
    request: get('/films?select=id&order=id&offset=5'),
    expect: { status: 200, headers: { 'content-range': '5-6/*' }, body: ids(6, 7) },
  },
  {
    name: 'offset/negative-is-none',
    rule: parameters,
    source: 'v16.2 spec: RangeSpec (offset is negative as a no-op)',
    request: get('/competitions?select=id&order=id&offset=-4'),
    expect: { status: 200, headers: { 'content-range': '0-2/*' }, body: ids(1, 2, 3) },
  },
  {
    name: 'offset/past-the-end-without-a-count',
    rule: parameters,
    source: 'v16.2 source: RangeQuery (without a total every range is fine)',
    request: get('/films?offset=100'),
    expect: { status: 200, headers: { 'content-range': '*/*' }, body: [] },
  },
  {
    name: 'offset/past-the-end',
    rule: unsatisfiable,
    source: 'v16.2 spec: RangeSpec (start past last item)',
    request: get('/films?offset=100', { Prefer: 'count=exact' }),
    expect: {
      status: 416,
      headers: { 'content-range': '*/7' },
      body: errorBody('PGRST103', 'Requested range not satisfiable', {
        details: 'An offset of 100 was requested, but there are only 7 rows.',
      }),
    },
  },
  {
    name: 'offset/when-there-are-no-rows',
    rule: unsatisfiable,
    source: 'v16.2 spec: RangeSpec (nonzero start when there are no items)',
    request: get('/lost_films?offset=1', { Prefer: 'count=exact' }),
    expect: {
      status: 416,
      headers: { 'content-range': '*/0' },
      body: errorBody('PGRST103', 'Requested range not satisfiable', {
        details: 'An offset of 1 was requested, but there are only 0 rows.',
      }),
    },
  },
  {
    name: 'range-header/from-and-to',
    rule: header,
    request: get('/films?select=id&order=id', { 'Range-Unit': 'items', Range: '1-2' }),
    expect: { status: 200, headers: { 'content-range': '1-2/*' }, body: ids(2, 3) },
  },
  {
    name: 'range-header/fewer-than-asked-for',
    rule: header,
    request: get('/films?select=id&order=id', { Range: '5-19' }),
    expect: { status: 200, headers: { 'content-range': '5-6/*' }, body: ids(6, 7) },
  },
  {
    name: 'range-header/open-ended',
    rule: header,
    request: get('/films?select=id&order=id', { Range: '4-' }),
    expect: { status: 200, headers: { 'content-range': '4-6/*' }, body: ids(5, 6, 7) },
  },
  {
    name: 'range-header/intersects-with-limit',
    rule: header,
    source: 'v16.2 spec: RangeSpec (headers override get parameters)',
    request: get('/films?select=id&order=id&limit=3', { Range: '0-1' }),
    expect: { status: 200, headers: { 'content-range': '0-1/*' }, body: ids(1, 2) },
  },
  {
    name: 'range-header/upside-down',
    rule: unsatisfiable,
    source: 'v16.2 spec: RangeSpec (fails with 416 for offside range)',
    request: get('/films', { Range: '1-0' }),
    expect: {
      status: 416,
      body: errorBody('PGRST103', 'Requested range not satisfiable', {
        details:
          'The lower boundary must be lower than or equal to the upper boundary in the Range header.',
      }),
    },
  },
  {
    name: 'range-header/malformed-is-ignored',
    rule: header,
    source: 'v16.2 source: RangeQuery (rangeRequested)',
    request: get('/competitions?select=id&order=id', { Range: 'bytes=a-b' }),
    expect: { status: 200, headers: { 'content-range': '0-2/*' }, body: ids(1, 2, 3) },
  },
  {
    name: 'range-header/counts-on-get-only',
    rule: header,
    source: 'v16.2 source: ApiRequest (the Range header is read for GET)',
    request: { method: 'HEAD', target: '/films', headers: { Range: '0-1' } },
    expect: { status: 200, headers: { 'content-range': '0-6/*' }, text: '' },
  },
  {
    name: 'count/exact-of-a-part',
    rule: exact,
    needs: 'countExact',
    request: get('/films?select=id&order=id', { Range: '0-2', Prefer: 'count=exact' }),
    expect: {
      status: 206,
      headers: { 'content-range': '0-2/7', 'preference-applied': 'count=exact' },
      body: ids(1, 2, 3),
    },
  },
  {
    name: 'count/exact-of-all',
    rule: exact,
    needs: 'countExact',
    request: get('/competitions?select=id&order=id', { Prefer: 'count=exact' }),
    expect: { status: 200, headers: { 'content-range': '0-2/3' }, body: ids(1, 2, 3) },
  },
  {
    name: 'count/exact-of-none',
    rule: exact,
    source: 'v16.2 spec: RangeSpec (count with an empty body)',
    needs: 'countExact',
    request: get('/films?id=eq.0', { Prefer: 'count=exact' }),
    expect: { status: 200, headers: { 'content-range': '*/0' }, body: [] },
  },
  {
    name: 'count/exact-with-filters',
    rule: exact,
    needs: 'countExact',
    request: get('/films?select=id&year=gte.2017&limit=1&order=id', { Prefer: 'count=exact' }),
    expect: { status: 206, headers: { 'content-range': '0-0/5' }, body: ids(1) },
  },
  {
    name: 'count/exact-with-limit-zero',
    rule: exact,
    source: 'v16.2 source: RangeQuery (rangeStatusHeader)',
    needs: 'countExact',
    request: get('/films?limit=0', { Prefer: 'count=exact' }),
    expect: { status: 206, headers: { 'content-range': '*/7' }, body: [] },
  },
  {
    name: 'count/exact-without-a-body',
    rule: exact,
    needs: 'countExact',
    request: {
      method: 'HEAD',
      target: '/films?limit=5',
      headers: { Prefer: 'count=exact' },
    },
    expect: { status: 206, headers: { 'content-range': '0-4/7' }, text: '' },
  },
  {
    name: 'count/of-a-view',
    rule: 'PostgREST docs: pagination_count (Counting)',
    needs: 'countExact',
    request: get('/recent_films?select=id&limit=1&order=id', { Prefer: 'count=exact' }),
    expect: { status: 206, headers: { 'content-range': '0-0/5' }, body: ids(1) },
  },
  {
    name: 'count/planned',
    rule: planned,
    needs: 'countPlanned',
    request: get('/films?select=id&limit=2&order=id', { Prefer: 'count=planned' }),
    expect: {
      status: 206,
      headers: { 'content-range': '0-1/7', 'preference-applied': 'count=planned' },
      body: ids(1, 2),
    },
  },
  {
    name: 'count/planned-of-all',
    rule: planned,
    needs: 'countPlanned',
    request: { method: 'HEAD', target: '/films', headers: { Prefer: 'count=planned' } },
    expect: { status: 200, headers: { 'content-range': '0-6/7' }, text: '' },
  },
  {
    name: 'count/estimated',
    rule: estimated,
    needs: 'countEstimated',
    request: get('/films?select=id&limit=2&order=id', { Prefer: 'count=estimated' }),
    expect: {
      status: 206,
      headers: { 'content-range': '0-1/7', 'preference-applied': 'count=estimated' },
      body: ids(1, 2),
    },
  },
  {
    name: 'count/estimated-is-exact-up-to-the-servers-limit',
    rule: estimated,
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec (exact count when query rows <= maxRows)',
    needs: 'countEstimated',
    request: get('/films?select=id&id=lte.2&order=id', { Prefer: 'count=estimated' }),
    expect: { status: 200, headers: { 'content-range': '0-1/2' }, body: ids(1, 2) },
  },
  {
    name: 'count/estimated-is-planned-past-it',
    rule: estimated,
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec (planner guess when query rows > maxRows)',
    needs: 'countEstimated',
    request: get('/films?select=id&order=id', { Prefer: 'count=estimated' }),
    expect: { status: 206, headers: { 'content-range': '0-1/7' }, body: ids(1, 2) },
  },
  {
    name: 'max-rows/restricts',
    rule: 'PostgREST docs: configuration (db-max-rows)',
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec',
    request: get('/films?select=id&order=id'),
    expect: { status: 200, headers: { 'content-range': '0-1/*' }, body: ids(1, 2) },
  },
  {
    name: 'max-rows/a-smaller-limit-holds',
    rule: 'PostgREST docs: configuration (db-max-rows)',
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec (additional client limiting)',
    request: get('/films?select=id&order=id&limit=1&offset=2'),
    expect: { status: 200, headers: { 'content-range': '2-2/*' }, body: ids(3) },
  },
  {
    name: 'max-rows/a-greater-limit-does-not',
    rule: 'PostgREST docs: configuration (db-max-rows)',
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec',
    request: get('/films?select=id&order=id&limit=5'),
    expect: { status: 200, headers: { 'content-range': '0-1/*' }, body: ids(1, 2) },
  },
  {
    name: 'max-rows/on-every-level',
    rule: 'PostgREST docs: configuration (db-max-rows)',
    variant: 'strict',
    source: 'v16.2 spec: QueryLimitedSpec (works on all levels)',
    needs: 'embedding',
    request: get('/actors?select=id,roles(film_id)&id=eq.2&roles.order=film_id'),
    expect: { status: 200, body: [{ id: 2, roles: [{ film_id: 1 }, { film_id: 2 }] }] },
  },
  {
    name: 'max-rows/an-exact-count-counts-all',
    rule: 'PostgREST docs: configuration (db-max-rows)',
    variant: 'strict',
    needs: 'countExact',
    request: get('/films?select=id&order=id', { Prefer: 'count=exact' }),
    expect: { status: 206, headers: { 'content-range': '0-1/7' }, body: ids(1, 2) },
  },
  {
    name: 'head/is-get-without-a-body',
    rule: 'PostgREST docs: tables_views (GET and HEAD)',
    request: { method: 'HEAD', target: '/films?select=id&limit=2' },
    expect: {
      status: 200,
      headers: {
        'content-range': '0-1/*',
        'content-type': 'application/json; charset=utf-8',
        'content-length': null,
        'content-location': '/films?limit=2&select=id',
      },
      text: '',
    },
  },
]
