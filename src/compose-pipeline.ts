/**
 * Wires a backend, its sources of triggers and the reload pipeline together: the part of the
 * composition root that keeps the schema fresh.
 */

import { readFile } from 'node:fs/promises'
import { BehaviorSubject, ReplaySubject, Subject } from 'rxjs'
import type { FindRules } from './access/access-control.ts'
import { tellUnbound } from './access/tell-unbound.ts'
import type { Backend } from './backends/backend.ts'
import { createSchemaVersionCheck } from './cache/check-schema-version.ts'
import type { Generation, GenerationStore } from './cache/generation-store.ts'
import type { Outlived } from './cache/outlived.ts'
import { createReloadPipeline, type ReloadPipeline } from './cache/reload-pipeline.ts'
import { composeSources, type SourcesDeps } from './compose-sources.ts'
import { createConfigLoader, type ReadConfig, type TellWarnings } from './config/config-loader.ts'
import { eventLoopSlices } from './core/event-loop-slices.ts'
import type { Observe } from './observe/observation.ts'
import { buildSnapshotInSlices } from './schema/build-snapshot.ts'
import { diffSnapshotsInSlices } from './schema/diff-snapshots.ts'
import { createFirstLoad } from './sources/first-load.ts'
import type { SourceHealth } from './sources/source-health.ts'
import { createStaleNameChecker, type StaleNameChecker } from './sources/stale-names.ts'
import { isUnheardChange } from './sources/unheard-change.ts'

export interface ComposePipelineDeps
  extends Pick<
    SourcesDeps,
    'reloads' | 'lost$' | 'alive$' | 'fleetRoster' | 'scheduler' | 'random'
  > {
  readonly database: Backend
  readonly store: GenerationStore
  readonly readConfig: ReadConfig
  readonly tellWarnings: TellWarnings
  readonly health: SourceHealth
  readonly findRules: FindRules
  readonly observe: Observe
  /** Where the API is answered by other processes: they follow what is published and loaded. */
  readonly followers?: {
    readonly publish: (generation: Generation) => void
    readonly recycle: (outlived: Outlived) => void
  }
  /** Called with each failure that a load, the feed or the poll meets. */
  readonly onFailure: (failure: unknown) => void
}

/**
 * Milliseconds that the database gets to tell its schema version for a request that may be stale.
 */
const versionCheckMs = 5000

export interface Freshness {
  readonly pipeline: ReloadPipeline
  /** For requests that may be stale: a check that begins after the call. Never rejects. */
  readonly checkSchema: StaleNameChecker['checkAfter']
}

export function composePipeline(deps: ComposePipelineDeps): Freshness {
  const { database, store, health, observe, onFailure, scheduler, random } = deps
  const config = () => store.current().config
  const configSubject = new BehaviorSubject(config())
  const unheardSubject = new Subject<void>()
  const startedSubject = new ReplaySubject<void>(1)
  const firstLoad = createFirstLoad({ database, health, observe })
  const pipeline = createReloadPipeline({
    signals$: composeSources({
      ...deps,
      readFile: (path) => readFile(path),
      config$: firstLoad.onceConnected(configSubject),
      unheard$: unheardSubject,
      started$: startedSubject,
    }),
    alive$: deps.alive$,
    store,
    reader: database,
    loadConfig: createConfigLoader({
      read: deps.readConfig,
      database,
      current: config,
      tellWarnings: deps.tellWarnings,
      observe,
    }),
    beforeLoad: firstLoad.prepare,
    buildSnapshot: (...parts) => buildSnapshotInSlices(...parts, eventLoopSlices),
    diffSnapshots: (previous, next) => diffSnapshotsInSlices(previous, next, eventLoopSlices),
    stopwatch: () => performance.now(),
    onPublished: (next, previous) => {
      deps.followers?.publish(next)
      tellUnbound(deps.findRules, next, observe)
      if (next.config !== previous.config) configSubject.next(next.config)
    },
    onEnded: (origin, outcome) => {
      startedSubject.next()
      if (isUnheardChange(origin, outcome)) unheardSubject.next()
    },
    onReloaded: () => {
      const outlived = database.recycle()
      deps.followers?.recycle(outlived)
    },
    onFailure,
    observe,
    scheduler,
    random,
    deadlineMs: () => config().dbSchemaLoadTimeout,
  })
  const { checkAfter } = createStaleNameChecker({
    isCurrent: createSchemaVersionCheck({
      store,
      reader: database,
      scheduler,
      limitMs: versionCheckMs,
    }),
    requestReload: pipeline.requestReload,
    currentSnapshot: () => store.current().snapshot,
    scheduler,
  })
  return { pipeline, checkSchema: checkAfter }
}
