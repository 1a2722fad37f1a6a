/**
 * A relay in front of a server that tells how often a client waited for it: one round trip is
 * whatever was sent in one direction and then answered in the other.
 */
import { type Relay, startRelay } from './relay.ts'

export interface RoundTripProxy extends Relay {
  /** Round trips since the last call, over all connections. */
  take(): number
}

/** In front of `port` on this machine. */
export async function startRoundTripProxy(port: number): Promise<RoundTripProxy> {
  let trips = 0
  const relay = await startRelay(port, () => {
    let isAsking = false
    return {
      fromClient(bytes, _, server) {
        if (!isAsking) trips += 1
        isAsking = true
        server.write(bytes)
      },
      fromServer(bytes, client) {
        isAsking = false
        client.write(bytes)
      },
    }
  })
  return {
    ...relay,
    take() {
      const counted = trips
      trips = 0
      return counted
    },
  }
}
