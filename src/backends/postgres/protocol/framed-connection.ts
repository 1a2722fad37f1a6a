/**
 * pg's connection, tapped before its parser: while a batch runs, the server's messages go to the
 * batch as bytes, since pg's parser would turn every value into a string. What the batch does not
 * take (readiness, notices, parameters, all of the login) reaches pg as ever, so its client works
 * unchanged.
 */
import { EventEmitter } from 'node:events'
import { Socket, type SocketConstructorOpts, type TcpSocketConnectOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import pg from 'pg'
import { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'
import { createFrameReader, type FrameReader } from './frame-reader.ts'

/** Returns false for a message that pg is to handle. `lent`: the memory that it lies in. */
export type FrameReceiver = (frame: Buffer, lent: LentBytes | null) => boolean

const chunkBytes = 256 * 1024

/** What connections read into. They share it: only what is kept of a chunk is copied. */
export class ReadingMemory {
  readonly chunk: Buffer = Buffer.allocUnsafeSlow(chunkBytes)
  readonly bodies: BodyMemory = new BodyMemory()
}

/** What pg's Connection has beyond its type declarations. */
interface ConnectionInternals {
  attachListeners(stream: EventEmitter): void
  connect(port: number | string, host?: string): void
  requestSsl(): void
  cancel(processId: number, secretKey: number): void
}

type InternalConnection = pg.Connection & ConnectionInternals

/** The client writes this option in small letters, the connection does not. */
type InternalConfig = pg.ConnectionConfig & { readonly sslNegotiation?: 'postgres' | 'direct' }

const PgConnection = openInternals(pg.Connection)

function openInternals(
  declared: typeof pg.Connection,
): new (
  config: InternalConfig,
) => InternalConnection {
  const expected = ['attachListeners', 'connect', 'requestSsl', 'cancel']
  for (const name of expected) {
    if (typeof Reflect.get(declared.prototype, name) !== 'function') {
      throw new Error(`this version of pg has no Connection.${name}`)
    }
  }
  // checked above
  return declared as unknown as new (
    config: InternalConfig,
  ) => InternalConnection
}

/** A socket whose reads all end in the same memory, in place of new memory for each. */
function openSocket({ chunk }: ReadingMemory, onRead: (chunk: Buffer) => void): Socket {
  // a read on Windows may have its memory long before it has bytes
  if (process.platform === 'win32') return new Socket().on('data', onRead)
  // what `net.connect` takes for both, its constructor and its `connect`
  const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
    onread: {
      buffer: chunk,
      callback(byteLength) {
        onRead(chunk.subarray(0, byteLength))
        return true
      },
    },
  }
  return new Socket(options)
}

export class FramedConnection extends PgConnection {
  readonly #memory: ReadingMemory
  #receiver: FrameReceiver | null = null
  #reader: FrameReader | null = null

  constructor(config: pg.ConnectionConfig, memory: ReadingMemory) {
    const sslNegotiation = config.sslnegotiation ?? 'postgres'
    // with TLS it is another stream that is read, and the socket by it alone
    const isPlain = config.ssl === undefined || config.ssl === false
    let onRead = (_: Buffer) => {}
    const stream = isPlain ? openSocket(memory, (chunk) => onRead(chunk)) : undefined
    super({ ...config, sslNegotiation, ...(stream === undefined ? {} : { stream: () => stream }) })
    this.#memory = memory
    onRead = (chunk) => this.#reader?.push(chunk)
  }

  /** From now on messages are offered to `receiver` first; null: to nobody. */
  receive(receiver: FrameReceiver | null): void {
    this.#receiver = receiver
  }

  /** One write for all of it. A socket that is closed already says so by its `end` event. */
  write(messages: Buffer | LentBytes): void {
    if (!this.stream.writable) return
    if (messages instanceof LentBytes) {
      // after a failure the system may still be reading from there: the memory is left to the collector
      this.stream.write(messages.bytes, (failure) => {
        if (failure === null || failure === undefined) messages.giveBack()
      })
    } else {
      this.stream.write(messages)
    }
  }

  override attachListeners(stream: Duplex): void {
    // pg's parser listens to this instead of the socket
    const rest = new EventEmitter()
    super.attachListeners(rest)
    const isPlain = stream instanceof Socket && !(stream instanceof TLSSocket)
    const reader = createFrameReader({
      memory: this.#memory.bodies,
      reusesChunks: isPlain,
      onFrame: (frame, lent) => {
        if (this.#receiver?.(frame, lent) !== true) rest.emit('data', frame)
      },
    })
    this.#reader = reader
    if (!isPlain) stream.on('data', (chunk: Buffer) => reader.push(chunk))
  }
}
