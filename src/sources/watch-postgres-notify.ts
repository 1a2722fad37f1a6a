/**
 * NOTIFY → reload signals, over a LISTEN connection whose life is proven, not assumed.
 *
 * One attempt: ask where the primary is → connect, LISTEN → a NOTIFY of our own on a private
 * channel comes back: the listener is up, and a check makes good what was missed → the proof is
 * repeated. What fails ends the attempt; the next one comes after 1, 2, 4 … 32 s, and a proof
 * begins the series anew. LISTEN thus comes before the load that it guards, the first included.
 *
 * Where reads go to a replica checks repeat until it has replayed what a notification tells of.
 *
 * Rule  PostgREST docs: listener; where they say that an empty payload reloads both, the release
 *       reloads the configuration only while `db-config` is on, and so after `reload schema`
 */
import {
  connect,
  defer,
  distinctUntilChanged,
  exhaustMap,
  filter,
  from,
  ignoreElements,
  map,
  merge,
  NEVER,
  Observable,
  retry,
  type SchedulerLike,
  share,
  switchMap,
  take,
  tap,
  throwError,
  timeout,
  timer,
} from 'rxjs'
import { conflateMap } from '../cache/conflate-map.ts'
import { type ReloadScope, type ReloadSignal, widerScope } from '../cache/reload-signal.ts'
import type { Config } from '../config/config.ts'
import { backoffMs, withJitter } from '../core/backoff.ts'
import type { Observe } from '../observe/observation.ts'
import type { openListeningConnection } from './listening-connection.ts'
import type { SourceHealth } from './source-health.ts'
import { type ReplicaPosition, untilReplayed } from './until-replayed.ts'

/** What is wanted of a backend that can listen. */
export interface ListenFeed extends ReplicaPosition {
  /** Options of a pg client for the place that `describe` has found. */
  readonly connection: () => Readonly<Record<string, unknown>>
  /** Finds a server that takes LISTEN; rejects in libpq's words. */
  readonly describe: () => Promise<{ readonly address: string; readonly version: string }>
  /** NOTIFY over another connection, which no load keeps busy. */
  readonly notify: (channel: string, payload: string) => Promise<void>
}

export interface PostgresNotifyDeps {
  readonly feed: ListenFeed
  readonly open: typeof openListeningConnection
  /** As it changes. Replays its current value. */
  readonly config$: Observable<Pick<Config, 'dbChannel' | 'dbChannelEnabled' | 'dbConfig'>>
  readonly health: Pick<SourceHealth, 'report'>
  readonly observe: Observe
  /** At each failed attempt and each loss: a server that is not to recover ends here. */
  readonly onFailure?: (failure: unknown) => void
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
  /** Unlike that of any other process on the database. */
  readonly probeChannel: string
  /** Milliseconds between two proofs of life. */
  readonly probeIntervalMs?: number
  /** Milliseconds in which an answer has to come: where the primary is, LISTEN, a proof. */
  readonly answerLimitMs?: number
}

/** Between two questions of where the primary's log stands, at least. */
const replicaThrottleMs = 100

/** The source's name in the health registry. */
export const notifyName = 'notify'

type ListenEvent =
  | { readonly kind: 'listening' }
  | { readonly kind: 'notice'; readonly payload: string }
  | { readonly kind: 'probe'; readonly payload: string }

/** Something that reads have to catch up with. */
type News = Pick<ReloadSignal, 'scope' | 'depth' | 'origin'>

/** Null: not addressed to us. */
function scopeOf(payload: string, dbConfig: boolean): ReloadScope | null {
  switch (payload) {
    case '':
    case 'reload schema':
      return dbConfig ? 'both' : 'schema'
    case 'reload config':
      return 'config'
    default:
      return null
  }
}

export function watchPostgresNotify(deps: PostgresNotifyDeps): Observable<ReloadSignal> {
  const { feed, health, observe, scheduler, probeChannel } = deps
  const { probeIntervalMs = 10_000, answerLimitMs = 5000 } = deps

  /** The first value comes in time, or an error does. */
  function inTime<T>(complaint: string) {
    return timeout<T, Observable<never>>({
      first: answerLimitMs,
      scheduler,
      with: () => throwError(() => new Error(`${complaint} within ${answerLimitMs} ms`)),
    })
  }

  /** One connection: what it tells, and an error when it is lost. Closed on unsubscription. */
  function listen(channel: string): Observable<ListenEvent> {
    return new Observable((subscriber) => {
      const connection = deps.open(
        feed.connection(),
        { signal: channel, probe: probeChannel },
        {
          onSignal: (payload) => subscriber.next({ kind: 'notice', payload }),
          onProbe: (payload) => subscriber.next({ kind: 'probe', payload }),
          onLost: (cause) => subscriber.error(new Error(cause)),
        },
      )
      connection.ready.then(
        () => subscriber.next({ kind: 'listening' }),
        (failure: unknown) => subscriber.error(failure),
      )
      return () => connection.close()
    })
  }

  /** One proof of life: our own NOTIFY comes back over the connection. */
  function prove(events$: Observable<ListenEvent>, token: string): Observable<unknown> {
    return merge(
      events$.pipe(filter((event) => event.kind === 'probe' && event.payload === token)),
      defer(() => from(feed.notify(probeChannel, token))).pipe(ignoreElements()),
    ).pipe(take(1), inTime('a notification of our own did not come back'))
  }

  function attempt(
    channel: string,
    onProof: (place: Awaited<ReturnType<ListenFeed['describe']>>) => News,
    dbConfig: () => boolean,
  ): Observable<News> {
    return defer(() => from(feed.describe())).pipe(
      inTime('the server did not answer'),
      switchMap((place) => {
        const events$ = listen(channel).pipe(share())
        const firstProof$ = events$.pipe(
          filter(({ kind }) => kind === 'listening'),
          inTime('the server did not answer LISTEN'),
          take(1),
          switchMap(() => timer(0, probeIntervalMs, scheduler)),
          exhaustMap((count) => prove(events$, String(count))),
          filter((_, index) => index === 0),
          map(() => onProof(place)),
        )
        const notices$ = events$.pipe(
          map((event) => (event.kind === 'notice' ? scopeOf(event.payload, dbConfig()) : null)),
          filter((scope) => scope !== null),
          tap((scope) =>
            observe({
              kind: 'notification',
              channel,
              scope: scope === 'config' ? 'config' : 'schema',
            }),
          ),
          map((scope): News => ({ scope, depth: 'load', origin: 'notify' })),
        )
        return merge(notices$, firstProof$)
      }),
    )
  }

  /** Attempt after attempt, for as long as the channel is listened to. */
  function listenOn(
    channel: string,
    dbConfig: () => boolean,
    connectedScope: () => ReloadScope,
  ): Observable<News> {
    return defer(() => {
      let failures = 0
      health.report(notifyName, 'down')
      return attempt(
        channel,
        (place) => {
          failures = 0
          observe({ kind: 'listener-connected', ...place, channel })
          health.report(notifyName, 'up')
          return { scope: connectedScope(), depth: 'check', origin: 'listener-connected' }
        },
        dbConfig,
      ).pipe(
        retry({
          delay: (failure: unknown) => {
            failures += 1
            const cause = failure instanceof Error ? failure.message : String(failure)
            observe({ kind: 'listener-failed', channel, cause })
            health.report(notifyName, 'down', cause)
            deps.onFailure?.(failure)
            // told without the jitter: 1, 2, 4 … is what the release's users know
            observe({ kind: 'listener-retry', retryInMs: backoffMs(failures) })
            return timer(withJitter(backoffMs(failures), deps.random()), scheduler)
          },
        }),
      )
    })
  }

  function toSignal(news: News): ReloadSignal {
    return { ...news, at: scheduler.now() }
  }

  /** Checks that repeat until reads have caught up with the news, the last for all it is about. */
  function repeatUntilReplayed({ scope, origin }: News): Observable<News> {
    return untilReplayed(feed, scheduler).pipe(
      map((isReplayed): News => ({ scope: isReplayed ? scope : 'schema', depth: 'check', origin })),
    )
  }

  /** Each news at once, and what follows from it; a storm asks a replica ten times a second. */
  function followUp(news$: Observable<News>): Observable<ReloadSignal> {
    return news$.pipe(
      connect((shared$) =>
        merge(
          shared$,
          shared$.pipe(
            conflateMap(repeatUntilReplayed, {
              merge: (older, newer) => ({ ...older, scope: widerScope(older.scope, newer.scope) }),
              throttleMs: replicaThrottleMs,
              scheduler,
            }),
          ),
        ),
      ),
      map(toSignal),
    )
  }

  return defer(() => {
    let dbConfig = false
    let hasListened = false
    const news$ = deps.config$.pipe(
      tap((config) => {
        dbConfig = config.dbConfig
      }),
      distinctUntilChanged(
        (a, b) => a.dbChannel === b.dbChannel && a.dbChannelEnabled === b.dbChannelEnabled,
      ),
      switchMap(({ dbChannel, dbChannelEnabled }) => {
        if (!dbChannelEnabled) {
          health.report(notifyName, 'off')
          return NEVER
        }
        return listenOn(
          dbChannel,
          () => dbConfig,
          () => {
            // notices for the configuration may have been missed, but for those before the start
            const scope = hasListened && dbConfig ? 'both' : 'schema'
            hasListened = true
            return scope
          },
        )
      }),
    )
    return followUp(news$)
  })
}
