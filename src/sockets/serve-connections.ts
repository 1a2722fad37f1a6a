/**
 * An app for connections that another process has accepted: a server that listens nowhere.
 */
import type { RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { createHttpServer } from './http-server.ts'

export interface ConnectionServer {
  take(connection: Socket): void
  /**
   * Ends idle connections, lets requests in flight finish.
   *
   * Units  milliseconds until what is left is cut
   */
  close(deadlineMs: number): Promise<void>
}

export function serveConnections(respond: RequestListener): ConnectionServer {
  const { server, connections } = createHttpServer(respond)
  // what Node begins when a server listens: connections are told apart and their limits watched
  server.emit('listening')
  return {
    take: (connection) => void server.emit('connection', connection),
    close: (deadlineMs) => connections.drain(deadlineMs),
  }
}
