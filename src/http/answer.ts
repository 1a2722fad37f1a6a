/**
 * An answer before it becomes a web `Response`: what the handlers make, CORS and the edges add to,
 * and the access log measures.
 */
import { isUtf8 } from 'node:buffer'

export type Header = readonly [name: string, value: string]

export interface Answer {
  readonly status: number
  /** The reason phrase of the status line; absent: the one that goes with the status. */
  readonly statusText?: string
  readonly headers: readonly Header[]
  /** Null: no body at all (HEAD, 204). */
  readonly body: string | Uint8Array | null
}

/** Units  bytes */
export function byteLength(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
}

export function contentLength(body: string | Uint8Array): Header {
  return ['Content-Length', String(byteLength(body))]
}

export function hasHeader(headers: readonly Header[], name: string): boolean {
  const wanted = name.toLowerCase()
  return headers.some(([key]) => key.toLowerCase() === wanted)
}

function isAscii(value: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what needs no encoding
  return /^[\x00-\x7f]*$/.test(value)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: no header can hold them
const controls = /[\0-\x08\x0a-\x1f\x7f]/g

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/**
 * HTTP/1 header values are bytes: names of schemas and relations go out as their UTF-8 bytes. A
 * relation's name may even hold a line break, which must not become one of the answer's.
 */
function headerBytes(value: string): string {
  const sendable = value.replace(controls, percentEncoded)
  return isAscii(sendable) ? sendable : Buffer.from(sendable, 'utf8').toString('latin1')
}

/** More than these would take much of what clients read as a head. */
const maxReasonChars = 256

/**
 * What the database says behind the status in the first line, as bytes; null where it says nothing
 * or what is no single line.
 */
export function reasonPhrase({ statusText }: Answer): string | null {
  const isLine =
    statusText !== undefined &&
    statusText.length <= maxReasonChars &&
    statusText.search(controls) === -1
  return isLine ? headerBytes(statusText) : null
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

/** Bodies up to this size leave in one write with the head; larger ones are not copied. */
const oneWriteBytes = 16 * 1024

/**
 * Node sends the head and a text in one write, the head and bytes in two. Only where the content
 * type says UTF-8: other bytes would not survive being a text. And only where the head is ASCII:
 * it would be encoded together with the text, a second time.
 */
function inOneWrite({ body, headers, statusText = '' }: Answer): Answer['body'] {
  if (body === null) return null
  if (!isAscii(statusText) || !headers.every(([, value]) => isAscii(value))) {
    return typeof body === 'string' ? Buffer.from(body) : body
  }
  if (typeof body === 'string' || body.byteLength > oneWriteBytes) return body
  const isText = headers.some(([name, value]) => name === 'Content-Type' && value.endsWith('utf-8'))
  // what only claims to be UTF-8 would grow as a text, past the length that the head announces
  return isText && isUtf8(body)
    ? Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    : body
}

/**
 * The web `Response`. A plain record of headers takes the server's fast path; only an answer with
 * a repeated header (several `Set-Cookie`) needs the slower list.
 */
export function toResponse(answer: Answer): Response {
  const { status, headers } = answer
  const record: Record<string, string> = {}
  const seen = new Set<string>()
  let repeats = false
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    if (seen.has(key)) repeats = true
    seen.add(key)
    record[name] = headerBytes(value)
  }
  const init = repeats
    ? {
        status,
        headers: headers.map(([name, value]): [string, string] => [name, headerBytes(value)]),
      }
    : { status, headers: record }
  return new Response(inOneWrite(answer), init)
}
