/**
 * Domains with casts that say how their values are shown and read.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const shown = 'PostgREST docs: domain_representations (Domain Response Format)'
const filtered = 'PostgREST docs: domain_representations (Domain Filter Format)'
const written = 'PostgREST docs: domain_representations (Domain Request Body Format)'
const only = { engine: 'postgres', reason: 'domains' } as const

export const domainRepresentationCases: readonly ConformanceCase[] = [
  {
    name: 'representation/of-a-column',
    rule: shown,
    only,
    request: get('/posters?select=id,background&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, background: '#FF0000' },
        { id: 2, background: '#0000FF' },
        { id: 3, background: null },
      ],
    },
  },
  {
    name: 'representation/of-every-column',
    rule: shown,
    source: 'v16.2 spec: QuerySpec (formats star select)',
    only,
    request: get('/posters?id=eq.1'),
    expect: {
      status: 200,
      body: [{ id: 1, film_id: 1, background: '#FF0000', price: '12.50' }],
    },
  },
  {
    name: 'representation/with-an-alias',
    rule: shown,
    source: 'v16.2 spec: QuerySpec (formats and allows rename)',
    only,
    request: get('/posters?select=tint:background&id=eq.2'),
    expect: { status: 200, body: [{ tint: '#0000FF' }] },
  },
  {
    name: 'representation/with-a-cast-on-top',
    rule: shown,
    source: 'v16.2 spec: QuerySpec (formats, renames and allows manual casting on top)',
    only,
    request: get('/posters?select=tint:background::text&id=eq.2'),
    expect: { status: 200, body: [{ tint: '"#0000FF"' }] },
  },
  {
    name: 'representation/of-an-embed',
    rule: shown,
    source: 'v16.2 spec: QuerySpec (formats through join)',
    only,
    request: get('/films?select=id,posters(background,price)&id=eq.1'),
    expect: {
      status: 200,
      body: [{ id: 1, posters: [{ background: '#FF0000', price: '12.50' }] }],
    },
  },
  {
    name: 'representation/filters',
    rule: filtered,
    only,
    request: get('/posters?select=id&background=eq.%230000FF'),
    expect: { status: 200, body: [{ id: 2 }] },
  },
  {
    name: 'representation/filters-with-a-list',
    rule: filtered,
    source: 'v16.2 spec: QuerySpec (IN predicates)',
    only,
    request: get('/posters?select=id&background=in.(%230000FF,%23FF0000)&order=id'),
    expect: { status: 200, body: [{ id: 1 }, { id: 2 }] },
  },
  {
    name: 'representation/filters-an-embed',
    rule: filtered,
    source: 'v16.2 spec: QuerySpec (filter across relations)',
    only,
    request: get('/films?select=id,posters!inner(id)&posters.background=eq.%23FF0000'),
    expect: { status: 200, body: [{ id: 1, posters: [{ id: 1 }] }] },
  },
  {
    name: 'representation/filters-read-the-plain-value-without-a-cast',
    rule: filtered,
    only,
    request: get('/posters?select=id&price=eq.900'),
    expect: { status: 200, body: [{ id: 2 }] },
  },
  {
    name: 'representation/written',
    rule: written,
    variant: 'generous',
    only,
    request: {
      method: 'POST',
      target: '/posters?select=id,background',
      headers: { Prefer: 'return=representation' },
      body: { id: 9, background: '#00FF00' },
    },
    expect: { status: 201, body: [{ id: 9, background: '#00FF00' }] },
  },
  {
    name: 'representation/written-plainly-without-a-cast',
    rule: written,
    variant: 'generous',
    only,
    request: {
      method: 'PATCH',
      target: '/posters?id=eq.1&select=id,price',
      headers: { Prefer: 'return=representation' },
      body: { price: 500 },
    },
    expect: { status: 200, body: [{ id: 1, price: '5.00' }] },
  },
  {
    name: 'representation/an-operator-that-the-domain-lacks',
    rule: filtered,
    source: 'v16.2 spec: QuerySpec (fails safely on user trying to use ilike operator)',
    only,
    request: get('/posters?background=ilike.%23*'),
    expect: {
      status: 404,
      body: errorBody('42883', 'operator does not exist: tint ~~* unknown', {
        hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
      }),
    },
  },
]
