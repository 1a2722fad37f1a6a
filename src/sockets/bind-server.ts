/**
 * Binds an app to a TCP port or a unix socket, and drains on close.
 */
import type { RequestListener } from 'node:http'
import { createHttpServer } from './http-server.ts'
import { type BindAddress, type ListeningSocket, listenAt } from './listen-at.ts'

export interface BoundServer extends ListeningSocket {
  /**
   * Stops accepting, ends idle connections, lets requests in flight finish.
   *
   * Units  milliseconds until what is left is cut
   */
  close(deadlineMs: number): Promise<void>
}

/**
 * Errors  rejects when the address cannot be bound (EADDRINUSE …), naming the option to change
 */
export async function bindServer(
  respond: RequestListener,
  address: BindAddress,
): Promise<BoundServer> {
  const { server, connections } = createHttpServer(respond)
  const listening = await listenAt(server, address)
  return { ...listening, close: (deadlineMs) => connections.drain(deadlineMs) }
}
