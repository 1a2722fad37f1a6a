/**
 * How a database tells of schema changes, as the sources of reload triggers see it. A backend has
 * one feed: over `push` the database tells by itself, over `poll` it has to be asked for its
 * version. Engines differ behind this; `src/sources` turns either into reload signals.
 */
import type { Config } from '../config/config.ts'
import type { FeedName } from '../observe/observation.ts'
import type { SchemaOptions } from '../schema/schema-snapshot.ts'
import type { ReloadScope } from './reload-signal.ts'

export type SchemaFeed = PushFeed | { readonly kind: 'poll' }

export interface PushFeed {
  readonly kind: 'push'
  /** The feed's name in `/health` and the metrics, and the origin of the reloads it tells of. */
  readonly name: FeedName
  /**
   * What a configuration lets the feed listen to, by the name that the log gives it; null: nothing.
   * Where the name changes, a new connection takes the place of the one there is.
   */
  readonly channel: (config: Config) => string | null
  /**
   * Opens one connection, which is tried once: the caller decides what follows its end. The
   * handlers are called after `open` has returned.
   */
  readonly open: (channel: string, handlers: FeedHandlers) => FeedConnection
  /**
   * It has a way of its own to the database: whether it gets there says nothing of requests and loads,
   * and whether they do nothing of it.
   */
  readonly hasOwnWay: boolean
  /** The log's text for a proof of life that does not come back. */
  readonly unproven: string
  /** For databases where reads lag behind what is told. */
  readonly catchUp: CatchUp
  /**
   * Milliseconds between two looks at the version while the feed is up, where it tells of every change
   * and looks are but a backstop; 0: none are needed. Null: it tells of what somebody announces, and
   * the rest has to be looked for.
   */
  readonly restMs: () => number | null
  /** The other processes on this database, where the feed reaches them. */
  readonly peers: FeedPeers | null
}

/** What processes that serve one database say to each other. */
export type PeerWord =
  /** The version was asked for and had not moved; the view says what was looked at. */
  | { readonly kind: 'checked'; readonly view: string }
  /** There may be a change that the database told nobody of. */
  | { readonly kind: 'moved' }
  /** An operator wants everybody to reload. */
  | { readonly kind: 'reload'; readonly scope: ReloadScope }

export interface FeedPeers {
  /**
   * What a look at the version looks at, the server among it: of two processes with equal views one
   * look tells both. Rejects with BackendFailure.
   */
  view(options: SchemaOptions): Promise<string>
  /** To all who listen, this process too, which does not heed it. Rejects with BackendFailure. */
  tell(word: PeerWord): Promise<void>
}

export interface FeedHandlers {
  /**
   * Something has changed, or a reload is asked for. May be called before `ready`. `place`: where it
   * was told, for the log, if not on the channel.
   */
  readonly onChange: (scope: ReloadScope, place?: string) => void
  /** Data has come that the schema is read from, of which the database tells nothing. May be called before `ready`. */
  readonly onSeen: () => void
  /** Something was said that asks for nothing that is known, `place` as above. May be called before `ready`. */
  readonly onUnknown: (payload: string, place?: string) => void
  /** Never a word of this process; `process`: as the other one names itself. May be called before `ready`. */
  readonly onPeer: (word: PeerWord, process: string) => void
  /** At most once, only after `ready`, never after `close`. In the words of the database. */
  readonly onLost: (cause: string) => void
}

export interface FeedConnection {
  /** Resolves once no later change is missed. Rejects with what was in the way. */
  readonly ready: Promise<FeedPlace>
  /**
   * Proof of life: something of our own comes back over this connection. Resolves when it has;
   * rejects when it could not be sent; stays pending when the connection is deaf.
   */
  prove(): Promise<void>
  /** May be called at any time, and twice. */
  close(): void
}

/** Where a feed comes from, for the log. */
export interface FeedPlace {
  /** `"host:port"` or a socket's path. */
  readonly address: string
  /** The server's description of itself. */
  readonly serverVersion: string
}

export interface CatchUp {
  /** How far the database has got by now, in its own terms; null: reads see all of that at once. */
  position(): Promise<string | null>
  /** Whether reads have got there. */
  isReached(position: string): Promise<boolean>
}

/**
 * What `ready` rejects with where the database has no such feed, or not for us: trying again soon
 * would not change that, and polling takes its place.
 */
export class FeedUnavailable extends Error {
  constructor(cause: string) {
    super(cause)
    this.name = 'FeedUnavailable'
  }
}
