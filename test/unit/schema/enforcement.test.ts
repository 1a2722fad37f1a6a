/**
 * The table of who enforces a feature, held to its word: feature by feature, an engine that lacks it
 * refuses the requests and the options that use it. What nothing can ask for is asked of real
 * engines, in test/integration/<engine>/inexpressible.test.ts.
 */
import { describe, expect, test } from 'vitest'
import { featureNames, refuseUnsupported } from '../../../src/plan/refuse-unsupported.ts'
import { type Feature, features } from '../../../src/schema/capabilities.ts'
import { type EnforcedAt, type Enforcement, enforcement } from '../../../src/schema/enforcement.ts'
import { tryLoadTestConfig } from '../../support/load-test-config.ts'
import { failureOf, planOf, type RequestParts, requestOf } from '../../support/plan-of.ts'
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

/** Requests that use a feature. */
const uses: readonly (readonly [EnforcedAt<'request' | 'plan'>, string, RequestParts])[] = [
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

/** Options that need a feature, set by hand to what asks for it, and to what does not. */
const settings: readonly (readonly [Feature, string, string, harmless: string])[] = [
  ['transactions', 'db-tx-end', 'rollback', 'commit'],
  ['transactions', 'db-tx-end', 'commit-allow-override', 'commit'],
  ['functions', 'db-root-spec', 'root', ''],
  ['statementTimeout', 'db-statement-timeout', '30000', '0'],
  ['preRequest', 'db-pre-request', 'check', ''],
  ['databaseConfig', 'db-config', 'true', 'false'],
  ['databaseConfig', 'db-pre-config', 'configure', ''],
  ['notifications', 'db-channel', 'pgrst', ''],
  ['notifications', 'db-channel-enabled', 'true', 'false'],
  ['notifications', 'db-channel-uri', 'postgresql://', ''],
  ['readOnlyServer', 'db-read-only', 'true', 'false'],
  ['foreignKeySwitch', 'db-foreign-keys', 'false', 'true'],
  ['provenAnswers', 'db-schema-strict', 'true', 'false'],
  ['declarations', 'declared-schema', '[]', ''],
  ['declarations', 'declared-relationships', '[]', ''],
]

const able = describeSnapshot(description)
const without = (feature: Feature) => describeSnapshot({ ...description, unsupported: [feature] })
const placeOf = (feature: Feature): Enforcement['at'] => enforcement[feature].at

describe('the planner refuses by its name what the engine lacks', () => {
  test.each(uses)('%s: %s %j', (feature, line, parts) => {
    const unable = without(feature)
    const refusal = {
      kind: 'not-implemented',
      feature: featureNames[feature],
      engine: 'SQLite',
    }
    expect(failureOf(unable, line, parts)).toEqual(refusal)
    const fromRequestAlone = refuseUnsupported(requestOf(unable, line, parts), unable.capabilities)
    expect(fromRequestAlone).toEqual(placeOf(feature) === 'request' ? refusal : null)
  })

  test('and nothing else', () => {
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

describe('an option that the engine cannot honour is a problem', () => {
  /** What is wrong with a configuration that says `option = value`, on an engine without `feature`. */
  function problemsOf(feature: Feature, option: string, value: string): readonly string[] {
    const file = option === '' ? '' : `${option} = "${value}"`
    const abilities = without(feature).capabilities
    const loaded = tryLoadTestConfig({ file, abilities })
    return loaded.ok ? [] : loaded.error
  }

  test.each(settings)('%s: %s = %s', (feature, option, value, harmless) => {
    const [problem, ...more] = problemsOf(feature, option, value)
    expect(problem).toMatch(new RegExp(`^${option} is set, but SQLite .+: unset it$`))
    expect(more).toEqual([])
    expect(problemsOf(feature, option, harmless)).toEqual([])
    const file = `${option} = "${value}"`
    expect(tryLoadTestConfig({ file, abilities: able.capabilities }).ok).toBe(true)
  })

  test('db-statement-timeout on PostgreSQL, where roles have theirs', () => {
    const loaded = tryLoadTestConfig({ file: 'db-statement-timeout = 5000' })
    expect(loaded.ok ? [] : loaded.error).toEqual([
      'db-statement-timeout is set, but PostgreSQL has limits of its own, of roles (ALTER ROLE … SET statement_timeout): unset it',
    ])
  })

  test.each([
    ['notifications', 'db-channel-enabled = false\ndb-channel = "pgrst"'],
    ['databaseConfig', 'db-config = false\ndb-pre-config = "configure"'],
  ] as const)('%s: not while the feature is switched off', (feature, file) => {
    const abilities = without(feature).capabilities
    expect(tryLoadTestConfig({ file, abilities }).ok).toBe(true)
  })

  test.each(features)('%s: not with its default', (feature) => {
    expect(problemsOf(feature, '', '')).toEqual([])
  })
})

describe('a feature that nothing enforces does not pass', () => {
  const shown = new Set<Feature>(uses.map(([feature]) => feature))
  const set = new Set<Feature>(settings.map(([feature]) => feature))

  test.each(features)('%s is refused where the table says', (feature) => {
    const place = placeOf(feature)
    expect(shown.has(feature)).toBe(place === 'request' || place === 'plan')
    expect(set.has(feature)).toBe('options' in enforcement[feature])
  })

  test('and every option of the table has a row here', () => {
    const inTable = features.flatMap((feature) => {
      const enforced: Enforcement = enforcement[feature]
      return 'options' in enforced ? Object.keys(enforced.options) : []
    })
    expect(new Set(settings.map(([, option]) => option)).size).toBe(inTable.length)
  })
})

describe('an unknown name comes first', () => {
  test('of a relation, even with features that are lacking', () => {
    const unable = describeSnapshot({ ...description, unsupported: ['embedding'] })
    expect(failureOf(unable, 'GET /nothing?select=a(b)').kind).toBe('relation-not-found')
  })
})
