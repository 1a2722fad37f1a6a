/**
 * `GET /events`: what happens, as server-sent events. A client that was cut off says which event it had
 * last, and gets what it missed, or is told that it cannot have all of it. Figures follow each second.
 *
 * Nothing here grows with what clients do: there are so many of them at most, and one that does not
 * read is hung up on when its share of memory is full, or nothing of that has been taken for half a minute.
 * Systems keep so much for a connection that this may show late, so when all places are taken, who has had
 * one longest makes room: who reads comes back and misses nothing, who is dead does not.
 *
 * Rule  WHATWG HTML: 9.2 (Server-sent events)
 */
import type { EventFeed, ServerEvent } from '../observe/event-feed.ts'
import type { ServerFigures } from '../observe/server-figures.ts'

export interface EventStreamDeps {
  readonly feed: EventFeed
  /** Names this process: numbers of events mean nothing in another. */
  readonly incarnation: string
  readonly figures: () => Promise<ServerFigures>
  /** Runs `work` every so many milliseconds until the answer is called. */
  readonly repeat: (work: () => void, intervalMs: number) => () => void
  /** Runs `work` once, later, without keeping the process alive. */
  readonly later: (work: () => void, delayMs: number) => void
  /** Milliseconds, monotonic. */
  readonly now: () => number
}

export interface EventStreams {
  /**
   * Null: there are as many clients as there may be, and none has been there for long.
   *
   * @param lastEventId  what the client had last; undefined: it begins
   * @param hangUp  cuts the client's connection
   */
  open(lastEventId: string | undefined, hangUp: () => void): Response | null
  /** Ends all of them; nothing is opened any more. */
  close(): void
}

export const mostClients = 32
/** Bytes that wait for one client to read them. */
const mostWaitingBytes = 256 * 1024
/** Milliseconds between two figures, and between two comments that keep connections open. */
const figuresMs = 1000
const heartbeatMs = 15_000
/** Comments in a row at which a client has taken nothing of what waits for it: 30 s pass between them. */
const stalledBeats = 3
/** Milliseconds that a place is a client's own, though others have none. */
const ownPlaceMs = 60_000
/** Milliseconds after which a client tries again. */
const retryMs = 1000
/** Milliseconds that a client has to take the end of its stream. */
const endLimitMs = 500

const headers = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  // nginx would hold events back
  'X-Accel-Buffering': 'no',
}

interface Client {
  /** Of `now`. */
  readonly since: number
  readonly send: (text: string) => void
  /** To be called with each comment: hangs up on who takes nothing. */
  readonly beat: () => void
  readonly end: () => void
}

export function createEventStreams(deps: EventStreamDeps): EventStreams {
  const { feed, incarnation } = deps
  const clients = new Set<Client>()
  const encoder = new TextEncoder()
  let stopTicking: (() => void) | null = null
  let isClosed = false

  const idOf = (number: number) => `${incarnation}-${number}`
  const numbered = ({ number, name, data }: ServerEvent) =>
    `id: ${idOf(number)}\nevent: ${name}\ndata: ${data}\n\n`
  const unnumbered = (name: string, fact: unknown) =>
    `event: ${name}\ndata: ${JSON.stringify(fact)}\n\n`

  function sendToAll(text: string): void {
    for (const client of [...clients]) client.send(text)
  }

  /** Only while somebody listens. */
  function startTicking(): () => void {
    const unsubscribe = feed.subscribe((event) => sendToAll(numbered(event)))
    const stopHeartbeat = deps.repeat(() => {
      for (const client of [...clients]) client.beat()
      sendToAll(': \n\n')
    }, heartbeatMs)
    const stopFigures = deps.repeat(() => {
      deps.figures().then(
        (figures) => sendToAll(unnumbered('figures', figures)),
        // the next ones come in a second
        () => undefined,
      )
    }, figuresMs)
    return () => {
      unsubscribe()
      stopHeartbeat()
      stopFigures()
    }
  }

  function leave(client: Client): void {
    clients.delete(client)
    if (clients.size > 0) return
    stopTicking?.()
    stopTicking = null
  }

  /** What a client gets first: what it missed, and where it stands. */
  function opening(lastEventId: string | undefined): string {
    const parts = [`retry: ${retryMs}\n\n`]
    if (lastEventId !== undefined) {
      const { events, reason } = missed(lastEventId)
      if (reason !== null) parts.push(unnumbered('missed', { reason }))
      parts.push(...events.map(numbered))
    }
    // numbered as the last event, so that a client which has seen none can go on from here
    const last = feed.last()
    parts.push(`id: ${idOf(last)}\n${unnumbered('hello', { incarnation, last })}`)
    return parts.join('')
  }

  function missed(lastEventId: string): {
    readonly events: readonly ServerEvent[]
    readonly reason: 'server-restarted' | 'too-long-ago' | null
  } {
    const [, name, number] = /^(\w+)-(\d{1,15})$/.exec(lastEventId) ?? []
    if (name !== incarnation) return { ...feed.after(0), reason: 'server-restarted' }
    const replay = feed.after(Number(number))
    return { events: replay.events, reason: replay.isWhole ? null : 'too-long-ago' }
  }

  /** Whether there is a place for one more. */
  function makeRoom(): boolean {
    if (isClosed) return false
    if (clients.size < mostClients) return true
    // a set keeps the order of arrival: the first has been here longest
    const [longest] = clients
    if (longest === undefined || deps.now() - longest.since < ownPlaceMs) return false
    longest.end()
    return true
  }

  return {
    open(lastEventId, hangUp) {
      if (!makeRoom()) return null
      const start = encoder.encode(opening(lastEventId))
      // what is missed is more than what may wait later
      const mostBytes = start.byteLength + mostWaitingBytes
      let client: Client
      const body = new ReadableStream<Uint8Array>(
        {
          start(controller) {
            let sentBytes = 0
            let takenBytes = 0
            let beatsWithout = 0
            const drop = () => {
              leave(client)
              hangUp()
            }
            const put = (bytes: Uint8Array) => {
              sentBytes += bytes.byteLength
              controller.enqueue(bytes)
            }
            client = {
              since: deps.now(),
              send(text) {
                if ((controller.desiredSize ?? 0) > 0) put(encoder.encode(text))
                else drop()
              },
              beat() {
                const waitingBytes = mostBytes - (controller.desiredSize ?? 0)
                const taken = sentBytes - waitingBytes
                beatsWithout = waitingBytes > 0 && taken === takenBytes ? beatsWithout + 1 : 0
                takenBytes = taken
                if (beatsWithout >= stalledBeats) drop()
              },
              end() {
                leave(client)
                controller.close()
                // one that does not read would hold up the end of the server
                deps.later(hangUp, endLimitMs)
              },
            }
            put(start)
            clients.add(client)
            stopTicking ??= startTicking()
          },
          cancel: () => leave(client),
        },
        new ByteLengthQueuingStrategy({ highWaterMark: mostBytes }),
      )
      return new Response(body, { headers })
    },
    close() {
      isClosed = true
      for (const client of [...clients]) client.end()
    },
  }
}
