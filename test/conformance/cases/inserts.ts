/**
 * POST on a relation.
 */
import { type ConformanceCase, errorBody, get, post, showing } from '../conformance-case.ts'

const insert = 'PostgREST docs: tables_views (Insert)'
const form = 'PostgREST docs: tables_views (x-www-form-urlencoded)'
const bulk = 'PostgREST docs: tables_views (Bulk Insert)'
const columns = 'PostgREST docs: tables_views (Specifying Columns)'
const headersOnly = 'PostgREST docs: preferences (Headers Only)'
const full = 'PostgREST docs: preferences (Full)'
const missing = 'PostgREST docs: preferences (Missing)'
const writes = 'PostgREST docs: resource_embedding (Foreign Key Joins on Writes)'
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
    source: 'v16.2 source: Response (renderSimpleQuery of the location)',
    needs: ['insert', 'returning'],
    request: post(
      '/Odd%20Names',
      { 'Row Id': 1, 'a.b': 'Rock & Roll' },
      { Prefer: 'return=headers-only' },
    ),
    expect: {
      status: 201,
      headers: { location: '/Odd Names?Row%20Id=eq.1&a.b=eq.Rock%20%26%20Roll' },
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
]
