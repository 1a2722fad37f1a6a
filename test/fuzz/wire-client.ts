/**
 * A keep-alive HTTP client on a bare socket: it sends bytes that no library would send and takes
 * answers apart strictly, so that an answer with a wrong length, or two in place of one, is seen.
 */
import { connect, type Socket } from 'node:net'
import { traceAnswer } from '../support/trace.ts'
import type { FuzzRequest } from './generate-request.ts'

export interface WireAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Buffer
  readonly closes: boolean
}

export interface WireClient {
  /** Rejects when the connection ends without an answer, when bytes are no answer, or in time. */
  send(request: FuzzRequest, timeoutMs: number): Promise<WireAnswer>
  close(): void
}

function chunked(body: Buffer): Buffer {
  const half = Math.ceil(body.length / 2)
  const parts = [body.subarray(0, half), body.subarray(half)].filter((part) => part.length > 0)
  return Buffer.concat([
    ...parts.flatMap((part) => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from('\r\n'),
    ]),
    Buffer.from('0\r\n\r\n'),
  ])
}

function requestBytes(request: FuzzRequest): Buffer {
  const { method, target, headers, body, isChunked } = request
  const length =
    isChunked === true ? 'Transfer-Encoding: chunked' : `Content-Length: ${body?.length}`
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === null ? [] : [length]),
  ]
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  return body === null ? head : Buffer.concat([head, isChunked === true ? chunked(body) : body])
}

interface Taken {
  readonly answer: WireAnswer
  readonly length: number
}

const headerPattern = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/

/** Null while the answer is not all there. Throws on what is no answer. */
function takeAnswer(buffer: Buffer, method: string): Taken | null {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd === -1) return null
  const [first = '', ...lines] = buffer.toString('latin1', 0, headEnd).split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/.exec(first)?.[1]
  if (status === undefined) throw new Error(`no status line: ${first.slice(0, 200)}`)
  const headers = lines.map((line): readonly [string, string] => {
    const match = headerPattern.exec(line)
    if (match === null) throw new Error(`no header line: ${line.slice(0, 200)}`)
    return [(match[1] ?? '').toLowerCase(), match[2] ?? '']
  })
  const value = (name: string) => headers.find(([key]) => key === name)?.[1]
  const answer = {
    status: Number(status),
    headers,
    closes: value('connection')?.toLowerCase() === 'close',
  }
  const from = headEnd + 4
  if (answer.status < 200 || [204, 304].includes(answer.status) || method === 'HEAD') {
    return { answer: { ...answer, body: Buffer.alloc(0) }, length: from }
  }
  if (value('transfer-encoding')?.toLowerCase() === 'chunked') {
    const chunks = takeChunks(buffer, from)
    return chunks === null ? null : { answer: { ...answer, body: chunks.body }, length: chunks.end }
  }
  const declared = value('content-length')
  if (declared === undefined || !/^\d+$/.test(declared)) throw new Error('an answer without length')
  const end = from + Number(declared)
  if (buffer.length < end) return null
  return { answer: { ...answer, body: buffer.subarray(from, end) }, length: end }
}

function takeChunks(buffer: Buffer, from: number): { body: Buffer; end: number } | null {
  const parts: Buffer[] = []
  for (let at = from; ; ) {
    const lineEnd = buffer.indexOf('\r\n', at)
    if (lineEnd === -1) return null
    const size = Number.parseInt(buffer.toString('latin1', at, lineEnd), 16)
    const start = lineEnd + 2
    if (buffer.length < start + size + 2) return null
    if (size === 0) return { body: Buffer.concat(parts), end: start + 2 }
    parts.push(buffer.subarray(start, start + size))
    at = start + size + 2
  }
}

export function createWireClient(port: number): WireClient {
  let socket: Socket | null = null

  function open(): Socket {
    const fresh = connect(port, '127.0.0.1')
    fresh.setNoDelay(true)
    // who waits hears of it in `send`; an idle connection may end
    fresh.on('error', () => {})
    return fresh
  }

  function drop(): void {
    socket?.destroy()
    socket = null
  }

  return {
    send(request, timeoutMs) {
      if (socket === null || socket.destroyed || !socket.writable) socket = open()
      const used = socket
      return new Promise<WireAnswer>((resolve, reject) => {
        let received: Buffer = Buffer.alloc(0)
        const settle = (act: () => void, keep: boolean) => {
          clearTimeout(timer)
          used.off('data', onData).off('close', onClose)
          if (!keep) drop()
          act()
        }
        const fail = (failure: Error) => settle(() => reject(failure), false)
        const timer = setTimeout(
          () => fail(new Error(`no answer within ${timeoutMs} ms`)),
          timeoutMs,
        )
        const onData = (chunk: Buffer) => {
          received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
          let taken: Taken | null
          try {
            taken = takeAnswer(received, request.method)
          } catch (failure) {
            fail(failure instanceof Error ? failure : new Error(String(failure)))
            return
          }
          if (taken === null) return
          const { answer, length } = taken
          traceAnswer('an answer', received)
          // a refused head leaves no method behind: its answer has a body even for HEAD
          const mayTrail = request.method === 'HEAD' && answer.closes
          if (received.length > length && !mayTrail) {
            fail(new Error(`more than one answer: ${received.subarray(length, length + 100)}`))
          } else settle(() => resolve(answer), !answer.closes)
        }
        const onClose = () =>
          fail(new Error(`the connection ended after ${received.length} bytes of an answer`))
        used.on('data', onData).on('close', onClose)
        used.write(requestBytes(request))
      })
    },
    close: drop,
  }
}
