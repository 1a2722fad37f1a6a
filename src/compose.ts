/**
 * The composition root: builds, starts and stops everything, in one visible order. Functions get
 * what they need as parameters; nothing here decides anything of its own.
 *
 * Start  log → backend → pipeline → admin socket → connect → listen → one load → API socket
 * Stop   the API drains → sources and pipeline → the admin server drains → backend
 *
 * With `server-workers` what the API's socket accepts is answered by other processes, which are started
 * and ended in the same places; everything else is as it is without.
 */
import { availableParallelism } from 'node:os'
import { asyncScheduler, filter, firstValueFrom, Subject } from 'rxjs'
import { createAccessControl } from './access/access-control.ts'
import { unboundPolicies } from './access/tell-unbound.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import { type AdminSite, composeAdmin } from './compose-admin.ts'
import { composeApi, drainMs } from './compose-api.ts'
import { composePipeline } from './compose-pipeline.ts'
import { composeWorkers, type WorkersSite } from './compose-workers.ts'
import {
  createConfigWarnings,
  type ReadConfig,
  warnOfDeprecations,
} from './config/config-loader.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { productName, productVersion } from './core/product.ts'
import { createScope } from './core/scope.ts'
import { createFailureEnd } from './end-on-failure.ts'
import { createSinks } from './observe/create-sinks.ts'
import type { Observe } from './observe/observation.ts'
import type { PoolStats } from './observe/pool-stats.ts'
import { adminAddress, apiAddress } from './sockets/bind-addresses.ts'
import { type BoundServer, bindServer } from './sockets/bind-server.ts'
import { fetchListener } from './sockets/fetch-listener.ts'
import { reusePortProblem } from './sockets/listen-at.ts'
import { createSourceHealth } from './sources/source-health.ts'
import type { SignalEmitter } from './sources/watch-process-signals.ts'
import { connectionsOf, workerCount } from './workers/worker-count.ts'

export interface ServerDeps {
  /** Read before there was a log. */
  readonly loaded: LoadedConfig
  readonly readConfig: ReadConfig
  readonly env: Readonly<Record<string, string | undefined>>
  /** SIGUSR1 and SIGUSR2 as they arrive, from the process's first moment on. */
  readonly reloads: SignalEmitter
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
  /** Called on the failures that end PostgREST 16.2: the process is to end with code 1. */
  readonly onFatal: () => void
}

export interface Server {
  readonly observe: Observe
  /** Resolves once the API answers, with data or with 503. Rejects when a socket cannot be bound. */
  start(): Promise<void>
  /** Drains and closes everything; a second call cuts what is left at once. */
  stop(): Promise<void>
}

const noPool: PoolStats = { max: 0, available: 0, waiting: 0 }

export function composeServer(deps: ServerDeps): Server {
  const scope = createScope()
  const store = createGenerationStore({ config: deps.loaded.config, snapshot: null })
  const config = () => store.current().config
  const [lostSubject, aliveSubject] = [new Subject<void>(), new Subject<void>()]
  const count = workerCount(config(), availableParallelism())
  const hasWorkers = count > 1
  let backend: Backend | null = null
  let workers: WorkersSite | null = null
  let adminSite: AdminSite | null = null
  let admin: BoundServer | null = null
  let api: BoundServer | null = null
  let adminDrained: Promise<void> | undefined
  let stopping: Promise<void> | null = null

  const { observe, ...sinks } = createSinks({
    ...deps,
    level: () => config().logLevel,
    format: deps.loaded.config.logFormat,
    poolStats: () =>
      hasWorkers ? noPool : (backend?.poolStats() ?? { ...noPool, max: config().dbPool }),
    sources: () => health.list(),
    ...(hasWorkers
      ? {
          workers: {
            list: () => workers?.list() ?? [],
            families: async () => (await workers?.families()) ?? [],
            spreadMs: () => workers?.spreadMs() ?? null,
          },
        }
      : {}),
  })
  const findRules = createAccessControl((...rule) => backend?.ruleProblem(...rule) ?? null)
  const health = createSourceHealth({ now: Date.now, observe })
  const { onFailure, onUntoldFailure } = createFailureEnd({ ...deps, config, observe })

  async function start(): Promise<void> {
    const problem = config().serverReuseport ? reusePortProblem(process.versions.node) : null
    if (problem !== null) throw new Error(problem)
    observe({ kind: 'starting', product: productName, productVersion })
    const tellWarnings = createConfigWarnings(observe)
    tellWarnings(deps.loaded.warnings)
    warnOfDeprecations(config(), observe)

    const database = await openBackend({
      // requests run in the workers: what is left is the probe of the admin server
      config: hasWorkers ? () => ({ ...config(), dbPool: 1 }) : config,
      env: deps.env,
      observe,
      onUnreachable: (failure) => {
        if (onUntoldFailure(failure) === 'retry') lostSubject.next()
      },
      onConnected: () => aliveSubject.next(),
    })
    backend = database
    scope.add(() => database.close())
    const { pipeline, checkSchema } = composePipeline({
      ...deps,
      database: hasWorkers
        ? {
            ...database,
            poolStats: () => ({ ...noPool, max: connectionsOf(config().dbPool, count) }),
          }
        : database,
      store,
      tellWarnings,
      lost$: lostSubject,
      alive$: aliveSubject,
      health,
      findRules,
      ...(hasWorkers
        ? {
            followers: {
              publish: (generation) => workers?.publish(generation),
              recycle: () => workers?.recycle(),
            },
          }
        : {}),
      observe,
      onFailure,
      scheduler: asyncScheduler,
      random: Math.random,
    })
    // a reload that was asked for is answered when the pipeline stops
    scope.add(() => adminDrained)
    scope.add(() => pipeline.stop())
    if (hasWorkers) {
      workers = composeWorkers({
        count,
        database,
        store,
        checkSchema,
        onLost: () => lostSubject.next(),
        onAlive: () => aliveSubject.next(),
        onFatal: deps.onFatal,
        observe,
        scope,
      })
    }

    adminSite = composeAdmin({
      ...sinks,
      database,
      pipeline,
      health,
      config,
      unboundPolicies: () => unboundPolicies(findRules, store.current()),
      apiIsAlive: () => api?.isAlive() ?? false,
      workers: () => workers?.list() ?? null,
    })
    const adminAt = adminAddress(config())
    if (adminAt !== null) {
      admin = await bindServer(fetchListener(adminSite.app.fetch), adminAt)
      observe({ kind: 'admin-listening', address: admin.address })
    }

    await pipeline.start()
    if (config().serverReuseport) {
      await firstValueFrom(pipeline.cacheState$.pipe(filter(({ kind }) => kind === 'ready')))
    }
    if (stopping !== null) return
    api =
      workers === null
        ? await bindServer(
            composeApi({ database, store, findRules, checkSchema, observe }),
            apiAddress(config()),
          )
        : await workers.listen()
    observe({ kind: 'api-listening', address: api.address })
  }

  return {
    observe,
    start,
    stop() {
      const deadlineMs = stopping === null ? drainMs : 0
      adminSite?.endStreams()
      adminDrained = admin?.close(deadlineMs)
      const apiDrained = api?.close(deadlineMs) ?? Promise.resolve()
      stopping ??= apiDrained.then(() => scope.close())
      return stopping
    },
  }
}
