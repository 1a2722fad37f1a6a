/**
 * Binds an app to a TCP port or a unix socket, and drains on close. The edges of HTTP are set here:
 * keep-alive beyond what load balancers reuse connections for, bounds on the request line and the
 * headers, and every refusal of Node's parser in the error envelope.
 */
import { chmodSync, existsSync, rmSync, statSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { productName, productVersion } from './core/product.ts'
import type { ApiError } from './errors/api-error.ts'
import { renderError } from './errors/error-envelope.ts'

export interface BindAddress {
  readonly host: string
  readonly port: number
  readonly unixSocket: string | null
  /** e.g. 0o660 */
  readonly unixSocketMode: number
  readonly reusePort: boolean
}

export interface BoundServer {
  /** `host:port`, `[v6]:port`, or the socket's path. */
  readonly address: string
  /** Whether the socket still stands: a unix socket's file may have been removed. */
  isAlive(): boolean
  /**
   * Stops accepting, ends idle connections, lets requests in flight finish.
   *
   * Units  milliseconds until what is left is cut
   */
  close(deadlineMs: number): Promise<void>
}

/** What app.fetch is: the bindings give handlers Node's request. */
export type Fetch = (
  request: Request,
  env: { incoming: IncomingMessage; outgoing: ServerResponse },
) => Response | Promise<Response>

/** AWS and nginx reuse idle connections for 60 s; ours must outlive that. */
const keepAliveTimeoutMs = 75_000
const headersTimeoutMs = 60_000
const requestTimeoutMs = 300_000
const maxHeadBytes = 64 * 1024
/**
 * What the parser takes. The app refuses what is beyond the limit and knows which part of the head
 * is too long; the parser only sees where it has to stop, and what it read last.
 */
const parsedHeadBytes = 4 * maxHeadBytes
/** How long a client that is refused may go on sending its body before it is cut. */
const lingerMs = 2000
/** How long a connection without a byte is waited for at a stop: its request may be on the way. */
const silentGraceMs = 250

interface ParserFailure extends Error {
  readonly code?: string
  readonly rawPacket?: Buffer
}

/** Whether the head that is too long is so by its request line. */
function endsInRequestLine(packet: Buffer | undefined): boolean {
  if (packet === undefined) return false
  const text = packet.toString('latin1')
  const end = text.indexOf('\n')
  const line = end === -1 ? text : text.slice(0, end)
  if (/ HTTP\/\d\.\d\r?$/.test(line)) return line.length > maxHeadBytes / 2
  return end === -1 && /^[A-Z]+ \//.test(line)
}

function refusalOf(failure: ParserFailure): ApiError {
  switch (failure.code) {
    case 'HPE_HEADER_OVERFLOW':
      return endsInRequestLine(failure.rawPacket)
        ? { kind: 'target-too-long', limitBytes: maxHeadBytes }
        : { kind: 'headers-too-large', limitBytes: maxHeadBytes }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { kind: 'request-timeout' }
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

/**
 * For an answer that precedes the end of its request's body: a connection that is closed while
 * bytes arrive is reset, and a client whose sending fails never reads why.
 */
function linger(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end()
    socket.resume()
    setTimeout(() => socket.destroy(), lingerMs).unref()
  }
}

/** `*`, `*4`, `!4` … as the release's hosts: a family, any or preferred. */
function bindHost(host: string): { readonly host: string; readonly ipv6Only?: boolean } {
  switch (host) {
    case '*':
    case '*4':
    case '!4':
      return { host: '0.0.0.0' }
    case '*6':
      return { host: '::' }
    case '!6':
      return { host: '::', ipv6Only: true }
    default:
      return { host }
  }
}

function printAddress(address: AddressInfo | string | null, unixSocket: string | null): string {
  if (unixSocket !== null || typeof address === 'string' || address === null) {
    return unixSocket ?? String(address)
  }
  return address.family === 'IPv6'
    ? `[${address.address}]:${address.port}`
    : `${address.address}:${address.port}`
}

/** Why SO_REUSEPORT cannot be had; null where it can. Older versions of Node ignore that it is asked for. */
export function reusePortProblem(nodeVersion: string): string | null {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const isSupported = major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
  return isSupported
    ? null
    : `server-reuseport needs Node.js 22.12 (or 23.1) or later, this is ${nodeVersion}`
}

function malformedAnswer(failure: unknown): Response {
  const details = failure instanceof Error ? failure.message : 'the request cannot be read'
  const { status, headers, body } = renderError({ kind: 'malformed-request', details }, 'verbose')
  return new Response(body, {
    status,
    headers: { ...Object.fromEntries(headers), Server: `${productName}/${productVersion}` },
  })
}

/**
 * Errors  rejects when the address cannot be bound (EADDRINUSE …)
 */
export async function bindServer(fetch: Fetch, address: BindAddress): Promise<BoundServer> {
  const respond = getRequestListener(
    // the library types the bindings of HTTP/2 as well, which this server never speaks
    (request, env) => fetch(request, env as Parameters<Fetch>[1]),
    { errorHandler: malformedAnswer, overrideGlobalObjects: true },
  )
  let isClosing = false
  const inFlight = new Set<ServerResponse>()
  const listener: RequestListener = (incoming, outgoing) => {
    if (isClosing) outgoing.setHeader('Connection', 'close')
    inFlight.add(outgoing)
    outgoing.once('close', () => {
      inFlight.delete(outgoing)
      // an answer whose head was out before the stop leaves an idle keep-alive connection behind
      if (isClosing) setImmediate(() => server.closeIdleConnections())
    })
    // HTTP/1.0 knows requests without Host; the web's Request needs one
    if (incoming.headers.host === undefined && incoming.httpVersion === '1.0') {
      incoming.headers.host = 'localhost'
    }
    // before Node's own listener, which closes the connection
    outgoing.prependOnceListener('finish', () => {
      if (!incoming.complete) linger(incoming.socket)
    })
    respond(incoming, outgoing).catch(() => outgoing.destroy())
  }
  const server: Server = createServer(
    {
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      maxHeaderSize: parsedHeadBytes,
      requireHostHeader: false,
      noDelay: true,
    },
    listener,
  )
  // their bytes are bounded; Node would leave out those after the thousandth, whatever they say
  server.maxHeadersCount = 0
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  /** Opened ahead of need, as browsers and pools do. Node counts them as busy, not as idle. */
  const closeSilentConnections = () => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
  server.on('clientError', (failure: ParserFailure, socket: Duplex) => {
    if (failure.code === 'ECONNRESET' || failure.code === 'EPIPE') socket.destroy()
    else refuse(socket, refusalOf(failure))
  })
  // the app asks for the body once it wants it
  server.on('checkContinue', listener)
  server.on('checkExpectation', listener)
  server.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
    refuse(socket, { kind: 'unsupported-method', method: incoming.method ?? 'CONNECT' })
  })

  const { unixSocket } = address
  // left by a server that was killed; a file that is no socket is somebody's, and binding fails
  if (unixSocket !== null && statSync(unixSocket, { throwIfNoEntry: false })?.isSocket()) {
    rmSync(unixSocket, { force: true })
  }
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const bound = () => {
      server.off('error', reject)
      resolve()
    }
    if (unixSocket !== null) server.listen({ path: unixSocket, backlog: 2048 }, bound)
    else {
      server.listen(
        {
          ...bindHost(address.host),
          port: address.port,
          backlog: 2048,
          ...(address.reusePort ? { reusePort: true } : {}),
        },
        bound,
      )
    }
  })
  if (unixSocket !== null) chmodSync(unixSocket, address.unixSocketMode)

  return {
    address: printAddress(server.address(), unixSocket),
    isAlive: () => server.listening && (unixSocket === null || existsSync(unixSocket)),
    close(deadlineMs) {
      isClosing = true
      for (const outgoing of inFlight) {
        if (!outgoing.headersSent) outgoing.setHeader('Connection', 'close')
      }
      return new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), deadlineMs)
        // behind a look at the sockets: under load the timer may be due before what came is read
        const hangUp = setTimeout(() => setImmediate(closeSilentConnections), silentGraceMs)
        server.close(() => {
          clearTimeout(cut)
          clearTimeout(hangUp)
          resolve()
        })
        server.closeIdleConnections()
      })
    },
  }
}
