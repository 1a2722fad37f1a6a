/**
 * A request as it came and its answer before it goes out. `sockets/` makes the one of what Node has
 * read and writes the other; what they mean is known above.
 */
import type { CancelSignal } from './cancel-signal.ts'
import { LentBytes } from './lent-bytes.ts'
import { ok, type Result } from './result.ts'

export type Header = readonly [name: string, value: string]

/**
 * A text, bytes, or the pieces that a large body was read in: they are not put together. Lent bytes
 * are given back by whoever has sent them.
 */
export type Content = string | Uint8Array | readonly Uint8Array[] | LentBytes

export function byteLength(content: Content): number {
  if (typeof content === 'string') return Buffer.byteLength(content)
  if (content instanceof Uint8Array || content instanceof LentBytes) return content.byteLength
  return content.reduce((sum, piece) => sum + piece.byteLength, 0)
}

/** In one piece, for whoever has to look into it. Lent bytes stay lent. */
export function toBuffer(content: Content): Buffer {
  if (typeof content === 'string') return Buffer.from(content)
  if (content instanceof LentBytes) return content.bytes
  return content instanceof Uint8Array
    ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
    : Buffer.concat(content)
}

export interface Answer {
  readonly status: number
  /** The reason phrase of the status line; absent: the one that goes with the status. */
  readonly statusText?: string
  readonly headers: readonly Header[]
  /** Null: no body at all (HEAD, 204). */
  readonly body: Content | null
  /** That of the error which the answer reports, for the log. */
  readonly errorCode?: string
}

/** Why there is no body. */
export type BodyProblem =
  | { readonly kind: 'body-too-large'; readonly limitBytes: number }
  | { readonly kind: 'malformed-request'; readonly details: string }

export type Body = Result<Uint8Array, BodyProblem>

/** Takes the body off the connection; called once at most. `limitBytes` 0 means no bound. */
export type ReadBody = (limitBytes: number) => Body | Promise<Body>

const noBody: Body = ok(new Uint8Array(0))

/** For methods whose body is not read. */
export const readNoBody: ReadBody = () => noBody

export interface HttpRequest {
  readonly method: string
  /** As sent: path and query, or a whole URL, as proxies send it. */
  readonly target: string
  /** Name, value, name, value …, as sent; a unit is a byte. */
  readonly rawHeaders: readonly string[]
  readonly httpVersion: string
  /** The client's address. */
  readonly peer: string
  readonly readBody: ReadBody
  /** Aborted when the client has gone before its answer was out. */
  readonly signal: CancelSignal
}

/** Never rejects. */
export type App = (request: HttpRequest) => Promise<Answer>
