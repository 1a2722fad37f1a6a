/**
 * Binds a TCP port or a unix socket for another process to answer on: connections are accepted here,
 * and handed on before a byte of them is read.
 */
import { createServer, type Socket } from 'node:net'
import { type BindAddress, type ListeningSocket, listenAt } from './listen-at.ts'

export interface BoundConnections extends ListeningSocket {
  /** Stops accepting. */
  close(): void
}

/** Errors  rejects when the address cannot be bound, naming the option to change */
export async function bindConnections(
  take: (connection: Socket) => void,
  address: BindAddress,
): Promise<BoundConnections> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (connection) => {
    // one that its client has cut is found out by who answers on it
    connection.on('error', () => undefined)
    take(connection)
  })
  const listening = await listenAt(server, address)
  return { ...listening, close: () => server.close() }
}
