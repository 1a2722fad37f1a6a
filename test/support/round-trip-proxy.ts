/**
 * A relay in front of a server that tells how often a client waited for it: one round trip is
 * whatever was sent in one direction and then answered in the other.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface RoundTripProxy {
  readonly port: number
  /** Round trips since the last call, over all connections. */
  take(): number
  close(): void
}

/** In front of `port` on this machine. */
export async function startRoundTripProxy(port: number): Promise<RoundTripProxy> {
  let trips = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    let isAsking = false
    client.on('data', (bytes) => {
      if (!isAsking) trips += 1
      isAsking = true
      server.write(bytes)
    })
    server.on('data', (bytes) => {
      isAsking = false
      client.write(bytes)
    })
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        client.destroy()
        server.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    take() {
      const counted = trips
      trips = 0
      return counted
    },
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}
