/**
 * Relationships that lead through views and partitioned tables.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const partitions = 'PostgREST docs: resource_embedding (Foreign Key Joins on Partitioned Tables)'
const views = 'PostgREST docs: resource_embedding (Foreign Key Joins on Views)'

export const viewRelationshipCases: readonly ConformanceCase[] = [
  {
    name: 'partition/the-partitioned-table-embeds',
    rule: partitions,
    only: { engine: 'postgres', reason: 'partitioned tables' },
    request: get('/box_office?select=day,gross,films(title)&gross=gte.10&order=day'),
    expect: {
      status: 200,
      body: [
        { day: '2021-10-22', gross: 17.5, films: { title: 'Dune' } },
        { day: '2021-10-23', gross: 14.25, films: { title: 'Dune' } },
      ],
    },
  },
  {
    name: 'partition/the-partitioned-table-is-embedded',
    rule: partitions,
    only: { engine: 'postgres', reason: 'partitioned tables' },
    request: get('/films?select=title,box_office(gross)&id=eq.5'),
    expect: { status: 200, body: [{ title: 'Petite Maman', box_office: [{ gross: 0.25 }] }] },
  },
  {
    name: 'partition/partitions-themselves-do-not-embed',
    rule: partitions,
    only: { engine: 'postgres', reason: 'partitioned tables' },
    request: get('/films?select=title,box_office_2021_10(gross)'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST200',
        "Could not find a relationship between 'films' and 'box_office_2021_10' in the schema cache",
        {
          details:
            "Searched for a foreign key relationship between 'films' and 'box_office_2021_10' in the schema 'public', but no matches were found.",
          hint: "Perhaps you meant 'box_office' instead of 'box_office_2021_10'.",
        },
      ),
    },
  },
  {
    name: 'view/embeds-what-its-table-refers-to',
    rule: views,
    needs: 'embedding',
    request: get('/recent_films?select=title,directors(name)&id=eq.4'),
    expect: { status: 200, body: [{ title: 'Dune', directors: { name: 'Denis Villeneuve' } }] },
  },
  {
    name: 'view/embeds-what-refers-to-its-table',
    rule: views,
    needs: 'embedding',
    request: get(
      '/recent_films?select=title,roles(character),actors(first_name)&id=eq.2&roles.order=actor_id&actors.order=id',
    ),
    expect: {
      status: 200,
      body: [
        {
          title: 'Little Women',
          roles: [{ character: 'Jo' }, { character: 'Laurie' }],
          actors: [{ first_name: 'Saoirse' }, { first_name: 'Timothée' }],
        },
      ],
    },
  },
  {
    name: 'view/is-embedded',
    rule: views,
    needs: 'embedding',
    request: get('/directors?select=name,recent_films(title)&id=eq.2'),
    expect: {
      status: 200,
      body: [{ name: 'Denis Villeneuve', recent_films: [{ title: 'Dune' }] }],
    },
  },
  {
    name: 'view/of-several-tables',
    rule: views,
    needs: 'embedding',
    request: get(
      '/shortlist?select=title,competition,films!nominated_id(language),roles(character)&won=eq.6&roles.order=actor_id',
    ),
    expect: {
      status: 200,
      body: [
        {
          title: 'Dune',
          competition: 'Academy Awards',
          films: { language: 'en' },
          roles: [{ character: 'Paul' }, { character: 'Chani' }],
        },
      ],
    },
  },
  {
    name: 'view/over-a-view-with-a-new-name-for-the-key',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins on Chains of Views)',
    needs: 'embedding',
    request: get('/recent_titles?select=title,directors(name),technical_specs(camera)&id=eq.4'),
    expect: {
      status: 200,
      body: [
        {
          title: 'Dune',
          directors: { name: 'Denis Villeneuve' },
          technical_specs: { camera: 'Alexa LF' },
        },
      ],
    },
  },
  {
    name: 'view/without-the-key-has-no-relationship',
    rule: views,
    needs: 'embedding',
    request: get('/yearly_counts?select=year,directors(name)'),
    expect: { status: 400, code: 'PGRST200' },
  },
  {
    name: 'view/of-tables-in-a-schema-that-is-not-exposed',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins on Chains of Views)',
    only: { engine: 'postgres', reason: 'schemas' },
    request: get('/studios?select=name,lots(size)&studio=eq.1&lots.order=size'),
    expect: {
      status: 200,
      body: [{ name: 'Babelsberg', lots: [{ size: 40 }, { size: 60 }] }],
    },
  },
  {
    name: 'view/materialized',
    rule: views,
    only: { engine: 'postgres', reason: 'materialized views' },
    request: get('/film_lengths?select=minutes,directors(name),roles(character)&id=eq.3'),
    expect: {
      status: 200,
      body: [
        {
          minutes: 116,
          directors: { name: 'Denis Villeneuve' },
          roles: [{ character: 'Louise' }],
        },
      ],
    },
  },
]
