/**
 * A request's body as bytes, up to a bound. Read straight off Node's stream: no web stream between.
 */
import type { IncomingMessage } from 'node:http'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'

const empty = new Uint8Array(0)

/** `limitBytes` 0 means no bound. */
function tooLarge(limitBytes: number): { readonly ok: false; readonly error: ApiError } {
  return err({ kind: 'body-too-large', limitBytes })
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
  limitBytes: number,
  sendContinue: () => void,
): Promise<Result<Uint8Array, ApiError>> | Result<Uint8Array, ApiError> {
  const { headers } = incoming
  const declared = headers['content-length']
  if (declared === undefined && headers['transfer-encoding'] === undefined) return ok(empty)
  if (declared === '0') return ok(empty)
  if (limitBytes > 0 && Number(declared) > limitBytes) return tooLarge(limitBytes)
  if (headers.expect?.toLowerCase() === '100-continue') sendContinue()

  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const done = (result: Result<Uint8Array, ApiError>) => {
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
    const onGone = () => done(err({ kind: 'malformed-request', details: 'the body ended early' }))
    incoming.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}
