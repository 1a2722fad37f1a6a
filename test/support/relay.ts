/**
 * A relay in front of a server on this machine, whose tests look at the bytes that go through it.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface Relay {
  readonly port: number
  /** Cuts what it relays, and listens no more. */
  close(): void
}

/** What becomes of the bytes of one connection. */
export interface Relayed {
  fromClient(bytes: Buffer, client: Socket, server: Socket): void
  fromServer(bytes: Buffer, client: Socket): void
}

/** In front of `port`; `relayed` is called for each connection. */
export async function startRelay(port: number, relayed: () => Relayed): Promise<Relay> {
  const sockets = new Set<Socket>()
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    const { fromClient, fromServer } = relayed()
    client.on('data', (bytes) => fromClient(bytes, client, server))
    server.on('data', (bytes) => fromServer(bytes, client))
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const address = relay.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    close() {
      for (const socket of sockets) socket.destroy()
      relay.close()
    },
  }
}
