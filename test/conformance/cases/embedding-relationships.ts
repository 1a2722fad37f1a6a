/**
 * Relationships by foreign keys, in every cardinality.
 */
import { type ConformanceCase, get } from '../conformance-case.ts'

const manyToOne = 'PostgREST docs: resource_embedding (Many-to-one relationships)'
const oneToMany = 'PostgREST docs: resource_embedding (One-to-many relationships)'
const manyToMany = 'PostgREST docs: resource_embedding (Many-to-many relationships)'
const oneToOne = 'PostgREST docs: resource_embedding (One-to-one relationships)'
const nested = 'PostgREST docs: resource_embedding (Nested Embedding)'

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
]
