/**
 * Cross-origin requests: which origins may read answers, and the answer to a browser's preflight,
 * which is given here without a database and is not logged.
 *
 * Rule  PostgREST docs: cors; v16.2: Cors (its policy, as wai-cors carries it out)
 */
import { firstHeader, type RequestHead } from '../api/parse-request.ts'
import type { Config } from '../config/config.ts'
import type { Answer, Header } from '../core/http-exchange.ts'

const allowedMethods = 'GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD'
const simpleHeaders = ['Accept', 'Accept-Language', 'Content-Language'] as const
const exposedHeaders =
  'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit'
const maxAgeSec = 24 * 60 * 60

/** Headers that name the origin allowed, or null when the request is none of CORS or not allowed. */
function originHeaders(
  request: RequestHead,
  config: Pick<Config, 'serverCorsAllowedOrigins'>,
): readonly Header[] | null {
  const origin = firstHeader(request, 'origin')
  if (origin === undefined) return null
  const allowed = config.serverCorsAllowedOrigins
  if (allowed === null) return [['Access-Control-Allow-Origin', '*']]
  if (!allowed.includes(origin)) return null
  return [
    ['Access-Control-Allow-Origin', origin],
    ['Access-Control-Allow-Credentials', 'true'],
  ]
}

/** The answer to a preflight; null when the request is none, or its origin is not allowed. */
export function answerPreflight(
  request: RequestHead,
  config: Pick<Config, 'serverCorsAllowedOrigins'>,
): Answer | null {
  if (request.method !== 'OPTIONS') return null
  const method = firstHeader(request, 'access-control-request-method')
  if (method === undefined || !allowedMethods.split(', ').includes(method)) return null
  const origin = originHeaders(request, config)
  if (origin === null) return null
  const asked = firstHeader(request, 'access-control-request-headers')
  return {
    status: 200,
    headers: [
      ...origin,
      ['Access-Control-Allow-Methods', allowedMethods],
      ...(asked === undefined ? [] : [allowHeaders(asked)]),
      ['Access-Control-Max-Age', String(maxAgeSec)],
      ['Content-Length', '0'],
    ],
    body: '',
  }
}

/** Allows all headers that were asked for, and those that need no asking. */
function allowHeaders(asked: string): Header {
  const names = [
    'Authorization',
    ...asked
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== ''),
  ]
  const listed = new Set(names.map((name) => name.toLowerCase()))
  const others = simpleHeaders.filter((name) => !listed.has(name.toLowerCase()))
  return ['Access-Control-Allow-Headers', [...names, ...others].join(', ')]
}

/**
 * Adds what a cross-origin reader needs, in place of what a database function said of origins.
 * Answers to OPTIONS say themselves who may read them. `more` are headers that pages may read beside
 * those of PostgREST.
 */
export function withCors(
  answer: Answer,
  request: RequestHead,
  config: Pick<Config, 'serverCorsAllowedOrigins'>,
  more: readonly string[] = [],
): Answer {
  if (request.method === 'OPTIONS') return answer
  const origin = originHeaders(request, config)
  if (origin === null) return answer
  const names = new Set(origin.map(([name]) => name))
  return {
    ...answer,
    headers: [
      ...answer.headers.filter(([name]) => !names.has(name)),
      ...origin,
      ['Access-Control-Expose-Headers', [exposedHeaders, ...more].join(', ')],
    ],
  }
}
