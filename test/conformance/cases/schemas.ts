/**
 * Several schemas, chosen by profile headers.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const reading = 'PostgREST docs: schemas (GET/HEAD)'
const writing = 'PostgREST docs: schemas (Other methods)'
const restricted = 'PostgREST docs: schemas (Restricted schemas)'
const only = { engine: 'postgres', reason: 'schemas' } as const
const alias = { engine: 'sqlite', reason: '`public` as a name of the only schema' } as const
const odd = 'Über "Archive" #1'

export const schemaCases: readonly ConformanceCase[] = [
  {
    name: 'schema/the-first-one-by-default',
    rule: 'PostgREST docs: schemas (Multiple schemas)',
    variant: 'schemas',
    only,
    request: get('/films?select=id,title&id=eq.1'),
    expect: {
      status: 200,
      headers: { 'content-profile': 'public' },
      body: [{ id: 1, title: 'Lady Bird' }],
    },
  },
  {
    name: 'schema/by-accept-profile',
    rule: reading,
    variant: 'schemas',
    only,
    request: get('/films?id=eq.1', { 'Accept-Profile': 'archive' }),
    expect: {
      status: 200,
      headers: { 'content-profile': 'archive' },
      body: [{ id: 1, title: 'Nosferatu' }],
    },
  },
  {
    name: 'schema/by-accept-profile-of-head',
    rule: reading,
    variant: 'schemas',
    only,
    request: { method: 'HEAD', target: '/films', headers: { 'Accept-Profile': 'archive' } },
    expect: {
      status: 200,
      headers: { 'content-profile': 'archive', 'content-range': '0-1/*' },
      text: '',
    },
  },
  {
    name: 'schema/with-special-characters',
    rule: reading,
    variant: 'schemas',
    source: 'v16.2 spec: MultipleSchemaSpec (uppercase and special characters)',
    only,
    request: get('/films', { 'Accept-Profile': odd }),
    expect: {
      status: 200,
      headers: { 'content-profile': odd },
      body: [{ id: 1, title: 'Das Cabinet des Dr. Caligari' }],
    },
  },
  {
    name: 'schema/embeds-stay-inside-it',
    rule: reading,
    variant: 'schemas',
    only,
    request: get('/reels?select=id,films(title)&order=id&id=gte.2', {
      'Accept-Profile': 'archive',
    }),
    expect: {
      status: 200,
      body: [
        { id: 2, films: { title: 'Nosferatu' } },
        { id: 3, films: { title: 'Metropolis' } },
      ],
    },
  },
  {
    name: 'schema/relations-of-others-are-not-there',
    rule: reading,
    variant: 'schemas',
    source: 'v16.2 spec: MultipleSchemaSpec (doesn’t find another_table)',
    only,
    request: get('/reels'),
    expect: {
      status: 404,
      body: errorBody('PGRST205', "Could not find the table 'public.reels' in the schema cache"),
    },
  },
  {
    name: 'schema/one-that-is-not-exposed',
    rule: restricted,
    variant: 'schemas',
    source: 'v16.2 spec: MultipleSchemaSpec (unknown schema)',
    only,
    request: get('/studios', { 'Accept-Profile': 'internal' }),
    expect: {
      status: 406,
      body: errorBody('PGRST106', 'Invalid schema: internal', {
        hint: `Only the following schemas are exposed: public, archive, ${odd}`,
      }),
    },
  },
  {
    name: 'schema/one-that-is-not-exposed-where-there-is-one',
    rule: restricted,
    request: get('/films', { 'Accept-Profile': 'elsewhere' }),
    expect: {
      status: 406,
      body: errorBody('PGRST106', 'Invalid schema: elsewhere', {
        hint: 'Only the following schemas are exposed: {schema}',
      }),
    },
  },
  {
    name: 'schema/named-where-there-is-one',
    rule: 'PostgREST docs: schemas (Single schema)',
    source: 'v16.2 source: ApiRequest (a profile that was asked for is told)',
    only,
    request: get('/countries?code=eq.CA', { 'Accept-Profile': 'public' }),
    expect: {
      status: 200,
      headers: { 'content-profile': 'public' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'schema/public-where-there-are-none',
    rule: 'PostgREST docs: schemas (Single schema)',
    source: 'docs/compatibility.md: clients that always name a schema say public',
    only: alias,
    request: get('/countries?code=eq.CA', { 'Accept-Profile': 'public' }),
    expect: {
      status: 200,
      headers: { 'content-profile': '{schema}' },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'schema/public-of-head-where-there-are-none',
    rule: reading,
    source: 'docs/compatibility.md: clients that always name a schema say public',
    only: alias,
    request: {
      method: 'HEAD',
      target: '/countries?code=eq.CA',
      headers: { 'Accept-Profile': 'public' },
    },
    expect: { status: 200, headers: { 'content-profile': '{schema}' }, text: '' },
  },
  {
    name: 'schema/public-of-a-write-where-there-are-none',
    rule: writing,
    source: 'docs/compatibility.md: clients that always name a schema say public',
    needs: 'insert',
    only: alias,
    request: {
      method: 'POST',
      target: '/countries',
      headers: { 'Content-Profile': 'public' },
      body: { code: 'XX', name: 'Nowhere' },
    },
    expect: { status: 201 },
  },
  {
    name: 'schema/not-told-where-there-is-one',
    rule: 'PostgREST docs: schemas (Single schema)',
    request: get('/countries?code=eq.CA'),
    expect: {
      status: 200,
      headers: { 'content-profile': null },
      body: [{ code: 'CA', name: 'Canada' }],
    },
  },
  {
    name: 'schema/of-a-write-by-content-profile',
    rule: writing,
    variant: 'schemas',
    only,
    request: {
      method: 'PATCH',
      target: '/films?id=eq.2&select=title',
      headers: { 'Content-Profile': 'archive', Prefer: 'return=representation' },
      body: { title: 'Metropolis' },
    },
    expect: {
      status: 200,
      headers: { 'content-profile': 'archive' },
      body: [{ title: 'Metropolis' }],
    },
  },
  {
    name: 'schema/of-a-write-not-by-accept-profile',
    rule: writing,
    variant: 'schemas',
    only,
    request: {
      method: 'DELETE',
      target: '/reels',
      headers: { 'Accept-Profile': 'archive' },
    },
    expect: { status: 404, code: 'PGRST205' },
  },
  {
    name: 'schema/of-a-function',
    rule: writing,
    variant: 'schemas',
    only,
    request: get('/rpc/film_count', { 'Accept-Profile': 'archive' }),
    expect: { status: 200, headers: { 'content-profile': 'archive' }, body: 2 },
  },
  {
    name: 'schema/of-a-function-by-content-profile',
    rule: writing,
    variant: 'schemas',
    only,
    request: {
      method: 'POST',
      target: '/rpc/film_count',
      headers: { 'Content-Profile': 'archive' },
      body: {},
    },
    expect: { status: 200, headers: { 'content-profile': 'archive' }, body: 2 },
  },
]
