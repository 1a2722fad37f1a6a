/**
 * The API as a Hono app: turns what Node or a test hands over into a `RawRequest`, and an `Answer`
 * into a `Response`. CORS, the trace header, `Server` and the access log are here, since they hold
 * for every answer whatever the handlers made of the request.
 */
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { RawRequest } from '../api/parse-request.ts'
import type { Config } from '../config/config.ts'
import { productName, productVersion } from '../core/product.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import { type Answer, byteLength, type Header, toResponse } from './answer.ts'
import { answerPreflight, withCors } from './cors.ts'
import { createRequestHandler, type RequestDeps } from './handle-request.ts'
import { readIncomingBody } from './read-body.ts'

export type AppEnv = { Bindings: Partial<HttpBindings> }

const serverHeader: Header = ['Server', `${productName}/${productVersion}`]

/** Bytes of the request target, and of all headers, that are read; beyond them 414 and 431. */
const maxTargetBytes = 64 * 1024
const maxHeaderBytes = 64 * 1024

function rawHeaders(list: readonly string[]): readonly (readonly [string, string])[] {
  const headers: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < list.length; i += 2) {
    // Node decodes header bytes as latin1; what clients send is UTF-8
    const value = list[i + 1] ?? ''
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII needs no second decoding
    const text = /^[\x00-\x7f]*$/.test(value) ? value : Buffer.from(value, 'latin1').toString()
    headers.push([(list[i] ?? '').toLowerCase(), text])
  }
  return headers
}

/** Path and query of a request target; an absolute one (as proxies send) loses its origin. */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const relative = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '')
  const mark = relative.indexOf('?')
  if (mark === -1) return { path: relative === '' ? '/' : relative, query: '' }
  return { path: relative.slice(0, mark) || '/', query: relative.slice(mark + 1) }
}

/** A head that is too long; null for the others. */
function refuseHead(target: string, list: readonly string[]): ApiError | null {
  if (Buffer.byteLength(target) > maxTargetBytes) {
    return { kind: 'target-too-long', limitBytes: maxTargetBytes }
  }
  // names and values are one byte a character; four more go for the colon and the ends
  let bytes = list.length * 2
  for (const part of list) bytes += part.length
  return bytes > maxHeaderBytes ? { kind: 'headers-too-large', limitBytes: maxHeaderBytes } : null
}

function firstHeader(request: RawRequest, name: string): string | undefined {
  return request.headers.find(([key]) => key === name)?.[1]
}

export function createApp(deps: RequestDeps): Hono<AppEnv> {
  const handle = createRequestHandler(deps)
  const app = new Hono<AppEnv>()

  function refusal(error: ApiError, config: Config): Answer {
    return renderError(error, config.clientErrorVerbosity)
  }

  function edgeHeaders(answer: Answer, raw: RawRequest, config: Config): Answer {
    const extra: Header[] = [serverHeader]
    const trace = config.serverTraceHeader
    if (trace !== null) extra.push([trace, firstHeader(raw, trace.toLowerCase()) ?? ''])
    return withCors({ ...answer, headers: [...answer.headers, ...extra] }, raw, config)
  }

  /** The body, or why it is not read. */
  async function readBody(
    c: Context<AppEnv>,
    method: string,
    target: string,
    config: Config,
  ): Promise<Result<Uint8Array, ApiError>> {
    const { incoming, outgoing } = c.env ?? {}
    const tooLong = refuseHead(target, incoming?.rawHeaders ?? [])
    if (tooLong !== null) return err(tooLong)
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return ok(new Uint8Array(0))
    if (incoming === undefined) return ok(new Uint8Array(await c.req.arrayBuffer()))
    return readIncomingBody(incoming, config.maxRequestBody, () => outgoing?.writeContinue())
  }

  async function answer(c: Context<AppEnv>): Promise<Response> {
    const started = deps.now()
    const generation = deps.currentGeneration()
    const { config } = generation
    const { incoming } = c.env ?? {}
    const target = incoming?.url ?? c.req.url
    const method = incoming?.method ?? c.req.method
    const headers = incoming
      ? rawHeaders(incoming.rawHeaders)
      : [...c.req.raw.headers].map(([name, value]) => [name, value] as const)
    const head = { method, ...splitTarget(target), headers }

    const preflight = answerPreflight({ ...head, body: new Uint8Array(0) }, config)
    if (preflight !== null)
      return toResponse({ ...preflight, headers: [...preflight.headers, serverHeader] })

    const body = await readBody(c, method, target, config)
    const raw: RawRequest = { ...head, body: body.ok ? body.value : new Uint8Array(0) }

    const handled = body.ok
      ? await handle(raw, generation, c.req.raw.signal)
      : { answer: refusal(body.error, config), role: null }
    const sent = edgeHeaders(handled.answer, raw, config)

    deps.observe({
      kind: 'request-finished',
      peer: incoming?.socket.remoteAddress ?? '-',
      role: handled.role,
      method,
      target,
      httpVersion: incoming?.httpVersion ?? '1.1',
      status: sent.status,
      bodyBytes: sent.body === null ? null : byteLength(sent.body),
      referer: firstHeader(raw, 'referer') ?? '',
      userAgent: firstHeader(raw, 'user-agent') ?? '',
      durationMs: deps.now() - started,
    })
    return toResponse(sent)
  }

  app.all('*', answer)
  app.onError((failure) => {
    const { config } = deps.currentGeneration()
    deps.observe({ kind: 'crashed', stack: failure.stack ?? failure.message })
    const rendered = refusal({ kind: 'internal' }, config)
    return toResponse({ ...rendered, headers: [...rendered.headers, serverHeader] })
  })
  return app
}
