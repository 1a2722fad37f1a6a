/**
 * Embeds whose columns are lifted into their parent.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const toOne = 'PostgREST docs: resource_embedding (Spread To-One relationships)'
const toMany = 'PostgREST docs: resource_embedding (Spread To-Many relationships)'
const several = 'PostgREST docs: resource_embedding (Multiple Spreads)'
const joinTable = 'PostgREST docs: resource_embedding (Spread a join table)'

export const spreadCases: readonly ConformanceCase[] = [
  {
    name: 'spread/many-to-one',
    rule: toOne,
    needs: 'spread',
    request: get(
      '/films?select=title,...directors(director:name,country_code)&id=in.(5,7)&order=id',
    ),
    expect: {
      status: 200,
      body: [
        { title: 'Petite Maman', director: 'Céline Sciamma', country_code: 'FR' },
        { title: 'Untitled', director: null, country_code: null },
      ],
    },
  },
  {
    name: 'spread/one-to-one',
    rule: toOne,
    needs: 'spread',
    request: get('/films?select=title,...technical_specs(camera)&id=in.(1,3)&order=id'),
    expect: {
      status: 200,
      body: [
        { title: 'Lady Bird', camera: 'Alexa Mini' },
        { title: 'Arrival', camera: null },
      ],
    },
  },
  {
    name: 'spread/nested-to-one',
    rule: toOne,
    source: 'v16.2 spec: SpreadQueriesSpec',
    needs: 'spread',
    request: get('/films?select=id,...directors(director:name,...countries(country:name))&id=eq.3'),
    expect: {
      status: 200,
      body: [{ id: 3, director: 'Denis Villeneuve', country: 'Canada' }],
    },
  },
  {
    name: 'spread/inside-an-embed',
    rule: toOne,
    source: 'v16.2 spec: SpreadQueriesSpec (works inside a normal embed)',
    needs: 'spread',
    request: get('/soundtracks?select=id,film:films(title,...directors(director:name))&id=eq.1'),
    expect: {
      status: 200,
      body: [{ id: 1, film: { title: 'Lady Bird', director: 'Greta Gerwig' } }],
    },
  },
  {
    name: 'spread/an-embed-inside-it-is-lifted-too',
    rule: toOne,
    source: 'v16.2 spec: SpreadQueriesSpec',
    needs: 'spread',
    request: get('/films?select=id,...directors(director:name,countries(name))&id=eq.1'),
    expect: {
      status: 200,
      body: [{ id: 1, director: 'Greta Gerwig', countries: { name: 'United States' } }],
    },
  },
  {
    name: 'spread/one-to-many-gives-arrays',
    rule: toMany,
    needs: 'spread',
    request: get(
      '/directors?select=name,...films(titles:title,years:year)&order=id&films.order=year.desc',
    ),
    expect: {
      status: 200,
      body: [
        { name: 'Greta Gerwig', titles: ['Little Women', 'Lady Bird'], years: [2019, 2017] },
        { name: 'Denis Villeneuve', titles: ['Dune', 'Arrival'], years: [2021, 2016] },
        { name: 'Céline Sciamma', titles: ['Petite Maman'], years: [2021] },
        { name: 'Charlie Chaplin', titles: ['Modern Times'], years: [1936] },
        { name: 'Ann Onymous', titles: [], years: [] },
      ],
    },
  },
  {
    name: 'spread/many-to-many-gives-arrays',
    rule: toMany,
    needs: 'spread',
    request: get(
      '/films?select=title,...actors(names:first_name)&id=in.(1,5)&order=id&actors.order=first_name.desc',
    ),
    expect: {
      status: 200,
      body: [
        { title: 'Lady Bird', names: ['Timothée', 'Saoirse'] },
        { title: 'Petite Maman', names: [] },
      ],
    },
  },
  {
    name: 'spread/an-array-holds-nulls',
    rule: toMany,
    source: 'v16.2 spec: SpreadQueriesSpec (a single null element array)',
    needs: 'spread',
    request: get('/films?select=id,...roles(characters:character)&id=eq.6'),
    expect: { status: 200, body: [{ id: 6, characters: [null] }] },
  },
  {
    name: 'spread/arrays-of-several-columns-correspond',
    rule: toMany,
    source: 'v16.2 spec: SpreadQueriesSpec',
    needs: 'spread',
    request: get(
      '/films?select=id,...nominations(competition_id,won)&id=eq.4&nominations.order=won',
    ),
    expect: { status: 200, body: [{ id: 4, competition_id: [2, 1], won: [1, 6] }] },
  },
  {
    name: 'spread/filtered-and-limited',
    rule: toMany,
    source: 'v16.2 spec: SpreadQueriesSpec',
    needs: 'spread',
    request: get(
      '/actors?select=id,...roles(films:film_id)&id=eq.2&roles.film_id=gt.1&roles.order=film_id&roles.limit=1',
    ),
    expect: { status: 200, body: [{ id: 2, films: [2] }] },
  },
  {
    name: 'spread/inner',
    rule: toMany,
    source: 'v16.2 spec: SpreadQueriesSpec',
    needs: 'spread',
    request: get('/directors?select=id,...films!inner(titles:title)&films.year=eq.2021&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 2, titles: ['Dune'] },
        { id: 3, titles: ['Petite Maman'] },
      ],
    },
  },
  {
    name: 'spread/several-nested',
    rule: several,
    needs: 'spread',
    request: get(
      '/directors?select=name,...films(titles:title,...technical_specs(cameras:camera),...roles(characters:character))&id=eq.2&films.order=year&films.roles.order=character',
    ),
    expect: {
      status: 200,
      body: [
        {
          name: 'Denis Villeneuve',
          titles: ['Arrival', 'Dune'],
          cameras: [null, 'Alexa LF'],
          characters: [['Louise'], ['Chani', 'Paul']],
        },
      ],
    },
  },
  {
    name: 'spread/an-embed-inside-a-to-many-spread',
    rule: several,
    source: 'v16.2 spec: SpreadQueriesSpec (nested non-spread)',
    needs: 'spread',
    request: get(
      '/directors?select=id,...films(ids:id,soundtracks(composer),roles(actor_id))&id=eq.1&films.order=id&films.roles.order=actor_id',
    ),
    expect: {
      status: 200,
      body: [
        {
          id: 1,
          ids: [1, 2],
          soundtracks: [{ composer: 'Jon Brion' }, null],
          roles: [
            [{ actor_id: 1 }, { actor_id: 2 }],
            [{ actor_id: 1 }, { actor_id: 2 }],
          ],
        },
      ],
    },
  },
  {
    name: 'spread/a-join-table',
    rule: joinTable,
    needs: 'spread',
    request: get(
      '/films?select=title,actors:roles(character,...actors(first_name))&id=eq.4&actors.order=character',
    ),
    expect: {
      status: 200,
      body: [
        {
          title: 'Dune',
          actors: [
            { character: 'Chani', first_name: 'Zendaya' },
            { character: 'Paul', first_name: 'Timothée' },
          ],
        },
      ],
    },
  },
  {
    name: 'spread/keys-may-repeat',
    rule: 'PostgREST docs: resource_embedding (Order in spread to-many)',
    needs: 'spread',
    request: get('/soundtracks?select=id,...films(id)&id=eq.3'),
    expect: { status: 200, text: '[{"id":3,"id":4}]' },
  },
  {
    name: 'spread/aggregates-in-a-to-many-spread',
    rule: 'PostgREST docs: aggregate_functions (Aggregates in To-One Spreads)',
    variant: 'generous',
    source: 'v16.2 spec: AggregateFunctionsSpec',
    needs: 'aggregates',
    request: get('/directors?select=name,...films(year.max())'),
    expect: {
      status: 400,
      body: errorBody('PGRST127', 'Feature not implemented', {
        details: 'Aggregates are not implemented for one-to-many or many-to-many spreads.',
      }),
    },
  },
]
