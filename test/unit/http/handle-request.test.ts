import { describe, expect, test } from 'vitest'
import { createAccessControl } from '../../../src/access/access-control.ts'
import { createPlanCache } from '../../../src/access/plan-cache.ts'
import type { RequestHead } from '../../../src/api/parse-request.ts'
import type { Authentication } from '../../../src/auth/authenticate.ts'
import type { Execution, Inspection, RequestContext } from '../../../src/backends/backend.ts'
import { createGenerationStore, type Generation } from '../../../src/cache/generation-store.ts'
import type { CheckOutcome } from '../../../src/cache/stale-check.ts'
import type { Config } from '../../../src/config/config.ts'
import { type ReadBody, readNoBody, toBuffer } from '../../../src/core/http-exchange.ts'
import { nameKey, qualifiedName } from '../../../src/core/qualified-name.ts'
import { err, ok } from '../../../src/core/result.ts'
import type { ApiError } from '../../../src/errors/api-error.ts'
import { createRequestHandler } from '../../../src/http/handle-request.ts'
import { maxAttempts } from '../../../src/http/try-while-stale.ts'
import type { Observation } from '../../../src/observe/observation.ts'
import type { DatabasePlan } from '../../../src/plan/plan.ts'
import { loadTestConfig } from '../../support/load-test-config.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const films = describeSnapshot({
  relations: { films: 'id:integer!, title:text, director_id:integer', directors: 'id:integer!' },
  foreignKeys: ['films(director_id) -> directors(id)'],
})
/** The same, and a table more. */
const filmsAndActors = describeSnapshot({
  relations: { films: 'id:integer!, title:text', actors: 'id:integer!' },
})

const config = loadTestConfig({})
const admitted = ok({ role: 'author', claims: '{"role":"author"}', isAuthenticated: true })

function done(body: string, statements: readonly string[] = []): Execution {
  return {
    kind: 'done',
    result: {
      body,
      rows: 1,
      total: null,
      location: [],
      inserted: null,
      responseHeaders: null,
      responseStatus: null,
    },
    statements,
  }
}

function failed(error: ApiError, contradictsSchema = false): Execution {
  return { kind: 'failed', error, contradictsSchema, statements: ['SELECT 1'] }
}

function database(sqlState: string): ApiError {
  const failure = { sqlState, message: 'no', details: null, hint: null }
  return { kind: 'database', failure, authenticated: true }
}

const inspected: Inspection = {
  kind: 'done',
  relations: null,
  routines: null,
  schemaDescription: null,
  statements: ['SELECT 2'],
}

interface World {
  readonly generation?: Generation
  readonly config?: Partial<Config>
  readonly authenticate?: () => Authentication | Promise<Authentication>
  readonly execute?: (plan: DatabasePlan, context: RequestContext) => Execution
  readonly inspect?: () => Inspection
  /** What a check finds. It may publish before it says so. */
  readonly check?: (publish: (generation: Generation) => void) => CheckOutcome
}

/** A handler over a backend that is told what to answer, and all that happens around it. */
function setUp(world: World = {}) {
  const events: string[] = []
  const observed: Observation[] = []
  const contexts: RequestContext[] = []
  const first = world.generation ?? { config: { ...config, ...world.config }, snapshot: films }
  const store = createGenerationStore(first)
  const clock = { ms: 0 }
  const handle = createRequestHandler({
    currentGeneration: store.current,
    backend: {
      abilities: films.capabilities,
      async execute(plan, context) {
        events.push('execute')
        contexts.push(context)
        return world.execute?.(plan, context) ?? done('[{"id":1}]')
      },
      async inspect(_plan, context) {
        events.push('inspect')
        contexts.push(context)
        return world.inspect?.() ?? inspected
      },
    },
    authenticator: {
      authenticate() {
        events.push('authenticate')
        return world.authenticate?.() ?? admitted
      },
    },
    planCache: createPlanCache(10, createAccessControl()),
    async checkSchema(origin) {
      events.push(`check for a ${origin}`)
      if (world.check === undefined) throw new Error('no check was expected')
      return world.check(store.publish)
    },
    observe: (observation) => observed.push(observation),
    // each look at the clock is a millisecond later
    now: () => clock.ms++,
  })
  const client = new AbortController()

  async function request(
    line: string,
    { body = readNoBody, headers = {} }: { body?: ReadBody; headers?: Record<string, string> } = {},
  ) {
    const [method = '', target = ''] = line.split(' ')
    const [path = '', query = ''] = target.split('?')
    const head: RequestHead = { method, path, query, headers: Object.entries(headers) }
    const readBody: ReadBody = (limitBytes) => {
      events.push('read')
      return body(limitBytes)
    }
    const { answer, role } = await handle(head, readBody, first, client.signal)
    const text = answer.body === null ? '' : toBuffer(answer.body).toString()
    const code = /"code":"(\w+)"/.exec(text)?.[1] ?? null
    return { status: answer.status, headers: new Map(answer.headers), text, code, role }
  }

  return { request, events, observed, contexts, client, clock, store }
}

describe('the stages', () => {
  test('follow each other, the body read once the request is admitted', async () => {
    const { request, events, contexts } = setUp()
    const body: ReadBody = async () => ok(new TextEncoder().encode('{"title":"Dune"}'))
    const answer = await request('POST /films', {
      body,
      headers: { 'content-type': 'application/json' },
    })
    expect(answer).toMatchObject({ status: 201, role: 'author' })
    expect(events).toEqual(['authenticate', 'read', 'execute'])
    expect(contexts[0]).toMatchObject({
      snapshot: films,
      role: 'author',
      isAuthenticated: true,
      claims: '{"role":"author"}',
      request: { payload: { kind: 'json', text: '{"title":"Dune"}' } },
    })
  })

  test('end with a token that is refused', async () => {
    const failure: ApiError = { kind: 'jwt', failure: { kind: 'claims', message: 'JWT expired' } }
    const { request, events, observed } = setUp({ authenticate: async () => err(failure) })
    expect(await request('POST /films')).toMatchObject({
      status: 401,
      code: 'PGRST303',
      role: null,
    })
    expect(events).toEqual(['authenticate'])
    expect(observed).toEqual([])
  })

  test('end with 503 while there is no schema, whoever asks for whatever', async () => {
    const { request, events, observed } = setUp({ generation: { config, snapshot: null } })
    const answer = await request('PROPFIND /a/b/c')
    expect(answer).toMatchObject({ status: 503, code: 'PGRST002', role: 'author' })
    expect(events).toEqual(['authenticate'])
    expect(observed).toEqual([
      { kind: 'request-error', error: { kind: 'cache-not-loaded' }, status: 503 },
    ])
  })

  test('end with a body that is too long', async () => {
    const limits: number[] = []
    const body: ReadBody = (limitBytes) => {
      limits.push(limitBytes)
      return err({ kind: 'body-too-large', limitBytes })
    }
    const { request, events } = setUp({ config: { maxRequestBody: 7 } })
    expect(await request('POST /films', { body })).toMatchObject({
      status: 413,
      code: 'PGRSTX13',
      role: 'author',
    })
    expect(limits).toEqual([7])
    expect(events).toEqual(['authenticate', 'read'])
  })

  test.each([
    ['cannot be parsed', 'GET /films?id=nonsense', 400, 'PGRST100'],
    ['cannot be planned', 'GET /films?select=id&order=directors(id)', 400, 'PGRST108'],
  ])('end with a request that %s', async (_, line, status, code) => {
    const { request, events } = setUp()
    expect(await request(line)).toMatchObject({ status, code, role: 'author' })
    expect(events).toEqual(['authenticate', 'read'])
  })

  test('need no database for OPTIONS', async () => {
    const { request, events } = setUp()
    const { status, headers } = await request('OPTIONS /films')
    expect([status, headers.get('Allow')]).toEqual([200, 'OPTIONS,GET,HEAD,POST,PUT,PATCH,DELETE'])
    expect(events).toEqual(['authenticate', 'read'])
  })

  test('make the document of the root from an inspection', async () => {
    const { request, events } = setUp()
    const { status, text } = await request('GET /')
    expect([status, Object.keys(JSON.parse(text).paths)]).toEqual([
      200,
      ['/', '/directors', '/films'],
    ])
    expect(events).toEqual(['authenticate', 'read', 'inspect'])
  })

  test('name nobody for a request without a role', async () => {
    const nobody = ok({ role: '', claims: '{"role":""}', isAuthenticated: false })
    const { request } = setUp({ authenticate: () => nobody })
    expect(await request('GET /films')).toMatchObject({ status: 200, role: null })
  })

  test('tell caches what answers depend on', async () => {
    expect((await setUp().request('GET /films')).headers.get('Vary')).toBe('Accept, Prefer, Range')
  })
})

describe('an unknown name', () => {
  const publishActors = (publish: (generation: Generation) => void): CheckOutcome => {
    publish({ config, snapshot: filmsAndActors })
    return 'moved'
  }

  test('is served when a check finds the schema that has it', async () => {
    const { request, events, contexts } = setUp({ check: publishActors })
    expect(await request('GET /actors')).toMatchObject({ status: 200, text: '[{"id":1}]' })
    expect(events).toEqual(['authenticate', 'read', 'check for a stale-name', 'execute'])
    expect(contexts[0]?.snapshot).toBe(filmsAndActors)
  })

  test.each<CheckOutcome>(['unchanged', 'unanswered'])(
    'is refused when the check says %s',
    async (found) => {
      const { request, events } = setUp({ check: () => found })
      expect(await request('GET /actors')).toMatchObject({ status: 404, code: 'PGRST205' })
      expect(events).toEqual(['authenticate', 'read', 'check for a stale-name'])
    },
  )

  test('needs no check where a newer schema is published already', async () => {
    const { request, events, store } = setUp()
    store.publish({ config, snapshot: filmsAndActors })
    expect(await request('GET /actors')).toMatchObject({ status: 200 })
    expect(events).toEqual(['authenticate', 'read', 'execute'])
  })
})

describe('a database that contradicts the schema', () => {
  const missing = database('42P01')

  test('is asked again on the schema that a check finds', async () => {
    const { request, events, observed } = setUp({
      execute: (_, { snapshot }) => (snapshot === films ? failed(missing, true) : done('[]')),
      check(publish) {
        publish({ config, snapshot: filmsAndActors })
        return 'moved'
      },
    })
    expect(await request('GET /films')).toMatchObject({ status: 200, text: '[]' })
    expect(events.slice(2)).toEqual(['execute', 'check for a stale-hit', 'execute'])
    expect(observed).toEqual([])
  })

  test('is believed when the schema has not moved', async () => {
    const { request } = setUp({ execute: () => failed(missing, true), check: () => 'unchanged' })
    expect(await request('GET /films')).toMatchObject({ status: 404, code: '42P01' })
  })

  test('is not asked again for an error that no schema explains', async () => {
    const { request, events } = setUp({ execute: () => failed(database('23505')) })
    expect(await request('GET /films')).toMatchObject({ status: 409, code: '23505' })
    expect(events).toEqual(['authenticate', 'read', 'execute'])
  })

  test.each(['GET /films', 'GET /'])(
    'is given up with 503 for %s when its schema moves at each attempt',
    async (line) => {
      const { request, events, observed } = setUp({
        execute: () => ({ kind: 'schema-moved' }),
        inspect: () => ({ kind: 'schema-moved' }),
        check(publish) {
          publish({ config, snapshot: describeSnapshot({ relations: { films: 'id:integer!' } }) })
          return 'moved'
        },
      })
      expect(await request(line)).toMatchObject({ status: 503, code: 'PGRST002' })
      expect(events.filter((event) => /^(execute|inspect)$/.test(event))).toHaveLength(maxAttempts)
      expect(observed.map(({ kind }) => kind)).toEqual(['request-error'])
    },
  )

  const ahead: Inspection = {
    ...inspected,
    relations: new Set(['films', 'actors'].map((name) => nameKey(qualifiedName('api', name)))),
  }

  test('shows a new relation at the root once a check finds it', async () => {
    const { request, events } = setUp({
      inspect: () => ahead,
      check(publish) {
        publish({ config, snapshot: filmsAndActors })
        return 'moved'
      },
    })
    const { text } = await request('GET /')
    expect(Object.keys(JSON.parse(text).paths)).toEqual(['/', '/actors', '/films'])
    expect(events.slice(2)).toEqual(['inspect', 'check for a stale-hit', 'inspect'])
  })

  test('leaves a relation that no check finds out of the root', async () => {
    const { request, events } = setUp({ inspect: () => ahead, check: () => 'unanswered' })
    const { status, text } = await request('GET /')
    expect([status, Object.keys(JSON.parse(text).paths)]).toEqual([200, ['/', '/films']])
    expect(events.slice(2)).toEqual(['inspect', 'check for a stale-hit'])
  })
})

describe('a client that has gone', () => {
  test('is told nothing, and what was cancelled for it is no error', async () => {
    const { request, client, observed } = setUp({
      execute() {
        client.abort()
        return failed({ kind: 'connection-lost', details: 'cancelled' })
      },
    })
    expect(await request('GET /films')).toMatchObject({ status: 499, text: '' })
    expect(observed).toEqual([])
  })

  test('is answered when the database was faster', async () => {
    const { request, client } = setUp({
      execute() {
        client.abort()
        return done('[]')
      },
    })
    expect(await request('GET /films')).toMatchObject({ status: 200, text: '[]' })
  })

  test('stays an error for those who wait', async () => {
    const error: ApiError = { kind: 'connection-lost', details: 'gone' }
    const { request, observed } = setUp({ execute: () => failed(error) })
    expect(await request('GET /films')).toMatchObject({ status: 503, code: 'PGRST001' })
    expect(observed).toEqual([{ kind: 'request-error', error, status: 503 }])
  })
})

describe('log-query', () => {
  const logged = { logQuery: true }
  const queries = (status: number, ...statements: readonly string[]): Observation => ({
    kind: 'queries',
    statements,
    status,
  })

  test.each<[string, World, string, readonly Observation[]]>([
    [
      'of an answer',
      { execute: () => done('[]', ['a', 'b']) },
      'GET /films',
      [queries(200, 'a', 'b')],
    ],
    ['of a root', {}, 'GET /', [queries(200, 'SELECT 2')]],
    [
      'of a failure',
      { execute: () => failed(database('23505')) },
      'GET /films',
      [queries(409, 'SELECT 1')],
    ],
    [
      'of an answer that cannot be rendered',
      {
        execute() {
          const execution = done('[]', ['a'])
          if (execution.kind !== 'done') return execution
          return { ...execution, result: { ...execution.result, responseStatus: 'nonsense' } }
        },
      },
      'GET /films',
      [queries(500, 'a'), { kind: 'request-error', error: { kind: 'guc-status' }, status: 500 }],
    ],
    ['not of what never reached the database', {}, 'GET /films?id=nonsense', []],
  ])('tells the statements and the status %s', async (_, world, line, expected) => {
    const { request, observed } = setUp({ ...world, config: logged })
    await request(line)
    expect(observed).toEqual(expected)
  })

  test('tells each attempt that the database took part in', async () => {
    const { request, observed } = setUp({
      config: logged,
      execute: (_, { snapshot }) =>
        snapshot === films ? failed(database('42P01'), true) : done('[]', ['b']),
      check(publish) {
        publish({ config: { ...config, ...logged }, snapshot: filmsAndActors })
        return 'moved'
      },
    })
    await request('GET /films')
    expect(observed).toEqual([queries(404, 'SELECT 1'), queries(200, 'b')])
  })

  test('is silent where it is off', async () => {
    const { request, observed } = setUp({ execute: () => done('[]', ['a']) })
    await request('GET /films')
    expect(observed).toEqual([])
  })
})

describe('server-timing-enabled', () => {
  const timed = { serverTimingEnabled: true }

  test('times each stage, and none by the body of the request', async () => {
    const { request, clock } = setUp({ config: timed })
    const body: ReadBody = async () => {
      clock.ms += 5000
      return ok(new TextEncoder().encode('{}'))
    }
    expect((await request('POST /films', { body })).headers.get('Server-Timing')).toBe(
      'jwt;dur=1.0, parse;dur=1.0, plan;dur=1.0, transaction;dur=1.0, response;dur=1.0',
    )
  })

  test('adds up the stages of all attempts', async () => {
    const { request, store } = setUp({ config: timed })
    store.publish({ config, snapshot: filmsAndActors })
    expect((await request('GET /actors')).headers.get('Server-Timing')).toBe(
      'jwt;dur=1.0, parse;dur=2.0, plan;dur=2.0, transaction;dur=1.0, response;dur=1.0',
    )
  })

  test('times no transaction where there is none', async () => {
    const { request } = setUp({ config: timed })
    expect((await request('OPTIONS /films')).headers.get('Server-Timing')).toBe(
      'jwt;dur=1.0, parse;dur=1.0, plan;dur=1.0, transaction;dur=0.0, response;dur=1.0',
    )
  })

  test('is off unless asked for, and never on errors', async () => {
    expect((await setUp().request('GET /films')).headers.has('Server-Timing')).toBe(false)
    const { request } = setUp({ config: timed, execute: () => failed(database('23505')) })
    expect((await request('GET /films')).headers.has('Server-Timing')).toBe(false)
  })
})

describe('url-use-legacy-target-names', () => {
  const line = 'GET /films?select=id,boss:directors(id)&directors.id=eq.1'
  const legacy: Observation = {
    kind: 'legacy-target-name',
    names: [['directors', 'boss']],
    method: 'GET',
    target: '/films?select=id,boss:directors(id)&directors.id=eq.1',
  }

  test('tells log and client of a name that is to be replaced', async () => {
    const { request, observed } = setUp({ config: { urlUseLegacyTargetNames: true } })
    const { status, headers } = await request(line)
    expect(status).toBe(200)
    expect(headers.get('Warning')).toMatch(
      /^299 PostgRESTv\S+ ".+ Update `directors` to `boss` in query string filters, orders or limits\."$/,
    )
    expect(observed).toEqual([legacy])
  })

  test('tells nothing of a name that is the alias', async () => {
    const { request, observed } = setUp({ config: { urlUseLegacyTargetNames: true } })
    const { headers } = await request('GET /films?select=boss:directors(id)&boss.id=eq.1')
    expect(headers.has('Warning')).toBe(false)
    expect(observed).toEqual([])
  })

  test('serves no such name where it is off', async () => {
    const { request, observed } = setUp({ config: { urlUseLegacyTargetNames: false } })
    expect(await request(line)).toMatchObject({ status: 400, code: 'PGRST108' })
    expect(observed).toEqual([])
  })
})
