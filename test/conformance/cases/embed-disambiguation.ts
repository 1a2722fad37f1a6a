/**
 * How a request says which of several relationships it means, and what it is told otherwise.
 */
import { type ConformanceCase, errorBody, get } from '../conformance-case.ts'

const multiple =
  'PostgREST docs: resource_embedding (Foreign Key Joins on Multiple Foreign Key Relationships)'

export const embedDisambiguationCases: readonly ConformanceCase[] = [
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
]
