/**
 * A relay in front of a PostgreSQL server that answers one statement itself: with an error, as a server
 * does that was asked to cancel it, or a pooler that does not know it.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface RefusingProxy {
  readonly port: number
  /** How often the statement came. */
  refused(): number
  close(): void
}

/** In front of `port` on this machine; the statement has to be sent in a message of its own. */
export async function startRefusingProxy(
  port: number,
  statement: string,
  sqlState: string,
): Promise<RefusingProxy> {
  let refused = 0
  const sockets = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(port, '127.0.0.1')
    client.on('data', (bytes) => {
      if (bytes.includes(statement)) {
        refused += 1
        client.write(refusal(sqlState))
      } else {
        server.write(bytes)
      }
    })
    server.on('data', (bytes) => client.write(bytes))
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
    refused: () => refused,
    close() {
      for (const socket of sockets) socket.destroy()
      proxy.close()
    },
  }
}

/** An ErrorResponse, and a ReadyForQuery outside of any transaction. */
function refusal(sqlState: string): Buffer {
  const fields = Buffer.from(`SERROR\0C${sqlState}\0Mrefused\0\0`)
  const error = Buffer.alloc(5)
  error.write('E')
  error.writeUInt32BE(4 + fields.length, 1)
  return Buffer.concat([error, fields, Buffer.from('Z\0\0\0\x05I')])
}
