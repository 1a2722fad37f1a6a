/**
 * What `select` picks: columns, new names, paths into documents and composite values, casts.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const columns = 'PostgREST docs: tables_views (Vertical Filtering)'
const names = 'PostgREST docs: tables_views (Renaming Columns)'
const documents = 'PostgREST docs: tables_views (JSON Columns)'
const composites = 'PostgREST docs: tables_views (Composite / Array Columns)'
const casts = 'PostgREST docs: tables_views (Casting Columns)'

export const verticalFilteringCases: readonly ConformanceCase[] = [
  {
    name: 'select/picks-columns',
    rule: columns,
    request: get('/actors?select=first_name,last_name&id=lte.2&order=id'),
    expect: {
      status: 200,
      body: [
        { first_name: 'Saoirse', last_name: 'Ronan' },
        { first_name: 'Timothée', last_name: 'Chalamet' },
      ],
    },
  },
  {
    name: 'select/without-one-every-column',
    rule: columns,
    request: get('/films?id=eq.1'),
    expect: {
      status: 200,
      body: [
        {
          id: 1,
          title: 'Lady Bird',
          year: 2017,
          rating: 7.4,
          minutes: 94,
          is_color: true,
          released: '2017-11-03',
          language: 'en',
          details: {
            studio: { name: 'A24', founded: 2012 },
            tags: ['comedy', 'drama'],
            budget: 10,
          },
          director_id: 1,
        },
      ],
    },
  },
  {
    name: 'select/a-star-is-every-column',
    rule: columns,
    request: get('/countries?select=*&code=eq.FR'),
    expect: { status: 200, body: [{ code: 'FR', name: 'France' }] },
  },
  {
    name: 'select/a-star-beside-others',
    rule: columns,
    request: get('/countries?select=*,label:name&code=eq.FR'),
    expect: { status: 200, body: [{ code: 'FR', name: 'France', label: 'France' }] },
  },
  {
    name: 'select/an-empty-one-is-a-star',
    rule: columns,
    source: 'v16.2 spec: QuerySpec (empty root select)',
    request: get('/countries?select=&code=eq.FR'),
    expect: { status: 200, body: [{ code: 'FR', name: 'France' }] },
  },
  {
    name: 'select/keys-are-in-the-order-asked-for',
    rule: columns,
    source: 'v16.2 source: QueryBuilder (columns before embeds, each in order)',
    request: get('/films?select=year,id,title&id=eq.4'),
    expect: { status: 200, text: /^\[\{"year":2021,"id":4,"title":"Dune"\}\]$/ },
  },
  {
    name: 'select/an-unknown-column',
    rule: columns,
    source: 'v16.2 spec: QuerySpec (fields that don’t exist)',
    request: get('/films?select=id,nope'),
    expect: { status: 400, body: errorBody('42703', 'column films.nope does not exist') },
  },
  {
    name: 'select/an-unknown-column-in-a-filter',
    rule: columns,
    request: get('/films?nope=eq.1'),
    expect: { status: 400, body: errorBody('42703', 'column films.nope does not exist') },
  },
  {
    name: 'rename/by-an-alias',
    rule: names,
    request: get('/films?select=heading:title,from:year&id=eq.4'),
    expect: { status: 200, body: [{ heading: 'Dune', from: 2021 }] },
  },
  {
    name: 'rename/two-aliases-of-one-column',
    rule: names,
    request: get('/films?select=a:id,b:id&id=eq.4'),
    expect: { status: 200, body: [{ a: 4, b: 4 }] },
  },
  {
    name: 'json/an-arrow-gives-a-document',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=id,details->studio,details->tags&id=eq.1'),
    expect: {
      status: 200,
      body: [{ id: 1, studio: { name: 'A24', founded: 2012 }, tags: ['comedy', 'drama'] }],
    },
  },
  {
    name: 'json/a-double-arrow-gives-text',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=details->studio->>founded&id=eq.1'),
    expect: { status: 200, body: [{ founded: '2012' }] },
  },
  {
    name: 'json/the-key-is-named-after-the-last-step',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=details->studio->>name,first:details->tags->>0&id=eq.3'),
    expect: { status: 200, body: [{ name: 'Paramount', first: 'science fiction' }] },
  },
  {
    name: 'json/an-index-takes-the-name-before-it',
    rule: documents,
    needs: 'jsonPath',
    source: 'v16.2 spec: JsonOperatorSpec (with array index)',
    request: get('/films?select=details->tags->0&id=eq.3'),
    expect: { status: 200, body: [{ tags: 'science fiction' }] },
  },
  {
    name: 'json/a-negative-index-counts-from-the-end',
    rule: documents,
    needs: 'jsonPath',
    source: 'PostgreSQL manual: JSON Functions and Operators',
    request: get('/films?select=last:details->tags->>-1&id=eq.3'),
    expect: { status: 200, body: [{ last: 'drama' }] },
  },
  {
    name: 'json/what-is-not-there-is-null',
    rule: documents,
    needs: 'jsonPath',
    request: get(
      '/films?select=id,details->studio->name,rest:details->>nothing&id=in.(5,7)&order=id',
    ),
    expect: {
      status: 200,
      body: [
        { id: 5, name: null, rest: null },
        { id: 7, name: null, rest: null },
      ],
    },
  },
  {
    name: 'json/a-filter-on-text',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=id&details->studio->>name=eq.A24'),
    expect: { status: 200, body: [{ id: 1 }] },
  },
  {
    name: 'json/a-filter-on-a-number',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=id&details->budget=gt.40&order=id'),
    expect: { status: 200, body: [{ id: 3 }, { id: 4 }] },
  },
  {
    name: 'json/a-filter-in-a-logic-tree',
    rule: documents,
    needs: 'jsonPath',
    source: 'v16.2 spec: JsonOperatorSpec (can be filtered with and/or)',
    request: get(
      '/films?select=id&or=(details->studio->>name.eq.A24,details->tags->>0.eq.drama)&order=id',
    ),
    expect: { status: 200, body: [{ id: 1 }, { id: 2 }] },
  },
  {
    name: 'json/order-by-text',
    rule: documents,
    needs: 'jsonPath',
    request: get('/films?select=id&details->studio=not.is.null&order=details->studio->>name.desc'),
    expect: { status: 200, body: [{ id: 6 }, { id: 3 }, { id: 4 }, { id: 2 }, { id: 1 }] },
  },
  {
    name: 'json/nothing-follows-a-double-arrow',
    rule: documents,
    needs: 'jsonPath',
    source: 'v16.2 spec: JsonOperatorSpec (double arrow followed by a single one)',
    request: get('/films?select=details->>studio->name'),
    expect: {
      status: 404,
      body: errorBody('42883', 'operator does not exist: text -> unknown', {
        hint: 'No operator matches the given name and argument types. You might need to add explicit type casts.',
      }),
    },
  },
  {
    name: 'json/a-path-has-to-be-well-formed',
    rule: documents,
    source: 'v16.2 spec: JsonOperatorSpec',
    request: get('/films?select=details->>--34'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST100',
        '"failed to parse select parameter (details->>--34)" (line 1, column 12)',
        {
          details: 'unexpected "-" expecting digit',
        },
      ),
    },
  },
  {
    name: 'composite/a-field-as-text',
    rule: composites,
    needs: 'jsonPath',
    request: get('/festivals?select=id,location->>lat,location->>long&id=eq.1'),
    expect: { status: 200, body: [{ id: 1, lat: '43.55', long: '7.01' }] },
  },
  {
    name: 'composite/an-element-of-a-list',
    rule: composites,
    needs: 'jsonPath',
    request: get('/festivals?select=id,first:sections->0,second:scores->>1&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, first: 'competition', second: '7' },
        { id: 2, first: 'forum', second: '6' },
        { id: 3, first: null, second: null },
      ],
    },
  },
  {
    name: 'composite/a-filter-on-a-field',
    rule: composites,
    needs: 'jsonPath',
    request: get('/festivals?select=id&location->lat=gte.50'),
    expect: { status: 200, body: [{ id: 2 }] },
  },
  {
    name: 'composite/whole-values-are-documents',
    rule: composites,
    source: 'v16.2 spec: QuerySpec, PostgreSQL manual: to_json',
    request: get('/festivals?select=location,sections,scores,days&id=eq.1'),
    expect: {
      status: 200,
      body: [
        {
          location: { lat: 43.55, long: 7.01 },
          sections: ['competition', 'critics'],
          scores: [9, 7],
          days: '[2024-05-14,2024-05-26)',
        },
      ],
    },
  },
  {
    name: 'cast/a-number-to-text',
    rule: casts,
    needs: 'casts',
    request: get('/films?select=title,rating::text&id=eq.1'),
    expect: { status: 200, body: [{ title: 'Lady Bird', rating: '7.4' }] },
  },
  {
    name: 'cast/a-number-keeps-its-scale',
    rule: casts,
    needs: 'casts',
    request: get('/deals?select=amount::text&id=eq.2'),
    expect: { status: 200, body: [{ amount: '10.50' }] },
    differs: {
      sqlite: {
        status: 200,
        body: [{ amount: '10.5' }],
        reason: 'numbers are stored without the zeros that a declared scale adds',
      },
    },
  },
  {
    name: 'cast/a-number-to-an-integer-rounds',
    rule: casts,
    needs: 'casts',
    source: 'PostgreSQL manual: Numeric Types',
    request: get('/films?select=rating::integer&id=in.(1,2)&order=id'),
    expect: { status: 200, body: [{ rating: 7 }, { rating: 8 }] },
  },
  {
    name: 'cast/a-boolean-to-text',
    rule: casts,
    needs: 'casts',
    request: get('/films?select=is_color::text&id=in.(1,6)&order=id'),
    expect: { status: 200, body: [{ is_color: 'true' }, { is_color: 'false' }] },
  },
  {
    name: 'cast/with-an-alias-and-a-path',
    rule: casts,
    needs: 'casts',
    source: 'v16.2 spec: JsonOperatorSpec (with casting)',
    request: get('/films?select=since:details->studio->>founded::integer&id=eq.1'),
    expect: { status: 200, body: [{ since: 2012 }] },
  },
  {
    name: 'cast/of-what-cannot-be-cast',
    rule: casts,
    needs: 'casts',
    source: 'v16.2 spec: JsonOperatorSpec (fails on bad casting)',
    request: get('/films?select=details->studio->>name::integer&id=eq.1'),
    expect: {
      status: 400,
      body: errorBody('22P02', 'invalid input syntax for type integer: "A24"'),
    },
  },
  {
    name: 'cast/to-an-unknown-type',
    rule: casts,
    needs: 'casts',
    request: get('/films?select=title::nope'),
    expect: { status: 400, body: errorBody('42704', 'type "nope" does not exist') },
  },
]
