/**
 * The composition root: builds, starts and stops everything, in one visible order. Functions get
 * what they need as parameters; nothing here decides anything of its own.
 *
 * Start  log → backend → pipeline → admin socket → connect → listen → one load → API socket
 * Stop   the API drains → sources and pipeline → the admin server drains → backend
 */
import { asyncScheduler, filter, firstValueFrom, Subject } from 'rxjs'
import { createAccessControl } from './access/access-control.ts'
import { unboundPolicies } from './access/tell-unbound.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import { type AdminSite, composeAdmin } from './compose-admin.ts'
import { composeApi, drainMs } from './compose-api.ts'
import { composePipeline } from './compose-pipeline.ts'
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
import { adminAddress, apiAddress } from './sockets/bind-addresses.ts'
import { type BoundServer, bindServer, reusePortProblem } from './sockets/bind-server.ts'
import { fetchListener } from './sockets/fetch-listener.ts'
import { createSourceHealth } from './sources/source-health.ts'
import type { SignalEmitter } from './sources/watch-process-signals.ts'

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

export function composeServer(deps: ServerDeps): Server {
  const scope = createScope()
  const store = createGenerationStore({ config: deps.loaded.config, snapshot: null })
  const config = () => store.current().config
  const [lostSubject, aliveSubject] = [new Subject<void>(), new Subject<void>()]
  let backend: Backend | null = null
  let adminSite: AdminSite | null = null
  let admin: BoundServer | null = null
  let api: BoundServer | null = null
  let adminDrained: Promise<void> | undefined
  let stopping: Promise<void> | null = null

  const { observe, ...sinks } = createSinks({
    ...deps,
    level: () => config().logLevel,
    format: deps.loaded.config.logFormat,
    poolStats: () => backend?.poolStats() ?? { max: config().dbPool, available: 0, waiting: 0 },
    sources: () => health.list(),
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
      config,
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
      database,
      store,
      tellWarnings,
      lost$: lostSubject,
      alive$: aliveSubject,
      health,
      findRules,
      observe,
      onFailure,
      scheduler: asyncScheduler,
      random: Math.random,
    })
    // a reload that was asked for is answered when the pipeline stops
    scope.add(() => adminDrained)
    scope.add(() => pipeline.stop())

    adminSite = composeAdmin({
      ...sinks,
      database,
      pipeline,
      health,
      config,
      unboundPolicies: () => unboundPolicies(findRules, store.current()),
      apiIsAlive: () => api?.isAlive() ?? false,
    })
    const adminAt = adminAddress(config())
    if (adminAt !== null) {
      admin = await bindServer(fetchListener(adminSite.app.fetch), adminAt)
      observe({ kind: 'admin-listening', address: admin.address })
    }

    const requests = composeApi({ database, store, findRules, checkSchema, observe })
    await pipeline.start()
    if (config().serverReuseport) {
      await firstValueFrom(pipeline.cacheState$.pipe(filter(({ kind }) => kind === 'ready')))
    }
    if (stopping !== null) return
    api = await bindServer(requests, apiAddress(config()))
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
