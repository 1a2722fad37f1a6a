/**
 * Full-text search: by an index with PostgreSQL's dictionaries, or by an FTS5 table with none.
 */
import { type ConformanceCase, get, type Json } from '../conformance-case.ts'

function films(...list: readonly number[]): Json {
  return list.map((film) => ({ film_id: film }))
}

const search = 'PostgREST docs: tables_views (Full-Text Search)'
const conversion = 'PostgREST docs: tables_views (Automatic tsvector conversion)'

const unshown = { mongodb: 'the server of the tests has no text indexes' } as const

const notAtTheRoot = {
  status: 400,
  code: 'PGRST127',
  reason: 'MongoDB searches once a request, and not under `or` and `not`',
} as const

export const fullTextSearchCases: readonly ConformanceCase[] = [
  {
    name: 'search/fts-takes-lexemes-and-operators',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=fts.planet|factory&order=film_id'),
    expect: { status: 200, body: films(4, 6) },
  },
  {
    name: 'search/fts-negates-with-an-exclamation-mark',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=fts.factory%26!planet'),
    expect: { status: 200, body: films(6) },
  },
  {
    name: 'search/plfts-wants-every-word',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=plfts.planet%20dangerous'),
    expect: { status: 200, body: films(4) },
  },
  {
    name: 'search/phfts-wants-the-words-in-order',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=phfts.high%20school'),
    expect: { status: 200, body: films(1) },
  },
  {
    name: 'search/phfts-does-not-find-words-apart',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=phfts.school%20high'),
    expect: { status: 200, body: [] },
  },
  {
    name: 'search/wfts-reads-what-people-type',
    rule: search,
    needs: 'fts',
    request: get(
      '/synopses?select=film_id&body=wfts.planet%20or%20"factory%20worker"&order=film_id',
    ),
    expect: { status: 200, body: films(4, 6) },
    differs: {
      mongodb: {
        status: 400,
        code: 'PGRST127',
        reason: 'queries of `$text` have no words for alternatives of which one is a phrase',
      },
    },
  },
  {
    name: 'search/wfts-leaves-out-with-a-minus',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=wfts.school%20-planet'),
    expect: { status: 200, body: films(1) },
  },
  {
    name: 'search/negated',
    rule: search,
    needs: 'fts',
    request: get('/synopses?select=film_id&body=not.plfts.planet&order=film_id'),
    expect: { status: 200, body: films(1, 3, 6) },
    differs: { mongodb: notAtTheRoot },
  },
  {
    name: 'search/inside-a-logic-tree',
    rule: search,
    needs: 'fts',
    source: 'v16.2 spec: QuerySpec (can be used with or query param)',
    request: get(
      '/synopses?select=film_id&or=(body.plfts.planet,body.phfts.high%20school)&order=film_id',
    ),
    expect: { status: 200, body: films(1, 4) },
    differs: { mongodb: notAtTheRoot },
  },
  {
    name: 'search/a-configuration-finds-other-forms-of-a-word',
    rule: search,
    needs: 'fts',
    unshown,
    request: get('/synopses?select=film_id&body=plfts(english).linguists%20languages'),
    expect: { status: 200, body: films(3) },
    differs: {
      sqlite: {
        status: 200,
        body: [],
        reason: 'words are stemmed by the tokenizer an FTS5 table was made with, here by none',
      },
      mongodb: {
        status: 200,
        body: [],
        reason:
          'words of which all have to be there are phrases to `$text`, which it does not stem',
      },
    },
  },
  {
    name: 'search/another-configuration',
    rule: search,
    only: { engine: 'postgres', reason: 'text search configurations' },
    request: get('/synopses?select=film_id&body=not.fts(simple).dream&order=film_id'),
    expect: { status: 200, body: films(1, 3, 4, 6) },
  },
  {
    name: 'search/text-columns-are-converted',
    rule: conversion,
    needs: 'fts',
    request: get('/films?select=id&title=fts(simple).dune'),
    expect: { status: 200, body: [{ id: 4 }] },
    differs: {
      sqlite: {
        status: 400,
        code: 'PGRST127',
        reason: 'a column without an FTS5 table has nothing to be searched by',
      },
      mongodb: {
        status: 400,
        code: 'PGRST127',
        reason: 'a field without a text index over it alone has nothing to be searched by',
      },
    },
  },
  {
    name: 'search/documents-are-converted',
    rule: conversion,
    only: { engine: 'postgres', reason: 'text search on json' },
    request: get('/films?select=id&details=plfts(english).romance'),
    expect: { status: 200, body: [{ id: 2 }] },
  },
]
