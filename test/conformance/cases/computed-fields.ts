/**
 * Functions of a table's rows that are read like columns.
 */
import { type ConformanceCase, get } from '../conformance-case.ts'

const only = { engine: 'postgres', reason: 'functions in the database' } as const

const unknownColumn = {
  status: 400,
  code: '42703',
  reason: 'there are no functions of a row: only columns have names, those of views among them',
} as const

export const computedFieldCases: readonly ConformanceCase[] = [
  {
    name: 'computed-field/filters',
    rule: 'PostgREST docs: computed_fields (Horizontal Filtering on Computed Fields)',
    request: get('/actors?select=id&full_name=eq.Amy%20Adams'),
    expect: { status: 200, body: [{ id: 3 }] },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/is-searched',
    rule: 'PostgREST docs: computed_fields (Horizontal Filtering on Computed Fields)',
    only,
    request: get('/actors?select=id&full_name=fts(simple).keaton'),
    expect: { status: 200, body: [{ id: 6 }] },
  },
  {
    name: 'computed-field/is-selected',
    rule: 'PostgREST docs: computed_fields (Vertical Filtering on Computed Fields)',
    request: get('/actors?select=full_name,id&id=in.(1,5)&order=id'),
    expect: {
      status: 200,
      body: [
        { full_name: 'Saoirse Ronan', id: 1 },
        { full_name: 'Zendaya', id: 5 },
      ],
    },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/is-no-part-of-a-star',
    rule: 'PostgREST docs: computed_fields (Vertical Filtering on Computed Fields)',
    request: get('/actors?id=eq.1'),
    expect: { status: 200, body: [{ id: 1, first_name: 'Saoirse', last_name: 'Ronan' }] },
  },
  {
    name: 'computed-field/with-an-alias-and-a-cast',
    rule: 'PostgREST docs: computed_fields (Vertical Filtering on Computed Fields)',
    request: get('/films?select=since:decade::text&id=eq.6'),
    expect: { status: 200, body: [{ since: '1930' }] },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/orders',
    rule: 'PostgREST docs: computed_fields (Ordering on Computed Fields)',
    request: get('/actors?select=id&order=full_name.desc&limit=2'),
    expect: { status: 200, body: [{ id: 5 }, { id: 2 }] },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/of-an-embed',
    rule: 'PostgREST docs: computed_fields (Vertical Filtering on Computed Fields)',
    request: get('/roles?select=character,actors(full_name)&film_id=eq.3'),
    expect: {
      status: 200,
      body: [{ character: 'Louise', actors: { full_name: 'Amy Adams' } }],
    },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/is-grouped-by',
    rule: 'PostgREST docs: aggregate_functions (Aggregate Functions)',
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=decade,count()&order=decade.desc&limit=2'),
    expect: {
      status: 200,
      body: [
        { decade: 2020, count: 3 },
        { decade: 2010, count: 3 },
      ],
    },
    differs: { mongodb: unknownColumn },
  },
  {
    name: 'computed-field/in-the-extra-search-path',
    rule: 'PostgREST docs: computed_fields (Computed Fields)',
    source: 'v16.2 spec: ExtraSearchPathSpec',
    variant: 'generous',
    only,
    request: get('/actors?select=initials&id=eq.4'),
    expect: { status: 200, body: [{ initials: 'CC' }] },
  },
  {
    name: 'computed-field/in-a-schema-that-is-nowhere',
    rule: 'PostgREST docs: computed_fields (Computed Fields)',
    only,
    request: get('/actors?select=initials&id=eq.4'),
    expect: { status: 400, code: '42703' },
  },
]
