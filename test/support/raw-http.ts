/**
 * HTTP as bytes on a socket, for what no client library would send, and for what it would hide.
 */
import { connect, type Socket } from 'node:net'
import { traceAnswer } from './trace.ts'

export interface RawReply {
  readonly status: number
  /** What stands behind it. */
  readonly reason: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Everything behind the head. */
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown
}

export interface RawConnection {
  readonly socket: Socket
  send(bytes: string | Uint8Array): void
  /** Resolves with all that came so far once `isEnough` says so, or rejects at the end. */
  until(isEnough: (text: string) => boolean): Promise<string>
  /** Resolves with all that came once the server has closed the connection. */
  readonly closed: Promise<string>
}

/** `goesOn`: the end of the server's answers does not keep the connection from sending more. */
export function openRaw(port: number, { goesOn = false } = {}): RawConnection {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: goesOn })
  let text = ''
  let hasEnded = false
  const waiters = new Set<() => void>()
  const wake = () => {
    for (const waiter of [...waiters]) waiter()
  }
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    wake()
  })
  // a reset after the answer is an end as well
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => {
    socket.once('close', () => {
      hasEnded = true
      traceAnswer('all answers of a connection', text)
      wake()
      resolve(text)
    })
  })
  return {
    socket,
    closed,
    send: (bytes) => socket.write(bytes),
    until: (isEnough) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!isEnough(text) && !hasEnded) return
          waiters.delete(look)
          if (isEnough(text)) resolve(text)
          else reject(new Error(`the connection ended with ${JSON.stringify(text)}`))
        }
        waiters.add(look)
        look()
      }),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Head and body of one answer. */
export function readReply(answer: string): RawReply {
  const end = answer.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = answer.slice(0, end).split('\r\n')
  const [, status = '0', reason = ''] = /^HTTP\/1\.1 (\d{3}) ?(.*)$/.exec(statusLine) ?? []
  const headers = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
  const text = answer.slice(end + 4)
  return { status: Number(status), reason, headers, text, body: parse(text) }
}

/** Sends everything and reads until the server closes: the request has to ask for that. */
export async function exchange(port: number, bytes: string | Uint8Array): Promise<RawReply> {
  const connection = openRaw(port)
  connection.send(bytes)
  return readReply(await connection.closed)
}
