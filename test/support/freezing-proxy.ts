/**
 * A TCP proxy before PostgreSQL whose connections can go silent without being closed: what a
 * firewall that forgets, or a pooler that swallows notifications, looks like from both ends. And
 * whose answers can be kept back for a while: work that takes as long as a test wants.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface FreezingProxy {
  readonly port: number
  /** Nothing the server says reaches those who have sent `text` any more. Returns how many. */
  freezeThoseWhoSent(text: string): number
  /** From now on the server's answers to those who send `text` are kept, until they are let go. */
  holdThoseWhoSend(text: string): Hold
  close(): Promise<void>
}

export interface Hold {
  /** Resolves when somebody has sent it. */
  readonly begun: Promise<void>
  letGo(): void
}

interface Passage {
  sent: string
  isFrozen: boolean
  /** What the server said since it is held; null: it is not. */
  held: Buffer[] | null
  letGo(): void
}

export async function startFreezingProxy(target: number): Promise<FreezingProxy> {
  const passages = new Set<Passage>()
  const sockets = new Set<Socket>()
  const holds = new Set<{ readonly text: string; readonly begin: (passage: Passage) => void }>()
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    const passage: Passage = {
      sent: '',
      isFrozen: false,
      held: null,
      letGo() {
        if (passage.held !== null) client.write(Buffer.concat(passage.held))
        passage.held = null
      },
    }
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
      const before = passage.sent.length
      passage.sent += bytes.toString('latin1')
      for (const { text, begin } of holds) {
        if (passage.sent.includes(text, before - text.length)) begin(passage)
      }
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (passage.held !== null) passage.held.push(bytes)
      else if (!passage.isFrozen) client.write(bytes)
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
    holdThoseWhoSend(text) {
      let began = () => {}
      const begun = new Promise<void>((resolve) => {
        began = resolve
      })
      const held = new Set<Passage>()
      const hold = {
        text,
        begin(passage: Passage) {
          passage.held ??= []
          held.add(passage)
          began()
        },
      }
      holds.add(hold)
      return {
        begun,
        letGo() {
          holds.delete(hold)
          for (const passage of held) passage.letGo()
        },
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
