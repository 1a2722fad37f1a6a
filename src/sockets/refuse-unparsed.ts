/**
 * What Node cannot read as a request, or what it could not hand to the app → an answer in the error
 * envelope instead of Node's own, and the end of the connection. Used by `http-server.ts`.
 */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { productName, productVersion } from '../core/product.ts'
import type { ApiError } from '../errors/api-error.ts'
import { renderError } from '../errors/error-envelope.ts'

const maxHeadBytes = 64 * 1024
/**
 * Bytes of a head that Node's parser takes. The app refuses what is beyond the limit and knows
 * which part of the head is too long; the parser only sees where it has to stop, and what it read
 * last.
 */
export const parsedHeadBytes = 4 * maxHeadBytes

interface ParserFailure extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

/** Whether it is the request line that makes the head too long. */
function endsInRequestLine(packet: Buffer | undefined): boolean {
  if (packet === undefined) return false
  const text = packet.toString('latin1')
  const end = text.indexOf('\n')
  const line = end === -1 ? text : text.slice(0, end)
  if (/ HTTP\/\d\.\d\r?$/.test(line)) return line.length > maxHeadBytes / 2
  return end === -1 && /^[A-Z]+ \//.test(line)
}

const urlHint =
  'In a URL, blanks and characters beyond ASCII have to be percent-encoded: %20 for a blank, %C3%BC for ü'

function refusalOf(failure: ParserFailure): ApiError {
  switch (failure.code) {
    case 'HPE_HEADER_OVERFLOW':
      return endsInRequestLine(failure.rawPacket)
        ? { kind: 'target-too-long', limitBytes: maxHeadBytes }
        : { kind: 'headers-too-large', limitBytes: maxHeadBytes }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'request-timeout' }
    case 'HPE_INVALID_URL':
      return { kind: 'malformed-request', details: failure.message, hint: urlHint }
    default:
      return { kind: 'malformed-request', details: failure.message }
  }
}

/** An answer for a connection on which no request could be read: written by hand, then closed. */
function refusalText(error: ApiError): string {
  const { status, headers, body } = renderError(error, 'verbose')
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Server: ${productName}/${productVersion}`,
    `Date: ${new Date().toUTCString()}`,
    ...headers
      .filter(([name]) => name.toLowerCase() !== 'content-length')
      .map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function refuse(socket: Duplex, error: ApiError): void {
  if (socket.writable) socket.end(refusalText(error))
  else socket.destroy()
}

/** Answers for connections on which nothing arrives that could be a request of the app. */
export function refuseUnparsed(server: Server): void {
  server.on('clientError', (failure: ParserFailure, socket: Duplex) => {
    if (failure.code === 'ECONNRESET' || failure.code === 'EPIPE') socket.destroy()
    else refuse(socket, refusalOf(failure))
  })
  server.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
    refuse(socket, { kind: 'unsupported-method', method: incoming.method ?? 'CONNECT' })
  })
}

/** For a request that Node has read and the web's `Request` cannot hold. */
export function malformedAnswer(failure: unknown): Response {
  const details = failure instanceof Error ? failure.message : 'the request cannot be read'
  const { status, headers, body } = renderError({ kind: 'malformed-request', details }, 'verbose')
  return new Response(body, {
    status,
    headers: { ...Object.fromEntries(headers), Server: `${productName}/${productVersion}` },
  })
}
