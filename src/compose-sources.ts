/**
 * The sources of reload triggers that an engine and a configuration have, as one stream: what
 * `compose.ts` hands to the pipeline. Which they are follows from how the backend can tell of
 * changes, its feed.
 */
import { distinctUntilChanged, map, merge, type Observable, type SchedulerLike } from 'rxjs'
import type { Backend } from './backends/backend.ts'
import type { GenerationStore } from './cache/generation-store.ts'
import type { ReloadSignal } from './cache/reload-signal.ts'
import type { Config } from './config/config.ts'
import { assertNever } from './core/assert-never.ts'
import type { Observe } from './observe/observation.ts'
import type { SourceHealth } from './sources/source-health.ts'
import { type SignalEmitter, watchProcessSignals } from './sources/watch-process-signals.ts'
import { watchPushFeed } from './sources/watch-push-feed.ts'
import { watchSchemaVersion } from './sources/watch-schema-version.ts'
import { watchSqliteSchema } from './sources/watch-sqlite-schema.ts'

export interface SourcesDeps {
  readonly database: Backend
  readonly store: GenerationStore
  /** As it changes. Replays its current value. */
  readonly config$: Observable<Config>
  /** SIGUSR1 and SIGUSR2. */
  readonly reloads: SignalEmitter
  /** A request found the database gone: when it is back, the schema may be another. */
  readonly lost$: Observable<void>
  /** At each failed attempt to listen, and at each loss. */
  readonly onListenerFailure: (failure: unknown) => void
  readonly health: SourceHealth
  readonly observe: Observe
  readonly scheduler: SchedulerLike
}

export function composeSources(deps: SourcesDeps): Observable<ReloadSignal> {
  const { database, store, config$, health, observe, scheduler } = deps
  const config = () => store.current().config
  const intervalMs$ = config$.pipe(map((current) => current.dbSchemaPollInterval))
  const common = [
    watchProcessSignals({ emitter: deps.reloads, config, scheduler }),
    deps.lost$.pipe(
      map((): ReloadSignal => {
        const at = scheduler.now()
        return { scope: 'schema', depth: 'check', origin: 'connection-lost', at }
      }),
    ),
  ]
  const { feed } = database
  switch (feed.kind) {
    case 'push': {
      const pushed$ = watchPushFeed({
        feed,
        config$,
        health,
        observe,
        onFailure: deps.onListenerFailure,
        scheduler,
        random: Math.random,
      })
      const isNeeded$ = health.state$(feed.name).pipe(
        map((state) => state === 'down'),
        distinctUntilChanged(),
      )
      return merge(
        ...common,
        pushed$,
        watchSchemaVersion({ intervalMs$, isNeeded$, health, scheduler }),
      )
    }
    case 'poll': {
      // the version names the file as well
      const read = async () => {
        const { snapshot } = store.current()
        if (snapshot === null) return { version: '', file: '' }
        const signal = AbortSignal.timeout(config().dbSchemaLoadTimeout)
        return { version: await database.schemaVersion(snapshot.options, signal), file: '' }
      }
      return merge(...common, watchSqliteSchema({ read, intervalMs$, health, scheduler }))
    }
    default:
      return assertNever(feed)
  }
}
