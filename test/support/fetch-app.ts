/**
 * Asks an app as a client would, without a socket: the web's `Request` in, its `Response` out.
 */
import { type App, toBuffer } from '../../src/core/http-exchange.ts'
import { ok } from '../../src/core/result.ts'
import { toWire } from '../../src/sockets/wire-answer.ts'

export async function fetchApp(app: App, request: Request): Promise<Response> {
  const { pathname, search, host } = new URL(request.url)
  const answer = await app({
    method: request.method,
    target: `${pathname}${search}`,
    rawHeaders: [['Host', host], ...request.headers].flat(),
    httpVersion: '1.1',
    peer: '-',
    readBody: async () => ok(new Uint8Array(await request.arrayBuffer())),
    signal: request.signal,
  })
  const { headers, body } = toWire(answer)
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body && toBuffer(body)
  const pairs = headers.flatMap((name, at): [string, string][] =>
    at % 2 === 0 ? [[name, headers[at + 1] ?? '']] : [],
  )
  return new Response(bytes === null ? null : Buffer.from(bytes), {
    status: answer.status,
    headers: pairs,
  })
}
