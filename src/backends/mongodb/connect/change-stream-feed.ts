/**
 * MongoDB's feed: one change stream for each exposed database, with expanded events, which tell of
 * collections, views, indexes and validators. No resume token is kept: a stream is opened from now,
 * and what was before it is found by the check that follows. Each empty batch is a sign of life.
 */
import {
  type ChangeStream,
  type ChangeStreamDocument,
  type Document,
  MongoServerError,
  type ServerDescriptionChangedEvent,
} from 'mongodb'
import {
  type FeedConnection,
  type FeedHandlers,
  type FeedPlace,
  FeedUnavailable,
  type PushFeed,
} from '../../../cache/schema-feed.ts'
import { controlFailure } from './map-mongodb-error.ts'
import type { MongodbClient } from './mongodb-client.ts'
import type { ServerFacts } from './server-facts.ts'

export interface ChangeStreamFeedDeps {
  /** A client of its own: a stream keeps a connection for as long as it is open. */
  readonly control: Pick<MongodbClient, 'client' | 'db'>
  /** Rejects with BackendFailure. */
  readonly serverFacts: (signal: AbortSignal) => Promise<ServerFacts>
  /**
   * Called before a change is told of: what is known of this collection may be old or, where it is
   * null, what is known of any.
   */
  readonly onTold: (of: { readonly database: string; readonly name: string } | null) => void
  /**
   * Calls it each time that new fields were found in documents, which no stream of the schema tells
   * of, until the answer is called.
   */
  readonly newFields: (onFound: () => void) => () => void
}

/** What may be another schema. Documents that are written are none of them. */
const schemaEvents = [
  'create',
  'createIndexes',
  'dropIndexes',
  'modify',
  'drop',
  'rename',
  'dropDatabase',
  'invalidate',
] as const satisfies readonly ChangeStreamDocument['operationType'][]

/** Milliseconds after which a stream with nothing to tell gives a sign of life. */
const signEveryMs = 500

/** Milliseconds for the server's facts: longer than a server is looked for. */
const questionLimitMs = 8000

/** Kinds of servers that streams are read from: `primary` is asked for. */
const streaming: ReadonlySet<string> = new Set(['RSPrimary', 'Mongos', 'LoadBalancer'])

/** Between the names of the databases in that of the channel. */
const separator = ', '

export function createChangeStreamFeed(deps: ChangeStreamFeedDeps): PushFeed {
  const { control, serverFacts } = deps

  async function begin(watches: readonly DatabaseWatch[]): Promise<FeedPlace> {
    const { version, hasExpandedEvents } = await serverFacts(AbortSignal.timeout(questionLimitMs))
    if (!hasExpandedEvents) {
      throw new FeedUnavailable(
        `change streams tell of the schema from MongoDB 6.0 on, this is ${version}`,
      )
    }
    try {
      await Promise.all(watches.map((watch) => watch.open()))
    } catch (error) {
      throw asFailure(error)
    }
    const { hosts } = control.client.options
    return { address: hosts.map(String).join(','), serverVersion: `MongoDB ${version}` }
  }

  return {
    kind: 'push',
    hasOwnWay: false,
    name: 'change-stream',
    channel: ({ dbSchemas }) => dbSchemas.join(separator),
    unproven: 'the change stream gave no sign of life',
    open(channel, handlers): FeedConnection {
      let isReady = false
      let isLost = false
      const once: FeedHandlers = {
        ...handlers,
        onLost(cause) {
          if (isLost) return
          isLost = true
          handlers.onLost(cause)
        },
      }
      // told at once, while a stream first tries to end its cursor on the server that is gone
      const onDescription = (event: ServerDescriptionChangedEvent) => {
        const { previousDescription, newDescription } = event
        if (!streaming.has(previousDescription.type) || newDescription.type !== 'Unknown') return
        if (isReady) once.onLost(newDescription.error?.message ?? 'the server cannot be reached')
      }
      control.client.on('serverDescriptionChanged', onDescription)
      const unlisten = deps.newFields(() => {
        if (isReady && !isLost) once.onSeen()
      })
      const databases = channel.split(separator)
      const watches = databases.map((name) => {
        return new DatabaseWatch(control, name, once, deps.onTold)
      })
      return {
        ready: begin(watches).then((place) => {
          isReady = true
          // whatever happened before is not told
          deps.onTold(null)
          return place
        }),
        async prove() {
          await Promise.all(watches.map((watch) => watch.nextSign()))
        },
        close() {
          isLost = true
          control.client.off('serverDescriptionChanged', onDescription)
          unlisten()
          for (const watch of watches) watch.close()
        },
      }
    },
    restMs: () => 0,
    peers: null,
    // a stream tells of what a majority has, and loads read from the primary
    catchUp: { position: () => Promise.resolve(null), isReached: () => Promise.resolve(true) },
  }
}

/** The stream of one database, opened again each time that the database was dropped. */
class DatabaseWatch {
  readonly #control: ChangeStreamFeedDeps['control']
  readonly #database: string
  readonly #handlers: FeedHandlers
  readonly #onTold: ChangeStreamFeedDeps['onTold']
  readonly #waiting = new Set<() => void>()
  #stream: ChangeStream<Document> | null = null
  #isClosed = false

  constructor(
    control: ChangeStreamFeedDeps['control'],
    database: string,
    handlers: FeedHandlers,
    onTold: ChangeStreamFeedDeps['onTold'],
  ) {
    this.#onTold = onTold
    this.#control = control
    this.#database = database
    this.#handlers = handlers
  }

  /** Resolves once no later change is missed. Rejects with what the driver says. */
  open(): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the stream was closed before it was open'))
    return new Promise((resolve, reject) => {
      let isOpen = false
      const stream = this.#control.db(this.#database).watch([ofTheSchema], {
        showExpandedEvents: true,
        maxAwaitTimeMS: signEveryMs,
        readPreference: 'primary',
      })
      this.#stream = stream
      stream.on('resumeTokenChanged', () => {
        isOpen = true
        resolve()
        for (const settle of [...this.#waiting]) settle()
      })
      // read as a stream the driver does not resume it: it would look for a server in silence
      const events = stream.stream()
      events.on('data', ({ operationType, ns }: Document) => {
        if (operationType === 'invalidate') {
          this.#reopen()
          return
        }
        const name: unknown = Object(ns).coll
        this.#tell(typeof name === 'string' ? { database: this.#database, name } : null)
      })
      events.on('error', (error) => {
        if (this.#stream !== stream) return
        this.close()
        if (isOpen) this.#handlers.onLost(controlFailure(error).message)
        else reject(error)
      })
    })
  }

  /** Resolves with the next batch, be it empty. */
  nextSign(): Promise<void> {
    return new Promise((resolve) => {
      const settle = () => {
        this.#waiting.delete(settle)
        resolve()
      }
      this.#waiting.add(settle)
    })
  }

  close(): void {
    this.#isClosed = true
    this.#end()
  }

  #tell(of: Parameters<ChangeStreamFeedDeps['onTold']>[0]): void {
    this.#onTold(of)
    this.#handlers.onChange('schema')
  }

  /** What happened between the two streams is found by a check. */
  #reopen(): void {
    this.#end()
    this.open().then(
      () => this.#tell(null),
      (error: unknown) => {
        if (!this.#isClosed) this.#handlers.onLost(controlFailure(error).message)
      },
    )
  }

  #end(): void {
    const stream = this.#stream
    this.#stream = null
    // a server that is gone cannot be told, and forgets its cursors
    stream?.close().catch(() => undefined)
  }
}

const ofTheSchema: Document = { $match: { operationType: { $in: schemaEvents } } }

/** Codes of deployments and users that have no streams, which trying again does not change. */
const unavailable: ReadonlyMap<number, string> = new Map([
  [40573, 'a server that stands alone has no change streams'],
  [13, 'the user may not open a change stream'],
  [8000, 'the user may not open a change stream'],
  [73, 'MongoDB has no change streams of its own databases'],
  [40324, 'the server knows no change streams'],
])

function asFailure(error: unknown): Error {
  const cause = error instanceof MongoServerError ? unavailable.get(Number(error.code)) : undefined
  return cause === undefined ? controlFailure(error) : new FeedUnavailable(cause)
}
