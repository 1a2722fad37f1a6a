/**
 * Hands the web's `Request` to an app, and makes a `Response` of its answer: for frameworks and
 * platforms that speak in these, without a socket of ours. What is wrong with a request is the app's
 * to say, as with those that `app-listener.ts` hands over.
 */
import {
  type App,
  type Body,
  type Content,
  type HttpRequest,
  readNoBody,
} from '../core/http-exchange.ts'
import { LentBytes } from '../core/lent-bytes.ts'
import { err, ok } from '../core/result.ts'
import { toWire } from './wire-answer.ts'

/** What a `Request` does not tell of its client. */
export interface WebClient {
  /** Its address. */
  readonly peer?: string | undefined
}

export type WebHandler = (request: Request, client?: WebClient) => Promise<Response>

export function webHandler(app: App): WebHandler {
  return async (request, { peer } = {}) => {
    const answer = await app(httpRequest(request, typeof peer === 'string' ? peer : '-'))
    const { reason, headers, body } = toWire(answer)
    const pairs: [string, string][] = []
    for (let at = 0; at + 1 < headers.length; at += 2) {
      pairs.push([headers[at] ?? '', headers[at + 1] ?? ''])
    }
    const content = body === null ? null : responseBody(body)
    return new Response(content, { status: answer.status, statusText: reason, headers: pairs })
  }
}

function httpRequest(request: Request, peer: string): HttpRequest {
  const [, authority = '', target = ''] = /^[^:]*:\/\/([^/?#]*)([^#]*)/.exec(request.url) ?? []
  const rawHeaders = [...request.headers].flat()
  if (!request.headers.has('host')) rawHeaders.push('Host', authority)
  return {
    method: request.method,
    target: target.startsWith('/') ? target : `/${target}`,
    rawHeaders,
    httpVersion: '1.1',
    peer,
    readBody: request.body === null ? readNoBody : (limitBytes) => readBody(request, limitBytes),
    signal: request.signal,
  }
}

/**
 * Units   bytes
 * Errors  as of `readIncomingBody`; malformed-request where somebody has read the body before
 */
async function readBody(request: Request, limitBytes: number): Promise<Body> {
  const { body, headers } = request
  const tooLarge: Body = err({ kind: 'body-too-large', limitBytes })
  if (limitBytes > 0 && Number(headers.get('content-length')) > limitBytes) return tooLarge
  if (body === null || request.bodyUsed || body.locked) {
    return err({ kind: 'malformed-request', details: 'the body was read before it came here' })
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      bytes += chunk.byteLength
      if (limitBytes > 0 && bytes > limitBytes) return tooLarge
      chunks.push(chunk)
    }
  } catch {
    // whatever cut it, the rest does not come
    return err({ kind: 'malformed-request', details: 'the body ended early' })
  }
  const [only] = chunks
  return ok(chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks))
}

/** The pieces of a large body go out as they are. Who has read lent bytes is never known: they are left to the collector. */
function responseBody(body: Content): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> {
  if (typeof body === 'string') return Buffer.from(body, 'latin1')
  if (body instanceof LentBytes) return streamOf([body.bytes])
  return streamOf(body instanceof Uint8Array ? [body] : body)
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  let next = 0
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[next]
      next += 1
      if (piece !== undefined) controller.enqueue(piece)
      if (next >= pieces.length) controller.close()
    },
  })
}
