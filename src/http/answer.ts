/**
 * What handlers ask of an answer and change in it, whoever made it: its length, its headers, and
 * whether its status lets it have a body.
 */
import { type Answer, byteLength, type Content, type Header } from '../core/http-exchange.ts'

export function contentLength(body: Content): Header {
  return ['Content-Length', String(byteLength(body))]
}

export function hasHeader(headers: readonly Header[], name: string): boolean {
  const wanted = name.toLowerCase()
  return headers.some(([key]) => key.toLowerCase() === wanted)
}

/**
 * Takes the content from an answer whose status says that there is none, whatever a function
 * returned: a client would read what follows as the next answer.
 *
 * Rule  RFC 9110: 15.3.5 (204), 15.3.6 (205), 15.4.5 (304), 8.6 (Content-Length)
 */
export function withoutContent(answer: Answer): Answer {
  const { status, headers } = answer
  if (status !== 204 && status !== 205 && status !== 304) return answer
  const others = headers.filter(([name]) => name.toLowerCase() !== 'content-length')
  // only after 205 a client expects to be told that there is none
  return {
    ...answer,
    headers: status === 205 ? [...others, contentLength('')] : others,
    body: null,
  }
}
