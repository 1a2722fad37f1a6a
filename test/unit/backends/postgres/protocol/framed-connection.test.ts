import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import {
  FramedConnection,
  ReadingMemory,
} from '../../../../../src/backends/postgres/protocol/framed-connection.ts'

const blockBytes = 4 * 1024 * 1024

/** A server that reads nothing until it is told to, and a connection to it. */
async function connectToSlow() {
  const server = createServer({ pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const accepted: Promise<unknown[]> = once(server, 'connection')
  const memory = new ReadingMemory()
  const connection = new FramedConnection({}, memory)
  // an address of TCP, since it listens on a port
  connection.connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [socket] = await accepted
  // what `connection` comes with
  const slow = socket as Socket
  onTestFinished(() => {
    slow.destroy()
    connection.stream.destroy()
  })
  return { memory, connection, slow }
}

/** As many as do not go into what the system keeps of a connection. */
const letters = [...'abcdefgh']

/** A block of each. Returns the memory that each was written from. */
function sendLetters(memory: ReadingMemory, connection: FramedConnection) {
  return letters.map((letter) => {
    const messages = memory.bodies.lend(blockBytes)
    messages.bytes.fill(letter)
    connection.write(messages)
    return messages.bytes.buffer
  })
}

test('memory of messages is used again once they are sent, and not before', async () => {
  const { memory, connection, slow } = await connectToSlow()
  const sent = sendLetters(memory, connection)
  // whoever writes next meanwhile writes over none of them
  for (const _ of letters) memory.bodies.lend(blockBytes).bytes.fill('z')
  let at = 0
  let wrong = 0
  slow.on('data', (chunk: Buffer) => {
    for (const byte of chunk) {
      if (byte !== letters[Math.floor(at / blockBytes)]?.charCodeAt(0)) wrong += 1
      at += 1
    }
  })
  slow.resume()
  await expect.poll(() => at, { timeout: 30_000 }).toBe(letters.length * blockBytes)
  expect(wrong).toBe(0)
  await expect
    .poll(() => sent.includes(memory.bodies.lend(blockBytes).bytes.buffer), { timeout: 30_000 })
    .toBe(true)
})

test('memory of messages that were not sent is not used again', async () => {
  const { memory, connection, slow } = await connectToSlow()
  const sent = sendLetters(memory, connection)
  const ended = once(connection.stream, 'close')
  connection.stream.destroy()
  slow.destroy()
  await ended
  // the last of them was waiting behind the others
  const last = sent.at(-1)
  const lent = letters.map(() => memory.bodies.lend(blockBytes).bytes.buffer)
  expect(lent).not.toContain(last)
})
