/**
 * Which relationships there are, and how a request says which one it means.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const manyToOne = 'PostgREST docs: resource_embedding (Many-to-one relationships)'
const oneToMany = 'PostgREST docs: resource_embedding (One-to-many relationships)'
const manyToMany = 'PostgREST docs: resource_embedding (Many-to-many relationships)'
const oneToOne = 'PostgREST docs: resource_embedding (One-to-one relationships)'
const computed = 'PostgREST docs: resource_embedding (Computed Relationships)'
const multiple =
  'PostgREST docs: resource_embedding (Foreign Key Joins on Multiple Foreign Key Relationships)'
const recursive = 'PostgREST docs: resource_embedding (Recursive Relationships)'
const partitions = 'PostgREST docs: resource_embedding (Foreign Key Joins on Partitioned Tables)'
const views = 'PostgREST docs: resource_embedding (Foreign Key Joins on Views)'
const nested = 'PostgREST docs: resource_embedding (Nested Embedding)'
const functions = { engine: 'postgres', reason: 'functions in the database' } as const

export const embeddingRelationshipCases: readonly ConformanceCase[] = [
  {
    name: 'embed/many-to-one-is-an-object',
    rule: manyToOne,
    needs: 'embedding',
    request: get('/films?select=title,directors(id,name)&id=in.(1,5)&order=id'),
    expect: {
      status: 200,
      body: [
        { title: 'Lady Bird', directors: { id: 1, name: 'Greta Gerwig' } },
        { title: 'Petite Maman', directors: { id: 3, name: 'Céline Sciamma' } },
      ],
    },
  },
  {
    name: 'embed/many-to-one-that-is-not-there-is-null',
    rule: manyToOne,
    needs: 'embedding',
    request: get('/films?select=title,directors(name)&id=eq.7'),
    expect: { status: 200, body: [{ title: 'Untitled', directors: null }] },
  },
  {
    name: 'embed/with-an-alias',
    rule: manyToOne,
    needs: 'embedding',
    request: get('/films?select=title,director:directors(name)&id=eq.1'),
    expect: { status: 200, body: [{ title: 'Lady Bird', director: { name: 'Greta Gerwig' } }] },
  },
  {
    name: 'embed/every-column',
    rule: manyToOne,
    needs: 'embedding',
    request: get('/films?select=id,directors(*)&id=eq.3'),
    expect: {
      status: 200,
      body: [
        {
          id: 3,
          directors: { id: 2, name: 'Denis Villeneuve', born: '1967-10-03', country_code: 'CA' },
        },
      ],
    },
  },
  {
    name: 'embed/one-to-many-is-an-array',
    rule: oneToMany,
    needs: 'embedding',
    request: get('/directors?select=name,films(title)&order=id&films.order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Greta Gerwig', films: [{ title: 'Lady Bird' }, { title: 'Little Women' }] },
        { name: 'Denis Villeneuve', films: [{ title: 'Arrival' }, { title: 'Dune' }] },
        { name: 'Céline Sciamma', films: [{ title: 'Petite Maman' }] },
        { name: 'Charlie Chaplin', films: [{ title: 'Modern Times' }] },
        { name: 'Ann Onymous', films: [] },
      ],
    },
  },
  {
    name: 'embed/many-to-many-leads-through-a-junction',
    rule: manyToMany,
    needs: 'embedding',
    request: get('/actors?select=first_name,films(title)&id=in.(2,6)&order=id&films.order=id'),
    expect: {
      status: 200,
      body: [
        {
          first_name: 'Timothée',
          films: [{ title: 'Lady Bird' }, { title: 'Little Women' }, { title: 'Dune' }],
        },
        { first_name: 'Buster', films: [] },
      ],
    },
  },
  {
    name: 'embed/many-to-many-from-the-other-side',
    rule: manyToMany,
    needs: 'embedding',
    request: get('/films?select=title,actors(first_name)&id=eq.4&actors.order=id'),
    expect: {
      status: 200,
      body: [{ title: 'Dune', actors: [{ first_name: 'Timothée' }, { first_name: 'Zendaya' }] }],
    },
  },
  {
    name: 'embed/one-to-one-by-a-primary-key',
    rule: oneToOne,
    needs: 'embedding',
    request: get('/films?select=title,technical_specs(camera)&id=in.(1,3)&order=id'),
    expect: {
      status: 200,
      body: [
        { title: 'Lady Bird', technical_specs: { camera: 'Alexa Mini' } },
        { title: 'Arrival', technical_specs: null },
      ],
    },
  },
  {
    name: 'embed/one-to-one-by-a-unique-key',
    rule: oneToOne,
    needs: 'embedding',
    request: get('/films?select=title,soundtracks(composer)&id=eq.3'),
    expect: {
      status: 200,
      body: [{ title: 'Arrival', soundtracks: { composer: 'Jóhann Jóhannsson' } }],
    },
  },
  {
    name: 'embed/one-to-one-from-the-other-side',
    rule: oneToOne,
    needs: 'embedding',
    request: get('/soundtracks?select=composer,films(title)&id=eq.3'),
    expect: { status: 200, body: [{ composer: 'Hans Zimmer', films: { title: 'Dune' } }] },
  },
  {
    name: 'embed/composite-keys',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins)',
    needs: 'embedding',
    request: get('/screenings?select=id,cinemas(city)&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, cinemas: { city: 'Lyon' } },
        { id: 2, cinemas: { city: 'Nice' } },
        { id: 3, cinemas: { city: 'Paris' } },
        { id: 4, cinemas: null },
      ],
    },
  },
  {
    name: 'embed/composite-keys-from-the-other-side',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins)',
    needs: 'embedding',
    request: get('/cinemas?select=city,screenings(id)&order=city'),
    expect: {
      status: 200,
      body: [
        { city: 'Lyon', screenings: [{ id: 1 }] },
        { city: 'Nice', screenings: [{ id: 2 }] },
        { city: 'Paris', screenings: [{ id: 3 }] },
      ],
    },
  },
  {
    name: 'embed/several-beside-each-other',
    rule: 'PostgREST docs: resource_embedding (Foreign Key Joins)',
    needs: 'embedding',
    request: get(
      '/films?select=id,directors(name),soundtracks(composer),roles(character)&id=eq.4&roles.order=character',
    ),
    expect: {
      status: 200,
      body: [
        {
          id: 4,
          directors: { name: 'Denis Villeneuve' },
          soundtracks: { composer: 'Hans Zimmer' },
          roles: [{ character: 'Chani' }, { character: 'Paul' }],
        },
      ],
    },
  },
  {
    name: 'embed/nested',
    rule: nested,
    needs: 'embedding',
    request: get('/actors?select=first_name,roles(character,films(title,year))&id=eq.5'),
    expect: {
      status: 200,
      body: [
        {
          first_name: 'Zendaya',
          roles: [{ character: 'Chani', films: { title: 'Dune', year: 2021 } }],
        },
      ],
    },
  },
  {
    name: 'embed/nested-to-any-depth',
    rule: nested,
    needs: 'embedding',
    request: get(
      '/countries?select=name,directors(name,films(title,roles(character,actors(first_name))))&code=eq.CA&directors.films.order=id&directors.films.roles.order=actor_id',
    ),
    expect: {
      status: 200,
      body: [
        {
          name: 'Canada',
          directors: [
            {
              name: 'Denis Villeneuve',
              films: [
                {
                  title: 'Arrival',
                  roles: [{ character: 'Louise', actors: { first_name: 'Amy' } }],
                },
                {
                  title: 'Dune',
                  roles: [
                    { character: 'Paul', actors: { first_name: 'Timothée' } },
                    { character: 'Chani', actors: { first_name: 'Zendaya' } },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  },
  {
    name: 'embed/by-the-name-of-a-foreign-key',
    rule: multiple,
    source: 'v16.2 spec: EmbedDisambiguationSpec (can embed by FK name)',
    needs: 'embedding',
    request: get('/deals?select=id,deals_buyer(name),deals_seller(name)&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, deals_buyer: { name: 'Warner' }, deals_seller: { name: 'Legendary' } },
        { id: 2, deals_buyer: { name: 'A24' }, deals_seller: null },
        { id: 3, deals_buyer: { name: 'New Line' }, deals_seller: { name: 'Legendary' } },
      ],
    },
  },
  {
    name: 'embed/by-the-column-of-a-foreign-key',
    rule: multiple,
    source: 'v16.2 spec: EmbedDisambiguationSpec (can embed by column)',
    needs: 'embedding',
    request: get('/deals?select=id,buyer:buyer_id(name)&id=eq.1'),
    expect: { status: 200, body: [{ id: 1, buyer: { name: 'Warner' } }] },
  },
  {
    name: 'embed/with-the-foreign-key-as-a-hint',
    rule: 'PostgREST docs: resource_embedding (Multiple Many-To-One)',
    needs: 'embedding',
    request: get(
      '/deals?select=id,buyer:companies!deals_buyer(name),seller:companies!deals_seller(name)&id=eq.3',
    ),
    expect: {
      status: 200,
      body: [{ id: 3, buyer: { name: 'New Line' }, seller: { name: 'Legendary' } }],
    },
  },
  {
    name: 'embed/with-a-hint-from-the-other-side',
    rule: 'PostgREST docs: resource_embedding (Multiple One-To-Many)',
    needs: 'embedding',
    request: get(
      '/companies?select=name,sales:deals!deals_seller(id),bought:deals!deals_buyer(id)&id=eq.2&sales.order=id',
    ),
    expect: {
      status: 200,
      body: [{ name: 'Legendary', sales: [{ id: 1 }, { id: 3 }], bought: [] }],
    },
  },
  {
    name: 'embed/with-a-column-as-a-hint',
    rule: multiple,
    source: 'v16.2 spec: EmbedDisambiguationSpec (can specify table!column)',
    needs: 'embedding',
    request: get('/deals?select=id,companies!buyer_id(name)&id=eq.1'),
    expect: { status: 200, body: [{ id: 1, companies: { name: 'Warner' } }] },
  },
  {
    name: 'embed/with-a-junction-as-a-hint',
    rule: multiple,
    source: 'v16.2 spec: EmbedDisambiguationSpec (can specify the junction)',
    needs: 'embedding',
    request: get('/films?select=id,competitions!nominations(name)&id=eq.4&competitions.order=id'),
    expect: {
      status: 200,
      body: [{ id: 4, competitions: [{ name: 'Academy Awards' }, { name: 'Golden Globes' }] }],
    },
  },
  {
    name: 'embed/several-that-fit',
    rule: multiple,
    needs: 'embedding',
    request: get('/deals?select=*,companies(*)'),
    expect: {
      status: 300,
      body: errorBody(
        'PGRST201',
        "Could not embed because more than one relationship was found for 'deals' and 'companies'",
        {
          details: [
            {
              cardinality: 'many-to-one',
              embedding: 'deals with companies',
              relationship: 'deals_buyer using deals(buyer_id) and companies(id)',
            },
            {
              cardinality: 'many-to-one',
              embedding: 'deals with companies',
              relationship: 'deals_seller using deals(seller_id) and companies(id)',
            },
          ],
          hint: "Try changing 'companies' to one of the following: 'companies!deals_buyer', 'companies!deals_seller'. Find the desired relationship in the 'details' key.",
        },
      ),
    },
  },
  {
    name: 'embed/views-of-a-junction-fit-too',
    rule: multiple,
    source: 'v16.2 spec: EmbedDisambiguationSpec (o2m and m2m cardinalities)',
    needs: 'embedding',
    request: get('/competitions?select=name,films(title)'),
    expect: {
      status: 300,
      body: errorBody(
        'PGRST201',
        "Could not embed because more than one relationship was found for 'competitions' and 'films'",
        {
          details: [
            {
              cardinality: 'many-to-many',
              embedding: 'competitions with films',
              relationship:
                'nominations using nominations_competition_id_fkey(competition_id) and nominations_film_id_fkey(film_id)',
            },
            {
              cardinality: 'many-to-many',
              embedding: 'competitions with films',
              relationship:
                'shortlist using nominations_competition_id_fkey(competition_id) and nominations_film_id_fkey(nominated_id)',
            },
          ],
          hint: "Try changing 'films' to one of the following: 'films!nominations', 'films!shortlist'. Find the desired relationship in the 'details' key.",
        },
      ),
    },
  },
  {
    name: 'embed/no-relationship',
    rule: 'PostgREST docs: errors (PGRST200)',
    source: 'the nearest name is what 12.0.2 names',
    needs: 'embedding',
    request: get('/films?select=title,countries(name)'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST200',
        "Could not find a relationship between 'films' and 'countries' in the schema cache",
        {
          details:
            "Searched for a foreign key relationship between 'films' and 'countries' in the schema '{schema}', but no matches were found.",
          hint: "Perhaps you meant 'soundtracks' instead of 'countries'.",
        },
      ),
    },
  },
  {
    name: 'embed/no-relationship-but-a-name-alike',
    rule: 'PostgREST docs: errors (PGRST200)',
    source: 'v16.2 spec: QuerySpec (Perhaps you meant)',
    needs: 'embedding',
    request: get('/films?select=title,director(name)'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST200',
        "Could not find a relationship between 'films' and 'director' in the schema cache",
        {
          details:
            "Searched for a foreign key relationship between 'films' and 'director' in the schema '{schema}', but no matches were found.",
          hint: "Perhaps you meant 'directors' instead of 'director'.",
        },
      ),
    },
  },
  {
    name: 'embed/a-hint-that-does-not-fit',
    rule: 'PostgREST docs: errors (PGRST200)',
    source: 'v16.2 spec: EmbedDisambiguationSpec (fails if the fk is not known)',
    needs: 'embedding',
    request: get('/films?select=title,directors!nope(name)'),
    expect: {
      status: 400,
      body: errorBody(
        'PGRST200',
        "Could not find a relationship between 'films' and 'directors' in the schema cache",
        {
          details:
            "Searched for a foreign key relationship between 'films' and 'directors' using the hint 'nope' in the schema '{schema}', but no matches were found.",
        },
      ),
    },
  },
  {
    name: 'recursive/the-column-means-the-parent',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (one self reference foreign key)',
    needs: 'embedding',
    request: get('/companies?select=name,parent:parent_id(name)&order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Warner', parent: null },
        { name: 'Legendary', parent: { name: 'Warner' } },
        { name: 'New Line', parent: { name: 'Warner' } },
        { name: 'A24', parent: null },
      ],
    },
  },
  {
    name: 'recursive/the-relation-means-the-children',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (self reference both ways)',
    needs: 'embedding',
    request: get(
      '/companies?select=name,children:companies(name)&id=in.(1,2)&order=id&children.order=id',
    ),
    expect: {
      status: 200,
      body: [
        { name: 'Warner', children: [{ name: 'Legendary' }, { name: 'New Line' }] },
        { name: 'Legendary', children: [] },
      ],
    },
  },
  {
    name: 'recursive/the-relation-with-the-column-as-a-hint',
    rule: recursive,
    source: 'v16.2 spec: EmbedDisambiguationSpec (embeds children recursively)',
    needs: 'embedding',
    request: get(
      '/companies?select=name,parent:parent_id(name,children:companies!parent_id(id))&id=eq.3&parent.children.order=id',
    ),
    expect: {
      status: 200,
      body: [{ name: 'New Line', parent: { name: 'Warner', children: [{ id: 2 }, { id: 3 }] } }],
    },
  },
  {
    name: 'computed/recursive-one-to-one',
    rule: 'PostgREST docs: resource_embedding (Recursive One-To-One)',
    only: functions,
    request: get('/editions?select=label,predecessor(label),successor(label)&id=eq.2'),
    expect: {
      status: 200,
      body: [{ label: 'DVD', predecessor: { label: 'VHS' }, successor: { label: 'Blu-ray' } }],
    },
  },
  {
    name: 'computed/recursive-many-to-one',
    rule: 'PostgREST docs: resource_embedding (Recursive Many-To-One)',
    only: functions,
    request: get('/companies?select=name,parent(name)&id=eq.3'),
    expect: { status: 200, body: [{ name: 'New Line', parent: { name: 'Warner' } }] },
  },
  {
    name: 'computed/recursive-one-to-many',
    rule: 'PostgREST docs: resource_embedding (Recursive One-To-Many)',
    only: functions,
    request: get(
      '/companies?select=name,parent(name),subsidiaries(name)&id=in.(1,2)&order=id&subsidiaries.order=id',
    ),
    expect: {
      status: 200,
      body: [
        {
          name: 'Warner',
          parent: null,
          subsidiaries: [{ name: 'Legendary' }, { name: 'New Line' }],
        },
        { name: 'Legendary', parent: { name: 'Warner' }, subsidiaries: [] },
      ],
    },
  },
  {
    name: 'computed/recursive-many-to-many',
    rule: 'PostgREST docs: resource_embedding (Recursive Many-To-Many)',
    only: functions,
    request: get('/actors?select=first_name,costars(first_name)&id=eq.2&costars.order=id'),
    expect: {
      status: 200,
      body: [
        {
          first_name: 'Timothée',
          costars: [{ first_name: 'Saoirse' }, { first_name: 'Zendaya' }],
        },
      ],
    },
  },
  {
    name: 'computed/where-no-foreign-key-leads',
    rule: computed,
    only: functions,
    request: get('/screenings?select=id,competitions(name)&id=eq.3&competitions.order=id'),
    expect: {
      status: 200,
      body: [{ id: 3, competitions: [{ name: 'Academy Awards' }, { name: 'Golden Globes' }] }],
    },
  },
  {
    name: 'computed/filtered-and-inner',
    rule: computed,
    only: functions,
    source: 'v16.2 spec: ComputedRelsSpec',
    request: get('/companies?select=name,parent!inner(name)&parent.name=eq.Warner&order=id'),
    expect: {
      status: 200,
      body: [
        { name: 'Legendary', parent: { name: 'Warner' } },
        { name: 'New Line', parent: { name: 'Warner' } },
      ],
    },
  },
  {
    name: 'computed/overrides-what-a-foreign-key-gives',
    rule: 'PostgREST docs: resource_embedding (Overriding Relationships)',
    only: functions,
    request: get('/premieres?select=id,films(title)&order=id'),
    expect: {
      status: 200,
      body: [
        { id: 1, films: { title: 'Dune' } },
        { id: 2, films: null },
      ],
    },
  },
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
