/**
 * A relay in front of a PostgreSQL server that answers one statement itself: with an error, as a server
 * does that was asked to cancel it, or a pooler that does not know it.
 */
import { type Relay, startRelay } from './relay.ts'

export interface RefusingProxy extends Relay {
  /** How often the statement came. */
  refused(): number
}

/** In front of `port` on this machine; the statement has to be sent in a message of its own. */
export async function startRefusingProxy(
  port: number,
  statement: string,
  sqlState: string,
): Promise<RefusingProxy> {
  let refused = 0
  const relay = await startRelay(port, () => ({
    fromClient(bytes, client, server) {
      if (bytes.includes(statement)) {
        refused += 1
        client.write(refusal(sqlState))
      } else {
        server.write(bytes)
      }
    },
    fromServer: (bytes, client) => client.write(bytes),
  }))
  return { ...relay, refused: () => refused }
}

/** An ErrorResponse, and a ReadyForQuery outside of any transaction. */
function refusal(sqlState: string): Buffer {
  const fields = Buffer.from(`SERROR\0C${sqlState}\0Mrefused\0\0`)
  const error = Buffer.alloc(5)
  error.write('E')
  error.writeUInt32BE(4 + fields.length, 1)
  return Buffer.concat([error, fields, Buffer.from('Z\0\0\0\x05I')])
}
