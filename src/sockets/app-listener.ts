/**
 * Hands what Node has read of a request to an app, and writes the answer. Nothing is made for a
 * request that it does not need: most have no body, and clients that wait for their answer.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Cancellation } from '../core/cancel-signal.ts'
import type { Answer, App } from '../core/http-exchange.ts'
import { LentBytes } from '../core/lent-bytes.ts'
import { lingerIfUnread } from './linger.ts'
import { leavesBodyBehind, readIncomingBody } from './read-incoming-body.ts'
import { toWire } from './wire-answer.ts'

export function appListener(app: App): RequestListener {
  return (incoming, outgoing) => {
    const leaving = new Cancellation()
    outgoing.on('close', () => {
      if (!outgoing.writableFinished) leaving.abort()
    })
    app({
      method: incoming.method ?? '',
      target: incoming.url ?? '',
      rawHeaders: incoming.rawHeaders,
      httpVersion: incoming.httpVersion,
      peer: incoming.socket.remoteAddress ?? '-',
      readBody: (limitBytes) => readIncomingBody(incoming, outgoing, limitBytes),
      signal: leaving,
    })
      .then((answer) => send(answer, incoming, outgoing))
      .catch(() => outgoing.destroy())
  }
}

function send(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { reason, headers, body } = toWire(answer)
  if (leavesBodyBehind(incoming)) outgoing.shouldKeepAlive = false
  lingerIfUnread(incoming, outgoing)
  outgoing.writeHead(answer.status, reason, headers)
  if (body === null) outgoing.end()
  else if (typeof body === 'string') outgoing.end(body, 'latin1')
  else if (body instanceof Uint8Array) outgoing.end(body)
  else if (body instanceof LentBytes) {
    // Node says so of a client that has left as well. Its memory is left to the collector, since the
    // system may still be reading from there
    const { socket } = incoming
    outgoing.once('finish', () => {
      if (!socket.destroyed) body.giveBack()
    })
    outgoing.end(body.bytes)
  } else {
    // Node holds them until the end, and sends all of them with one call
    for (const piece of body) outgoing.write(piece)
    outgoing.end()
  }
}
