/**
 * The sources of reload triggers that a backend and a configuration have, as one stream: what
 * `compose.ts` hands to the pipeline. Every server has signals, the files of registries, losses and
 * the poll of the schema's version; a database that tells of changes has its feed as well, and the
 * poll stands in for it while it is down, unproven or switched off.
 */
import {
  combineLatest,
  distinctUntilChanged,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  of,
  type SchedulerLike,
  tap,
} from 'rxjs'
import type { GenerationStore } from './cache/generation-store.ts'
import type { SchemaReader } from './cache/load-schema.ts'
import type { ReloadSignal } from './cache/reload-signal.ts'
import type { SchemaFeed } from './cache/schema-feed.ts'
import type { Config } from './config/config.ts'
import { assertNever } from './core/assert-never.ts'
import type { Observe } from './observe/observation.ts'
import type { SourceState } from './observe/source-status.ts'
import { createFleet } from './sources/fleet.ts'
import type { FleetRoster } from './sources/fleet-roster.ts'
import { isFeedUp, type SourceHealth } from './sources/source-health.ts'
import { type SignalEmitter, watchProcessSignals } from './sources/watch-process-signals.ts'
import { watchPushFeed } from './sources/watch-push-feed.ts'
import { watchRegistryFiles } from './sources/watch-registry-files.ts'
import { watchSchemaVersion } from './sources/watch-schema-version.ts'

export interface SourcesDeps {
  readonly database: Pick<SchemaReader, 'schemaVersion'> & { readonly feed: SchemaFeed }
  readonly store: Pick<GenerationStore, 'current'>
  /** The configuration as it changes. Replays its current value. */
  readonly config$: Observable<Config>
  /** Reads the file of a registry. Rejects with what the file system says. */
  readonly readFile: (path: string) => Promise<Uint8Array>
  /** SIGUSR1 and SIGUSR2. */
  readonly reloads: SignalEmitter
  /** Emits when a request finds the database gone: its schema may be another when it is back. */
  readonly lost$: Observable<void>
  /** Emits each time that a connection to the database is made. */
  readonly alive$: Observable<unknown>
  /** Emits each time that a change is found which the feed did not tell of. */
  readonly unheard$: Observable<unknown>
  /** Emits once the first load has ended, and replays that. */
  readonly started$: Observable<unknown>
  /**
   * Called when the feed could not be opened or was lost, and when the schema version could not be
   * asked for.
   */
  readonly onFailure: (failure: unknown) => void
  readonly health: SourceHealth
  readonly fleetRoster: Pick<FleetRoster, 'heard'>
  readonly observe: Observe
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

/** How often the version is asked for where nobody says how often, and no feed tells of everything. */
const defaultPollMs = 2000

export function composeSources(deps: SourcesDeps): Observable<ReloadSignal> {
  const { database, store, config$, health, observe, scheduler, random } = deps
  const { feed } = database

  const signals$ = watchProcessSignals({
    emitter: deps.reloads,
    config: () => store.current().config,
    scheduler,
  })
  const registries$ = watchRegistryFiles({ config$, readFile: deps.readFile, scheduler })
  const losses$ = deps.lost$.pipe(
    map((): ReloadSignal => {
      const at = scheduler.now()
      return { scope: 'schema', depth: 'check', origin: 'connection-lost', at }
    }),
  )
  const feedState$: Observable<SourceState> =
    feed.kind === 'push' ? health.state$(feed.name) : of('off')
  const isUp = () => isFeedUp(feed, health) === true
  /** Milliseconds; null where nobody but the poll sees every change. */
  const restMs = (config: Config) =>
    feed.kind === 'push' && feed.channel(config) !== null && isUp() ? feed.restMs() : null
  const fleet =
    feed.kind === 'push' && feed.peers !== null
      ? createFleet({ peers: feed.peers, isHearing: isUp, random })
      : null
  const pollWhile = (isNeeded$: Observable<boolean>) =>
    watchSchemaVersion({
      reader: database,
      store,
      intervalMs$: combineLatest([config$, feedState$]).pipe(
        map(
          ([config]) => config.dbSchemaPollInterval ?? (restMs(config) === 0 ? 0 : defaultPollMs),
        ),
      ),
      restMs: () => {
        const { config } = store.current()
        return config.dbSchemaPollInterval === null ? restMs(config) : null
      },
      fleet,
      isNeeded$,
      started$: deps.started$,
      health,
      onFailure: deps.onFailure,
      scheduler,
    })

  switch (feed.kind) {
    case 'push': {
      const pushed$ = watchPushFeed({
        feed,
        config$,
        alive$: deps.alive$,
        unheard$: deps.unheard$,
        onPeerLook: (view) => fleet?.peerLooked(view),
        onPeerHeard: deps.fleetRoster.heard,
        health,
        observe,
        onFailure: deps.onFailure,
        scheduler,
        random,
      })
      const isDeaf$ = health.state$(feed.name).pipe(
        map((state) => state === 'down' || state === 'unproven'),
        distinctUntilChanged(),
      )
      // others cannot know what was seen before they could hear of it
      const unsaid$ = merge(feedState$.pipe(filter((state) => state === 'up')), deps.unheard$).pipe(
        tap(() => fleet?.moved()),
        ignoreElements(),
      )
      return merge(signals$, registries$, losses$, pushed$, unsaid$, pollWhile(isDeaf$))
    }
    case 'poll':
      return merge(signals$, registries$, losses$, pollWhile(of(false)))
    default:
      return assertNever(feed)
  }
}
