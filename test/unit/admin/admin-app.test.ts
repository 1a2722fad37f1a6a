import { describe, expect, test } from 'vitest'
import { type AdminDeps, createAdminApp } from '../../../src/admin/admin-app.ts'
import { dumpSnapshot } from '../../../src/admin/dump-snapshot.ts'
import type { CacheState } from '../../../src/cache/cache-state.ts'
import type { ReloadOutcome } from '../../../src/cache/reload-signal.ts'
import { productName, productVersion } from '../../../src/core/product.ts'
import type { WorkerStatus } from '../../../src/observe/worker-status.ts'
import { printDatabase } from '../../../src/typescript/print-database.ts'
import { describeSnapshot } from '../../support/snapshot.ts'

const snapshot = describeSnapshot({ relations: { films: 'id:integer!', directors: 'id:integer!' } })

const named = {
  kind: 'ready',
  snapshot: describeSnapshot({
    relations: { films: 'id:integer!, title:text' },
    routines: [{ name: 'add' }],
  }),
} as const satisfies CacheState

const starting: CacheState = { kind: 'starting' }
const ready: CacheState = { kind: 'ready', snapshot }
/** A load failed: the first, or one after `snapshot` was served. */
const retrying = (served: typeof snapshot | null): CacheState => ({
  kind: 'retrying',
  snapshot: served,
  cause: 'connection refused',
  attempt: 2,
  retryInMs: 2000,
})

const nothingNew: ReloadOutcome = {
  kind: 'unchanged',
  snapshotVersion: 1,
  foundBy: 'load',
  durationMs: 1,
  queuedMs: 0,
}

function workerOf(worker: number): WorkerStatus {
  return {
    worker,
    pid: 40 + worker,
    state: 'listening',
    since: '2024-01-01T00:00:00.000Z',
    ended: 0,
    current: true,
  }
}

interface World
  extends Partial<Omit<AdminDeps, 'token' | 'cacheState' | 'sources' | 'lastReload' | 'reloads'>> {
  readonly cache?: CacheState
  readonly adminToken?: string
  readonly isOnLoopback?: boolean
  /** Through the pool or the listener, and when the database itself is asked. */
  readonly isReachable?: boolean
  readonly answers?: boolean
  readonly isAlive?: boolean
  readonly leaves?: boolean
  readonly sources?: ReturnType<AdminDeps['sources']>
  readonly lastReload?: ReturnType<AdminDeps['lastReload']>
  readonly history?: ReturnType<AdminDeps['reloads']>
  readonly unbound?: ReturnType<AdminDeps['unboundPolicies']>
  readonly outcome?: () => Promise<ReloadOutcome>
}

/** An admin server in a world where all is well but for what is told. */
function setUp(world: World = {}) {
  const asked: (readonly [scope: string, depth: string])[] = []
  const app = createAdminApp({
    token: () => world.adminToken ?? null,
    isOnLoopback: world.isOnLoopback ?? false,
    cacheState: () => world.cache ?? ready,
    apiIsAlive: () => world.isAlive ?? true,
    isLeaving: () => world.leaves ?? false,
    workers: () => world.workers?.() ?? null,
    databaseIsReachable: async () => world.isReachable ?? true,
    databaseAnswers: async () => world.answers ?? true,
    sources: () => world.sources ?? [],
    others: () => world.others?.() ?? { fleet: null, schemaMark: null },
    lastReload: () => world.lastReload ?? null,
    reloads: () => world.history ?? [],
    events: world.events ?? { open: () => null },
    hasDashboard: () => world.hasDashboard?.() ?? true,
    unboundPolicies: () => world.unbound ?? [],
    tellFleet: world.tellFleet ?? (async () => false),
    metricsText: world.metricsText ?? (async () => 'a_metric 1.0\n'),
    requestReload: (scope, depth) => {
      asked.push([scope, depth])
      return world.outcome?.() ?? Promise.resolve(nothingNew)
    },
  })
  async function request(line: string, headers: Readonly<Record<string, string>> = {}) {
    const [method = '', path = ''] = line.split(' ')
    const response = await app.fetch(new Request(`http://admin${path}`, { method, headers }))
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    }
  }
  return { request, asked }
}

describe('/live', () => {
  test.each([
    [true, 200],
    [false, 500],
  ])(
    'with the API listening %j is %i, whatever the schema and the database',
    async (isAlive, status) => {
      const { request } = setUp({ isAlive, cache: starting, isReachable: false, answers: false })
      expect(await request('GET /live')).toMatchObject({
        status,
        headers: { 'content-length': '0' },
        text: '',
      })
    },
  )
})

describe('/ready', () => {
  test.each<[string, World, number]>([
    ['all is well', {}, 200],
    ['no load has ended', { cache: starting }, 503],
    ['the first load failed', { cache: retrying(null) }, 503],
    ['a load failed while requests are served', { cache: retrying(snapshot) }, 503],
    ['the database is out of reach', { isReachable: false }, 503],
    ['the API does not listen', { isAlive: false }, 500],
    ['the server leaves', { leaves: true }, 503],
    ['nothing works', { isAlive: false, isReachable: false, cache: starting }, 503],
  ])('when %s is the status that PostgREST has', async (_, world, status) => {
    expect(await setUp(world).request('GET /ready')).toMatchObject({ status, text: '' })
  })

  test('believes the listener, not a question of its own', async () => {
    expect((await setUp({ answers: false }).request('GET /ready')).status).toBe(200)
  })
})

describe('/health', () => {
  test('tells who may read it of other servers and of the schema mark', async () => {
    const fleet = { others: 2, lastHeardAt: '2026-01-01T00:00:00.000Z' }
    const schemaMark = { state: 'unfit', cause: 'it is old', isNeeded: true } as const
    const others = () => ({ fleet, schemaMark })
    const shown = await setUp({ others }).request('GET /health')
    expect(shown.body).toMatchObject({ fleet, schemaMark })
    const hidden = await setUp({ others, adminToken: 'x' }).request('GET /health')
    expect(Object.keys(hidden.body)).not.toContain('fleet')
    expect(Object.keys(hidden.body)).not.toContain('schemaMark')
    const { body } = await setUp().request('GET /health')
    expect(Object.keys(body)).not.toContain('fleet')
    expect(Object.keys(body)).not.toContain('schemaMark')
  })

  const up = {
    name: 'poll',
    state: 'up',
    since: '2026-01-01T00:00:00.000Z',
    provenAt: null,
    cause: null,
  } as const
  const down = { ...up, name: 'notify', state: 'down', cause: 'cut' } as const
  const off = { ...up, state: 'off' } as const

  test('tells what the server is made of', async () => {
    expect(await setUp({ sources: [up] }).request('GET /health')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: {
        status: 'ok',
        server: { name: productName, version: productVersion, listening: true },
        database: { reachable: true, engine: 'TestDB', version: '1' },
        schemaCache: {
          state: 'ready',
          version: 1,
          loadedAt: '1970-01-01T00:00:00.000Z',
          relations: 2,
          unreadable: [],
          unusable: [],
          failure: null,
        },
        sources: [up],
        lastReload: null,
      },
    })
  })

  test.each<[string, World, number, string]>([
    ['a source is down', { sources: [up, down] }, 200, 'degraded'],
    ['a source is unproven', { sources: [up, { ...down, state: 'unproven' }] }, 200, 'degraded'],
    ['a source is off', { sources: [off] }, 200, 'ok'],
    ['a load failed while requests are served', { cache: retrying(snapshot) }, 200, 'degraded'],
    ['the first load failed', { cache: retrying(null) }, 503, 'unavailable'],
    ['no load has ended', { cache: starting }, 503, 'unavailable'],
    ['the API does not listen', { isAlive: false }, 503, 'unavailable'],
    ['the database does not answer', { answers: false }, 503, 'unavailable'],
    ['the server leaves', { leaves: true }, 503, 'unavailable'],
    ['only the listener is down', { isReachable: false }, 200, 'ok'],
  ])('when %s', async (_, world, status, verdict) => {
    const reply = await setUp(world).request('GET /health')
    expect([reply.status, reply.body.status]).toEqual([status, verdict])
  })

  test('names the policies that do not fit the schema, to those who may know', async () => {
    const unbound = [{ policy: 'own', relation: 'orders', problem: 'it has no column "x"' }]
    const reply = await setUp({ unbound }).request('GET /health')
    expect(reply.body).toMatchObject({
      status: 'degraded',
      schemaCache: { unboundPolicies: unbound },
    })
    const hidden = await setUp({ unbound, adminToken: 'x' }).request('GET /health')
    expect(hidden.body.status).toBe('degraded')
    expect(hidden.text).not.toContain('orders')
  })

  test('names the relations that cannot be read, and is well all the same', async () => {
    const broken = { schema: 'api', name: 'v', cause: 'no such table: gone' }
    const cache: CacheState = {
      kind: 'ready',
      snapshot: {
        ...snapshot,
        unreadableRelations: [broken],
        unusableRoutines: [{ schema: 'api', name: 'f', cause: 'no such function: g' }],
      },
    }
    const reply = await setUp({ cache }).request('GET /health')
    expect(reply).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        schemaCache: {
          unreadable: [{ relation: 'api.v', cause: 'no such table: gone' }],
          unusable: [{ function: 'api.f', cause: 'no such function: g' }],
        },
      },
    })
  })

  test('says why a load failed, and what is served meanwhile', async () => {
    const { body } = await setUp({ cache: retrying(snapshot) }).request('GET /health')
    expect(body.schemaCache).toMatchObject({
      state: 'retrying',
      version: 1,
      relations: 2,
      failure: 'connection refused',
    })
  })

  test('knows neither schema nor engine before the first load', async () => {
    const { body } = await setUp({ cache: starting }).request('GET /health')
    expect(body).toMatchObject({
      database: { reachable: true, engine: null, version: null },
      schemaCache: {
        state: 'starting',
        version: null,
        loadedAt: null,
        relations: null,
        failure: null,
      },
    })
  })

  test.each<[ReloadOutcome, Readonly<Record<string, unknown>>]>([
    [
      {
        kind: 'published',
        snapshotVersion: 7,
        durationMs: 12.345,
        queuedMs: 99.99,
        changes: { added: ['api.a'], removed: [], changed: [] },
      },
      { outcome: 'published', durationMs: 12.3, queuedMs: 100, version: 7 },
    ],
    [
      { kind: 'unchanged', snapshotVersion: 6, foundBy: 'load', durationMs: 1.26, queuedMs: 0 },
      { outcome: 'unchanged', durationMs: 1.3, queuedMs: 0, version: 6 },
    ],
    [
      { kind: 'failed', durationMs: 5, queuedMs: 2, cause: 'no' },
      { outcome: 'failed', durationMs: 5, queuedMs: 2, cause: 'no' },
    ],
  ])('tells the end of the last reload: %o', async (outcome, printed) => {
    const at = '2026-01-02T00:00:00.000Z'
    const { request } = setUp({ lastReload: { outcome, origin: 'notify', at } })
    expect((await request('GET /health')).body.lastReload).toEqual({
      origin: 'notify',
      at,
      ...printed,
    })
  })
})

test('/ok answers whatever else is wrong', async () => {
  const { request } = setUp({ cache: starting, isAlive: false, isReachable: false, answers: false })
  expect(await request('GET /ok')).toMatchObject({ status: 200, body: { status: 'ok' } })
})

test('/metrics is text, as Prometheus wants it', async () => {
  expect(await setUp().request('GET /metrics')).toMatchObject({
    status: 200,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    text: 'a_metric 1.0\n',
  })
})

describe('/schema_cache', () => {
  test.each([
    ['the schema that is served', ready],
    ['the one before a load failed', retrying(snapshot)],
  ])('is %s', async (_, cache) => {
    expect(await setUp({ cache }).request('GET /schema_cache')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      text: dumpSnapshot(snapshot),
    })
  })

  test.each([
    ['starting', starting],
    ['retrying', retrying(null)],
  ])('is empty while there is none (%s)', async (_, cache) => {
    const { request } = setUp({ cache })
    expect(await request('GET /schema_cache')).toMatchObject({ status: 200, text: '' })
  })
})

describe('/schema/has', () => {
  test.each([
    ['relation=films'],
    ['relation=films&column=title'],
    ['schema=api&relation=films&column='],
    ['function=add&relation='],
    ['schema=api&relation=films&column=title&function=add'],
  ])('%s is there', async (query) => {
    const { status, text } = await setUp({ cache: named }).request(`GET /schema/has?${query}`)
    expect(JSON.parse(text)).toEqual({
      version: 1,
      loadedAt: named.snapshot.loadedAt.toISOString(),
      missing: [],
      served: true,
    })
    expect(status).toBe(200)
  })

  test.each([
    ['relation=film', ['relation api.film']],
    ['relation=Films', ['relation api.Films']],
    ['relation=films&column=titel', ['column api.films.titel']],
    ['schema=other&relation=films', ['relation other.films']],
    ['function=films', ['function api.films']],
    [
      'relation=films&column=a&function=__proto__',
      ['column api.films.a', 'function api.__proto__'],
    ],
  ])('%s is not', async (query, missing) => {
    const { status, text } = await setUp({ cache: named }).request(`GET /schema/has?${query}`)
    expect({ status, missing: JSON.parse(text).missing }).toEqual({ status: 404, missing })
  })

  test.each([
    [''],
    ['column=a'],
    ['schema=api'],
    ['relation=films&table=a'],
    ['relation=a&relation=b'],
  ])('"%s" is no question', async (query) => {
    const { status } = await setUp({ cache: named }).request(`GET /schema/has?${query}`)
    expect(status).toBe(400)
  })

  test.each<[string, World, number]>([
    ['the API does not listen', { isAlive: false }, 503],
    ['the server leaves', { leaves: true }, 503],
    [
      'a worker has an older one',
      { workers: () => [workerOf(1), { ...workerOf(2), current: false }] },
      503,
    ],
    [
      'one that takes no requests has',
      { workers: () => [workerOf(1), { ...workerOf(2), state: 'starting', current: false }] },
      200,
    ],
    ['each worker has it', { workers: () => [workerOf(1), workerOf(2)] }, 200],
  ])('where %s', async (_, world, expected) => {
    const { request } = setUp({ cache: named, ...world })
    const { status, body } = await request('GET /schema/has?relation=films')
    expect({ status, served: body.served }).toEqual({ status: expected, served: expected === 200 })
  })

  test('is 503 without a schema, and for those alone who bring the token', async () => {
    const path = 'GET /schema/has?relation=films'
    expect((await setUp({ cache: starting }).request(path)).status).toBe(503)
    expect((await setUp({ adminToken: 'secret' }).request(path)).status).toBe(401)
    expect((await setUp().request('POST /schema/has?relation=films')).status).toBe(405)
  })
})

describe('/types.ts', () => {
  test.each([
    ['the schema that is served', ready],
    ['the one before a load failed', retrying(snapshot)],
  ])('prints %s', async (_, cache) => {
    expect(await setUp({ cache }).request('GET /types.ts')).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      text: printDatabase(snapshot),
    })
  })

  test('is 503 while there is none, so that no script takes an empty file for types', async () => {
    const { status, text } = await setUp({ cache: starting }).request('GET /types.ts')
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 503, code: 'PGRST002' })
  })

  test('is read only', async () => {
    expect(await setUp().request('POST /types.ts')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    })
  })
})

describe('POST /reload', () => {
  test.each([
    ['', 'schema'],
    ['?scope=schema', 'schema'],
    ['?scope=config', 'config'],
    ['?scope=both', 'both'],
    ['?scope=config&wait=true', 'config'],
  ])('%s reads everything again of the %s, and waits', async (query, scope) => {
    const { request, asked } = setUp()
    expect(await request(`POST /reload${query}`)).toMatchObject({
      status: 200,
      body: { outcome: 'unchanged', version: 1, durationMs: 1, queuedMs: 0 },
    })
    expect(asked).toEqual([[scope, 'full']])
  })

  test('tells what has changed', async () => {
    const changes = { added: ['api.new'], removed: ['api.old'], changed: ['api.films'] }
    const { request } = setUp({
      outcome: async () => ({
        kind: 'published',
        snapshotVersion: 2,
        durationMs: 3.21,
        queuedMs: 87.65,
        changes,
      }),
    })
    expect((await request('POST /reload')).body).toEqual({
      outcome: 'published',
      version: 2,
      durationMs: 3.2,
      queuedMs: 87.7,
      changes,
    })
  })

  test('tells that nothing has', async () => {
    expect((await setUp().request('POST /reload')).body.changes).toEqual({
      added: [],
      removed: [],
      changed: [],
    })
  })

  test('that fails is 503, with the cause and no wish to be asked again at once', async () => {
    const { request } = setUp({
      outcome: async () => ({
        kind: 'failed',
        durationMs: 1,
        queuedMs: 0,
        cause: 'permission denied',
      }),
    })
    const reply = await request('POST /reload')
    expect(reply).toMatchObject({
      status: 503,
      body: { code: 'PGRSTX02', details: 'permission denied' },
    })
    expect(reply.headers).not.toHaveProperty('retry-after')
  })

  test.each([
    ['pending', () => new Promise<ReloadOutcome>(() => undefined)],
    ['cut off by a stop', () => Promise.reject(new Error('stopped'))],
  ])('?wait=false is accepted while the reload is %s', async (_, outcome) => {
    const { request, asked } = setUp({ outcome })
    expect(await request('POST /reload?wait=false')).toMatchObject({
      status: 202,
      body: { outcome: 'accepted' },
    })
    expect(asked).toEqual([['schema', 'full']])
  })

  test('?fleet=true asks the others first, and then itself', async () => {
    const told: string[] = []
    const { request, asked } = setUp({
      tellFleet: async (scope) => {
        told.push(`${scope} after ${asked.length}`)
        return true
      },
    })
    expect((await request('POST /reload?fleet=true&scope=both')).status).toBe(200)
    expect(told).toEqual(['both after 0'])
    expect(asked).toEqual([['both', 'full']])
    await request('POST /reload?fleet=false')
    expect(told).toHaveLength(1)
  })

  test.each([
    ['there are none to be reached', async () => false, 400, /^fleet=true needs PostgreSQL/],
    [
      'it could not be said',
      () => Promise.reject(new Error('connection refused')),
      503,
      /^The others could not be told: connection refused$/,
    ],
  ])('?fleet=true reloads nothing where %s', async (_, tellFleet, status, details) => {
    const { request, asked } = setUp({ tellFleet })
    const reply = await request('POST /reload?fleet=true')
    expect(reply).toMatchObject({ status, body: { details: expect.stringMatching(details) } })
    expect(asked).toEqual([])
  })

  test.each([
    ['?scope=everything', 'scope must be one of schema, config, both'],
    ['?scope=', 'scope must be one of schema, config, both'],
    ['?wait=maybe', 'wait must be true or false'],
    ['?wait=', 'wait must be true or false'],
    ['?fleet=all', 'fleet must be true or false'],
    ['?scoop=config', 'unknown parameter scoop: there are scope, wait, fleet'],
    ['?scope=schema&wait=false&x', 'unknown parameter x: there are scope, wait, fleet'],
    ['?scope=schema&scope=config', 'scope is given twice'],
  ])('%s is refused and reloads nothing', async (query, details) => {
    const { request, asked } = setUp()
    expect(await request(`POST /reload${query}`)).toMatchObject({
      status: 400,
      body: { code: 'PGRSTX00', details },
    })
    expect(asked).toEqual([])
  })

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'is not what %s asks for',
    async (method) => {
      const { request, asked } = setUp()
      expect(await request(`${method} /reload`)).toMatchObject({
        status: 405,
        headers: { allow: 'POST', 'proxy-status': 'PostgREST; error=PGRST117' },
      })
      expect(asked).toEqual([])
    },
  )
})

describe('a page that asks for a reload', () => {
  const here = 'http://admin'
  test.each<[string, Readonly<Record<string, string>>]>([
    ['of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://example.com' }],
    ['of another host of the site', { 'sec-fetch-site': 'same-site', origin: 'http://www.admin' }],
    ['of another port, in a browser without fetch metadata', { origin: 'http://admin:8080' }],
    ['of another host, in such a browser', { origin: 'https://example.com' }],
    ['without an origin of its own', { origin: 'null' }],
    [
      'that a browser calls foreign, whatever else it says',
      { 'sec-fetch-site': 'x', origin: here },
    ],
  ])('%s is refused', async (_, headers) => {
    const { request, asked } = setUp()
    expect(await request('POST /reload', headers)).toMatchObject({
      status: 403,
      headers: { 'proxy-status': 'PostgREST; error=PGRSTX03' },
      body: { code: 'PGRSTX03', message: 'Cross-origin request' },
    })
    expect(asked).toEqual([])
  })

  test.each<[string, Readonly<Record<string, string>>]>([
    ['nothing of the kind, as curl does', {}],
    ['that it is of this origin', { origin: here }],
    [
      'so, behind a proxy that changes the host',
      {
        'sec-fetch-site': 'same-origin',
        origin: 'https://admin.example.com',
      },
    ],
    ['that a person typed it', { 'sec-fetch-site': 'none' }],
  ])('and says %s is served', async (_, headers) => {
    const { request, asked } = setUp()
    expect((await request('POST /reload', headers)).status).toBe(200)
    expect(asked).toHaveLength(1)
  })
})

describe('bound to this machine alone, without a token', () => {
  const guarded = [
    'GET /metrics',
    'GET /schema_cache',
    'GET /types.ts',
    'POST /reload',
    'GET /nothing',
  ]
  const failing: World = {
    cache: retrying(snapshot),
    sources: [
      { name: 'notify', state: 'down', since: '', provenAt: null, cause: 'db.internal is gone' },
    ],
  }

  test.each(['evil.example:3001', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1'])(
    'it tells and does nothing where it was asked as %s, which a web page may have lead here',
    async (host) => {
      const { request, asked } = setUp({ ...failing, isOnLoopback: true })
      for (const line of guarded) {
        expect(await request(line, { host })).toMatchObject({
          status: 403,
          headers: { 'proxy-status': 'PostgREST; error=PGRSTX05' },
          body: { code: 'PGRSTX05' },
        })
      }
      expect(asked).toEqual([])
      for (const path of ['/live', '/ready', '/ok', '/health']) {
        const reply = await request(`GET ${path}`, { host })
        expect(reply.status).not.toBe(403)
        expect(reply.text).not.toMatch(/connection refused|db\.internal/)
      }
    },
  )

  test.each([
    'localhost',
    'localhost:3001',
    'LocalHost:3001',
    'dbrest.localhost:3001',
    '127.0.0.1:3001',
    '127.8.8.8',
    '[::1]:3001',
  ])('it serves who asks for %s', async (host) => {
    const { request } = setUp({ ...failing, isOnLoopback: true })
    expect((await request('GET /metrics', { host })).status).toBe(200)
    expect((await request('POST /reload', { host, origin: 'http://admin' })).status).toBe(200)
    expect((await request('GET /health', { host })).text).toMatch(/connection refused/)
  })

  test('a token is asked for in its place, whatever the host', async () => {
    const { request } = setUp({ isOnLoopback: true, adminToken: 'correct-horse' })
    const host = 'admin.example'
    expect((await request('GET /metrics', { host })).status).toBe(401)
    const authorization = 'Bearer correct-horse'
    expect((await request('GET /metrics', { host, authorization })).status).toBe(200)
  })

  test('bound elsewhere, any host is served: names in a network are not known here', async () => {
    const { request } = setUp(failing)
    expect((await request('GET /metrics', { host: 'admin.example' })).status).toBe(200)
  })
})

describe('with admin-server-token', () => {
  const adminToken = 'correct-horse'
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
  const guarded = [
    'GET /metrics',
    'GET /schema_cache',
    'GET /types.ts',
    'POST /reload',
    'GET /reload',
    'GET /films',
  ]

  test.each(guarded)('%s is 401 to everybody else', async (line) => {
    const { request, asked } = setUp({ adminToken })
    const others = [
      {},
      bearer('wrong'),
      bearer('correct-hors'),
      bearer('correct-horse2'),
      { authorization: `Basic ${adminToken}` },
      { authorization: adminToken },
      { authorization: 'Bearer ' },
    ]
    for (const headers of others) {
      const reply = await request(line, headers)
      expect(reply).toMatchObject({
        status: 401,
        headers: { 'www-authenticate': 'Bearer' },
        body: { code: 'PGRSTX04' },
      })
      expect(reply.text).not.toContain(adminToken)
    }
    expect(asked).toEqual([])
  })

  test.each([
    ['GET /metrics', 200],
    ['GET /schema_cache', 200],
    ['POST /reload', 200],
    ['GET /reload', 405],
    ['GET /films', 404],
  ])('%s is %i to who brings it', async (line, status) => {
    const { request } = setUp({ adminToken })
    expect((await request(line, bearer(adminToken))).status).toBe(status)
    expect((await request(line, { authorization: `bearer  ${adminToken}` })).status).toBe(status)
  })

  test.each(['GET /live', 'GET /ready', 'GET /ok', 'GET /health', 'HEAD /ready'])(
    '%s is for everybody',
    async (line) => {
      expect((await setUp({ adminToken }).request(line)).status).toBe(200)
    },
  )

  test('/health keeps details of sources and errors from others', async () => {
    const outcome: ReloadOutcome = {
      kind: 'failed',
      durationMs: 1,
      queuedMs: 0,
      cause: 'no route to db.internal',
    }
    const { request } = setUp({
      adminToken,
      cache: retrying(snapshot),
      sources: [
        {
          name: 'notify',
          state: 'down',
          since: '2026-01-01',
          provenAt: null,
          cause: 'db.internal',
        },
      ],
      lastReload: { outcome, origin: 'notify', at: '2026-01-01' },
    })
    const others = await request('GET /health')
    expect(others).toMatchObject({ status: 200, body: { status: 'degraded' } })
    expect(others.body.schemaCache).toEqual({
      state: 'retrying',
      version: 1,
      loadedAt: '1970-01-01T00:00:00.000Z',
      relations: 2,
    })
    for (const secret of ['connection refused', 'db.internal', 'notify']) {
      expect(others.text).not.toContain(secret)
    }
    const own = await request('GET /health', bearer(adminToken))
    expect(own.body).toMatchObject({
      schemaCache: { failure: 'connection refused' },
      sources: [{ cause: 'db.internal' }],
      lastReload: { cause: 'no route to db.internal' },
    })
  })
})

test.each(['live', 'ready', 'ok', 'health', 'metrics', 'schema_cache'])(
  'the method of a request to /%s does not matter',
  async (path) => {
    const { request } = setUp()
    for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']) {
      expect((await request(`${method} /${path}`)).status).toBe(200)
    }
  },
)

test.each([
  '/index.html',
  '/dashboard/',
  '/films',
  '/liveness',
  '/live/',
  '/reload/x',
  '/schema_cache.json',
])('%s is 404, and says nothing', async (path) => {
  for (const method of ['GET', 'POST']) {
    const reply = await setUp().request(`${method} ${path}`)
    expect(reply).toMatchObject({ status: 404, text: '', headers: { 'content-length': '0' } })
  }
})

test('what breaks is a 500 in the envelope', async () => {
  const { request } = setUp({ metricsText: () => Promise.reject(new Error('secret')) })
  const reply = await request('GET /metrics')
  expect(reply).toMatchObject({ status: 500, body: { code: 'PGRSTX01' } })
  expect(reply.text).not.toContain('secret')
})

describe('the dashboard', () => {
  test('is told once, and then that it is the same', async () => {
    const { request } = setUp()
    const page = await request('GET /')
    expect(page).toMatchObject({ status: 200, text: expect.stringMatching(/^<!doctype html>/) })
    const again = await request('GET /', { 'if-none-match': page.headers['etag'] ?? '' })
    expect(again).toMatchObject({ status: 304, text: '' })
  })

  test('is not there where it is switched off', async () => {
    const { request } = setUp({ hasDashboard: () => false })
    expect((await request('GET /')).status).toBe(404)
    expect((await request('GET /dashboard/main.js')).status).toBe(404)
  })

  test('may be seen without the token, and by no foreign name', async () => {
    const guarded = setUp({ adminToken: 'a-token-of-the-page' })
    expect((await guarded.request('GET /')).status).toBe(200)
    expect((await guarded.request('GET /nothing')).status).toBe(401)
    const local = setUp({ isOnLoopback: true })
    const answer = await local.request('GET /dashboard/main.js', { host: 'rebound.example.com' })
    expect(answer.status).toBe(403)
  })
})
