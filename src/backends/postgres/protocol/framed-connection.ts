/**
 * pg's connection, tapped before its parser: while a batch runs, the server's messages go to the
 * batch as bytes, since pg's parser would turn every value into a string. What the batch does not
 * take (readiness, notices, parameters, all of the login) reaches pg as ever, so its client works
 * unchanged.
 */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import pg from 'pg'
import { createFrameReader } from './frame-reader.ts'

/** Returns false for a message that pg is to handle. */
export type FrameReceiver = (frame: Buffer) => boolean

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

export class FramedConnection extends PgConnection {
  #receiver: FrameReceiver | null = null

  constructor(config: pg.ConnectionConfig) {
    super({ ...config, sslNegotiation: config.sslnegotiation ?? 'postgres' })
  }

  /** From now on messages are offered to `receiver` first; null: to nobody. */
  receive(receiver: FrameReceiver | null): void {
    this.#receiver = receiver
  }

  /** One write for all of it. A socket that is closed already says so by its `end` event. */
  write(messages: Buffer): void {
    if (this.stream.writable) this.stream.write(messages)
  }

  override attachListeners(stream: Duplex): void {
    // pg's parser listens to this instead of the socket
    const rest = new EventEmitter()
    super.attachListeners(rest)
    const reader = createFrameReader((frame) => {
      if (this.#receiver?.(frame) !== true) rest.emit('data', frame)
    })
    stream.on('data', (chunk: Buffer) => reader.push(chunk))
  }
}
