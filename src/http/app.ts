/**
 * The API as a Hono app: turns what Node or a test hands over into a `RequestHead` and a way to read
 * the body, and an `Answer` into a `Response`. CORS, the trace header, `Server` and the access log
 * are here, since they hold for every answer whatever the handlers made of the request.
 */
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { firstHeader, type RequestHead } from '../api/parse-request.ts'
import type { Config } from '../config/config.ts'
import { productName, productVersion } from '../core/product.ts'
import { ok } from '../core/result.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import {
  type Answer,
  byteLength,
  type Header,
  reasonPhrase,
  toResponse,
  withoutContent,
} from './answer.ts'
import { answerPreflight, withCors } from './cors.ts'
import { createRequestHandler, type RequestDeps } from './handle-request.ts'
import { leavesBodyBehind, type ReadBody, readIncomingBody, readNoBody } from './read-body.ts'

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

function bodyReader(c: Context<AppEnv>, method: string): ReadBody {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return readNoBody
  const { incoming, outgoing } = c.env ?? {}
  return incoming === undefined || outgoing === undefined
    ? async () => ok(new Uint8Array(await c.req.arrayBuffer()))
    : (limitBytes) => readIncomingBody(incoming, outgoing, limitBytes)
}

function send(c: Context<AppEnv>, answer: Answer): Response {
  const { incoming, outgoing } = c.env ?? {}
  if (incoming !== undefined && leavesBodyBehind(incoming)) {
    outgoing?.setHeader('Connection', 'close')
  }
  const reason = reasonPhrase(answer)
  // web responses lose theirs on the way to Node's
  if (outgoing !== undefined && reason !== null) outgoing.statusMessage = reason
  return toResponse(answer)
}

export function createApp(deps: RequestDeps): Hono<AppEnv> {
  const handle = createRequestHandler(deps)
  const app = new Hono<AppEnv>()

  function refusal(error: ApiError, config: Config): Answer {
    return renderError(error, config.clientErrorVerbosity)
  }

  /** `Server` and the trace header, which preflights have as well. */
  function withEdgeHeaders(answer: Answer, head: RequestHead, config: Config): Answer {
    const extra: Header[] = [serverHeader]
    const trace = config.serverTraceHeader
    if (trace !== null) extra.push([trace, firstHeader(head, trace.toLowerCase()) ?? ''])
    return { ...answer, headers: [...answer.headers, ...extra] }
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
    const { path, query } = splitTarget(target)
    const head: RequestHead = { method, path, query, headers }

    const tooLong = refuseHead(target, incoming?.rawHeaders ?? [])
    const preflight = tooLong === null ? answerPreflight(head, config) : null
    if (preflight !== null) return send(c, withEdgeHeaders(preflight, head, config))

    const handled =
      tooLong === null
        ? await handle(head, bodyReader(c, method), generation, c.req.raw.signal)
        : { answer: refusal(tooLong, config), role: null }
    const whole = withCors(withEdgeHeaders(handled.answer, head, config), head, config)
    const sent = withoutContent(whole)

    deps.observe({
      kind: 'request-finished',
      peer: incoming?.socket.remoteAddress ?? '-',
      role: handled.role,
      method,
      target,
      httpVersion: incoming?.httpVersion ?? '1.1',
      status: sent.status,
      bodyBytes: sent.body === null ? null : byteLength(sent.body),
      referer: firstHeader(head, 'referer') ?? '',
      userAgent: firstHeader(head, 'user-agent') ?? '',
      durationMs: deps.now() - started,
    })
    return send(c, sent)
  }

  app.all('*', answer)
  app.onError((failure, c) => {
    const { config } = deps.currentGeneration()
    deps.observe({ kind: 'crashed', stack: failure.stack ?? failure.message })
    const rendered = refusal({ kind: 'internal' }, config)
    return send(c, { ...rendered, headers: [...rendered.headers, serverHeader] })
  })
  return app
}
