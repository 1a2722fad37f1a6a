/**
 * `--types typescript --out FILE --watch`: a database followed as a server follows it, with all its
 * sources and retries, but without sockets. Each snapshot that is published goes into the file.
 */
import { asyncScheduler, Subject } from 'rxjs'
import { createAccessControl } from './access/access-control.ts'
import type { Backend } from './backends/backend.ts'
import { openBackend } from './backends/open-backend.ts'
import type { CacheState } from './cache/cache-state.ts'
import { createGenerationStore } from './cache/generation-store.ts'
import type { Server, ServerDeps } from './compose.ts'
import { composePipeline } from './compose-pipeline.ts'
import { createConfigWarnings } from './config/config-loader.ts'
import { createScope } from './core/scope.ts'
import { createFailureEnd } from './end-on-failure.ts'
import { createSinks } from './observe/create-sinks.ts'
import { createSourceHealth } from './sources/source-health.ts'
import { printDatabase } from './typescript/print-database.ts'
import { writeTypes } from './write-types.ts'

/** `out`: the file. The API and the admin server of the configuration are not started. */
export function composeTypes(deps: ServerDeps, out: string): Server {
  const scope = createScope()
  const store = createGenerationStore({ config: deps.loaded.config, snapshot: null })
  const config = () => store.current().config
  const [lostSubject, aliveSubject] = [new Subject<void>(), new Subject<void>()]
  let backend: Backend | null = null
  let stopping: Promise<void> | null = null

  const { observe } = createSinks({
    ...deps,
    level: () => config().logLevel,
    format: deps.loaded.config.logFormat,
    poolStats: () => backend?.poolStats() ?? { max: config().dbPool, available: 0, waiting: 0 },
    sources: () => health.list(),
  })
  const findRules = createAccessControl((...rule) => backend?.ruleProblem(...rule) ?? null)
  const health = createSourceHealth({ now: Date.now, observe })
  const { onFailure, onUntoldFailure } = createFailureEnd({ ...deps, config, observe })

  function write(state: CacheState): void {
    if (state.kind !== 'ready') return
    const outcome = writeTypes(out, printDatabase(state.snapshot))
    if (!outcome.ok) observe({ kind: 'types-failed', cause: outcome.error })
    else if (outcome.value === 'written') observe({ kind: 'types-written', file: out })
  }

  async function start(): Promise<void> {
    const tellWarnings = createConfigWarnings(observe)
    tellWarnings(deps.loaded.warnings)
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
    const { pipeline } = composePipeline({
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
    scope.add(() => pipeline.stop())
    const states = pipeline.cacheState$.subscribe(write)
    scope.add(() => states.unsubscribe())
    await pipeline.start()
  }

  return {
    observe,
    start,
    stop() {
      stopping ??= scope.close()
      return stopping
    },
  }
}
