/**
 * What came over the wire before a body → the head that the stages read, or why it is none: too
 * long, or addressed in a way that HTTP does not know.
 */
import type { RequestHead } from '../api/parse-request.ts'
import type { HttpRequest } from '../core/http-exchange.ts'
import type { ApiError } from '../errors/api-error.ts'

/** Bytes of the request target, and of all headers, that are read; beyond them 414 and 431. */
const maxTargetBytes = 64 * 1024
const maxHeaderBytes = 64 * 1024

// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII needs no second decoding
const ascii = /^[\x00-\x7f]*$/

/** Path and query of a request target; an absolute one (as proxies send) loses its origin. */
function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const relative = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '')
  const mark = relative.indexOf('?')
  if (mark === -1) return { path: relative === '' ? '/' : relative, query: '' }
  return { path: relative.slice(0, mark) || '/', query: relative.slice(mark + 1) }
}

export function readHead({ method, target, rawHeaders }: HttpRequest): RequestHead {
  const headers: (readonly [string, string])[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    // Node decodes header bytes as latin1; what clients send is UTF-8
    const value = rawHeaders[i + 1] ?? ''
    const text = ascii.test(value) ? value : Buffer.from(value, 'latin1').toString()
    headers.push([(rawHeaders[i] ?? '').toLowerCase(), text])
  }
  return { method, ...splitTarget(target), headers }
}

/** The head as the API is to see it, with the path below its base; null: the path is not below it. */
export function belowBasePath(head: RequestHead, basePath: string | null): RequestHead | null {
  if (basePath === null) return head
  const { path } = head
  if (path === basePath) return { ...head, path: '/' }
  return path.startsWith(`${basePath}/`) ? { ...head, path: path.slice(basePath.length) } : null
}

/** An authority of RFC 3986 without user information. */
const host = /^(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?$/i

/**
 * Errors  target-too-long, headers-too-large, malformed-request
 * Rule    RFC 9112: 3.2 (request target), 3.2.2 (Host); HTTP/1.0 knows requests without Host
 */
export function headProblem(request: HttpRequest, head: RequestHead): ApiError | null {
  const { target, rawHeaders, httpVersion } = request
  if (Buffer.byteLength(target) > maxTargetBytes) {
    return { kind: 'target-too-long', limitBytes: maxTargetBytes }
  }
  // names and values are one byte a character; four more go for the colon and the ends
  let bytes = rawHeaders.length * 2
  for (const part of rawHeaders) bytes += part.length
  if (bytes > maxHeaderBytes) return { kind: 'headers-too-large', limitBytes: maxHeaderBytes }
  if (!target.startsWith('/') && !/^https?:\/\//i.test(target)) {
    return { kind: 'malformed-request', details: 'The request target is no path' }
  }
  const line = head.headers.find(([name]) => name === 'host')
  if (line === undefined) {
    return httpVersion === '1.0'
      ? null
      : { kind: 'malformed-request', details: 'The Host header is missing' }
  }
  return host.test(line[1])
    ? null
    : { kind: 'malformed-request', details: 'The Host header is no name of a host' }
}
