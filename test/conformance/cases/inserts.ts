/**
 * POST on a relation.
 */
import { type ConformanceCase, errorBody, post, showing } from '../conformance-case.ts'

const insert = 'PostgREST docs: tables_views (Insert)'
const form = 'PostgREST docs: tables_views (x-www-form-urlencoded)'
const bulk = 'PostgREST docs: tables_views (Bulk Insert)'
const columns = 'PostgREST docs: tables_views (Specifying Columns)'
const statuses = 'PostgREST docs: errors (HTTP Status Codes)'

export const insertCases: readonly ConformanceCase[] = [
  {
    name: 'insert/answers-without-a-body',
    rule: insert,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec',
    needs: 'insert',
    request: post('/languages', { code: 'ja', name: 'Japanese' }),
    expect: {
      status: 201,
      headers: {
        'content-type': null,
        'content-length': '0',
        location: null,
        'content-range': '*/*',
        'preference-applied': null,
      },
      text: '',
    },
  },
  {
    name: 'insert/is-committed',
    rule: insert,
    variant: 'generous',
    source: 'v16.2 spec: RollbackSpec (does persist post)',
    needs: 'insert',
    request: post('/notes', { body: 'third' }, { Prefer: 'tx=commit' }),
    expect: { status: 201, headers: { 'preference-applied': 'tx=commit' }, text: '' },
    afterwards: {
      request: {
        method: 'DELETE',
        target: '/notes?body=eq.third',
        headers: { Prefer: 'tx=commit, return=representation' },
      },
      expect: { status: 200, body: [{ body: 'third' }] },
    },
  },
  {
    name: 'insert/defaults-where-nothing-is-given',
    rule: insert,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews', { id: 9, author: 'Lee' }, showing),
    expect: {
      status: 201,
      headers: { 'preference-applied': 'return=representation' },
      body: [
        {
          id: 9,
          film_id: null,
          author: 'Lee',
          stars: 3,
          body: null,
          meta: null,
          written: '2024-01-01',
        },
      ],
    },
  },
  {
    name: 'insert/of-every-kind-of-value',
    rule: insert,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (disparate json types)',
    needs: ['insert', 'returning'],
    request: post(
      '/reviews?select=stars,body,meta,written',
      {
        id: 9,
        author: 'Lee',
        stars: '5',
        body: null,
        meta: { a: [1, 'x'] },
        written: '2024-02-29',
      },
      showing,
    ),
    expect: {
      status: 201,
      body: [{ stars: 5, body: null, meta: { a: [1, 'x'] }, written: '2024-02-29' }],
    },
  },
  {
    name: 'insert/nothing-but-defaults',
    rule: insert,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (all-default columns)',
    needs: ['insert', 'returning'],
    request: post('/notes', {}, showing),
    expect: { status: 201, body: [{ body: null }] },
  },
  {
    name: 'insert/what-is-quoted-json-is-no-row',
    rule: 'PostgREST docs: tables_views (Insert)',
    variant: 'generous',
    source: 'v16.2 source: Payload (everything else is an empty array)',
    needs: ['insert', 'returning'],
    request: post('/notes', '"{ \\"body\\": \\"x\\" }"', showing),
    expect: { status: 201, body: [] },
  },
  {
    name: 'insert/of-no-json',
    rule: 'PostgREST docs: errors (PGRST102)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (with invalid json payload)',
    request: post('/notes', '}{ x = 2'),
    expect: { status: 400, body: errorBody('PGRST102', 'Empty or invalid json') },
  },
  {
    name: 'insert/of-nothing',
    rule: 'PostgREST docs: errors (PGRST102)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (with no payload)',
    request: post('/notes', ''),
    expect: { status: 400, body: errorBody('PGRST102', 'Empty or invalid json') },
  },
  {
    name: 'insert/of-an-unknown-content-type',
    rule: 'PostgREST docs: resource_representation (Request Body)',
    variant: 'generous',
    source: 'v16.2 source: Payload (getPayload)',
    request: post('/notes', '<x/>', { 'Content-Type': 'application/unknown' }),
    expect: {
      status: 400,
      body: errorBody('PGRST102', 'Content-Type not acceptable: application/unknown'),
    },
  },
  {
    name: 'insert/into-what-is-not-there',
    rule: 'PostgREST docs: errors (PGRST205)',
    variant: 'generous',
    request: post('/nowhere', { a: 1 }),
    expect: {
      status: 404,
      body: errorBody(
        'PGRST205',
        "Could not find the table '{schema}.nowhere' in the schema cache",
      ),
    },
  },
  {
    name: 'insert/a-column-that-is-not-there',
    rule: 'PostgREST docs: errors (PGRST204)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec',
    needs: 'insert',
    request: post('/notes', { nope: 1 }),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST204',
        "Could not find the 'nope' column of 'notes' in the schema cache",
      ),
    },
  },
  {
    name: 'insert/a-form',
    rule: form,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=author,stars', 'id=9&author=John+Doe&stars=2', {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...showing,
    }),
    expect: { status: 201, body: [{ author: 'John Doe', stars: 2 }] },
  },
  {
    name: 'insert/several-rows-of-csv',
    rule: bulk,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/reviews?select=id,author,body', 'id,author,body\n8,Lee,NULL\n9,,fine', {
      'Content-Type': 'text/csv',
      ...showing,
    }),
    expect: {
      status: 201,
      body: [
        { id: 8, author: 'Lee', body: null },
        { id: 9, author: '', body: 'fine' },
      ],
    },
  },
  {
    name: 'insert/csv-with-lines-of-different-lengths',
    rule: bulk,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (fails for too few)',
    request: post('/notes', 'body,other\nfoo,bar\nbaz', { 'Content-Type': 'text/csv' }),
    expect: {
      status: 400,
      body: errorBody('PGRST102', 'All lines must have same number of fields'),
    },
  },
  {
    name: 'insert/several-rows-of-json',
    rule: bulk,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post(
      '/languages?select=code',
      [
        { code: 'ja', name: 'Japanese' },
        { code: 'de', name: 'German' },
      ],
      showing,
    ),
    expect: { status: 201, body: [{ code: 'ja' }, { code: 'de' }] },
  },
  {
    name: 'insert/no-rows',
    rule: bulk,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (empty array when no items inserted)',
    needs: ['insert', 'returning'],
    request: post('/notes', [], showing),
    expect: { status: 201, body: [] },
  },
  {
    name: 'insert/rows-with-different-keys',
    rule: bulk,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (non uniform json array)',
    request: post('/languages', [{ code: 'ja', name: 'Japanese' }, { code: 'de' }]),
    expect: { status: 400, body: errorBody('PGRST102', 'All object keys must match') },
  },
  {
    name: 'columns/are-all-that-is-written',
    rule: columns,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post(
      '/languages?columns=code,name&select=code,speakers',
      { code: 'ja', name: 'Japanese', speakers: 125, extra: 'what' },
      showing,
    ),
    expect: { status: 201, body: [{ code: 'ja', speakers: 1 }] },
  },
  {
    name: 'columns/that-are-not-there',
    rule: columns,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (disallows ?columns which don’t exist)',
    needs: 'insert',
    request: post('/languages?columns=helicopter', [{ code: 'ja' }, { name: 'x' }]),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST204',
        "Could not find the 'helicopter' column of 'languages' in the schema cache",
      ),
    },
  },
  {
    name: 'columns/blank',
    rule: columns,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (disallows blank ?columns)',
    request: post('/languages?columns=', { code: 'ja' }),
    expect: {
      status: 400,
      body: errorBody('PGRST100', '"failed to parse columns parameter ()" (line 1, column 1)', {
        details: 'unexpected end of input expecting field name (* or [a..z0..9_$])',
      }),
    },
  },
  {
    name: 'insert/a-null-that-may-not-be',
    rule: 'PostgREST docs: errors (Errors from PostgreSQL)',
    variant: 'generous',
    only: { engine: 'postgres', reason: 'the words are its own' },
    request: post('/languages', { code: 'ja', speakers: 1 }),
    expect: {
      status: 400,
      headers: { 'proxy-status': 'PostgREST; error=23502' },
      body: errorBody(
        '23502',
        'null value in column "name" of relation "languages" violates not-null constraint',
        { details: 'Failing row contains (ja, null, 1).' },
      ),
    },
  },
  {
    name: 'insert/a-key-that-is-taken',
    rule: statuses,
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (409 Conflict)',
    needs: 'insert',
    request: post('/languages', { code: 'en', name: 'Englisch' }),
    expect: { status: 409, code: '23505' },
  },
  {
    name: 'insert/a-reference-to-nothing',
    rule: statuses,
    variant: 'generous',
    needs: 'insert',
    request: post('/reviews', { id: 33, author: 'Lee', film_id: 99 }),
    expect: { status: 409, code: '23503' },
    differs: { mongodb: { status: 201, text: '', reason: 'there are no foreign keys' } },
  },
  {
    name: 'insert/against-a-check',
    rule: statuses,
    variant: 'generous',
    needs: 'insert',
    request: post('/reviews', { id: 33, author: 'Lee', stars: 9 }),
    expect: { status: 400, code: '23514' },
  },
  {
    name: 'insert/into-a-view',
    rule: insert,
    variant: 'generous',
    needs: ['insert', 'returning'],
    request: post('/kind_reviews', { id: 33, author: 'Lee', stars: 5, film_id: 1 }, showing),
    expect: { status: 201, body: [{ id: 33, film_id: 1, author: 'Lee', stars: 5 }] },
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
    name: 'insert/without-the-privilege-to-see-it',
    rule: 'PostgREST docs: preferences (Minimal)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (table with limited privileges)',
    only: { engine: 'postgres', reason: 'roles' },
    request: { ...post('/ledger', { id: 2, amount: 5 }), claims: { role: 'conformance_editor' } },
    expect: { status: 201, text: '' },
  },
  {
    name: 'insert/without-the-privilege-to-see-it-but-asking',
    rule: 'PostgREST docs: preferences (Full)',
    variant: 'generous',
    source: 'v16.2 spec: InsertSpec (table with limited privileges)',
    only: { engine: 'postgres', reason: 'roles' },
    request: {
      ...post('/ledger', { id: 2, amount: 5 }, showing),
      claims: { role: 'conformance_editor' },
    },
    expect: { status: 403, body: errorBody('42501', 'permission denied for table ledger') },
  },
  {
    name: 'insert/refuses-a-nul-in-any-value',
    rule: insert,
    variant: 'generous',
    source: 'PostgreSQL manual: JSON Types (Unicode escapes)',
    needs: 'insert',
    request: post('/languages?columns=code,name', '{"code":"xx","name":"x","more":["\\u0000"]}'),
    expect: {
      status: 400,
      body: errorBody('22P05', 'unsupported Unicode escape sequence', {
        details: '\\u0000 cannot be converted to text.',
      }),
    },
  },
  {
    name: 'insert/refuses-half-a-surrogate-pair',
    rule: insert,
    variant: 'generous',
    source: 'PostgreSQL manual: JSON Types (Unicode escapes)',
    needs: 'insert',
    request: post('/languages?columns=code,name', '{"code":"xx","name":"\\ud83d"}'),
    expect: {
      status: 400,
      body: errorBody('22P02', 'invalid input syntax for type json', {
        details: 'Unicode low surrogate must follow a high surrogate.',
      }),
    },
  },
]
