/**
 * Observations → Prometheus metrics: PostgREST's names (`pgrst_…`) for what it measures too, and
 * `dbrest_…` for reloads, their triggers, the sources and the requests.
 *
 * Rule  PostgREST docs: observability (Metrics)
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Observe } from './observation.ts'
import type { PoolStats } from './pool-stats.ts'
import { poolFigures, requestFigures, type Series, triggerFigures } from './read-figures.ts'
import type { ServerFigures } from './server-figures.ts'
import type { SourceStatus } from './source-status.ts'
import { type MetricFamilies, sumMetrics } from './sum-metrics.ts'
import type { WorkerStatus } from './worker-status.ts'

export interface MetricsObserver {
  readonly observe: Observe
  /** Prometheus text format. */
  text(): Promise<string>
  /** The same in figures for who watches. */
  figures(): Promise<Pick<ServerFigures, 'requests' | 'triggers' | 'pool'>>
  /** Of this process alone, for another one to add up. */
  families(): Promise<MetricFamilies>
}

const knownMethods = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'])
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const reloadBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** PostgREST prints whole numbers as `1.0`, and its users match on that. */
function withPoints(text: string): string {
  return text.replaceAll(/^(pgrst_\S+ -?\d+)$/gm, '$1.0')
}

export interface MetricsDeps {
  readonly poolStats: () => PoolStats
  /** Sources that are switched on, and whether they work. */
  readonly sources: () => readonly Pick<SourceStatus, 'name' | 'state'>[]
  /** Leaves out what is measured of the whole process, which somebody else measures. */
  readonly isGuest?: true
  /** The processes that answer requests, where those are others. */
  readonly workers?: WorkersMeasured
}

export interface WorkersMeasured {
  readonly list: () => readonly WorkerStatus[]
  /** Milliseconds that the last publish took to reach all of them; null: none has yet. */
  readonly spreadMs: () => number | null
  /** Their metrics, one member a process. Never rejects. */
  readonly families: () => Promise<readonly MetricFamilies[]>
}

const requestsName = 'dbrest_http_request_duration_seconds'
const triggersName = 'dbrest_reload_triggers_total'
const poolMetrics: readonly (readonly [string, string, keyof PoolStats])[] = [
  ['pgrst_db_pool_max', 'Max pool connections', 'max'],
  ['pgrst_db_pool_waiting', 'Requests waiting to acquire a pool connection', 'waiting'],
  ['pgrst_db_pool_available', 'Available connections in the pool', 'available'],
  ['dbrest_db_pool_used', 'Pool connections that requests have now', 'used'],
]

/** What PostgREST measures too, under its names. */
function definePostgrestMetrics(registers: Registry[], deps: MetricsDeps) {
  const queryTime = new Gauge({
    name: 'pgrst_schema_cache_query_time_seconds',
    help: 'The query time in seconds of the last schema cache load',
    registers,
  })
  const loads = new Counter({
    name: 'pgrst_schema_cache_loads_total',
    help: 'The total number of times the schema cache was loaded',
    labelNames: ['status'],
    registers,
  })
  // there from the start, so that the first failure is an increase and not a new series
  for (const status of ['SUCCESS', 'FAIL']) loads.inc({ status }, 0)
  const poolTimeouts = new Counter({
    name: 'pgrst_db_pool_timeouts_total',
    help: 'The total number of pool connection timeouts',
    registers,
  })
  for (const [name, help, figure] of poolMetrics) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(deps.poolStats()[figure])
      },
    })
  }
  const jwtRequests = new Counter({
    name: 'pgrst_jwt_cache_requests_total',
    help: 'The total number of JWT cache lookups',
    registers,
  })
  const jwtHits = new Counter({
    name: 'pgrst_jwt_cache_hits_total',
    help: 'The total number of JWT cache hits',
    registers,
  })
  const jwtEvictions = new Counter({
    name: 'pgrst_jwt_cache_evictions_total',
    help: 'The total number of JWT cache evictions',
    registers,
  })
  return { queryTime, loads, poolTimeouts, jwtRequests, jwtHits, jwtEvictions }
}

/** Reloads, what triggers them, and the requests. */
function defineOwnMetrics(registers: Registry[], deps: MetricsDeps) {
  const reloads = new Histogram({
    name: 'dbrest_reload_duration_seconds',
    help: 'Time of the work of a reload, without its wait, by how it ended',
    labelNames: ['outcome'],
    buckets: reloadBuckets,
    registers,
  })
  const triggers = new Counter({
    name: triggersName,
    help: 'Reload triggers received, by what sent them',
    labelNames: ['origin'],
    registers,
  })
  const schemaVersion = new Gauge({
    name: 'dbrest_schema_version',
    help: 'Number of the schema snapshot that requests are planned on',
    registers,
  })
  const lastReload = new Gauge({
    name: 'dbrest_last_reload_timestamp_seconds',
    help: 'When the current schema snapshot was published',
    registers,
  })
  new Gauge({
    name: 'dbrest_source_up',
    help: 'Whether a source of reload triggers that is switched on works',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset()
      for (const { name, state } of deps.sources()) {
        if (state !== 'off') this.set({ source: name }, state === 'up' ? 1 : 0)
      }
    },
  })
  const requests = new Histogram({
    name: requestsName,
    help: 'Time from a request to its answer',
    labelNames: ['method', 'status'],
    buckets: requestBuckets,
    registers,
  })
  const strictRefusals = new Counter({
    name: 'dbrest_strict_refusals_total',
    help: 'Requests that strict mode refused, since no answer could be proven to be of the schema that there is',
    registers,
  })
  const rateLimited = new Counter({
    name: 'dbrest_rate_limited_total',
    help: 'Requests that the rate limit refused, by whose budget was spent: that of a user of a token, or of an address',
    labelNames: ['client'],
    registers,
  })
  for (const client of ['user', 'address']) rateLimited.inc({ client }, 0)
  return { reloads, triggers, schemaVersion, lastReload, requests, strictRefusals, rateLimited }
}

/** The processes that answer requests. */
function defineWorkerMetrics(registers: Registry[], { list, spreadMs }: WorkersMeasured): void {
  new Gauge({
    name: 'dbrest_workers',
    help: 'Processes that answer requests, by what they are doing',
    labelNames: ['state'],
    registers,
    collect() {
      const states = ['starting', 'listening', 'unresponsive', 'waiting', 'stopping'] as const
      for (const state of states) {
        this.set({ state }, list().filter((worker) => worker.state === state).length)
      }
    },
  })
  new Counter({
    name: 'dbrest_worker_ends_total',
    help: 'Processes that answered requests and have ended',
    registers,
    collect() {
      this.reset()
      this.inc(list().reduce((sum, { ended }) => sum + ended, 0))
    },
  })
  new Gauge({
    name: 'dbrest_workers_publish_seconds',
    help: 'How long the last published schema or configuration took to reach every process that answers requests',
    registers,
    collect() {
      this.set((spreadMs() ?? 0) / 1000)
    },
  })
}

type Timer = (seconds: number) => void

/** One for each pair of labels, since hashing them is the dearest part of an observation. */
function requestTimers(requests: Histogram<'method' | 'status'>) {
  const timers = new Map<string, Timer>()
  return (method: string, status: number): Timer => {
    // clients choose methods; unknown ones share a label
    const label = knownMethods.has(method) ? method : 'other'
    const key = `${label} ${status}`
    const known = timers.get(key)
    if (known !== undefined) return known
    const child = requests.labels(label, String(status))
    const timer = (seconds: number) => child.observe(seconds)
    timers.set(key, timer)
    return timer
  }
}

export function createMetricsObserver(deps: MetricsDeps): MetricsObserver {
  const registry = new Registry()
  if (deps.isGuest === undefined) collectDefaultMetrics({ register: registry })
  const postgrest = definePostgrestMetrics([registry], deps)
  const own = defineOwnMetrics([registry], deps)
  const { workers } = deps
  if (workers !== undefined) defineWorkerMetrics([registry], workers)
  const requestTimer = requestTimers(own.requests)

  /** Of all processes. */
  async function summed(): Promise<Registry> {
    if (workers === undefined) return registry
    const theirs = await workers.families()
    const sum = sumMetrics([await registry.getMetricsAsJSON(), ...theirs])
    // of start times there is no sum: the server's is that of this process
    const started = registry.getSingleMetric('process_start_time_seconds')
    if (started !== undefined) sum.registerMetric(started)
    return sum
  }

  return {
    observe(observation) {
      switch (observation.kind) {
        case 'trigger':
          own.triggers.inc({ origin: observation.origin }, observation.times)
          break
        case 'reload-confirmed':
          postgrest.loads.inc({ status: 'SUCCESS' })
          postgrest.queryTime.set(observation.queryMs / 1000)
          own.reloads.observe({ outcome: 'unchanged' }, observation.durationMs / 1000)
          break
        case 'reload-published':
          postgrest.loads.inc({ status: 'SUCCESS' })
          postgrest.queryTime.set(observation.queryMs / 1000)
          own.reloads.observe({ outcome: 'published' }, observation.durationMs / 1000)
          own.schemaVersion.set(observation.snapshotVersion)
          own.lastReload.setToCurrentTime()
          break
        case 'reload-unchanged':
          own.reloads.observe({ outcome: 'unchanged' }, observation.durationMs / 1000)
          break
        case 'reload-failed':
          postgrest.loads.inc({ status: 'FAIL' })
          own.reloads.observe({ outcome: 'failed' }, observation.durationMs / 1000)
          break
        case 'pool-timeout':
          postgrest.poolTimeouts.inc()
          break
        case 'jwt-cache-lookup':
          postgrest.jwtRequests.inc()
          if (observation.hit) postgrest.jwtHits.inc()
          break
        case 'jwt-cache-eviction':
          postgrest.jwtEvictions.inc()
          break
        case 'rate-limited':
          own.rateLimited.inc({ client: observation.client })
          break
        case 'request-error': {
          const { error } = observation
          if (error.kind === 'cache-not-loaded' && error.unproven !== undefined) {
            own.strictRefusals.inc()
          }
          break
        }
        case 'request-finished':
          requestTimer(observation.method, observation.status)(observation.durationMs / 1000)
          break
        default:
          break
      }
    },
    async text() {
      return withPoints(await (await summed()).metrics())
    },
    async figures() {
      const all = await summed()
      const series = async (name: string): Promise<readonly Series[]> =>
        (await all.getSingleMetric(name)?.get())?.values ?? []
      const [requests, triggers, ...pool] = await Promise.all(
        [requestsName, triggersName, ...poolMetrics.map(([name]) => name)].map(series),
      )
      return {
        requests: requestFigures(requests ?? []),
        triggers: triggerFigures(triggers ?? []),
        pool: poolFigures(pool),
      }
    },
    families: () => registry.getMetricsAsJSON(),
  }
}
