/**
 * What a write shows of what it wrote, and what it writes where nothing was given.
 */
import { type ConformanceCase, errorBody, get, post, showing } from '../conformance-case.ts'

const headersOnly = 'PostgREST docs: preferences (Headers Only)'
const full = 'PostgREST docs: preferences (Full)'
const missing = 'PostgREST docs: preferences (Missing)'
const writes = 'PostgREST docs: resource_embedding (Foreign Key Joins on Writes)'

export const returnPreferenceCases: readonly ConformanceCase[] = [
  {
    name: 'return/headers-only-tells-where',
    rule: headersOnly,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews', { id: 33, author: 'Lee' }, { Prefer: 'return=headers-only' }),
    expect: {
      status: 201,
      headers: {
        location: '/reviews?id=eq.33',
        'preference-applied': 'return=headers-only',
        'content-length': '0',
      },
      text: '',
    },
  },
  {
    name: 'return/headers-only-of-a-composite-key',
    rule: headersOnly,
    variant: 'generous',
    source: 'RFC 9110 section 10.2.2, where v16.2 sends names as they are, which lead elsewhere',
    needs: ['insert', 'returning'],
    request: post(
      '/Odd%20Names',
      { 'Row Id': 1, 'a.b': 'Rock & Roll' },
      { Prefer: 'return=headers-only' },
    ),
    expect: {
      status: 201,
      headers: { location: '/Odd%20Names?Row%20Id=eq.1&%22a.b%22=eq.Rock%20%26%20Roll' },
    },
  },
  {
    name: 'return/headers-only-without-a-key',
    rule: headersOnly,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (no location header)',
    needs: ['insert', 'returning'],
    request: post('/notes', { body: 'x' }, { Prefer: 'return=headers-only' }),
    expect: { status: 201, headers: { location: null }, text: '' },
  },
  {
    name: 'return/minimal-by-name',
    rule: 'PostgREST docs: preferences (Minimal)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (ignores &select when return=minimal)',
    needs: 'insert',
    request: post('/notes?select=body', { body: 'x' }, { Prefer: 'return=minimal' }),
    expect: {
      status: 201,
      headers: { 'preference-applied': 'return=minimal', 'content-type': null },
      text: '',
    },
  },
  {
    name: 'return/representation-selected-renamed-and-cast',
    rule: full,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (can rename and cast)',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=nr:id::text,who:author', { id: 33, author: 'Lee' }, showing),
    expect: { status: 201, body: [{ nr: '33', who: 'Lee' }] },
  },
  {
    name: 'return/representation-of-an-empty-select-is-the-key',
    rule: full,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (prefer=rep and &select=)',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=', { id: 33, author: 'Lee' }, showing),
    expect: { status: 201, body: [{ id: 33 }] },
  },
  {
    name: 'return/representation-of-an-empty-select-has-what-orders-it',
    rule: full,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=&order=author', { id: 33, author: 'Lee' }, showing),
    expect: { status: 201, body: [{ id: 33, author: 'Lee' }] },
  },
  {
    name: 'return/headers-only-of-a-column-that-is-not-there',
    rule: headersOnly,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=x', { id: 33 }, { Prefer: 'return=headers-only' }),
    expect: { status: 400, code: '42703' },
  },
  {
    name: 'return/representation-with-a-count',
    rule: full,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (count=exact)',
    needs: ['insert', 'returning'],
    request: post('/notes', [{ body: 'x' }, { body: 'y' }], {
      Prefer: ['return=representation', 'count=exact'],
    }),
    expect: {
      status: 201,
      headers: {
        'content-range': '*/2',
        'preference-applied': 'return=representation, count=exact',
      },
      body: [{ body: 'x' }, { body: 'y' }],
    },
  },
  {
    name: 'return/representation-as-csv',
    rule: full,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (CSV insert)',
    needs: ['insert', 'returning'],
    request: post(
      '/languages',
      { code: 'ja', name: 'Japanese' },
      { ...showing, Accept: 'text/csv' },
    ),
    expect: {
      status: 201,
      headers: { 'content-type': 'text/csv; charset=utf-8' },
      text: 'code,name,speakers\nja,Japanese,1',
    },
  },
  {
    name: 'return/representation-as-an-object',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    variant: 'generous',
    source: 'v16.2 spec: SingularSpec (when creating rows)',
    needs: ['insert', 'returning'],
    request: post(
      '/notes',
      { body: 'x' },
      { ...showing, Accept: 'application/vnd.pgrst.object+json' },
    ),
    expect: { status: 201, body: { body: 'x' } },
  },
  {
    name: 'return/an-object-of-several-rows-writes-none',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    variant: 'generous',
    source:
      'v16.2 spec: SingularSpec (raises an error when attempting to create multiple entities)',
    needs: 'insert',
    request: post('/notes', [{ body: 'x' }, { body: 'y' }], {
      Prefer: 'tx=commit, return=representation',
      Accept: 'application/vnd.pgrst.object+json',
    }),
    expect: {
      status: 406,
      body: errorBody('PGRST116', 'Cannot coerce the result to a single JSON object', {
        details: 'The result contains 2 rows',
      }),
    },
    afterwards: {
      request: get('/notes?order=body'),
      expect: { status: 200, body: [{ body: 'first' }, { body: 'second' }] },
    },
  },
  {
    name: 'return/embeds-what-the-new-row-refers-to',
    rule: writes,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post(
      '/reviews?select=id,film:films(title,directors(name))',
      { id: 33, author: 'Lee', film_id: 4 },
      showing,
    ),
    expect: {
      status: 201,
      body: [{ id: 33, film: { title: 'Dune', directors: { name: 'Denis Villeneuve' } } }],
    },
  },
  {
    name: 'missing/null-is-the-default',
    rule: missing,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post(
      '/languages?columns=code,name,speakers',
      [{ code: 'ja', name: 'Japanese' }],
      showing,
    ),
    expect: { status: 201, body: [{ code: 'ja', name: 'Japanese', speakers: null }] },
  },
  {
    name: 'missing/default',
    rule: missing,
    variant: 'generous',
    needs: ['insert', 'missingDefault', 'returning'],
    request: post(
      '/languages?columns=code,name,speakers',
      [
        { code: 'ja', name: 'Japanese' },
        { code: 'de', name: 'German', speakers: 90 },
      ],
      { Prefer: 'missing=default, return=representation' },
    ),
    expect: {
      status: 201,
      headers: { 'preference-applied': 'missing=default, return=representation' },
      body: [
        { code: 'ja', name: 'Japanese', speakers: 1 },
        { code: 'de', name: 'German', speakers: 90 },
      ],
    },
  },
]
