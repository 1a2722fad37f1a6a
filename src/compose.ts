/**
 * The composition root: builds, starts and stops everything, in one visible order. Functions get
 * what they need as parameters; nothing here decides anything of its own.
 *
 * Start  log → admin socket → backend → sources and pipeline → one load attempt → API socket
 * Stop   sockets drain → sources and pipeline → backend
 */
import type { EventEmitter } from 'node:events'
import { asyncScheduler, merge } from 'rxjs'
import { createAdminApp } from './admin/admin-app.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { buildSnapshotInSlices } from './cache/build-snapshot.ts'
import { diffSnapshotsInSlices } from './cache/diff-snapshots.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import { createReloadPipeline } from './cache/reload-pipeline.ts'
import type { ReloadSignal } from './cache/reload-signal.ts'
import { compileClaimPath } from './config/claim-path.ts'
import type { Config } from './config/config.ts'
import { reloadConfig } from './config/reload-config.ts'
import { productName, productVersion } from './core/product.ts'
import type { Result } from './core/result.ts'
import { createScope } from './core/scope.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import { createApp } from './http/app.ts'
import { type Listening, listen } from './listen.ts'
import { createLogObserver } from './observe/log-observer.ts'
import { createMetricsObserver } from './observe/metrics-observer.ts'
import type { Observe } from './observe/observation.ts'
import { createPlanCache } from './plan/plan-cache.ts'

/** Plans kept per snapshot: clients choose the shapes. */
const planCacheEntries = 2000
/** Requests in flight get this long after a stop before they are cut. */
const drainMs = 15_000

export type ReadConfig = (layers: {
  readonly databaseSettings?: ReadonlyMap<string, string>
  readonly previous?: Config
}) => Result<Config, readonly string[]>

export interface ServerDeps {
  readonly config: Config
  readonly readConfig: ReadConfig
  readonly env: Readonly<Record<string, string | undefined>>
  /** SIGUSR1 and SIGUSR2 as they arrive, from the process's first moment on. */
  readonly reloads: EventEmitter
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  /** The release's fatal cases: the process is to end with code 1. */
  readonly onFatal: () => void
}

export interface Server {
  readonly observe: Observe
  /** Resolves once the API answers, with data or with 503. Rejects when a socket cannot be bound. */
  start(): Promise<void>
  /** Drains and closes everything; a second call cuts what is left at once. */
  stop(): Promise<void>
}

const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
const sliceDeps = { pause, now: () => performance.now() }

function createObserve(deps: ServerDeps, config: () => Config, backend: () => Backend | null) {
  const log = createLogObserver({
    level: () => config().logLevel,
    format: config().logFormat,
    writeOut: deps.writeOut,
    writeError: deps.writeError,
    now: () => new Date(),
    later: (work, delayMs) => {
      setTimeout(work, delayMs).unref()
    },
  })
  const metrics = createMetricsObserver(
    () => backend()?.poolStats() ?? { max: config().dbPool, available: 0, waiting: 0 },
  )
  const observe: Observe = (observation) => {
    log(observation)
    metrics.observe(observation)
  }
  return { observe, metricsText: metrics.text }
}

export function composeServer(deps: ServerDeps): Server {
  const scope = createScope()
  const store = createGenerationStore({ config: deps.config, snapshot: null })
  const config = () => store.current().config
  let backend: Backend | null = null
  const { observe, metricsText } = createObserve(deps, config, () => backend)
  const sockets: Listening[] = []
  let api: Listening | null = null

  function warnOfDeprecations(current: Config): void {
    const path = compileClaimPath(current.jwtRoleClaimKey)
    if (path.ok && path.value.deprecated) {
      observe({
        kind: 'deprecated-claim-key',
        before: path.value.dump,
        value: path.value.suggestion,
      })
    }
  }

  /** File and environment, then what the database holds on top of them. */
  async function loadConfig(
    database: Backend,
    signal: AbortSignal,
  ): Promise<Result<Config, readonly string[]>> {
    const previous = config()
    const outside = deps.readConfig({ previous })
    if (!outside.ok) return outside
    let read = outside
    if (outside.value.dbConfig) {
      try {
        const databaseSettings = await database.databaseSettings(outside.value, signal)
        const whole = deps.readConfig({ databaseSettings, previous })
        if (!whole.ok) return whole
        read = whole
      } catch (failure) {
        if (!(failure instanceof BackendFailure)) throw failure
        observe({ kind: 'config-settings-failed', error: failure.error })
      }
    }
    const next = reloadConfig(previous, read.value)
    if (next.needsRestart.length > 0) {
      observe({ kind: 'config-needs-restart', options: next.needsRestart })
    }
    warnOfDeprecations(next.config)
    return { ok: true, value: next.config }
  }

  async function openAdmin(fetch: Parameters<typeof listen>[0]): Promise<void> {
    const { adminServerPort, adminServerUnixSocket } = config()
    if (adminServerPort === null && adminServerUnixSocket === null) return
    const listening = await listen(fetch, {
      host: config().adminServerHost,
      port: adminServerPort ?? 0,
      unixSocket: adminServerUnixSocket,
      unixSocketMode: config().adminServerUnixSocketMode,
      reusePort: false,
    })
    sockets.push(listening)
    observe({ kind: 'admin-listening', address: listening.address })
  }

  async function openApi(fetch: Parameters<typeof listen>[0]): Promise<void> {
    const current = config()
    api = await listen(fetch, {
      host: current.serverHost,
      port: current.serverPort,
      unixSocket: current.serverUnixSocket,
      unixSocketMode: current.serverUnixSocketMode,
      reusePort: current.serverReuseport,
    })
    sockets.push(api)
    observe({ kind: 'api-listening', address: api.address })
  }

  async function start(): Promise<void> {
    observe({ kind: 'starting', product: productName, version: productVersion })
    warnOfDeprecations(config())
    const database = await openBackend({ config, env: deps.env, observe })
    backend = database
    scope.add(() => database.close())

    let isConnected = false
    const signals$ = merge<ReloadSignal[]>()
    const pipeline = createReloadPipeline({
      signals$,
      store,
      reader: database,
      loadConfig: (signal) => loadConfig(database, signal),
      beforeLoad: async (_order, signal) => {
        if (isConnected) return
        const version = await database.serverVersion(signal)
        isConnected = true
        observe({ kind: 'database-connected', version })
        observe({ kind: 'pool-ready', max: database.poolStats().max })
      },
      buildSnapshot: (catalog, options, version, loadedAt) =>
        buildSnapshotInSlices(catalog, options, version, loadedAt, sliceDeps),
      diffSnapshots: (previous, next) => diffSnapshotsInSlices(previous, next, sliceDeps),
      stopwatch: () => performance.now(),
      onPublished: (next, previous) => {
        if (next.snapshot !== previous.snapshot && previous.snapshot !== null) database.recycle()
      },
      onFatal: (failure) => {
        observe({ kind: 'fatal', message: failure.message, error: failure.error })
        deps.onFatal()
      },
      observe,
      scheduler: asyncScheduler,
      random: Math.random,
      deadlineMs: () => config().dbSchemaLoadTimeout,
    })
    scope.add(() => pipeline.stop())

    const admin = createAdminApp({
      cacheState: () => pipeline.state(),
      apiIsAlive: () => api?.isAlive() ?? false,
      databaseIsReachable: async () => true,
      databaseAnswers: async () => true,
      sources: () => [],
      lastReload: () => pipeline.lastReload(),
      metricsText,
      requestReload: (reloadScope, depth) =>
        pipeline.requestReload({ scope: reloadScope, depth, origin: 'admin' }),
    })
    await openAdmin((request) => admin.fetch(request))

    const app = createApp({
      currentGeneration: store.current,
      backend: database,
      authenticator: createAuthenticator({ observe }),
      planCache: createPlanCache(planCacheEntries),
      checkSchema: async () => 'unchanged',
      observe,
      now: () => performance.now(),
    })
    await pipeline.start()
    await openApi((request, env) => app.fetch(request, env))
  }

  let stopping: Promise<void> | null = null
  return {
    observe,
    start,
    stop() {
      const isSecondCall = stopping !== null
      const drained = Promise.all(sockets.map((socket) => socket.close(isSecondCall ? 0 : drainMs)))
      stopping ??= drained.then(() => scope.close())
      return stopping
    },
  }
}
