/**
 * What a database tells by itself → reload signals, over a connection whose life is proven, not
 * assumed.
 *
 * One attempt: the connection is opened and ready → a proof of life comes back: the feed is up, and a
 * check makes good what was missed → the proof is repeated. What fails ends the attempt; the next one
 * comes after 1, 2, 4 … 32 s, or once the database is there for anyone, and a proof begins the series
 * anew. Listening thus comes before the load that it guards, the first included. A feed whose first
 * proof is late is unproven: the database is there, but nobody knows whether the feed hears it.
 *
 * Where the database has no such feed, it is off, and looked for again now and then.
 *
 * A feed with a way of its own never ends the process, and nobody else's connections say that it is time
 * for its next attempt.
 *
 * Where reads lag behind, checks repeat until they have caught up with what was told.
 */
import {
  defer,
  distinctUntilChanged,
  map,
  mergeMap,
  NEVER,
  type Observable,
  retry,
  type SchedulerLike,
  switchMap,
  tap,
} from 'rxjs'
import type { ReloadScope, ReloadSignal } from '../cache/reload-signal.ts'
import { retryPause } from '../cache/retry-pause.ts'
import { FeedUnavailable, type PeerWord, type PushFeed } from '../cache/schema-feed.ts'
import type { Config } from '../config/config.ts'
import { assertNever } from '../core/assert-never.ts'
import { backoffMs, withJitter } from '../core/backoff.ts'
import { failureText } from '../core/failure-text.ts'
import { BackendFailure } from '../errors/backend-failure.ts'
import type { Observe } from '../observe/observation.ts'
import { followUpNews, type News } from './follow-up-news.ts'
import { type ListenRules, listenToFeed, usualLimits } from './listen-to-feed.ts'
import { paceFullLoads } from './pace-full-loads.ts'
import { LateProof } from './prove-life.ts'
import type { SourceHealth } from './source-health.ts'

export interface PushFeedDeps {
  readonly feed: PushFeed
  /** The configuration as it changes. Replays its current value. */
  readonly config$: Observable<Config>
  /** Emits each time that a connection to the database is made. */
  readonly alive$: Observable<unknown>
  /** Emits each time that a change is found which the feed did not tell of. */
  readonly unheard$: Observable<unknown>
  readonly health: Pick<SourceHealth, 'report' | 'connected' | 'proved'>
  readonly observe: Observe
  /** Called when another process has looked at the version, and with what it has looked at. */
  readonly onPeerLook?: (view: string) => void
  /** Called with the name of another process at each of its words. */
  readonly onPeerHeard?: (process: string) => void
  /** Called at each failed attempt and each loss; ends the process where it is not to recover. */
  readonly onFailure: (failure: BackendFailure) => void
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
  /** Milliseconds in which a connection has to be ready: it may first look for its server. */
  readonly readyLimitMs?: number
  /** Milliseconds between two proofs of life. */
  readonly proofIntervalMs?: number
  /** Milliseconds in which a proof has to come back. */
  readonly proofLimitMs?: number
  /** The same once there is reason to doubt it. A first proof that takes longer is late. */
  readonly doubtLimitMs?: number
}

/** What others say on the channel is not repeated at length. */
const mostPayloadChars = 100

/** Milliseconds between two full loads that others ask for over the channel, at least. */
const fullLoadPauseMs = 30_000

/** Milliseconds until a feed that the database does not have is looked for again. */
const absentRetryMs = 60_000

/** A feed that ends without the database's word, or is deaf, is a connection lost. */
function asLoss(failure: unknown, cause: string): BackendFailure {
  return failure instanceof BackendFailure
    ? failure
    : new BackendFailure({ kind: 'connection-lost', details: cause }, cause, { cause: failure })
}

/** Signals for as long as it is subscribed to. Never errors, never completes. */
export function watchPushFeed(deps: PushFeedDeps): Observable<ReloadSignal> {
  const { feed, unheard$, health, observe, scheduler } = deps
  const alive$ = feed.hasOwnWay ? NEVER : deps.alive$
  const { readyLimitMs = usualLimits.readyLimitMs, proofIntervalMs = 10_000 } = deps
  const { proofLimitMs = usualLimits.limitMs, doubtLimitMs = 1000 } = deps
  const listening: ListenRules = {
    readyLimitMs,
    unproven: feed.unproven,
    unheard$,
    onPeerHeard: deps.onPeerHeard ?? (() => undefined),
    intervalMs: proofIntervalMs,
    limitMs: proofLimitMs,
    doubtLimitMs,
    scheduler,
  }

  function newsOf(word: PeerWord, times: number): readonly News[] {
    switch (word.kind) {
      case 'checked':
        deps.onPeerLook?.(word.view)
        return []
      case 'moved':
        return [{ scope: 'schema', depth: 'check', origin: 'fleet', times }]
      case 'reload':
        return [{ scope: word.scope, depth: 'full', origin: 'fleet', times }]
      default:
        return assertNever(word)
    }
  }

  /** Attempt after attempt, for as long as the channel is listened to. */
  function listenOn(channel: string, provenScope: () => ReloadScope): Observable<News> {
    return defer(() => {
      let failures = 0
      let isProven = false
      health.report(feed.name, 'down')
      return listenToFeed(feed, channel, listening).pipe(
        mergeMap(({ value: event, times }): readonly News[] => {
          switch (event.kind) {
            case 'change': {
              const { scope, place } = event
              const told = scope === 'config' ? 'config' : 'schema'
              observe({ kind: 'notification', feed: feed.name, channel: place, scope: told, times })
              return [{ scope, depth: 'check', origin: feed.name, times }]
            }
            case 'unknown': {
              const payload = event.payload.slice(0, mostPayloadChars)
              observe({ kind: 'notification-unknown', channel: event.place, payload, times })
              return []
            }
            case 'seen':
              return [{ scope: 'schema', depth: 'check', origin: 'sample' }]
            case 'peer':
              return newsOf(event.word, times)
            case 'ready':
              health.connected(feed.name)
              return []
            case 'proof-due':
              if (!isProven) health.report(feed.name, 'unproven', event.cause)
              return []
            case 'proven':
              failures = 0
              isProven = true
              observe({ kind: 'listener-connected', feed: feed.name, ...event.place, channel })
              health.report(feed.name, 'up')
              health.proved(feed.name)
              return [{ scope: provenScope(), depth: 'check', origin: 'listener-connected', times }]
            case 'proven-again':
              health.proved(feed.name)
              return []
            default:
              return assertNever(event)
          }
        }),
        retry({
          delay: (failure: unknown) => {
            if (failure instanceof FeedUnavailable) {
              health.report(feed.name, 'off', failure.message)
              return retryPause(withJitter(absentRetryMs, deps.random()), alive$, scheduler)
            }
            failures += 1
            // the server is there, but what comes between it and us passes no notifications on
            const isDeaf = failure instanceof LateProof && !isProven
            isProven = false
            const cause = failureText(failure)
            observe({ kind: 'listener-failed', feed: feed.name, channel, cause })
            health.report(feed.name, isDeaf ? 'unproven' : 'down', cause)
            if (!isDeaf && !feed.hasOwnWay) deps.onFailure(asLoss(failure, cause))
            // told without the jitter: 1, 2, 4 … is what PostgREST's users know
            observe({ kind: 'listener-retry', feed: feed.name, retryInMs: backoffMs(failures) })
            const pauseMs = withJitter(backoffMs(failures), deps.random())
            return retryPause(pauseMs, isDeaf ? NEVER : alive$, scheduler)
          },
        }),
      )
    })
  }

  return defer(() => {
    let dbConfig = false
    let hasListened = false
    const news$ = deps.config$.pipe(
      tap((config) => {
        dbConfig = config.dbConfig
      }),
      map((config) => feed.channel(config)),
      distinctUntilChanged(),
      switchMap((channel) => {
        if (channel === null) {
          health.report(feed.name, 'off')
          return NEVER
        }
        return listenOn(channel, () => {
          // changes of the configuration may have been missed, but for those before the start
          const scope = hasListened && dbConfig ? 'both' : 'schema'
          hasListened = true
          return scope
        })
      }),
      paceFullLoads(fullLoadPauseMs, scheduler),
    )
    return followUpNews(news$, feed.catchUp, scheduler)
  })
}
