/**
 * Headers that answers carry, and execution plans.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const plan = 'PostgREST docs: observability (Execution plan)'
const planContentType = 'application/vnd.pgrst.plan+json; for="application/json"; charset=utf-8'

const sqlitePlan = 'SQLite tells the steps of a plan, and no costs'
const sqliteOptions = 'SQLite has no options for its plans'

export const answerHeaderCases: readonly ConformanceCase[] = [
  {
    name: 'plan/is-off-by-default',
    rule: plan,
    source: 'v16.2 spec: PlanSpec (disabled)',
    request: get('/films', { Accept: 'application/vnd.pgrst.plan' }),
    expect: {
      status: 406,
      body: errorBody(
        'PGRST107',
        'None of these media types are available: application/vnd.pgrst.plan+text; for="application/json"',
      ),
    },
  },
  {
    name: 'plan/as-json',
    rule: plan,
    variant: 'generous',
    source: 'v16.2 spec: PlanSpec',
    needs: 'planMedia',
    request: get('/films?id=eq.1', { Accept: 'application/vnd.pgrst.plan+json' }),
    expect: {
      status: 200,
      headers: { 'content-type': planContentType, 'content-length': /^[1-9]/ },
      text: /"Total Cost"/,
    },
    differs: {
      sqlite: {
        status: 200,
        headers: { 'content-type': planContentType },
        text: /^\[\{"Plan":.*SEARCH/,
        reason: sqlitePlan,
      },
    },
  },
  {
    name: 'plan/as-text',
    rule: plan,
    variant: 'generous',
    source: 'v16.2 spec: PlanSpec (outputs in text format by default)',
    needs: 'planMedia',
    request: get('/films?id=eq.1', { Accept: 'application/vnd.pgrst.plan' }),
    expect: {
      status: 200,
      headers: {
        'content-type': 'application/vnd.pgrst.plan+text; for="application/json"; charset=utf-8',
      },
      text: /^Aggregate/,
    },
    differs: { sqlite: { status: 200, text: /^QUERY PLAN\n[|`]--.*SEARCH/s, reason: sqlitePlan } },
  },
  {
    name: 'plan/for-another-format',
    rule: plan,
    variant: 'generous',
    source: 'v16.2 spec: PlanSpec',
    needs: 'planMedia',
    request: get('/films', {
      Accept:
        'application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object"; options=verbose',
    }),
    expect: {
      status: 200,
      headers: {
        'content-type':
          'application/vnd.pgrst.plan+json; for="application/vnd.pgrst.object+json"; options=verbose; charset=utf-8',
      },
      text: /"Output"/,
    },
    differs: { sqlite: { status: 400, code: 'PGRST127', reason: sqliteOptions } },
  },
  {
    name: 'plan/with-options',
    rule: plan,
    variant: 'generous',
    source: 'v16.2 spec: PlanSpec (buffers)',
    needs: 'planMedia',
    request: get('/films', {
      Accept: 'application/vnd.pgrst.plan+json; options=analyze|buffers',
    }),
    expect: {
      status: 200,
      headers: {
        'content-type':
          'application/vnd.pgrst.plan+json; for="application/json"; options=analyze|buffers; charset=utf-8',
      },
      text: /"Actual Rows"[\s\S]*"Shared Hit Blocks"/,
    },
    differs: { sqlite: { status: 400, code: 'PGRST127', reason: sqliteOptions } },
  },
  {
    name: 'plan/shows-that-an-index-is-used',
    rule: 'PostgREST docs: tables_views (Index Usage)',
    variant: 'generous',
    needs: 'planMedia',
    request: get('/roles?film_id=eq.1&actor_id=eq.2', {
      Accept: 'application/vnd.pgrst.plan+json',
    }),
    expect: { status: 200, text: /"Plan"/ },
  },
  {
    name: 'vary/says-what-answers-depend-on',
    rule: 'PostgREST docs: vary_header (Vary Header)',
    request: get('/countries?code=eq.CA'),
    expect: { status: 200, headers: { vary: 'Accept, Prefer, Range' } },
  },
  {
    name: 'server-timing/each-stage',
    rule: 'PostgREST docs: observability (Server-Timing Header)',
    variant: 'generous',
    source: 'v16.2 spec: ServerTimingSpec',
    request: get('/countries?code=eq.CA'),
    expect: {
      status: 200,
      headers: {
        'server-timing':
          /^jwt;dur=[\d.]+, parse;dur=[\d.]+, plan;dur=[\d.]+, transaction;dur=[\d.]+, response;dur=[\d.]+$/,
      },
    },
  },
  {
    name: 'server-timing/off-by-default',
    rule: 'PostgREST docs: observability (Server-Timing Header)',
    request: get('/countries?code=eq.CA'),
    expect: { status: 200, headers: { 'server-timing': null } },
  },
  {
    name: 'trace-header/comes-back',
    rule: 'PostgREST docs: observability (Trace Header)',
    variant: 'generous',
    request: get('/countries?code=eq.CA', { 'X-Request-Id': '1d4f' }),
    expect: { status: 200, headers: { 'x-request-id': '1d4f' } },
  },
  {
    name: 'trace-header/comes-back-on-errors',
    rule: 'PostgREST docs: observability (Trace Header)',
    variant: 'generous',
    request: get('/nowhere', { 'X-Request-Id': '1d4f' }),
    expect: { status: 404, headers: { 'x-request-id': '1d4f' }, code: 'PGRST205' },
  },
  {
    name: 'content-location/sorts-the-parameters',
    rule: 'PostgREST docs: tables_views (GET and HEAD)',
    source: 'v16.2 spec: QuerySpec (Canonical location)',
    request: get('/films?year=eq.2021&select=id&order=id&id=gt.4'),
    expect: {
      status: 200,
      headers: { 'content-location': '/films?id=gt.4&order=id&select=id&year=eq.2021' },
      body: [{ id: 5 }],
    },
  },
  {
    name: 'content-location/without-parameters',
    rule: 'PostgREST docs: tables_views (GET and HEAD)',
    source: 'v16.2 spec: QuerySpec (Canonical location)',
    request: get('/countries'),
    expect: { status: 200, headers: { 'content-location': '/countries' } },
  },
]
