/**
 * Embeds shaped like their parents.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const filters = 'PostgREST docs: resource_embedding (Embedded Filters)'
const nulls = 'PostgREST docs: resource_embedding (Null filtering on Embedded Resources)'
const legacy = 'PostgREST docs: configuration (url-use-legacy-target-names)'

export const embeddingFilterCases: readonly ConformanceCase[] = [
  {
    name: 'embedded/ordered',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,actors(last_name)&id=in.(1,2)&order=id&actors.order=last_name.desc',
    ),
    expect: {
      status: 200,
      body: [
        { id: 1, actors: [{ last_name: 'Ronan' }, { last_name: 'Chalamet' }] },
        { id: 2, actors: [{ last_name: 'Ronan' }, { last_name: 'Chalamet' }] },
      ],
    },
  },
  {
    name: 'embedded/filtered',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,roles(character)&id=lte.3&roles.character=in.(Jo,Kyle)&order=id',
    ),
    expect: {
      status: 200,
      body: [
        { id: 1, roles: [{ character: 'Kyle' }] },
        { id: 2, roles: [{ character: 'Jo' }] },
        { id: 3, roles: [] },
      ],
    },
  },
  {
    name: 'embedded/filtered-by-or',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,roles(character)&id=eq.1&roles.or=(character.eq.Kyle,actor_id.eq.1)&roles.order=actor_id',
    ),
    expect: {
      status: 200,
      body: [{ id: 1, roles: [{ character: 'Lady Bird' }, { character: 'Kyle' }] }],
    },
  },
  {
    name: 'embedded/filtered-by-not-or',
    rule: filters,
    source: 'v16.2 spec: AndOrParamsSpec (embedded filters)',
    needs: 'embedding',
    request: get(
      '/films?select=id,roles(character)&id=eq.1&roles.not.or=(character.eq.Kyle,actor_id.eq.7)',
    ),
    expect: { status: 200, body: [{ id: 1, roles: [{ character: 'Lady Bird' }] }] },
  },
  {
    name: 'embedded/limit-and-offset',
    rule: filters,
    needs: 'embedding',
    request: get('/actors?select=id,films(id)&id=eq.2&films.order=id&films.limit=1&films.offset=1'),
    expect: { status: 200, body: [{ id: 2, films: [{ id: 2 }] }] },
  },
  {
    name: 'embedded/aliases-are-targets',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,early:nominations(competition_id),late:nominations(competition_id)&id=in.(1,4)&early.year=lt.2020&late.year=gte.2020&order=id&early.order=competition_id&late.order=competition_id',
    ),
    expect: {
      status: 200,
      body: [
        { id: 1, early: [{ competition_id: 1 }, { competition_id: 2 }], late: [] },
        { id: 4, early: [], late: [{ competition_id: 1 }, { competition_id: 2 }] },
      ],
    },
  },
  {
    name: 'embedded/nested-filter-and-order',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,roles(character,actors(first_name))&id=eq.1&roles.order=character&roles.actors.first_name=like.*Tim*',
    ),
    expect: {
      status: 200,
      body: [
        {
          id: 1,
          roles: [
            { character: 'Kyle', actors: { first_name: 'Timothée' } },
            { character: 'Lady Bird', actors: null },
          ],
        },
      ],
    },
  },
  {
    name: 'embedded/nested-through-aliases',
    rule: filters,
    needs: 'embedding',
    request: get(
      '/films?select=id,parts:roles(who:actors(first_name))&id=eq.4&parts.who.first_name=eq.Zendaya&parts.order=actor_id.desc',
    ),
    expect: {
      status: 200,
      body: [{ id: 4, parts: [{ who: { first_name: 'Zendaya' } }, { who: null }] }],
    },
  },
  {
    name: 'embedded/of-what-is-not-embedded',
    rule: 'PostgREST docs: errors (PGRST108)',
    needs: 'embedding',
    request: get('/films?select=id&actors.first_name=eq.Amy'),
    expect: {
      status: 400,
      body: errorBody('PGRST108', "'actors' is not an embedded resource in this request", {
        hint: "Verify that 'actors' is included in the 'select' query parameter.",
      }),
    },
  },
  {
    name: 'legacy/the-relation-is-a-target-beside-its-alias',
    rule: legacy,
    source: 'v16.2 spec: QuerySpec (aliased embedded entities using the target name)',
    needs: 'embedding',
    request: get('/films?select=id,cast:actors(id)&id=eq.1&actors.order=id.desc&actors.limit=1'),
    expect: {
      status: 200,
      headers: {
        warning:
          '299 PostgRESTv16.2 "Embedded resource was referenced by relation name even though it has an alias. This is deprecated and will stop working in a future release. Update `actors` to `cast` in query string filters, orders or limits."',
      },
      body: [{ id: 1, cast: [{ id: 2 }] }],
    },
  },
  {
    name: 'legacy/no-warning-where-aliases-are-used',
    rule: legacy,
    needs: 'embedding',
    request: get('/films?select=id,cast:actors(id)&id=eq.1&cast.order=id.desc&cast.limit=1'),
    expect: { status: 200, headers: { warning: null }, body: [{ id: 1, cast: [{ id: 2 }] }] },
  },
  {
    name: 'legacy/switched-off',
    rule: legacy,
    variant: 'strict',
    source: 'v16.2 spec: QuerySpec (disable legacy target names)',
    needs: 'embedding',
    request: get('/films?select=id,cast:actors(id)&id=eq.1&actors.order=id.desc'),
    expect: {
      status: 400,
      body: {
        code: 'PGRST108',
        message: "'actors' is not an embedded resource in this request",
      },
    },
  },
  {
    name: 'legacy/switched-off-the-same-relation-twice',
    rule: legacy,
    variant: 'strict',
    source: 'v16.2 spec: QuerySpec (embedding the same table more than once)',
    needs: 'embedding',
    request: get(
      '/films?select=id,nominations(competition_id),late:nominations(competition_id)&id=eq.4&nominations.competition_id=eq.1&late.competition_id=eq.2',
    ),
    expect: {
      status: 200,
      body: [{ id: 4, nominations: [{ competition_id: 1 }], late: [{ competition_id: 2 }] }],
    },
  },
  {
    name: 'embedded/column-and-embed-of-one-name',
    rule: nulls,
    source: 'v16.2 spec: RelatedQueriesSpec (doesn’t interfere filtering)',
    needs: 'embedding',
    request: get('/films?select=id,director:director_id(name)&director_id=eq.3'),
    expect: { status: 200, body: [{ id: 5, director: { name: 'Céline Sciamma' } }] },
  },
]
