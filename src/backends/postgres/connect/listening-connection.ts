/**
 * One LISTEN connection by pg-listen: connects once, listens, reports notifications and, once, its
 * loss. The caller decides what follows; a second connection is a second call.
 *
 * pg-listen's own recovery is left off: its retries give up after three seconds, its periodic check
 * hangs on a server that has stopped, and its `close` waits for a server that may never answer. The
 * socket is ours instead, and cutting it ends everything at once.
 */
import { EventEmitter } from 'node:events'
import { Socket } from 'node:net'
import pgListen from 'pg-listen'
import { bunchedSocket, createBunchReader } from './bunch-reader.ts'

export interface ListenChannels {
  /** The users' channel: `db-channel`. */
  readonly signal: string
  /** What processes that serve this database say to each other. */
  readonly fleet: string
  /** A channel of this process alone, for its proof of life. */
  readonly probe: string
}

export interface ListenHandlers {
  readonly onSignal: (payload: string) => void
  readonly onFleet: (payload: string) => void
  readonly onProbe: (payload: string) => void
  /** At most once, only after `ready`, never after `close`. In libpq's words where it has some. */
  readonly onLost: (cause: string) => void
}

export interface ListeningConnection {
  /** Resolves when all channels are listened to. Rejects, after which the connection is closed. */
  readonly ready: Promise<void>
  /** May be called at any time, and twice. */
  close(): void
}

/** Milliseconds that a server gets to say goodbye. */
const goodbyeMs = 500

const lostText =
  'server closed the connection unexpectedly: ' +
  'this probably means the server terminated abnormally before or while processing the request.'

/**
 * pg quotes only names that need it, and `LISTEN "pgrst"` is what operators look for in
 * `pg_stat_activity`: the connection's last statement.
 */
function quoteChannel(text: string): string {
  return text.replace(/^LISTEN ([a-z_][a-z0-9_$]*)$/, 'LISTEN "$1"')
}

/** What the server said last, e.g. why it ends the connection. */
function serverError(message: unknown): string | null {
  if (typeof message !== 'object' || message === null) return null
  const severity: unknown = Reflect.get(message, 'severity')
  const text: unknown = Reflect.get(message, 'message')
  return typeof severity === 'string' && typeof text === 'string' ? `${severity}:  ${text}` : null
}

/**
 * Opens the connection.
 *
 * @param config options of a pg client: where, as whom, how encrypted
 */
export function openListeningConnection(
  config: Readonly<Record<string, unknown>>,
  channels: ListenChannels,
  handlers: ListenHandlers,
): ListeningConnection {
  const socket = new Socket(bunchedSocket)
  const bunches = createBunchReader()
  let isClosed = false
  let isReady = false
  let lastWords: string | null = null

  const subscriber = pgListen.default(
    {
      ...config,
      // pg calls this as a method of its connection, which nothing else gives us
      stream(this: unknown) {
        if (this instanceof EventEmitter) tap(this)
        return socket
      },
    },
    // one attempt means none after the first; payloads are plain text
    { retryLimit: 1, paranoidChecking: false, parse: (payload: string) => payload },
  )

  /**
   * Reads the server's last message and has channel names quoted. If pg's connection were built
   * differently, error texts and channel names would only be less exact.
   */
  function tap(connection: EventEmitter): void {
    connection.on('notification', () => {
      // of an encrypted connection it is another one than ours
      const stream: unknown = Reflect.get(connection, 'stream')
      if (stream instanceof Socket) bunches.onNotification(stream)
    })
    connection.on('errorMessage', (message: unknown) => {
      lastWords = serverError(message) ?? lastWords
    })
    const query: unknown = Reflect.get(connection, 'query')
    if (typeof query !== 'function') return
    Reflect.set(connection, 'query', (text: unknown) =>
      Reflect.apply(query, connection, [typeof text === 'string' ? quoteChannel(text) : text]),
    )
  }

  function cut(): void {
    if (isClosed) return
    isClosed = true
    // tells pg-listen not to reconnect; the promise settles once the socket is gone
    subscriber.close().catch(() => undefined)
    socket.destroy()
  }

  function lose(): void {
    if (isClosed) return
    cut()
    // before it is ready the loss is told by the promise
    if (isReady) handlers.onLost(lastWords ?? lostText)
  }

  subscriber.events.on('notification', ({ channel, payload }) => {
    if (isClosed) return
    const text = typeof payload === 'string' ? payload : ''
    // the server may have cut a long name, so everything but our own is the user's channel
    if (channel === channels.probe) handlers.onProbe(text)
    else if (channel === channels.fleet) handlers.onFleet(text)
    else handlers.onSignal(text)
  })
  // without listeners an emitted `error` would end the process; a channel may have that name too
  subscriber.events.on('error', lose)
  subscriber.notifications.on('error', () => undefined)
  socket.on('error', (failure) => {
    lastWords ??= failure.message
  })
  socket.on('close', lose)

  async function begin(): Promise<void> {
    await subscriber.connect()
    await subscriber.listenTo(channels.probe)
    await subscriber.listenTo(channels.fleet)
    await subscriber.listenTo(channels.signal)
    isReady = true
  }
  const ready = begin().catch((failure: unknown) => {
    const told = lastWords === null ? failure : new Error(lastWords, { cause: failure })
    cut()
    throw told
  })

  return {
    ready,
    close() {
      if (isClosed) return
      isClosed = true
      const timer = setTimeout(() => socket.destroy(), goodbyeMs)
      timer.unref()
      subscriber
        .close()
        .catch(() => undefined)
        .finally(() => {
          clearTimeout(timer)
          socket.destroy()
        })
    },
  }
}
