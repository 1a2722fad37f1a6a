/**
 * A TCP proxy before PostgreSQL whose connections can go silent without being closed: what a
 * firewall that forgets, or a pooler that swallows notifications, looks like from both ends.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface FreezingProxy {
  readonly port: number
  /** Nothing the server says reaches those who have sent `text` any more. Returns how many. */
  freezeThoseWhoSent(text: string): number
  close(): Promise<void>
}

interface Passage {
  sent: string
  isFrozen: boolean
}

export async function startFreezingProxy(target: number): Promise<FreezingProxy> {
  const passages = new Set<Passage>()
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    const passage: Passage = { sent: '', isFrozen: false }
    passages.add(passage)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        passages.delete(passage)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (bytes) => {
      passage.sent += bytes.toString('latin1')
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!passage.isFrozen) client.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    freezeThoseWhoSent(text) {
      const found = [...passages].filter(({ sent }) => sent.includes(text))
      for (const passage of found) passage.isFrozen = true
      return found.length
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
