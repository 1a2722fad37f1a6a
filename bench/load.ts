/**
 * A load generator on bare sockets: each connection sends its next request when the answer to the
 * last one has arrived. It parses no more of an answer than its length, so that on a small machine
 * the server is what is measured.
 */
import { connect, type Socket } from 'node:net'

export interface LoadOptions {
  readonly port: number
  /** Path and query. */
  readonly target: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** `{lane}` in target and body is the connection's number, counted from 1 up to this. */
  readonly lanes?: number
  /** Tokens that requests bring one after the other, as `Authorization: Bearer …`. */
  readonly tokens?: readonly string[]
  /** Answers are to be refusals (4xx), and others are failures. */
  readonly isRefused?: boolean
  readonly connections: number
  readonly durationMs: number
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  readonly failures: number
  /** Milliseconds. */
  readonly medianMs: number
  readonly p99Ms: number
}

function requestBytes(options: LoadOptions, connection: number, token?: string): Buffer {
  const { method = 'GET', headers = {}, lanes = 1 } = options
  const ofLane = (text: string) => text.replaceAll('{lane}', String((connection % lanes) + 1))
  const target = ofLane(options.target)
  const body = ofLane(options.body ?? '')
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** Length of a complete answer at the buffer's start, or -1 while it is not all there. */
function answerLength(buffer: Buffer, isHead: boolean): number {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd === -1) return -1
  // whatever length it tells is that of another request's answer
  if (isHead) return headEnd + 4
  const head = buffer.toString('latin1', 0, headEnd)
  const declared = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (declared !== undefined) {
    const total = headEnd + 4 + Number(declared)
    return buffer.length >= total ? total : -1
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    const end = buffer.indexOf('0\r\n\r\n', headEnd)
    return end === -1 ? -1 : end + 5
  }
  return headEnd + 4
}

export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const latencies: number[] = []
  const { tokens, isRefused = false } = options
  const expectedDigit = isRefused ? 0x34 : 0x32
  // made before the clock starts: they are no part of what is measured
  const withTokens = tokens?.map((token) => requestBytes(options, 0, token))
  let sent = 0
  let failures = 0
  const started = performance.now()
  const end = started + options.durationMs

  const client = (connection: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const bytes = requestBytes(options, connection)
      const socket: Socket = connect(options.port, '127.0.0.1')
      socket.setNoDelay(true)
      let chunks: Buffer[] = []
      let size = 0
      let wanted = 0
      let sentAt = 0
      const send = () => {
        sentAt = performance.now()
        socket.write(withTokens?.[sent % withTokens.length] ?? bytes)
        sent += 1
      }
      socket.on('connect', send)
      socket.on('error', (failure) => reject(new Error(`port ${options.port}: ${failure.message}`)))
      socket.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size < wanted) return
        const buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks)
        chunks = [buffer]
        const length = answerLength(buffer, options.method === 'HEAD')
        if (length === -1) {
          const declared = /content-length: *(\d+)/i.exec(buffer.toString('latin1', 0, 2048))?.[1]
          wanted = declared === undefined ? 0 : Number(declared)
          return
        }
        const now = performance.now()
        latencies.push(now - sentAt)
        if (buffer[9] !== expectedDigit) failures += 1
        chunks = []
        size = 0
        wanted = 0
        if (now < end) send()
        else {
          socket.destroy()
          resolve()
        }
      })
    })
  const clients: Promise<void>[] = []
  for (let i = 0; i < options.connections; i += 1) {
    clients.push(client(i))
    // more at once than a server keeps in its backlog would wait for TCP to try again
    if (i % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await Promise.all(clients)
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN
  return {
    requests: latencies.length,
    perSecond: latencies.length / seconds,
    failures,
    medianMs: at(0.5),
    p99Ms: at(0.99),
  }
}
