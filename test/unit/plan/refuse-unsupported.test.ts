import { describe, expect, test } from 'vitest'
import { featureNames } from '../../../src/plan/refuse-unsupported.ts'
import { type Feature, features } from '../../../src/schema/capabilities.ts'
import { failureOf, planOf, type RequestParts } from '../../support/plan-of.ts'
import { describeSnapshot, type SnapshotDescription } from '../../support/snapshot.ts'

const description: SnapshotDescription = {
  engine: 'SQLite',
  relations: {
    films: 'id:integer!, title:text, data:jsonb, size:app.dims~, director_id:integer',
    directors: 'id:integer!, name:text',
  },
  foreignKeys: ['films(director_id) -> directors(id)'],
  computed: [{ routine: 'sequel', origin: 'films', target: 'films', isToOne: true }],
  routines: [{ name: 'go', returns: 'setof table films' }],
}

const prefer = (text: string, body = ''): RequestParts => ({ headers: { Prefer: text }, body })
const none: RequestParts = {}

const uses: readonly (readonly [Feature, string, RequestParts])[] = [
  ['embedding', 'GET /films?select=directors(id)', none],
  ['computedRelationships', 'GET /films?select=sequel(id)', none],
  ['computedRelationships', 'GET /directors?select=films(sequel(id))', none],
  ['spread', 'GET /films?select=...directors(id)', none],
  ['aggregates', 'GET /films?select=count()', none],
  ['aggregates', 'GET /films?select=directors(id.max())', none],
  ['nullsOrdering', 'GET /films?order=id.nullslast', none],
  ['relatedOrder', 'GET /films?select=directors(id)&order=directors(id)', none],
  ['jsonPath', 'GET /films?select=data->a', none],
  ['jsonPath', 'GET /films?data->>a=eq.1', none],
  ['jsonPath', 'GET /films?order=data->a', none],
  ['jsonPath', 'GET /films?or=(id.eq.1,not.and(data->a.eq.1,id.eq.2))', none],
  ['compositePath', 'GET /films?select=size->w', none],
  ['compositePath', 'GET /films?size->>w=eq.1', none],
  ['compositePath', 'GET /films?or=(id.eq.1,size->>w.eq.1)', none],
  ['compositePath', 'GET /films?order=size->w', none],
  ['compositePath', 'GET /directors?select=films(size->w)', none],
  ['casts', 'GET /films?select=id::text', none],
  ['casts', 'GET /films?select=id.max()::text', none],
  ['like', 'GET /films?title=like.a*', none],
  ['ilike', 'GET /films?title=not.ilike.a*', none],
  ['match', 'GET /films?title=match.a', none],
  ['imatch', 'GET /films?title=imatch.a', none],
  ['quantifiers', 'GET /films?title=eq(any).{a,b}', none],
  ['isdistinct', 'GET /films?title=isdistinct.a', none],
  ['fts', 'GET /films?title=plfts.a', none],
  ['contains', 'GET /films?data=cs.{}', none],
  ['contained', 'GET /films?data=cd.{}', none],
  ['overlap', 'GET /films?data=ov.{}', none],
  ['rangeOperators', 'GET /films?data=sl.(1,2)', none],
  ['rangeOperators', 'GET /films?data=adj.(1,2)', none],
  ['countExact', 'GET /films', prefer('count=exact')],
  ['countPlanned', 'GET /films', prefer('count=planned')],
  ['countEstimated', 'GET /rpc/go', prefer('count=estimated')],
  ['csv', 'GET /films', { headers: { Accept: 'text/csv' } }],
  ['geojson', 'GET /films', { headers: { Accept: 'application/geo+json' } }],
  ['planMedia', 'GET /films', { headers: { Accept: 'application/vnd.pgrst.plan' } }],
  ['insert', 'POST /films', { body: '{}' }],
  ['update', 'PATCH /films', { body: '{}' }],
  ['delete', 'DELETE /films', none],
  ['upsert', 'PUT /films?id=eq.1', { body: '{"id":1}' }],
  ['upsert', 'POST /films', prefer('resolution=merge-duplicates', '{}')],
  ['missingDefault', 'POST /films', prefer('missing=default', '{}')],
  ['returning', 'POST /films', prefer('return=representation', '{}')],
  ['returning', 'DELETE /films', prefer('return=headers-only')],
  ['transactions', 'DELETE /films', prefer('tx=rollback')],
  ['timezone', 'GET /films', prefer('timezone=UTC')],
  ['functions', 'GET /rpc/go', none],
  ['functions', 'POST /rpc/nothing', none],
  ['functions', 'OPTIONS /rpc/go', none],
]

const able = describeSnapshot(description)

describe('what the engine lacks is refused by its name', () => {
  test.each(uses)('%s: %s %j', (feature, line, parts) => {
    const unable = describeSnapshot({ ...description, unsupported: [feature] })
    expect(failureOf(unable, line, parts)).toEqual({
      kind: 'not-implemented',
      feature: featureNames[feature],
      engine: 'SQLite',
    })
  })

  test('and nothing else is', () => {
    const others = (feature: Feature) =>
      new Set(uses.flatMap(([each]) => (each === feature ? [] : [each])))
    const lacking = describeSnapshot({
      ...description,
      unsupported: [...others('like')].filter((each) => each !== 'jsonPath'),
    })
    expect(planOf(lacking, 'GET /films?title=like.a*&data->>a=gt.1&order=id.desc').ok).toBe(true)
    for (const [, line, parts] of uses.filter(([feature]) => feature !== 'functions')) {
      expect(planOf(able, line, parts).ok).toBe(true)
    }
  })
})

test('every feature that a request can show has a case', () => {
  // the rest is seen by other parts of the server, or shows in the schema itself
  const elsewhere: readonly Feature[] = [
    'computedFields',
    'customMedia',
    'domainRepresentations',
    'schemas',
    'roles',
    'preRequest',
    'databaseConfig',
  ]
  const shown = new Set(uses.map(([feature]) => feature))
  expect(features.filter((feature) => !shown.has(feature))).toEqual(elsewhere)
})

describe('an unknown name comes first', () => {
  test('of a relation, even with features that are lacking', () => {
    const unable = describeSnapshot({ ...description, unsupported: ['embedding'] })
    expect(failureOf(unable, 'GET /nothing?select=a(b)').kind).toBe('relation-not-found')
  })
})
