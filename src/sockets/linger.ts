/**
 * For answers that precede the end of their request's body: a connection that is closed while bytes
 * arrive is reset, and a client whose sending fails never reads why.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

/** Milliseconds that a refused client may go on sending its body before it is cut. */
const lingerMs = 2000
/**
 * Bytes of that body that are read: enough for clients that look for an answer only once all is
 * sent.
 */
const lingerBytes = 8 * 1024 * 1024

/** To be called before the answer is sent. */
export function lingerIfUnread(incoming: IncomingMessage, outgoing: ServerResponse): void {
  if (incoming.complete) return
  // before Node's own listener, which closes the connection
  outgoing.prependOnceListener('finish', () => {
    if (!incoming.complete) linger(incoming)
  })
}

function linger(incoming: IncomingMessage): void {
  const { socket } = incoming
  let bytes = 0
  // Node then takes the body for one that is read; else it would drop our listener and discard without end
  incoming.read(0)
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes > lingerBytes) incoming.pause()
  })
  incoming.resume()
  socket.destroySoon = () => {
    socket.destroySoon = () => undefined
    socket.end()
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}
