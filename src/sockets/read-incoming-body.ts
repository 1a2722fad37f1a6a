/**
 * A request's body as bytes, up to a bound. Read straight off Node's stream, no web stream between,
 * and only once a stage wants it: what a refused request sends is not kept.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Body } from '../core/http-exchange.ts'
import { err, ok } from '../core/result.ts'

const empty: Body = ok(new Uint8Array(0))

/**
 * What a connection discards of a body behind its answer in order to be kept for the next request.
 */
const discardedBytes = 64 * 1024

/**
 * Whether a connection has to close behind the answer that is about to be sent: the rest of a body
 * is in the way of the next request, and it is long, or of unknown length, or perhaps never sent
 * (a client that waits for `100 Continue` may leave its body out after any other answer).
 *
 * Rule  RFC 9110: 10.1.1 (Expect), RFC 9112: 9.3 (Persistence)
 */
export function leavesBodyBehind(incoming: IncomingMessage): boolean {
  if (incoming.complete) return false
  // Node makes them of the raw ones when they are first asked for
  const { headers } = incoming
  const declared = headers['content-length']
  if (declared === undefined) return headers['transfer-encoding'] !== undefined
  return headers.expect !== undefined || Number(declared) > discardedBytes
}

function tooLarge(limitBytes: number): Body {
  return err({ kind: 'body-too-large', limitBytes })
}

function endedEarly(): Body {
  return err({ kind: 'malformed-request', details: 'the body ended early' })
}

/**
 * A client that waits to be asked for its body (`Expect: 100-continue`) is asked once the declared
 * length is known to fit.
 *
 * Units   bytes
 * Errors  body-too-large: told from Content-Length before a byte is read, else as soon as it is seen
 *         malformed-request: the client left in mid-body
 */
export function readIncomingBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  limitBytes: number,
): Body | Promise<Body> {
  const { headers } = incoming
  const declared = headers['content-length']
  if (declared === undefined && headers['transfer-encoding'] === undefined) return empty
  if (declared === '0') return empty
  if (limitBytes > 0 && Number(declared) > limitBytes) return tooLarge(limitBytes)
  // it ended before anybody listened: no event of it is to come
  if (incoming.destroyed) return endedEarly()
  if (headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue()

  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = (result: Body) => {
      incoming.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone)
      resolve(result)
    }
    const onData = (chunk: Buffer) => {
      bytes += chunk.byteLength
      if (limitBytes > 0 && bytes > limitBytes) {
        incoming.pause()
        done(tooLarge(limitBytes))
      } else {
        chunks.push(chunk)
      }
    }
    const onEnd = () => {
      const [only] = chunks
      done(ok(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)))
    }
    const onGone = () => done(endedEarly())
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}
