import { describe, expect, test, vi } from 'vitest'
import { createMetricsObserver, type MetricsDeps } from '../../../src/observe/metrics-observer.ts'
import type { Observation } from '../../../src/observe/observation.ts'

function setUp(deps: Partial<MetricsDeps> = {}) {
  const metrics = createMetricsObserver({
    poolStats: () => ({ max: 10, available: 3, used: 5, waiting: 2 }),
    sources: () => [],
    ...deps,
  })
  return {
    /** The lines of these metrics, after these observations. */
    async linesOf(name: string, ...observations: readonly Observation[]) {
      for (const observation of observations) metrics.observe(observation)
      const text = await metrics.text()
      return text.split('\n').filter((line) => line.startsWith(name))
    },
    text: metrics.text,
  }
}

const published: Observation = {
  kind: 'reload-published',
  reload: 3,
  origin: 'notify',
  snapshotVersion: 4,
  durationMs: 250,
  queuedMs: 10,
  queryMs: 120,
  buildMs: 8,
  summary: '12 Relations',
}
const reloadFailed: Observation = {
  kind: 'reload-failed',
  reload: 3,
  origin: 'notify',
  error: { kind: 'connection', details: 'refused' },
  schemas: ['api'],
  extraSearchPath: [],
  attempt: 1,
  durationMs: 30,
  queuedMs: 0,
}
const unchanged: Observation = {
  kind: 'reload-unchanged',
  reload: 3,
  snapshotVersion: 4,
  durationMs: 2,
  queuedMs: 0,
}
/** A load that found nothing new. */
const confirmed: Observation = { ...published, kind: 'reload-confirmed', queryMs: 130 }

function finished(method: string, status: number, durationMs: number): Observation {
  return {
    kind: 'request-finished',
    peer: '-',
    role: 'anon',
    method,
    target: '/films',
    httpVersion: '1.1',
    status,
    bodyBytes: 2,
    referer: '',
    userAgent: '',
    durationMs,
  }
}

describe('the metrics of PostgREST', () => {
  test('have its names, its kinds and its texts', async () => {
    const text = await setUp().text()
    const described = [...text.matchAll(/^# HELP (pgrst_\S+) (.+)\n# TYPE \1 (\S+)$/gm)]
    expect(described.map(([, name, help, kind]) => `${name} (${kind}) ${help}`).sort()).toEqual([
      'pgrst_db_pool_available (gauge) Available connections in the pool',
      'pgrst_db_pool_max (gauge) Max pool connections',
      'pgrst_db_pool_timeouts_total (counter) The total number of pool connection timeouts',
      'pgrst_db_pool_waiting (gauge) Requests waiting to acquire a pool connection',
      'pgrst_jwt_cache_evictions_total (counter) The total number of JWT cache evictions',
      'pgrst_jwt_cache_hits_total (counter) The total number of JWT cache hits',
      'pgrst_jwt_cache_requests_total (counter) The total number of JWT cache lookups',
      'pgrst_schema_cache_loads_total (counter) The total number of times the schema cache was loaded',
      'pgrst_schema_cache_query_time_seconds (gauge) The query time in seconds of the last schema cache load',
    ])
  })

  test('print whole numbers as it does, and start at zero', async () => {
    expect(await setUp().linesOf('pgrst_')).toEqual([
      'pgrst_schema_cache_query_time_seconds 0.0',
      'pgrst_schema_cache_loads_total{status="SUCCESS"} 0.0',
      'pgrst_schema_cache_loads_total{status="FAIL"} 0.0',
      'pgrst_db_pool_timeouts_total 0.0',
      'pgrst_db_pool_max 10.0',
      'pgrst_db_pool_waiting 2.0',
      'pgrst_db_pool_available 3.0',
      'pgrst_jwt_cache_requests_total 0.0',
      'pgrst_jwt_cache_hits_total 0.0',
      'pgrst_jwt_cache_evictions_total 0.0',
    ])
  })

  test('count loads by how they ended, whatever they found, and checks not', async () => {
    const loads = [published, reloadFailed, unchanged, confirmed]
    expect(await setUp().linesOf('pgrst_schema_cache_loads_total', ...loads)).toEqual([
      'pgrst_schema_cache_loads_total{status="SUCCESS"} 2.0',
      'pgrst_schema_cache_loads_total{status="FAIL"} 1.0',
    ])
  })

  test('have the query time of the last load that succeeded', async () => {
    const slower: Observation = { ...published, queryMs: 1500 }
    const { linesOf } = setUp()
    const name = 'pgrst_schema_cache_query_time_seconds'
    expect(await linesOf(name, published)).toEqual([`${name} 0.12`])
    expect(await linesOf(name, confirmed)).toEqual([`${name} 0.13`])
    expect(await linesOf(name, slower, reloadFailed, unchanged)).toEqual([`${name} 1.5`])
  })

  test('count lookups, hits and evictions of tokens', async () => {
    const lookups = [true, false, true].map(
      (hit): Observation => ({ kind: 'jwt-cache-lookup', hit }),
    )
    expect(
      await setUp().linesOf('pgrst_jwt_cache', ...lookups, { kind: 'jwt-cache-eviction' }),
    ).toEqual([
      'pgrst_jwt_cache_requests_total 3.0',
      'pgrst_jwt_cache_hits_total 2.0',
      'pgrst_jwt_cache_evictions_total 1.0',
    ])
  })

  test('count requests that waited for a connection in vain', async () => {
    const name = 'pgrst_db_pool_timeouts_total'
    const timeouts: readonly Observation[] = [{ kind: 'pool-timeout' }, { kind: 'pool-timeout' }]
    expect(await setUp().linesOf(name, ...timeouts)).toEqual([`${name} 2.0`])
  })

  test('ask for the figures of the pool at each reading', async () => {
    let waiting = 0
    const { linesOf } = setUp({ poolStats: () => ({ max: 1, available: 0, used: 1, waiting }) })
    expect(await linesOf('pgrst_db_pool_waiting')).toEqual(['pgrst_db_pool_waiting 0.0'])
    waiting = 5
    expect(await linesOf('pgrst_db_pool_waiting')).toEqual(['pgrst_db_pool_waiting 5.0'])
  })
})

describe('our own metrics', () => {
  test('count what strict mode refuses, from nought on, and no other refusal', async () => {
    const name = 'dbrest_strict_refusals_total'
    expect(await setUp().linesOf(name)).toEqual([`${name} 0`])
    const refusals: readonly Observation[] = [
      { kind: 'cache-not-loaded', unproven: 'The database did not tell.' } as const,
      { kind: 'cache-not-loaded' } as const,
      { kind: 'internal' } as const,
    ].map((error) => ({ kind: 'request-error', error, status: 503 }))
    expect(await setUp().linesOf(name, ...refusals)).toEqual([`${name} 1`])
  })

  test('count what the rate limit refuses by whose budget was spent, from nought on', async () => {
    const name = 'dbrest_rate_limited_total'
    const lines = (user: number, address: number) => [
      `${name}{client="user"} ${user}`,
      `${name}{client="address"} ${address}`,
    ]
    expect(await setUp().linesOf(name)).toEqual(lines(0, 0))
    const refusals = (['address', 'user', 'address'] as const).map(
      (client): Observation => ({ kind: 'rate-limited', client }),
    )
    expect(await setUp().linesOf(name, ...refusals)).toEqual(lines(1, 2))
  })

  test('count the triggers of reloads by what sent them', async () => {
    const triggers = ['notify', 'poll', 'notify'].map(
      (origin, at): Observation => ({
        kind: 'trigger',
        origin,
        scope: 'schema',
        depth: 'load',
        times: at + 1,
      }),
    )
    expect(await setUp().linesOf('dbrest_reload_triggers_total', ...triggers)).toEqual([
      'dbrest_reload_triggers_total{origin="notify"} 4',
      'dbrest_reload_triggers_total{origin="poll"} 2',
    ])
  })

  test('time reloads by how they ended', async () => {
    const { linesOf } = setUp()
    const sums = await linesOf(
      'dbrest_reload_duration_seconds_sum',
      published,
      published,
      unchanged,
      confirmed,
      reloadFailed,
    )
    expect(sums).toEqual([
      'dbrest_reload_duration_seconds_sum{outcome="published"} 0.5',
      'dbrest_reload_duration_seconds_sum{outcome="unchanged"} 0.252',
      'dbrest_reload_duration_seconds_sum{outcome="failed"} 0.03',
    ])
    expect(await linesOf('dbrest_reload_duration_seconds_count{outcome="published"}')).toEqual([
      'dbrest_reload_duration_seconds_count{outcome="published"} 2',
    ])
  })

  test('name the schema that is served, and since when', async () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    try {
      const { linesOf } = setUp()
      expect(await linesOf('dbrest_schema_version', published)).toEqual(['dbrest_schema_version 4'])
      vi.setSystemTime(1_800_000_000_000)
      // neither is a publish
      const name = 'dbrest_last_reload_timestamp_seconds'
      expect(await linesOf(name, unchanged, confirmed, reloadFailed)).toEqual([
        `${name} 1700000000`,
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  test('tell which sources work, of those that are on', async () => {
    const sources: { name: string; state: 'up' | 'down' | 'off' }[] = [
      { name: 'notify', state: 'up' },
      { name: 'poll', state: 'down' },
      { name: 'change-stream', state: 'off' },
    ]
    const { linesOf } = setUp({ sources: () => sources })
    expect(await linesOf('dbrest_source_up')).toEqual([
      'dbrest_source_up{source="notify"} 1',
      'dbrest_source_up{source="poll"} 0',
    ])
    sources[0] = { name: 'notify', state: 'off' }
    expect(await linesOf('dbrest_source_up')).toEqual(['dbrest_source_up{source="poll"} 0'])
  })

  const counts = 'dbrest_http_request_duration_seconds_count'

  test('time requests by method and status', async () => {
    const { linesOf } = setUp()
    const requests = [finished('GET', 200, 3), finished('GET', 200, 5), finished('GET', 404, 1)]
    expect(await linesOf(counts, ...requests)).toEqual([
      `${counts}{method="GET",status="200"} 2`,
      `${counts}{method="GET",status="404"} 1`,
    ])
    const sum = 'dbrest_http_request_duration_seconds_sum'
    expect(await linesOf(`${sum}{method="GET",status="200"}`)).toEqual([
      `${sum}{method="GET",status="200"} 0.008`,
    ])
    const bucket = 'dbrest_http_request_duration_seconds_bucket{le="0.005",'
    expect(await linesOf(bucket)).toEqual([
      `${bucket}method="GET",status="200"} 2`,
      `${bucket}method="GET",status="404"} 1`,
    ])
  })

  test('give methods that clients make up one label', async () => {
    const made = ['PROPFIND', 'X-1', 'get'].map((method) => finished(method, 405, 1))
    expect(await setUp().linesOf(counts, ...made)).toEqual([
      `${counts}{method="other",status="405"} 3`,
    ])
  })
})

test('an observation that is nobody’s figure changes none', async () => {
  const { linesOf } = setUp()
  const before = await linesOf('pgrst_')
  const others: readonly Observation[] = [
    { kind: 'config-loaded' },
    { kind: 'source-up', source: 'poll' },
    { kind: 'queries', statements: ['SELECT 1'], status: 200 },
    { kind: 'pool-request' },
    { kind: 'request-error', error: { kind: 'internal' }, status: 500 },
  ]
  expect(await linesOf('pgrst_', ...others)).toEqual(before)
  expect(await linesOf('dbrest_http_request_duration_seconds_count')).toEqual([])
})

test('the process is measured as well', async () => {
  expect(await setUp().linesOf('process_resident_memory_bytes')).toHaveLength(1)
})

test('the figures add up requests of all methods, and have triggers by origin', async () => {
  const sources = () => []
  const poolStats = () => ({ max: 10, available: 10, used: 0, waiting: 0 })
  const metrics = createMetricsObserver({ poolStats, sources })
  metrics.observe(finished('GET', 200, 2))
  metrics.observe(finished('POST', 404, 40))
  metrics.observe(finished('GET', 503, 3000))
  metrics.observe({ kind: 'trigger', origin: 'notify', scope: 'schema', depth: 'check', times: 1 })
  const { requests, triggers } = await metrics.figures()
  expect(triggers).toEqual({ notify: 1 })
  expect(requests).toMatchObject({ count: 3, refused: 1, failed: 1, seconds: 3.042 })
  const buckets = new Map(requests.buckets)
  expect([0.001, 0.0025, 0.025, 0.05, 2.5, 5, 10].map((most) => buckets.get(most))).toEqual([
    0, 1, 1, 2, 2, 3, 3,
  ])
})
