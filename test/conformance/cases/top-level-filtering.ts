/**
 * Parents filtered and ordered by their embeds.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const topLevel = 'PostgREST docs: resource_embedding (Top-level Filtering)'
const nulls = 'PostgREST docs: resource_embedding (Null filtering on Embedded Resources)'
const acrossEmbeds = 'PostgREST docs: resource_embedding (OR filtering across Embedded Resources)'
const empty = 'PostgREST docs: resource_embedding (Empty Embed)'
const ordering = 'PostgREST docs: resource_embedding (Top-level Ordering)'

const orderedByTheTable = {
  status: 200,
  body: [
    { id: 3, directors: { id: 2 } },
    { id: 5, directors: { id: 3 } },
    { id: 1, directors: { id: 1 } },
  ],
  reason: 'the table itself is what is ordered by, so any of its columns will do',
} as const

export const topLevelFilteringCases: readonly ConformanceCase[] = [
  {
    name: 'inner/without-it-the-rows-stay',
    rule: topLevel,
    needs: 'embedding',
    request: get('/films?select=id,actors(first_name)&actors.first_name=eq.Amy&id=lte.3&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, actors: [] },
        { id: 2, actors: [] },
        { id: 3, actors: [{ first_name: 'Amy' }] },
      ],
    },
  },
  {
    name: 'inner/keeps-rows-that-have-some',
    rule: topLevel,
    needs: 'embedding',
    request: get('/films?select=id,actors!inner(first_name)&actors.first_name=eq.Amy'),
    expect: { status: 200, body: [{ id: 3, actors: [{ first_name: 'Amy' }] }] },
  },
  {
    name: 'inner/to-one',
    rule: topLevel,
    source: 'v16.2 spec: EmbedInnerJoinSpec (many-to-one relationships)',
    needs: 'embedding',
    request: get('/films?select=id,directors!inner(name)&directors.country_code=eq.US&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, directors: { name: 'Greta Gerwig' } },
        { id: 2, directors: { name: 'Greta Gerwig' } },
      ],
    },
  },
  {
    name: 'inner/nested',
    rule: topLevel,
    source: 'v16.2 spec: EmbedInnerJoinSpec (nested)',
    needs: 'embedding',
    request: get(
      '/countries?select=code,directors!inner(name,films!inner(id))&directors.films.year=eq.2021&order=code',
    ),
    expect: {
      status: 200,
      body: [
        { code: 'CA', directors: [{ name: 'Denis Villeneuve', films: [{ id: 4 }] }] },
        { code: 'FR', directors: [{ name: 'Céline Sciamma', films: [{ id: 5 }] }] },
      ],
    },
  },
  {
    name: 'inner/with-a-hint-and-an-alias',
    rule: topLevel,
    source: 'v16.2 spec: EmbedInnerJoinSpec',
    needs: 'embedding',
    request: get('/deals?select=id,seller:companies!deals_seller!inner(name)&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, seller: { name: 'Legendary' } },
        { id: 3, seller: { name: 'Legendary' } },
      ],
    },
  },
  {
    name: 'inner/counts-what-is-left',
    rule: topLevel,
    source: 'v16.2 spec: EmbedInnerJoinSpec (works with count=exact)',
    needs: 'embedding',
    request: {
      method: 'HEAD',
      target: '/films?select=id,soundtracks!inner(composer)',
      headers: { Prefer: 'count=exact' },
    },
    expect: { status: 200, headers: { 'content-range': '0-2/3' }, text: '' },
  },
  {
    name: 'inner/left-is-the-default',
    rule: topLevel,
    source: 'v16.2 spec: EmbedInnerJoinSpec (!left)',
    needs: 'embedding',
    request: get('/films?select=id,directors!left(name)&id=eq.7'),
    expect: { status: 200, body: [{ id: 7, directors: null }] },
  },
  {
    name: 'null-embed/not-null-is-inner',
    rule: nulls,
    needs: 'embedding',
    request: get(
      '/films?select=id,actors(first_name)&actors=not.is.null&id=gte.3&order=id&actors.order=id',
    ),
    expect: {
      status: 200,
      body: [
        { id: 3, actors: [{ first_name: 'Amy' }] },
        { id: 4, actors: [{ first_name: 'Timothée' }, { first_name: 'Zendaya' }] },
        { id: 6, actors: [{ first_name: 'Charlie' }] },
      ],
    },
  },
  {
    name: 'null-embed/null-is-an-anti-join',
    rule: nulls,
    needs: 'embedding',
    request: get('/films?select=id,nominations()&nominations=is.null&order=id'),
    expect: { status: 200, body: [{ id: 5 }, { id: 6 }, { id: 7 }] },
  },
  {
    name: 'null-embed/to-one',
    rule: nulls,
    needs: 'embedding',
    request: get('/films?select=id,directors(name)&directors=is.null'),
    expect: { status: 200, body: [{ id: 7, directors: null }] },
  },
  {
    name: 'null-embed/inside-or',
    rule: nulls,
    needs: 'embedding',
    request: get(
      '/films?select=id,technical_specs(),soundtracks()&or=(technical_specs.is.null,soundtracks.is.null)&order=id',
    ),
    expect: { status: 200, body: [{ id: 2 }, { id: 3 }, { id: 5 }, { id: 6 }, { id: 7 }] },
  },
  {
    name: 'null-embed/with-a-count',
    rule: nulls,
    source: 'v16.2 spec: RelatedQueriesSpec (works with count=exact)',
    needs: 'embedding',
    request: get('/films?select=id,soundtracks()&soundtracks=not.is.null&order=id', {
      Prefer: 'count=exact',
    }),
    expect: {
      status: 200,
      headers: { 'content-range': '0-2/3' },
      body: [{ id: 1 }, { id: 3 }, { id: 4 }],
    },
  },
  {
    name: 'null-embed/or-across-embeds',
    rule: acrossEmbeds,
    needs: 'embedding',
    request: get(
      '/films?select=id,actors(),directors()&directors.name=like.Charlie*&actors.first_name=eq.Amy&or=(directors.not.is.null,actors.not.is.null)&order=id',
    ),
    expect: { status: 200, body: [{ id: 3 }, { id: 6 }] },
  },
  {
    name: 'null-embed/or-across-embeds-shown-a-second-time',
    rule: acrossEmbeds,
    needs: 'embedding',
    request: get(
      '/films?select=id,act:actors(),dir:directors(),directors(name)&dir.name=like.Greta*&act.first_name=eq.Zendaya&or=(dir.not.is.null,act.not.is.null)&order=id',
    ),
    expect: {
      status: 200,
      body: [
        { id: 1, directors: { name: 'Greta Gerwig' } },
        { id: 2, directors: { name: 'Greta Gerwig' } },
        { id: 4, directors: { name: 'Denis Villeneuve' } },
      ],
    },
  },
  {
    name: 'empty-embed/filters-but-does-not-show',
    rule: empty,
    needs: 'embedding',
    request: get('/films?select=title,actors()&actors.first_name=eq.Amy&actors=not.is.null'),
    expect: { status: 200, body: [{ title: 'Arrival' }] },
  },
  {
    name: 'empty-embed/inner',
    rule: empty,
    source: 'v16.2 spec: QuerySpec (empty embed)',
    needs: 'embedding',
    request: get('/directors?select=id,films!inner()&films.year=eq.2021&order=id'),
    expect: { status: 200, body: [{ id: 2 }, { id: 3 }] },
  },
  {
    name: 'empty-embed/nested',
    rule: empty,
    source: 'v16.2 spec: QuerySpec (works on nested relationships)',
    needs: 'embedding',
    request: get('/actors?select=id,roles(films(directors()))&id=eq.3'),
    expect: { status: 200, body: [{ id: 3 }] },
  },
  {
    name: 'related-order/by-a-column-of-the-to-one-end',
    rule: ordering,
    needs: 'relatedOrder',
    request: get(
      '/films?select=id,directors(name)&order=directors(name).desc.nullslast,id&id=neq.7',
    ),
    expect: {
      status: 200,
      body: [
        { id: 1, directors: { name: 'Greta Gerwig' } },
        { id: 2, directors: { name: 'Greta Gerwig' } },
        { id: 3, directors: { name: 'Denis Villeneuve' } },
        { id: 4, directors: { name: 'Denis Villeneuve' } },
        { id: 5, directors: { name: 'Céline Sciamma' } },
        { id: 6, directors: { name: 'Charlie Chaplin' } },
      ],
    },
  },
  {
    name: 'related-order/of-what-is-not-selected',
    rule: ordering,
    source: 'v16.2 spec: RelatedQueriesSpec (related orders)',
    needs: 'relatedOrder',
    request: get('/films?select=id,maker:directors()&order=maker(born),id&id=in.(1,3,5)'),
    expect: { status: 200, body: [{ id: 3 }, { id: 5 }, { id: 1 }] },
  },
  {
    name: 'related-order/by-a-column-that-the-embed-does-not-show',
    rule: ordering,
    source: 'v16.2 source: QueryBuilder (an embed has the columns selected from it), 12.0.2',
    needs: 'relatedOrder',
    request: get('/films?select=id,directors(id)&order=directors(born),id&id=in.(1,3,5)'),
    expect: { status: 400, code: '42703' },
    differs: { sqlite: orderedByTheTable, mongodb: orderedByTheTable },
  },
  {
    name: 'related-order/by-a-document',
    rule: ordering,
    source: 'v16.2 spec: RelatedQueriesSpec (related orders with json)',
    needs: 'relatedOrder',
    request: get('/soundtracks?select=id,films()&order=films(details->studio->>name).desc'),
    expect: { status: 200, body: [{ id: 2 }, { id: 3 }, { id: 1 }] },
  },
  {
    name: 'related-order/of-a-to-many-end',
    rule: 'PostgREST docs: errors (PGRST118)',
    source: 'v16.2 spec: RelatedQueriesSpec',
    needs: 'relatedOrder',
    request: get('/directors?select=id,films(title)&order=films(title)'),
    expect: {
      status: 400,
      body: errorBody('PGRST118', "A related order on 'films' is not possible", {
        details: "'directors' and 'films' do not form a many-to-one or one-to-one relationship",
      }),
    },
  },
  {
    name: 'related-order/of-what-is-not-embedded',
    rule: 'PostgREST docs: errors (PGRST108)',
    source: 'v16.2 spec: RelatedQueriesSpec',
    needs: 'relatedOrder',
    request: get('/films?select=id&order=directors(name)'),
    expect: {
      status: 400,
      body: errorBody('PGRST108', "'directors' is not an embedded resource in this request", {
        hint: "Verify that 'directors' is included in the 'select' query parameter.",
      }),
    },
  },
]
