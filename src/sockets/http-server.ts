/**
 * Connections → requests for an app. The edges of HTTP are set here: keep-alive beyond what load
 * balancers reuse connections for, requests as the app takes them. What is no request is refused by
 * `refuse-unparsed.ts`, what is open known by `open-connections.ts`.
 */
import { createServer, type RequestListener, type Server } from 'node:http'
import { OpenConnections } from './open-connections.ts'
import { parsedHeadBytes, refuseUnparsed } from './refuse-unparsed.ts'

/** AWS and nginx reuse idle connections for 60 s; ours must outlive that. */
const keepAliveTimeoutMs = 75_000
const headersTimeoutMs = 60_000
const requestTimeoutMs = 300_000

export interface HttpServer {
  readonly server: Server
  readonly connections: OpenConnections
}

/** A server with the bounds of HTTP set, which listens nowhere yet. */
export function createHttpServer(respond: RequestListener): HttpServer {
  const server = createServer({
    keepAliveTimeout: keepAliveTimeoutMs,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    maxHeaderSize: parsedHeadBytes,
    requireHostHeader: false,
    noDelay: true,
  })
  // their bytes are bounded; Node would leave out those after the thousandth, whatever they say
  server.maxHeadersCount = 0
  const connections = new OpenConnections(server)
  const listener: RequestListener = (incoming, outgoing) => {
    connections.answering(outgoing)
    respond(incoming, outgoing)
  }
  server.on('request', listener)
  // the app asks for the body once it wants it
  server.on('checkContinue', listener)
  server.on('checkExpectation', listener)
  refuseUnparsed(server)
  return { server, connections }
}
