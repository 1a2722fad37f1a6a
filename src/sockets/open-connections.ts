/**
 * What is open on a server, so that a stop ends what is idle at once and lets the rest finish.
 * Node knows which connections are idle, but counts those on which nothing was ever sent as busy, and
 * does not wait for those that were handed to a server which listens nowhere. Used by `http-server.ts`.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { LinkedList } from '../core/linked-list.ts'

/**
 * Milliseconds that a stop waits for a connection without a byte: its request may be on the way.
 */
const silentGraceMs = 250

export class OpenConnections {
  readonly #server: Server
  readonly #sockets = new LinkedList<Socket>()
  readonly #inFlight = new LinkedList<ServerResponse>()
  #isDraining = false
  #onGone = () => {}

  constructor(server: Server) {
    this.#server = server
    server.on('connection', (socket) => {
      const place = this.#sockets.append(socket)
      socket.once('close', () => {
        this.#sockets.remove(place)
        this.#onGone()
      })
    })
  }

  /** To be called for each request, before its answer begins. */
  answering(outgoing: ServerResponse): void {
    if (this.#isDraining) outgoing.shouldKeepAlive = false
    const place = this.#inFlight.append(outgoing)
    outgoing.on('close', () => {
      this.#inFlight.remove(place)
      // an answer whose head was out before the stop leaves an idle keep-alive connection behind
      if (this.#isDraining) setImmediate(() => this.#server.closeIdleConnections())
    })
  }

  /**
   * Stops accepting, ends idle connections, lets requests in flight finish. Resolves when nothing
   * is left.
   *
   * Units  milliseconds until what is left is cut
   */
  drain(deadlineMs: number): Promise<void> {
    this.#isDraining = true
    for (const outgoing of this.#inFlight.values()) {
      if (!outgoing.headersSent) outgoing.shouldKeepAlive = false
    }
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#server.closeAllConnections(), deadlineMs)
      // only after the sockets were read: under load the timer may be due before bytes that have
      // come are read
      const hangUp = setTimeout(() => setImmediate(() => this.#closeSilent()), silentGraceMs)
      let isClosed = false
      const onGone = this.#onGone
      this.#onGone = () => {
        onGone()
        if (!isClosed || this.#sockets.size > 0) return
        clearTimeout(cut)
        clearTimeout(hangUp)
        resolve()
      }
      this.#server.close(() => {
        isClosed = true
        this.#onGone()
      })
      this.#server.closeIdleConnections()
    })
  }

  /** Closes connections on which nothing was sent: browsers and pools open some ahead of need. */
  #closeSilent(): void {
    for (const socket of this.#sockets.values()) if (socket.bytesRead === 0) socket.destroy()
  }
}
