/**
 * The API as a function of a request: what holds for every answer whatever the handlers made of it,
 * which is CORS, the trace header, `Server` and the access log.
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
import { withoutContent } from './answer.ts'
import { answerPreflight, withCors } from './cors.ts'
import { createRequestHandler, type RequestDeps } from './handle-request.ts'
import { headProblem, readHead } from './read-head.ts'

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

export function createApp(deps: RequestDeps): App {
  const handle = createRequestHandler(deps)

  async function answer(request: HttpRequest, generation: Generation): Promise<Answer> {
    const started = deps.now()
    const { config } = generation
    const head = readHead(request)
    const problem = headProblem(request, head)
    const preflight = problem === null ? answerPreflight(head, config) : null
    if (preflight !== null) return withEdgeHeaders(preflight, head, config)

    const handled =
      problem === null
        ? await handle(head, bodyReader(request), generation, request.signal)
        : { answer: refusal(problem, config), role: null }
    const sent = withoutContent(
      withCors(withEdgeHeaders(handled.answer, head, config), head, config),
    )

    deps.observe({
      kind: 'request-finished',
      peer: request.peer,
      role: handled.role,
      method: request.method,
      target: request.target,
      httpVersion: request.httpVersion,
      status: sent.status,
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
