import { describe, expect, test } from 'vitest'
import type { PlanMedia } from '../../../src/plan/plan.ts'
import { failureOf, planOf } from '../../support/plan-of.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const handler = (mediaType: string, relation: string | null, routine: string) => ({
  mediaType,
  relation: relation === null ? null : { schema: 'api', name: relation },
  routine: { schema: 'api', name: routine },
})

const snapshot = describeSnapshot({
  relations: {
    films: 'id:integer!, title:text, director_id:integer',
    directors: 'id:integer!',
    shapes: 'id:integer!',
    lines: 'id:integer!',
  },
  foreignKeys: ['films(director_id) -> directors(id)'],
  routines: [
    { name: 'get_films', returns: 'setof table films' },
    { name: 'get_image', returns: 'bytea', volatility: 'stable' },
    { name: 'get_text', returns: 'text' },
    { name: 'get_document', returns: 'json', volatility: 'stable' },
  ],
  mediaHandlers: [
    handler('image/png', 'get_image', 'image/png'),
    handler('application/openapi+json', 'get_document', 'application/openapi+json'),
    handler('application/vnd.Twkb', 'lines', 'twkb_agg'),
    handler('text/csv', 'lines', 'bom_csv'),
    handler('*/*', 'shapes', 'shapes_any'),
    handler('text/plain', null, 'any_to_text'),
  ],
})

function mediaOf(line: string, accept: string, prefer = ''): PlanMedia {
  const plan = planOf(snapshot, line, { headers: { Accept: accept, Prefer: prefer } })
  if (!plan.ok || !('media' in plan.value)) throw new Error('no media')
  return plan.value.media
}

/** `encoder → type` */
function shown({ encoder, type }: PlanMedia): string {
  const how = encoder.kind === 'custom' ? encoder.routine.name : encoder.kind
  const stripped = 'stripNulls' in encoder && encoder.stripNulls ? '-stripped' : ''
  const what = type.kind === 'other' ? type.text : type.kind
  return `${how}${stripped} → ${what}`
}

describe('the first type that something produces is chosen', () => {
  test.each([
    ['GET /films', '*/*', 'json → json'],
    ['GET /films', 'application/json', 'json → json'],
    ['GET /films', 'text/csv', 'csv → csv'],
    ['GET /films', 'application/geo+json', 'geojson → geojson'],
    ['GET /films', 'application/vnd.pgrst.object+json', 'singular → singular'],
    [
      'GET /films',
      'application/vnd.pgrst.object+json;nulls=stripped',
      'singular-stripped → singular',
    ],
    [
      'GET /films',
      'application/vnd.pgrst.array+json;nulls=stripped',
      'json-stripped → array-stripped',
    ],
    ['GET /films', 'unknown/type, text/csv', 'csv → csv'],
    ['GET /films', 'text/csv, application/json', 'csv → csv'],
    // handlers of any rows
    ['GET /films', 'text/plain', 'any_to_text → text'],
    // handlers of one relation, and over ours
    ['GET /lines', 'application/vnd.twkb', 'twkb_agg → application/vnd.Twkb'],
    ['GET /lines', 'text/csv', 'bom_csv → csv'],
    ['GET /films', 'text/csv', 'csv → csv'],
    // only for whole rows
    ['GET /lines?select=id', 'text/csv', 'csv → csv'],
    ['GET /lines?select=*,x:id', 'text/csv', 'csv → csv'],
    // one of `*/*` takes everything that is no vendored type
    ['GET /shapes', '*/*', 'shapes_any → octet-stream'],
    ['GET /shapes', 'image/png', 'shapes_any → octet-stream'],
    ['GET /shapes', 'application/json', 'shapes_any → octet-stream'],
    ['GET /shapes', 'application/vnd.pgrst.object+json', 'singular → singular'],
    ['GET /shapes?select=id', '*/*', 'json → json'],
    ['GET /shapes?select=count()', '*/*', 'json → json'],
    // functions that return a media type
    ['GET /rpc/get_image', 'image/png', 'image/png → image/png'],
    ['GET /rpc/get_films', 'text/csv', 'csv → csv'],
  ])('%s with %s: %s', (line, accept, expected) => {
    expect(shown(mediaOf(line, accept))).toBe(expected)
  })

  test.each(['', ';version=2.0', ';version=3.1', ';version=9'])(
    'a version is for the document of the root alone: %s',
    (version) => {
      const media = mediaOf('GET /rpc/get_document', `application/openapi+json${version}`)
      expect(shown(media)).toBe('application/openapi+json → openapi')
      expect(media.type).not.toHaveProperty('version')
    },
  )

  test.each([
    ['HEAD /films', 'text/csv', '', 'none → csv'],
    ['HEAD /rpc/get_image', 'image/png', '', 'none → image/png'],
    ['POST /films', 'text/csv', '', 'none → csv'],
    ['POST /films', 'text/csv', 'return=minimal', 'none → csv'],
    ['POST /films', 'text/csv', 'return=headers-only', 'none → csv'],
    ['POST /films', 'text/csv', 'return=representation', 'csv → csv'],
    ['DELETE /films?id=eq.1', '*/*', '', 'none → json'],
    ['DELETE /films?id=eq.1', '*/*', 'return=representation', 'json → json'],
  ])('%s with %s and %s has a body or not: %s', (line, accept, prefer, expected) => {
    const [method = ''] = line.split(' ')
    const body = method === 'POST' ? '{}' : ''
    const plan = planOf(snapshot, line, { headers: { Accept: accept, Prefer: prefer }, body })
    if (!plan.ok || !('media' in plan.value)) throw new Error('no media')
    expect(shown(plan.value.media)).toBe(expected)
  })
})

describe('execution plans', () => {
  test.each([
    ['application/vnd.pgrst.plan', 'json'],
    ['application/vnd.pgrst.plan+json; for="text/csv"', 'csv'],
    ['application/vnd.pgrst.plan; for="application/vnd.pgrst.object"', 'singular'],
    ['application/vnd.pgrst.plan; for="text/plain"', 'custom'],
  ])('%s explains the query for %s', (accept, encoder) => {
    const media = mediaOf('GET /films', accept)
    expect(media.encoder.kind).toBe(encoder)
    expect(media.type.kind).toBe('plan')
  })

  test('are of no type while they are switched off', () => {
    const failure = failureOf(snapshot, 'GET /films', {
      headers: { Accept: 'application/vnd.pgrst.plan' },
      options: { dbPlanEnabled: false },
    })
    expect(failure).toMatchObject({ kind: 'media-type' })
  })

  test('are refused for a type that nothing produces', () => {
    const headers = { Accept: 'application/vnd.pgrst.plan; for="image/png"' }
    expect(failureOf(snapshot, 'GET /films', { headers }).kind).toBe('media-type')
  })
})

describe('a request is refused', () => {
  test('with the types as they were asked for', () => {
    const headers = { Accept: 'unknown/unknown, image/PNG;q=0.5' }
    expect(failureOf(snapshot, 'GET /films', { headers })).toMatchObject({
      kind: 'media-type',
      accepted: ['unknown/unknown', expect.stringMatching(/^image\/PNG/)],
    })
  })

  test.each(['text/plain', 'text/csv', 'application/vnd.pgrst.object+json'])(
    'at the root for %s',
    (accept) => {
      expect(failureOf(snapshot, 'GET /', { headers: { Accept: accept } }).kind).toBe('media-type')
    },
  )

  test.each(['*/*', 'application/json', 'application/openapi+json', 'text/csv, */*'])(
    'at the root, but not for %s',
    (accept) => {
      expect(planOf(snapshot, 'GET /', { headers: { Accept: accept } })).toEqual({
        ok: true,
        value: { kind: 'inspect', schema: 'api', headersOnly: false, shown: snapshot },
      })
    },
  )
})

describe('a type that the engine cannot produce', () => {
  const lacking = describeSnapshot({
    relations: { films: 'id:integer!' },
    engine: 'SQLite',
    unsupported: ['geojson', 'csv', 'planMedia'],
  })

  test.each([
    ['application/geo+json', 'application/geo+json'],
    ['text/csv', 'text/csv'],
    ['application/vnd.pgrst.plan', 'application/vnd.pgrst.plan'],
    ['application/geo+json, unknown/type', 'application/geo+json'],
  ])('%s is refused by name', (accept, feature) => {
    const headers = { Accept: accept }
    expect(failureOf(lacking, 'GET /films', { headers })).toEqual({
      kind: 'not-implemented',
      feature,
      engine: 'SQLite',
    })
  })

  test('gives way to the next one', () => {
    const headers = { Accept: 'application/geo+json, application/json' }
    expect(planOf(lacking, 'GET /films', { headers })).toMatchObject({
      value: { media: { encoder: { kind: 'json' } } },
    })
  })
})
