/**
 * The order of rows.
 */
import { type ConformanceCase, errorBody, get, type Json } from '../conformance-case.ts'

function ids(...list: readonly number[]): Json {
  return list.map((id) => ({ id }))
}

const rule = 'PostgREST docs: tables_views (Ordering)'

export const orderingCases: readonly ConformanceCase[] = [
  {
    name: 'order/ascends-unless-told-otherwise',
    rule,
    request: get('/films?select=id&year=gte.2019&order=year,id'),
    expect: { status: 200, body: ids(2, 4, 5, 7) },
  },
  {
    name: 'order/asc',
    rule,
    request: get('/films?select=id&id=lte.3&order=year.asc'),
    expect: { status: 200, body: ids(3, 1, 2) },
  },
  {
    name: 'order/desc',
    rule,
    request: get('/films?select=id&id=lte.3&order=year.desc'),
    expect: { status: 200, body: ids(2, 1, 3) },
  },
  {
    name: 'order/by-several-columns',
    rule,
    request: get('/films?select=id&year=gte.2017&order=year.desc,minutes.asc'),
    expect: { status: 200, body: ids(7, 5, 4, 2, 1) },
  },
  {
    name: 'order/nulls-come-last-when-ascending',
    rule,
    source: 'PostgreSQL manual: Sorting Rows',
    request: get('/films?select=id&id=gte.5&order=minutes'),
    expect: { status: 200, body: ids(5, 6, 7) },
  },
  {
    name: 'order/nulls-come-first-when-descending',
    rule,
    source: 'PostgreSQL manual: Sorting Rows',
    request: get('/films?select=id&id=gte.5&order=minutes.desc'),
    expect: { status: 200, body: ids(7, 6, 5) },
  },
  {
    name: 'order/nullsfirst',
    rule,
    needs: 'nullsOrdering',
    request: get('/films?select=id&id=gte.5&order=minutes.nullsfirst'),
    expect: { status: 200, body: ids(7, 5, 6) },
  },
  {
    name: 'order/nullslast-after-a-direction',
    rule,
    needs: 'nullsOrdering',
    request: get('/films?select=id&id=gte.5&order=minutes.desc.nullslast'),
    expect: { status: 200, body: ids(6, 5, 7) },
  },
  {
    name: 'order/by-a-field-of-a-composite-value',
    rule,
    needs: 'jsonPath',
    request: get('/festivals?select=id&order=location->>lat.desc.nullslast'),
    expect: { status: 200, body: ids(2, 1, 3) },
  },
  {
    name: 'order/by-a-field-of-a-document',
    rule,
    needs: 'jsonPath',
    request: get(
      '/films?select=id&details->budget=not.is.null&order=details->budget.desc.nullslast,id&limit=2',
    ),
    expect: { status: 200, body: ids(4, 3) },
  },
  {
    name: 'order/text-is-in-the-order-of-its-code-points',
    rule,
    source: 'the collation of the database: C on the test clusters, binary on SQLite',
    request: get('/directors?select=id&order=name'),
    expect: { status: 200, body: ids(5, 4, 3, 2, 1) },
  },
  {
    name: 'order/a-misspelt-direction',
    rule,
    source: 'v16.2 spec: QuerySpec (gives meaningful error message on bad syntax)',
    request: get('/films?order=id.asc.nullslasttt'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST100',
        '"failed to parse order (id.asc.nullslasttt)" (line 1, column 17)',
        {
          details: `unexpected 't' expecting "," or end of input`,
        },
      ),
    },
  },
  {
    name: 'order/by-an-unknown-column',
    rule,
    request: get('/films?order=nope'),
    expect: { status: 400, body: errorBody('42703', 'column films.nope does not exist') },
  },
]
