/**
 * A database that is followed: the log, the backend and the pipeline that keeps the schema fresh. What
 * is made of it is up to its three users: a server (`compose.ts`), an API inside of another program
 * (`open-dbrest.ts`), a file of types (`compose-types.ts`). Nothing here has sockets or ends the process.
 *
 * Open   warnings → backend → pipeline, which its user starts
 * Close  pipeline → the answers that waited for a reload → backend
 */
import { asyncScheduler, Subject } from 'rxjs'
import { createAccessControl, type FindRules } from './access/access-control.ts'
import { unboundPolicies } from './access/tell-unbound.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import { createGenerationStore, type GenerationStore } from './cache/generation-store.ts'
import { composePipeline, type Freshness } from './compose-pipeline.ts'
import type { WorkersSite } from './compose-workers.ts'
import type { Config } from './config/config.ts'
import {
  createConfigWarnings,
  type ReadConfig,
  warnOfDeprecations,
} from './config/config-loader.ts'
import type { LoadedConfig } from './config/load-config.ts'
import { createScope, type Scope } from './core/scope.ts'
import { createFailureEnd } from './end-on-failure.ts'
import { createSinks, type Sinks } from './observe/create-sinks.ts'
import type { Observe } from './observe/observation.ts'
import type { PoolStats } from './observe/pool-stats.ts'
import { createFleetRoster, type FleetRoster } from './sources/fleet-roster.ts'
import { createSourceHealth, type SourceHealth } from './sources/source-health.ts'
import type { SignalEmitter } from './sources/watch-process-signals.ts'
import { connectionsOf } from './workers/worker-count.ts'

export interface FollowerDeps {
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
  /** Is told of everything that happens. */
  readonly listen?: Observe
  /** The process is another program's, which measures it itself. */
  readonly isGuest?: true
}

/** The processes that answer requests in place of this one. */
interface AnsweringProcesses {
  readonly count: number
  /** Null until they are started. */
  readonly site: () => WorkersSite | null
}

export interface Follower extends Sinks {
  readonly config: () => Config
  readonly store: GenerationStore
  readonly findRules: FindRules
  readonly health: SourceHealth
  readonly fleetRoster: FleetRoster
  readonly unboundPolicies: () => ReturnType<typeof unboundPolicies>
  /** What was opened; closing it ends everything. */
  readonly scope: Scope
  /** To be called when others find the database gone, or there again. */
  readonly onLost: () => void
  readonly onAlive: () => void
  /**
   * Rejects with an Error whose message a user understands, when the engine cannot be opened at all.
   *
   * @param answered  resolves when nobody waits any more for a reload of the pipeline, once that is stopped
   */
  open(answered?: () => Promise<void> | undefined): Promise<FollowedDatabase>
}

export interface FollowedDatabase extends Freshness {
  readonly database: Backend
}

const noPool: PoolStats = { max: 0, available: 0, used: 0, waiting: 0 }

export function composeFollower(deps: FollowerDeps, workers?: AnsweringProcesses): Follower {
  const scope = createScope()
  const store = createGenerationStore({ config: deps.loaded.config, snapshot: null })
  const config = () => store.current().config
  const [lostSubject, aliveSubject] = [new Subject<void>(), new Subject<void>()]
  let backend: Backend | null = null

  const sinks = createSinks({
    ...deps,
    level: () => config().logLevel,
    format: deps.loaded.config.logFormat,
    poolStats: () =>
      workers === undefined
        ? (backend?.poolStats() ?? { ...noPool, max: config().dbPool })
        : noPool,
    sources: () => health.list(),
    ...(workers === undefined
      ? {}
      : {
          workers: {
            list: () => workers.site()?.list() ?? [],
            families: async () => (await workers.site()?.families()) ?? [],
            spreadMs: () => workers.site()?.spreadMs() ?? null,
          },
        }),
  })
  const { observe } = sinks
  const findRules = createAccessControl((...rule) => backend?.ruleProblem(...rule) ?? null)
  const health = createSourceHealth({ now: Date.now, observe })
  const fleetRoster = createFleetRoster({ now: Date.now })
  const { onFailure, onUntoldFailure } = createFailureEnd({ ...deps, config, observe })

  /** What the pipeline sees of it: with workers, the connections are theirs. */
  function seen(database: Backend): Backend {
    if (workers === undefined) return database
    const max = () => connectionsOf(config().dbPool, workers.count)
    return { ...database, poolStats: () => ({ ...noPool, max: max() }) }
  }

  async function open(answered?: () => Promise<void> | undefined): Promise<FollowedDatabase> {
    const tellWarnings = createConfigWarnings(observe)
    tellWarnings(deps.loaded.warnings)
    warnOfDeprecations(config(), observe)
    const database = await openBackend({
      // requests run in the workers: what is left is the probe of the admin server
      config: workers === undefined ? config : () => ({ ...config(), dbPool: 1 }),
      env: deps.env,
      observe,
      onUnreachable: (failure) => {
        if (onUntoldFailure(failure) === 'retry') lostSubject.next()
      },
      onConnected: () => aliveSubject.next(),
    })
    backend = database
    scope.add(() => database.close())
    const freshness = composePipeline({
      ...deps,
      database: seen(database),
      store,
      tellWarnings,
      lost$: lostSubject,
      alive$: aliveSubject,
      health,
      fleetRoster,
      findRules,
      ...(workers === undefined
        ? {}
        : {
            followers: {
              publish: (generation) => workers.site()?.publish(generation),
              recycle: (outlived) => workers.site()?.recycle(outlived),
            },
          }),
      observe,
      onFailure,
      scheduler: asyncScheduler,
      random: Math.random,
    })
    // a reload that was asked for is answered when the pipeline stops
    scope.add(() => answered?.())
    scope.add(() => freshness.pipeline.stop())
    return { database, ...freshness }
  }

  return {
    ...sinks,
    config,
    store,
    findRules,
    health,
    fleetRoster,
    unboundPolicies: () => unboundPolicies(findRules, store.current()),
    scope,
    onLost: () => lostSubject.next(),
    onAlive: () => aliveSubject.next(),
    open,
  }
}
