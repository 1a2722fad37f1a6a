/**
 * The composition root: builds, starts and stops everything, in one visible order. Functions get
 * what they need as parameters; nothing here decides anything of its own.
 *
 * Start  log → backend → pipeline and sources built → admin socket → listener → one load attempt
 *        → API socket
 * Stop   the API drains → sources and pipeline → the admin server drains → backend
 */
import {
  asyncScheduler,
  BehaviorSubject,
  filter,
  firstValueFrom,
  merge,
  ReplaySubject,
  Subject,
  switchMap,
  take,
} from 'rxjs'
import { createAdminApp } from './admin/admin-app.ts'
import { createDatabaseProbe } from './admin/probe-database.ts'
import { createAuthenticator } from './auth/authenticate.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { type BoundServer, bindServer, type Fetch, reusePortProblem } from './bind-server.ts'
import { createVersionCheck } from './cache/check-version.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import { createReloadPipeline, type ReloadPipeline } from './cache/reload-pipeline.ts'
import type { SchemaFeed } from './cache/schema-feed.ts'
import { composeSources } from './compose-sources.ts'
import type { Config } from './config/config.ts'
import { createConfigLoader, type ReadConfig, warnOfDeprecations } from './configure.ts'
import { productName, productVersion } from './core/product.ts'
import { createScope } from './core/scope.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import { type FailureVerdict, isUnreachable, judgeFailure } from './errors/judge-failure.ts'
import { createApp } from './http/app.ts'
import { createLogObserver } from './observe/log-observer.ts'
import { createMetricsObserver } from './observe/metrics-observer.ts'
import type { Observe } from './observe/observation.ts'
import { createPlanCache } from './plan/plan-cache.ts'
import { buildSnapshotInSlices } from './schema/build-snapshot.ts'
import { diffSnapshotsInSlices } from './schema/diff-snapshots.ts'
import { createSourceHealth, type SourceHealth } from './sources/source-health.ts'
import { createStaleNameChecker } from './sources/stale-names.ts'
import type { SignalEmitter } from './sources/watch-process-signals.ts'

/** Plans kept per snapshot: clients choose the shapes. */
const planCacheEntries = 2000
/** Requests in flight get this long after a stop before they are cut. */
const drainMs = 15_000
/** The database gets this long to tell its schema version to a request that may be stale. */
const versionCheckMs = 5000

export interface ServerDeps {
  readonly config: Config
  readonly readConfig: ReadConfig
  readonly env: Readonly<Record<string, string | undefined>>
  /** SIGUSR1 and SIGUSR2 as they arrive, from the process's first moment on. */
  readonly reloads: SignalEmitter
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

const scheduler = asyncScheduler
const pause = () => new Promise<void>((resolve) => setImmediate(resolve))
const sliceDeps = { pause, now: () => performance.now() }

function createObserve(
  deps: ServerDeps,
  config: () => Config,
  metricsDeps: Parameters<typeof createMetricsObserver>[0],
) {
  const log = createLogObserver({
    level: () => config().logLevel,
    format: deps.config.logFormat,
    writeOut: deps.writeOut,
    writeError: deps.writeError,
    now: () => new Date(),
    later: (work, delayMs) => {
      setTimeout(work, delayMs).unref()
    },
  })
  const metrics = createMetricsObserver(metricsDeps)
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
  const configSubject = new BehaviorSubject(deps.config)
  const lostSubject = new Subject<void>()
  let backend: Backend | null = null
  const { observe, metricsText } = createObserve(deps, config, {
    poolFigures: () => backend?.poolStats() ?? { max: config().dbPool, available: 0, waiting: 0 },
    sources: () => health.list(),
  })
  const health = createSourceHealth({ now: Date.now, observe })
  let admin: BoundServer | null = null
  let api: BoundServer | null = null
  let adminDrained: Promise<void> | undefined
  let stopping: Promise<void> | null = null

  /** Ends the process on what it must not outlive, and tells what the failure means otherwise. */
  function onFailure(failure: unknown): FailureVerdict {
    const verdict = judgeFailure(failure, config())
    if (verdict !== 'fatal' || !(failure instanceof BackendFailure)) return verdict
    const isGivenUp = isUnreachable(failure) && !config().dbPoolAutomaticRecovery
    observe(
      isGivenUp
        ? { kind: 'fatal', message: 'Automatic recovery disabled, exiting.', error: null }
        : { kind: 'fatal', message: 'Failed to establish a connection.', error: failure.error },
    )
    deps.onFatal()
    return verdict
  }

  /** A listener that is lost without the server's word was cut off. */
  function onListenerFailure(failure: unknown): void {
    if (failure instanceof BackendFailure) return void onFailure(failure)
    const details = String(failure)
    onFailure(new BackendFailure({ kind: 'connection-lost', details }, details))
  }

  function buildPipeline(database: Backend): ReloadPipeline {
    const listenerFailures = new Subject<void>()
    const { feed } = database
    const feedIsSettled =
      feed.kind === 'poll'
        ? Promise.resolve()
        : firstValueFrom(
            merge(
              listenerFailures,
              health.state$(feed.name).pipe(filter((state) => state === 'up')),
              configSubject.pipe(filter((current) => feed.channel(current) === null)),
            ),
            { defaultValue: undefined },
          )
    // the listener begins once the first connection was had or refused: the log tells them in order
    const firstConnection = new ReplaySubject<void>(1)
    let isConnected = false
    return createReloadPipeline({
      signals$: composeSources({
        database,
        store,
        config$: firstConnection.pipe(
          take(1),
          switchMap(() => configSubject),
        ),
        reloads: deps.reloads,
        lost$: lostSubject,
        onListenerFailure: (failure) => {
          listenerFailures.next()
          onListenerFailure(failure)
        },
        onPollFailure: onFailure,
        health,
        observe,
        scheduler,
        random: Math.random,
      }),
      store,
      reader: database,
      loadConfig: createConfigLoader({ read: deps.readConfig, database, current: config, observe }),
      beforeLoad: async (signal) => {
        if (isConnected) return
        try {
          const version = await database.serverVersion(signal)
          isConnected = true
          observe({ kind: 'database-connected', version })
          observe({ kind: 'pool-ready', max: database.poolStats().max })
        } finally {
          firstConnection.next()
        }
        // LISTEN comes before the load that it guards, or has failed and is tried again
        await feedIsSettled
      },
      buildSnapshot: (catalog, options, version, loadedAt) =>
        buildSnapshotInSlices(catalog, options, version, loadedAt, sliceDeps),
      diffSnapshots: (previous, next) => diffSnapshotsInSlices(previous, next, sliceDeps),
      stopwatch: () => performance.now(),
      onPublished: (next, previous) => {
        if (next.config !== previous.config) configSubject.next(next.config)
        if (next.snapshot !== previous.snapshot && previous.snapshot !== null) database.recycle()
      },
      onFailure,
      observe,
      scheduler,
      random: Math.random,
      deadlineMs: () => config().dbSchemaLoadTimeout,
    })
  }

  async function openSocket(fetch: Fetch, kind: 'admin' | 'api'): Promise<BoundServer | null> {
    const current = config()
    if (kind === 'admin') {
      const { adminServerPort: port, adminServerUnixSocket: unixSocket } = current
      if (port === null && unixSocket === null) return null
      return bindServer(fetch, {
        host: current.adminServerHost,
        port: port ?? 0,
        unixSocket,
        unixSocketMode: current.adminServerUnixSocketMode,
        reusePort: false,
      })
    }
    return bindServer(fetch, {
      host: current.serverHost,
      port: current.serverPort,
      unixSocket: current.serverUnixSocket,
      unixSocketMode: current.serverUnixSocketMode,
      reusePort: current.serverReuseport,
    })
  }

  async function start(): Promise<void> {
    const problem = config().serverReuseport ? reusePortProblem(process.versions.node) : null
    if (problem !== null) throw new Error(problem)
    observe({ kind: 'starting', product: productName, version: productVersion })
    warnOfDeprecations(config(), observe)
    const database = await openBackend({
      config,
      env: deps.env,
      observe,
      onUnreachable: (failure) => {
        if (onFailure(failure) === 'retry') lostSubject.next()
      },
    })
    backend = database
    scope.add(() => database.close())
    const pipeline = buildPipeline(database)
    // a reload that was asked for is answered when the pipeline stops
    scope.add(() => adminDrained)
    scope.add(() => pipeline.stop())
    const databaseAnswers = createDatabaseProbe({
      ping: database.ping,
      now: () => performance.now(),
    })

    const adminApp = createAdminApp({
      cacheState: () => pipeline.state(),
      apiIsAlive: () => api?.isAlive() ?? false,
      databaseIsReachable: () => feedAnswers(database.feed, health) ?? databaseAnswers(),
      databaseAnswers,
      sources: () => health.list(),
      lastReload: () => pipeline.lastReload(),
      metricsText,
      requestReload: (reloadScope, depth) =>
        pipeline.requestReload({ scope: reloadScope, depth, origin: 'admin' }),
    })
    admin = await openSocket((request) => adminApp.fetch(request), 'admin')
    if (admin !== null) observe({ kind: 'admin-listening', address: admin.address })

    const staleNames = createStaleNameChecker({
      isCurrent: createVersionCheck({
        store,
        reader: database,
        scheduler,
        limitMs: versionCheckMs,
      }),
      requestReload: pipeline.requestReload,
      currentVersion: () => store.current().snapshot?.version ?? null,
      scheduler,
    })
    const app = createApp({
      currentGeneration: store.current,
      backend: database,
      authenticator: createAuthenticator({ observe }),
      planCache: createPlanCache(planCacheEntries),
      checkSchema: staleNames.checkAfter,
      observe,
      now: () => performance.now(),
    })
    await pipeline.start()
    if (config().serverReuseport) {
      await firstValueFrom(pipeline.cacheState$.pipe(filter((state) => state.kind === 'ready')))
    }
    if (stopping !== null) return
    api = await openSocket((request, env) => app.fetch(request, env), 'api')
    if (api !== null) observe({ kind: 'api-listening', address: api.address })
  }

  return {
    observe,
    start,
    stop() {
      const deadlineMs = stopping === null ? drainMs : 0
      adminDrained = admin?.close(deadlineMs)
      const apiDrained = api?.close(deadlineMs) ?? Promise.resolve()
      stopping ??= apiDrained.then(() => scope.close())
      return stopping
    },
  }
}

/** The release's rule for /ready: with the feed on, it speaks for the database. */
function feedAnswers(feed: SchemaFeed, health: SourceHealth): Promise<boolean> | null {
  if (feed.kind === 'poll') return null
  const source = health.list().find(({ name, state }) => name === feed.name && state !== 'off')
  return source === undefined ? null : Promise.resolve(source.state === 'up')
}
