/**
 * The API as a function of a request: what holds for every answer whatever the handlers made of it,
 * which is CORS, the trace header, `Server`, what is left of the client's limit, and the access log.
 */
import { firstHeader, type RequestHead } from '../api/parse-request.ts'
import type { Generation } from '../cache/generation-store.ts'
import type { Config } from '../config/config.ts'
import { failureStack } from '../core/failure-text.ts'
import {
  type Answer,
  type App,
  byteLength,
  type Header,
  type HttpRequest,
  type ReadBody,
  readNoBody,
} from '../core/http-exchange.ts'
import { productName, productVersion } from '../core/product.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'
import { createClientAddresses } from '../limits/client-address.ts'
import { createTokenBuckets } from '../limits/token-buckets.ts'
import { withoutContent } from './answer.ts'
import { answerPreflight, withCors } from './cors.ts'
import { createRequestHandler, type RequestDeps } from './handle-request.ts'
import { belowBasePath, headProblem, readHead } from './read-head.ts'
import { type AskForToken, RequestLimit } from './request-limit.ts'

const serverHeader: Header = ['Server', `${productName}/${productVersion}`]

function refusal(error: ApiError, config: Config): Answer {
  return renderError(error, config.clientErrorVerbosity)
}

function bodyReader({ method, readBody }: HttpRequest): ReadBody {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? readNoBody : readBody
}

/** `Server` and the trace header, which preflights have as well. */
function withEdgeHeaders(answer: Answer, head: RequestHead, config: Config): Answer {
  const headers = [...answer.headers, serverHeader]
  const trace = config.serverTraceHeader
  if (trace !== null) headers.push([trace, firstHeader(head, trace.toLowerCase()) ?? ''])
  return { ...answer, headers }
}

/** What a page has to read to keep within its limit. */
const limitHeaders = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'Retry-After'] as const

function withHeaders(answer: Answer, headers: readonly Header[]): Answer {
  return { ...answer, headers: [...answer.headers, ...headers] }
}

export interface AppDeps extends RequestDeps {
  /** Whom to ask for the tokens of `rate-limit-enabled`; absent: they are counted here. */
  readonly askForToken?: AskForToken
}

export function createApp(deps: AppDeps): App {
  const handle = createRequestHandler(deps)
  const clients = createClientAddresses()
  const askForToken = deps.askForToken ?? createTokenBuckets(deps.now)

  function limitOf(request: HttpRequest, head: RequestHead, config: Config): RequestLimit {
    const forwarded = head.headers.flatMap(([name, value]) =>
      name === 'x-forwarded-for' ? [value] : [],
    )
    const { serverTrustedProxies } = config
    const address = clients.addressOf(request.peer, forwarded, serverTrustedProxies)
    return new RequestLimit(askForToken, address, config, deps.observe)
  }

  async function answer(request: HttpRequest, generation: Generation): Promise<Answer> {
    const started = deps.now()
    const { config } = generation
    const whole = readHead(request)
    const below = belowBasePath(whole, config.serverBasePath)
    const head = below ?? whole
    const problem =
      headProblem(request, head) ?? (below === null ? ({ kind: 'invalid-path' } as const) : null)
    const limit = config.rateLimitEnabled ? limitOf(request, head, config) : null
    const preflight = problem === null ? answerPreflight(head, config) : null
    if (preflight !== null) {
      const sent = withEdgeHeaders(preflight, head, config)
      return limit === null ? sent : withHeaders(sent, await limit.headers())
    }

    const handled =
      problem === null
        ? await handle(head, bodyReader(request), generation, request.signal, limit)
        : { answer: refusal((await limit?.pass(undefined)) ?? problem, config), role: null }
    const edged = withEdgeHeaders(handled.answer, head, config)
    const counted = limit === null ? edged : withHeaders(edged, await limit.headers())
    const exposed = [
      ...(limit === null ? [] : limitHeaders),
      ...(config.etagEnabled ? ['ETag'] : []),
    ]
    const sent = withoutContent(withCors(counted, head, config, exposed))

    deps.observe({
      kind: 'request-finished',
      peer: request.peer,
      role: handled.role,
      method: request.method,
      target: request.target,
      httpVersion: request.httpVersion,
      status: sent.status,
      ...(sent.errorCode === undefined ? {} : { code: sent.errorCode }),
      bodyBytes: sent.body === null ? null : byteLength(sent.body),
      referer: firstHeader(head, 'referer') ?? '',
      userAgent: firstHeader(head, 'user-agent') ?? '',
      durationMs: deps.now() - started,
    })
    return sent
  }

  return async (request) => {
    const generation = deps.currentGeneration()
    try {
      return await answer(request, generation)
    } catch (failure) {
      const stack = failureStack(failure)
      deps.observe({ kind: 'crashed', stack })
      const rendered = refusal({ kind: 'internal' }, generation.config)
      return { ...rendered, headers: [...rendered.headers, serverHeader] }
    }
  }
}
