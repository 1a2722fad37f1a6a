/**
 * PATCH on a relation.
 */
import {
  type CaseRequest,
  type ConformanceCase,
  errorBody,
  get,
  showing,
} from '../conformance-case.ts'

const update = 'PostgREST docs: tables_views (Update)'
const affected = 'PostgREST docs: preferences (Max Affected)'

function patch(
  target: string,
  body: CaseRequest['body'],
  headers: CaseRequest['headers'] = {},
): CaseRequest {
  return { method: 'PATCH', target, headers, ...(body === undefined ? {} : { body }) }
}

export const updateCases: readonly ConformanceCase[] = [
  {
    name: 'update/answers-without-a-body',
    rule: update,
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (can update a single item)',
    needs: 'update',
    request: patch('/reviews?id=eq.1', { stars: 1 }),
    expect: {
      status: 204,
      headers: { 'content-range': '0-0/*', 'content-type': null, 'content-length': null },
      text: '',
    },
  },
  {
    name: 'update/of-every-row-that-fits',
    rule: update,
    variant: 'generous',
    needs: ['update', 'returning'],
    request: patch(
      '/reviews?author=eq.Kim&select=id,body&order=id.desc',
      { body: 'gone' },
      showing,
    ),
    expect: {
      status: 200,
      headers: { 'content-range': '0-1/*', 'preference-applied': 'return=representation' },
      body: [
        { id: 3, body: 'gone' },
        { id: 1, body: 'gone' },
      ],
    },
  },
  {
    name: 'update/to-null',
    rule: update,
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (can set a column to NULL)',
    needs: ['update', 'returning'],
    request: patch('/reviews?id=eq.1&select=body', { body: null }, showing),
    expect: { status: 200, body: [{ body: null }] },
  },
  {
    name: 'update/of-no-row',
    rule: update,
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (returns status code 200 when no rows updated)',
    needs: 'update',
    request: patch('/reviews?id=eq.99', { stars: 1 }),
    expect: { status: 204, headers: { 'content-range': '*/*' }, text: '' },
  },
  {
    name: 'update/of-no-row-shown',
    rule: update,
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec',
    needs: ['update', 'returning'],
    request: patch('/reviews?id=eq.99', { stars: 1 }, showing),
    expect: { status: 200, body: [] },
  },
  {
    name: 'update/to-nothing-changes-nothing',
    rule: update,
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (makes no updates)',
    needs: ['update', 'returning'],
    request: patch('/reviews?select=id', {}, showing),
    expect: { status: 200, headers: { 'content-range': '*/*' }, body: [] },
  },
  {
    name: 'update/counts',
    rule: update,
    variant: 'generous',
    source: 'v16.2 source: Response (MutationUpdate)',
    needs: 'update',
    request: patch('/reviews?author=eq.Ola', { stars: 1 }, { Prefer: 'count=exact' }),
    expect: {
      status: 204,
      headers: { 'content-range': '0-1/2', 'preference-applied': 'count=exact' },
      text: '',
    },
  },
  {
    name: 'update/embeds',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins on Writes)',
    variant: 'generous',
    needs: ['update', 'returning'],
    request: patch('/reviews?id=eq.2&select=id,films(title)', { film_id: 3 }, showing),
    expect: { status: 200, body: [{ id: 2, films: { title: 'Arrival' } }] },
  },
  {
    name: 'update/columns-are-all-that-is-written',
    rule: 'PostgREST docs: tables_views (Specifying Columns)',
    variant: 'generous',
    needs: ['update', 'returning'],
    request: patch(
      '/reviews?id=eq.1&columns=body&select=stars,body',
      { body: 'x', stars: 0 },
      showing,
    ),
    expect: { status: 200, body: [{ stars: 5, body: 'x' }] },
  },
  {
    name: 'update/missing-default',
    rule: 'PostgREST docs: preferences (Missing)',
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (apply defaults on missing values)',
    needs: ['update', 'missingDefault', 'returning'],
    request: patch(
      '/reviews?id=eq.1&columns=stars,body&select=stars,body',
      { body: 'x' },
      {
        Prefer: 'missing=default, return=representation',
      },
    ),
    expect: { status: 200, body: [{ stars: 3, body: 'x' }] },
  },
  {
    name: 'update/limits-are-ignored',
    rule: update,
    variant: 'generous',
    source: 'changelog 13.0 (#3013)',
    needs: ['update', 'returning'],
    request: patch('/reviews?select=id&order=id&limit=1', { body: 'x' }, showing),
    expect: { status: 200, body: [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }] },
  },
  {
    name: 'update/of-a-column-that-is-not-there',
    rule: 'PostgREST docs: errors (PGRST204)',
    variant: 'generous',
    needs: 'update',
    request: patch('/reviews?id=eq.1', { nope: 1 }),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST204',
        "Could not find the 'nope' column of 'reviews' in the schema cache",
      ),
    },
  },
  {
    name: 'update/with-nothing',
    rule: 'PostgREST docs: errors (PGRST102)',
    variant: 'generous',
    source: 'v16.2 spec: UpdateSpec (with no payload)',
    request: patch('/reviews', ''),
    expect: { status: 400, body: errorBody('PGRST102', 'Empty or invalid json') },
  },
  {
    name: 'update/an-object-of-several-rows-writes-none',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    variant: 'generous',
    source: 'v16.2 spec: SingularSpec (raises an error for multiple rows)',
    needs: 'update',
    request: patch(
      '/notes',
      { body: 'zzz' },
      {
        Prefer: 'tx=commit',
        Accept: 'application/vnd.pgrst.object+json',
      },
    ),
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
    name: 'update/through-a-view',
    rule: update,
    variant: 'generous',
    needs: ['update', 'returning'],
    request: patch('/kind_reviews?id=eq.2', { author: 'Lee' }, showing),
    expect: { status: 200, body: [{ id: 2, film_id: 1, author: 'Lee', stars: 4 }] },
    differs: {
      mongodb: {
        status: 400,
        body: errorBody('PGRST127', 'Feature not implemented', {
          details: 'MongoDB does not support writing to a view',
        }),
        reason: 'views are not written to',
      },
    },
  },
  {
    name: 'max-affected/more-than-that',
    rule: affected,
    variant: 'generous',
    needs: 'update',
    request: patch(
      '/notes',
      { body: 'zzz' },
      {
        Prefer: 'tx=commit, handling=strict, max-affected=1',
      },
    ),
    expect: {
      status: 400,
      body: errorBody('PGRST124', 'Query result exceeds max-affected preference constraint', {
        details: 'The query affects 2 rows',
      }),
    },
    afterwards: {
      request: get('/notes?order=body'),
      expect: { status: 200, body: [{ body: 'first' }, { body: 'second' }] },
    },
  },
  {
    name: 'max-affected/as-many-as-that',
    rule: affected,
    variant: 'generous',
    source: 'v16.2 spec: MaxAffectedSpec',
    needs: 'update',
    request: patch('/notes', { body: 'zzz' }, { Prefer: 'handling=strict, max-affected=2' }),
    expect: {
      status: 204,
      headers: { 'preference-applied': 'handling=strict, max-affected=2' },
      text: '',
    },
  },
  {
    name: 'max-affected/means-nothing-when-lenient',
    rule: affected,
    variant: 'generous',
    source: 'v16.2 spec: MaxAffectedSpec (handling=lenient)',
    needs: 'update',
    request: patch('/notes', { body: 'zzz' }, { Prefer: 'handling=lenient, max-affected=1' }),
    expect: { status: 204, headers: { 'preference-applied': 'handling=lenient' }, text: '' },
  },
]
