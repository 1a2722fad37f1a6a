/**
 * Media types that the database makes itself.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const tables = 'PostgREST docs: media_type_handlers (Handlers for Tables/Views)'
const overriding = 'PostgREST docs: media_type_handlers (Overriding a Builtin Handler)'
const any = 'PostgREST docs: media_type_handlers (The "Any" Handler)'
const only = { engine: 'postgres', reason: 'aggregates and domains in the database' } as const

export const mediaHandlerCases: readonly ConformanceCase[] = [
  {
    name: 'handler/of-a-table',
    rule: tables,
    only,
    request: get('/films?id=lte.2&order=id', { Accept: 'application/vnd.films.titles' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/vnd.films.titles', 'content-length': '23' },
      text: 'Lady Bird\nLittle Women\n',
    },
  },
  {
    name: 'handler/of-a-table-wants-all-columns',
    rule: tables,
    source: 'v16.2 spec: CustomMediaSpec (will fail for specific aggregate with fewer columns)',
    only,
    request: get('/films?select=id', { Accept: 'application/vnd.films.titles' }),
    expect: {
      status: 406,
      body: errorBody(
        'PGRST107',
        'None of these media types are available: application/vnd.films.titles',
      ),
    },
  },
  {
    name: 'handler/of-another-table-is-not-there',
    rule: tables,
    source: 'v16.2 spec: CustomMediaSpec',
    only,
    request: get('/actors', { Accept: 'application/vnd.films.titles' }),
    expect: { status: 406, code: 'PGRST107' },
  },
  {
    name: 'handler/of-a-table-serves-its-functions',
    rule: tables,
    only,
    request: get('/rpc/films_of?maker=1', { Accept: 'application/vnd.films.titles' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/vnd.films.titles' },
      text: 'Lady Bird\nLittle Women\n',
    },
  },
  {
    name: 'handler/of-any-table',
    rule: tables,
    source: 'v16.2 spec: CustomMediaSpec (anyelement aggregate)',
    only,
    request: get('/countries?code=in.(CA,FR)&order=code', {
      Accept: 'application/vnd.films.lines',
    }),
    expect: { status: 200, text: '(CA,Canada)\n(FR,France)\n' },
  },
  {
    name: 'handler/of-any-table-takes-a-selection',
    rule: tables,
    source: 'v16.2 spec: CustomMediaSpec (using select query parameter)',
    only,
    request: get('/films?select=year,title&id=eq.4', { Accept: 'application/vnd.films.lines' }),
    expect: { status: 200, text: '(2021,Dune)\n' },
  },
  {
    name: 'handler/comes-after-what-the-client-likes-better',
    rule: tables,
    source: 'v16.2 spec: CustomMediaSpec (will match json in presence of text/plain)',
    only,
    request: get('/films?select=id&id=eq.4', {
      Accept: 'application/json, application/vnd.films.lines;q=0.5',
    }),
    expect: { status: 200, body: [{ id: 4 }] },
  },
  {
    name: 'handler/in-place-of-a-builtin-one',
    rule: overriding,
    only,
    request: get('/catalogue', { Accept: 'text/csv' }),
    expect: {
      status: 200,
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="catalogue.csv"',
      },
      text: 'id;title\n1;Lady Bird\n2;Dune\n',
    },
  },
  {
    name: 'handler/in-place-of-a-builtin-one-for-its-table-only',
    rule: overriding,
    only,
    request: get('/countries?code=eq.CA', { Accept: 'text/csv' }),
    expect: { status: 200, text: 'code,name\nCA,Canada' },
  },
  {
    name: 'handler/vendored-types-cannot-be-replaced',
    rule: 'PostgREST docs: media_type_handlers (Media Type Handlers)',
    source: 'v16.2 spec: CustomMediaSpec (will not override vendored media types)',
    only,
    request: get('/catalogue?id=eq.1', { Accept: 'application/vnd.pgrst.object' }),
    expect: { status: 200, body: { id: 1, title: 'Lady Bird' } },
  },
  {
    name: 'any-handler/without-an-accept-header',
    rule: any,
    only,
    request: get('/catalogue.xml'),
    expect: {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      text: '<film id="1">Lady Bird</film><film id="2">Dune</film>',
    },
  },
  {
    name: 'any-handler/of-a-type-it-knows',
    rule: any,
    only,
    request: get('/catalogue.xml?id=eq.2', { Accept: 'text/xml' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'text/xml' },
      text: '<film id="2">Dune</film>',
    },
  },
  {
    name: 'any-handler/names-bytes-unless-it-says-otherwise',
    rule: any,
    only,
    request: get('/catalogue.xml?id=eq.2', { Accept: 'application/vnd.films.raw' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      text: '<film id="2">Dune</film>',
    },
  },
  {
    name: 'any-handler/refuses-by-itself',
    rule: any,
    only,
    request: get('/catalogue.xml', { Accept: 'unknown/media' }),
    expect: { status: 415, body: errorBody('PT415', 'Unsupported Media Type') },
  },
  {
    name: 'handler-function/of-a-type',
    rule: 'PostgREST docs: media_type_handlers (Handler Function)',
    only,
    request: get('/rpc/plain_greeting', { Accept: 'text/plain' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      text: 'Welcome',
    },
  },
  {
    name: 'handler-function/of-another-type',
    rule: 'PostgREST docs: media_type_handlers (Handler Function)',
    source: 'v16.2 spec: CustomMediaSpec (should fail with function returning text)',
    only,
    request: get('/rpc/plain_greeting', { Accept: 'text/xml' }),
    expect: { status: 406, code: 'PGRST107' },
  },
  {
    name: 'handler-function/of-any-type',
    rule: any,
    source: 'v16.2 spec: CustomMediaSpec (any media type on functions)',
    only,
    request: get('/rpc/whatever', { Accept: 'image/boingo' }),
    expect: {
      status: 200,
      headers: { 'content-type': 'application/octet-stream' },
      text: 'any',
    },
  },
  {
    name: 'handler/an-engine-without-them',
    rule: tables,
    only: { engine: 'sqlite', reason: 'there are none' },
    request: get('/films', { Accept: 'application/vnd.films.titles' }),
    expect: { status: 406, code: 'PGRST107' },
  },
]
