import { describe, expect, test } from 'vitest'
import type { RequestHead } from '../../../src/api/parse-request.ts'
import type { Answer, Header } from '../../../src/core/http-exchange.ts'
import { answerPreflight, withCors } from '../../../src/http/cors.ts'

const everyone = { serverCorsAllowedOrigins: null }
const two = { serverCorsAllowedOrigins: ['http://example.com', 'http://example2.com'] }
const nobody = { serverCorsAllowedOrigins: [] }

function head(method: string, headers: Readonly<Record<string, string>>): RequestHead {
  return { method, path: '/films', query: '', headers: Object.entries(headers) }
}

/** A preflight as browsers send it. */
function preflight(headers: Readonly<Record<string, string>> = {}): RequestHead {
  return head('OPTIONS', {
    origin: 'http://example.com',
    'access-control-request-method': 'POST',
    ...headers,
  })
}

const methods: Header = [
  'Access-Control-Allow-Methods',
  'GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD',
]
const exposed: Header = [
  'Access-Control-Expose-Headers',
  'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Server, Transfer-Encoding, Range-Unit',
]

function headerOf(answer: Answer | null, name: string): string | undefined {
  return answer?.headers.find(([key]) => key === name)?.[1]
}

describe('a preflight', () => {
  test('is answered with what may be asked for, for a day', () => {
    const request = preflight({ 'access-control-request-headers': 'Foo,Bar' })
    expect(answerPreflight(request, everyone)).toEqual({
      status: 200,
      headers: [
        ['Access-Control-Allow-Origin', '*'],
        methods,
        [
          'Access-Control-Allow-Headers',
          'Authorization, Foo, Bar, Accept, Accept-Language, Content-Language',
        ],
        ['Access-Control-Max-Age', '86400'],
        ['Content-Length', '0'],
      ],
      body: '',
    })
  })

  test.each([
    [' Content-Type , X-A ', 'Authorization, Content-Type, X-A, Accept, Accept-Language'],
    ['accept,authorization', 'Authorization, accept, authorization, Accept-Language'],
    ['', 'Authorization, Accept, Accept-Language'],
  ])('that asks for headers %j is allowed them, spelled as asked', (asked, allowed) => {
    const answer = answerPreflight(preflight({ 'access-control-request-headers': asked }), everyone)
    expect(headerOf(answer, 'Access-Control-Allow-Headers')).toBe(`${allowed}, Content-Language`)
  })

  test('that asks for no headers is told of none', () => {
    const answer = answerPreflight(preflight(), everyone)
    expect(answer?.status).toBe(200)
    expect(headerOf(answer, 'Access-Control-Allow-Headers')).toBeUndefined()
  })

  test.each(['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'])(
    'for %s is answered',
    (method) => {
      const request = preflight({ 'access-control-request-method': method })
      expect(answerPreflight(request, everyone)?.status).toBe(200)
    },
  )

  test.each([
    ['another method', preflight({ 'access-control-request-method': 'TRACE' }), everyone],
    ['a method in lower case', preflight({ 'access-control-request-method': 'post' }), everyone],
    ['no method asked for', head('OPTIONS', { origin: 'http://example.com' }), everyone],
    ['no origin', head('OPTIONS', { 'access-control-request-method': 'GET' }), everyone],
    ['another origin', preflight({ origin: 'http://invalid.com' }), two],
    ['the origin in other letters', preflight({ origin: 'http://Example.com' }), two],
    ['nobody allowed', preflight(), nobody],
    ['a request that is no OPTIONS', { ...preflight(), method: 'POST' }, everyone],
  ])('with %s is none', (_, request, config) => {
    expect(answerPreflight(request, config)).toBeNull()
  })

  test('from an origin of the list is told that origin, and that it may send credentials', () => {
    const answer = answerPreflight(preflight({ origin: 'http://example2.com' }), two)
    expect(answer?.headers.slice(0, 3)).toEqual([
      ['Access-Control-Allow-Origin', 'http://example2.com'],
      ['Access-Control-Allow-Credentials', 'true'],
      methods,
    ])
  })
})

describe('any other answer', () => {
  const answer: Answer = { status: 200, headers: [['Content-Type', 'text/csv']], body: 'a' }
  const request = (origin: string) => head('GET', { origin })

  test('shows its headers to every origin', () => {
    expect(withCors(answer, request('http://anywhere.com'), everyone)).toEqual({
      ...answer,
      headers: [...answer.headers, ['Access-Control-Allow-Origin', '*'], exposed],
    })
  })

  test('shows them to an origin of the list, with credentials', () => {
    expect(withCors(answer, request('http://example.com'), two).headers).toEqual([
      ...answer.headers,
      ['Access-Control-Allow-Origin', 'http://example.com'],
      ['Access-Control-Allow-Credentials', 'true'],
      exposed,
    ])
  })

  test.each([
    ['to another origin', request('http://invalid.com'), two],
    ['within one origin', head('GET', {}), everyone],
    ['to OPTIONS, which speaks for itself', head('OPTIONS', { origin: 'http://a.b' }), everyone],
  ])('is left as it is %s', (_, asked, config) => {
    expect(withCors(answer, asked, config)).toBe(answer)
  })

  test('names one origin, whatever a database function said', () => {
    const own: Answer = { ...answer, headers: [['Access-Control-Allow-Origin', 'http://own.com']] }
    expect(withCors(own, request('http://example.com'), two).headers).toEqual([
      ['Access-Control-Allow-Origin', 'http://example.com'],
      ['Access-Control-Allow-Credentials', 'true'],
      exposed,
    ])
  })
})
