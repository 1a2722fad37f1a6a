/**
 * DELETE on a relation.
 */
import {
  type CaseRequest,
  type ConformanceCase,
  errorBody,
  get,
  showing,
} from '../conformance-case.ts'

const rule = 'PostgREST docs: tables_views (Delete)'

function remove(target: string, headers: CaseRequest['headers'] = {}): CaseRequest {
  return { method: 'DELETE', target, headers }
}

export const deleteCases: readonly ConformanceCase[] = [
  {
    name: 'delete/answers-without-a-body',
    rule,
    variant: 'generous',
    source: 'v16.2 spec: DeleteSpec',
    needs: 'delete',
    request: remove('/reviews?id=eq.1'),
    expect: {
      status: 204,
      headers: { 'content-range': '*/*', 'content-type': null, 'content-length': null },
      text: '',
    },
  },
  {
    name: 'delete/shows-and-counts',
    rule,
    variant: 'generous',
    source: 'v16.2 spec: DeleteSpec (returns the deleted item and count)',
    needs: ['delete', 'returning'],
    request: remove('/reviews?author=eq.Kim&select=id,stars&order=id.desc', {
      Prefer: ['return=representation', 'count=exact'],
    }),
    expect: {
      status: 200,
      headers: {
        'content-range': '*/2',
        'preference-applied': 'return=representation, count=exact',
      },
      body: [
        { id: 3, stars: 4 },
        { id: 1, stars: 5 },
      ],
    },
  },
  {
    name: 'delete/embeds',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins on Writes)',
    variant: 'generous',
    source: 'v16.2 spec: DeleteSpec (can embed (parent) entities)',
    needs: ['delete', 'returning'],
    request: remove('/reviews?id=eq.3&select=id,film:films(title)', showing),
    expect: { status: 200, body: [{ id: 3, film: { title: 'Dune' } }] },
  },
  {
    name: 'delete/of-no-row',
    rule,
    variant: 'generous',
    source: 'v16.2 spec: DeleteSpec (includes [] body if return=rep)',
    needs: ['delete', 'returning'],
    request: remove('/reviews?id=eq.99', showing),
    expect: { status: 200, headers: { 'content-range': '*/*' }, body: [] },
  },
  {
    name: 'delete/limits-are-ignored',
    rule,
    variant: 'generous',
    source: 'changelog 13.0 (#3013)',
    needs: ['delete', 'returning'],
    request: remove('/notes?limit=1&order=body', showing),
    expect: { status: 200, body: [{ body: 'first' }, { body: 'second' }] },
  },
  {
    name: 'delete/an-object',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    variant: 'generous',
    source: 'v16.2 spec: SingularSpec (when deleting rows)',
    needs: ['delete', 'returning'],
    request: remove('/reviews?id=eq.3&select=id', {
      ...showing,
      Accept: 'application/vnd.pgrst.object+json',
    }),
    expect: { status: 200, body: { id: 3 } },
  },
  {
    name: 'delete/an-object-of-several-rows-deletes-none',
    rule: 'PostgREST docs: resource_representation (Singular or Plural)',
    variant: 'generous',
    source: 'v16.2 spec: SingularSpec (raises an error when attempting to delete multiple)',
    needs: 'delete',
    request: remove('/notes', {
      Prefer: 'tx=commit',
      Accept: 'application/vnd.pgrst.object+json',
    }),
    expect: { status: 406, code: 'PGRST116' },
    afterwards: {
      request: get('/notes?order=body'),
      expect: { status: 200, body: [{ body: 'first' }, { body: 'second' }] },
    },
  },
  {
    name: 'delete/max-affected',
    rule: 'PostgREST docs: preferences (Max Affected)',
    variant: 'generous',
    needs: 'delete',
    request: remove('/reviews?id=lt.4', { Prefer: 'handling=strict, max-affected=2' }),
    expect: {
      status: 400,
      body: errorBody('PGRST124', 'Query result exceeds max-affected preference constraint', {
        details: 'The query affects 3 rows',
      }),
    },
  },
  {
    name: 'delete/what-is-referred-to',
    rule: 'PostgREST docs: errors (HTTP Status Codes)',
    variant: 'generous',
    needs: 'delete',
    request: remove('/films?id=eq.1'),
    expect: { status: 409, code: '23503' },
    differs: { mongodb: { status: 204, text: '', reason: 'there are no foreign keys' } },
  },
  {
    name: 'delete/from-what-is-not-there',
    rule: 'PostgREST docs: errors (PGRST205)',
    variant: 'generous',
    source: 'v16.2 spec: DeleteSpec (totally unknown route)',
    request: remove('/nowhere?id=eq.1'),
    expect: { status: 404, code: 'PGRST205' },
  },
]
