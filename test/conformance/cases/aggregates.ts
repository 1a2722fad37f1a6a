/**
 * Aggregate functions: alone, grouped, cast, on embeds and on spreads.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const functions = 'PostgREST docs: aggregate_functions (Aggregate Functions)'
const grouping = 'PostgREST docs: aggregate_functions (Automatic GROUP BY)'
const counting = 'PostgREST docs: aggregate_functions (The count() Aggregate)'
const castColumn = 'PostgREST docs: aggregate_functions (Casting the Aggregated Column)'
const castAggregate = 'PostgREST docs: aggregate_functions (Casting the Aggregate)'
const byEmbed = 'PostgREST docs: aggregate_functions (Grouping by an Embedded Resource)'
const insideEmbed =
  'PostgREST docs: aggregate_functions (Using Aggregates Inside Embedded Resources)'
const inSpread = 'PostgREST docs: aggregate_functions (Aggregates in To-One Spreads)'

export const aggregateCases: readonly ConformanceCase[] = [
  {
    name: 'aggregate/is-off-by-default',
    rule: 'PostgREST docs: errors (PGRST123)',
    needs: 'aggregates',
    ownHint: 'Aggregate functions are switched on by db-aggregates-enabled',
    request: get('/nominations?select=won.sum()'),
    expect: {
      status: 400,
      body: errorBody('PGRST123', 'Use of aggregate functions is not allowed'),
    },
  },
  {
    name: 'aggregate/is-off-in-embeds-too',
    rule: 'PostgREST docs: errors (PGRST123)',
    source: 'v16.2 spec: AggregateFunctionsSpec (disallowed)',
    needs: 'aggregates',
    ownHint: 'Aggregate functions are switched on by db-aggregates-enabled',
    request: get('/films?select=title,nominations(won.sum())'),
    expect: {
      status: 400,
      body: errorBody('PGRST123', 'Use of aggregate functions is not allowed'),
    },
  },
  {
    name: 'aggregate/sum',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=won.sum()'),
    expect: { status: 200, body: [{ sum: 11 }] },
  },
  {
    name: 'aggregate/avg',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=categories.avg()'),
    expect: { status: 200, body: [{ avg: 6 }] },
  },
  {
    name: 'aggregate/max-and-min',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=newest:year.max(),oldest:year.min()'),
    expect: { status: 200, body: [{ newest: 2024, oldest: 1936 }] },
  },
  {
    name: 'aggregate/max-of-text-and-dates',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=title:title.max(),released:released.min()'),
    expect: { status: 200, body: [{ title: 'Untitled', released: '1936-02-25' }] },
  },
  {
    name: 'aggregate/several-with-names',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=total:categories.sum(),mean:categories.avg(),won:won.sum()'),
    expect: { status: 200, body: [{ total: 36, mean: 6, won: 11 }] },
  },
  {
    name: 'aggregate/with-a-filter',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=won.sum()&competition_id=eq.1'),
    expect: { status: 200, body: [{ sum: 8 }] },
  },
  {
    name: 'aggregate/of-no-rows',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=won.sum(),rows:count()&year=eq.1900'),
    expect: { status: 200, body: [{ sum: null, rows: 0 }] },
  },
  {
    name: 'aggregate/grouped-by-what-is-selected-beside-it',
    rule: grouping,
    variant: 'generous',
    needs: 'aggregates',
    request: get(
      '/nominations?select=won.sum(),categories.max(),competition_id&order=competition_id',
    ),
    expect: {
      status: 200,
      body: [
        { sum: 8, max: 10, competition_id: 1 },
        { sum: 3, max: 4, competition_id: 2 },
      ],
    },
  },
  {
    name: 'aggregate/grouped-by-a-renamed-column',
    rule: grouping,
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec (aliases in the group by)',
    needs: 'aggregates',
    request: get('/films?select=made:count(),from:year&order=year.desc&limit=2'),
    expect: {
      status: 200,
      body: [
        { made: 1, from: 2024 },
        { made: 2, from: 2021 },
      ],
    },
  },
  {
    name: 'aggregate/grouped-by-null',
    rule: grouping,
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec',
    needs: 'aggregates',
    request: get('/films?select=count(),language&order=language.nullsfirst'),
    expect: {
      status: 200,
      body: [
        { count: 2, language: null },
        { count: 4, language: 'en' },
        { count: 1, language: 'fr' },
      ],
    },
  },
  {
    name: 'aggregate/count-of-rows-and-of-values',
    rule: counting,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=count(),rated:rating.count()'),
    expect: { status: 200, body: [{ count: 7, rated: 6 }] },
  },
  {
    name: 'aggregate/count-without-parentheses',
    rule: counting,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=count'),
    expect: { status: 200, body: [{ count: 7 }] },
    differs: {
      sqlite: {
        status: 400,
        code: '42703',
        reason: 'PostgreSQL takes a name that is no column for a function of the row',
      },
      mongodb: {
        status: 400,
        code: '42703',
        reason: 'PostgreSQL takes a name that is no column for a function of the row',
      },
    },
  },
  {
    name: 'aggregate/of-a-cast-column',
    rule: castColumn,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=details->budget::numeric.sum()&id=lte.4'),
    expect: { status: 200, body: [{ sum: 262 }] },
  },
  {
    name: 'aggregate/of-a-cast-path-as-text',
    rule: castColumn,
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec (cast the input argument)',
    needs: 'aggregates',
    request: get('/films?select=since:details->studio->>founded::integer.min()'),
    expect: { status: 200, body: [{ since: 1912 }] },
  },
  {
    name: 'aggregate/cast',
    rule: castAggregate,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/films?select=rating.avg()::int'),
    expect: { status: 200, body: [{ avg: 8 }] },
  },
  {
    name: 'aggregate/cast-before-and-after',
    rule: castAggregate,
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec (before cast, and an after cast)',
    needs: 'aggregates',
    request: get('/films?select=since:details->studio->>founded::integer.max()::text'),
    expect: { status: 200, body: [{ since: '2012' }] },
  },
  {
    name: 'aggregate/grouped-by-an-embed',
    rule: byEmbed,
    variant: 'generous',
    needs: 'aggregates',
    request: get(
      '/nominations?select=competition_id,won.sum(),competitions(name)&order=competition_id',
    ),
    expect: {
      status: 200,
      body: [
        { competition_id: 1, sum: 8, competitions: { name: 'Academy Awards' } },
        { competition_id: 2, sum: 3, competitions: { name: 'Golden Globes' } },
      ],
    },
  },
  {
    name: 'aggregate/grouped-by-a-spread',
    rule: byEmbed,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=won.sum(),...competitions(name)&order=competitions(name)'),
    expect: {
      status: 200,
      body: [
        { sum: 8, name: 'Academy Awards' },
        { sum: 3, name: 'Golden Globes' },
      ],
    },
  },
  {
    name: 'aggregate/inside-an-embed',
    rule: insideEmbed,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/directors?select=name,films(count(),year.max())&id=in.(2,5)&order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Denis Villeneuve', films: [{ count: 2, max: 2021 }] },
        { name: 'Ann Onymous', films: [{ count: 0, max: null }] },
      ],
    },
  },
  {
    name: 'aggregate/grouped-inside-an-embed',
    rule: insideEmbed,
    variant: 'generous',
    needs: 'aggregates',
    request: get(
      '/films?select=title,nominations(won.sum(),year)&id=in.(1,5)&order=id&nominations.order=year',
    ),
    expect: {
      status: 200,
      body: [
        { title: 'Lady Bird', nominations: [{ sum: 2, year: 2018 }] },
        { title: 'Petite Maman', nominations: [] },
      ],
    },
  },
  {
    name: 'aggregate/lifted-out-of-a-to-one-spread',
    rule: inSpread,
    variant: 'generous',
    needs: 'aggregates',
    request: get(
      '/nominations?select=competition_id,...films(newest:year.max(),oldest:year.min())&order=competition_id',
    ),
    expect: {
      status: 200,
      body: [
        { competition_id: 1, newest: 2021, oldest: 2016 },
        { competition_id: 2, newest: 2021, oldest: 2017 },
      ],
    },
  },
  {
    name: 'aggregate/lifted-out-of-nested-spreads',
    rule: inSpread,
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec (nested relationships)',
    needs: 'aggregates',
    request: get(
      '/roles?select=...films(director_id,...technical_specs(cameras:camera.count()))&order=films(director_id)',
    ),
    expect: {
      status: 200,
      body: [
        { director_id: 1, cameras: 4 },
        { director_id: 2, cameras: 2 },
        { director_id: 4, cameras: 1 },
      ],
    },
  },
  {
    name: 'aggregate/as-csv',
    rule: functions,
    variant: 'generous',
    needs: 'aggregates',
    request: get('/nominations?select=competition_id,won.sum()&order=competition_id', {
      Accept: 'text/csv',
    }),
    expect: { status: 200, text: 'competition_id,sum\n1,8\n2,3' },
  },
]
