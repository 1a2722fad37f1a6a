/**
 * Whether a database tells of schema changes, tried once and for `--check`: a pooler that passes no
 * notifications on, a listener that leads elsewhere and a server without change streams show there,
 * before a migration goes unheard.
 */
import { asyncScheduler, filter, firstValueFrom, map, NEVER } from 'rxjs'
import type { SchemaFeed } from '../cache/schema-feed.ts'
import type { Config } from '../config/config.ts'
import { failureText } from '../core/failure-text.ts'
import type { FeedName } from '../observe/observation.ts'
import { listenToFeed, usualLimits } from './listen-to-feed.ts'

export interface FeedTrial {
  readonly feed: FeedName
  /** By the name that the log gives it. */
  readonly channel: string
  /** Why nothing is heard; null: something of our own came back. */
  readonly cause: string | null
  /** It was to have a way of its own to the database. */
  readonly hasOwnWay: boolean
}

/** Null: there is no feed, or it is switched off. Never rejects. */
export async function tryFeed(feed: SchemaFeed, config: Config): Promise<FeedTrial | null> {
  const channel = feed.kind === 'push' ? feed.channel(config) : null
  if (feed.kind === 'poll' || channel === null) return null
  const { name, hasOwnWay, unproven } = feed
  const proven$ = listenToFeed(feed, channel, {
    ...usualLimits,
    // one proof decides
    intervalMs: usualLimits.limitMs,
    doubtLimitMs: usualLimits.limitMs,
    unproven,
    unheard$: NEVER,
    onPeerHeard: () => undefined,
    scheduler: asyncScheduler,
  }).pipe(
    filter(({ value }) => value.kind === 'proven'),
    map(() => null),
  )
  const cause = await firstValueFrom(proven$).catch(failureText)
  return { feed: name, channel, cause, hasOwnWay }
}
