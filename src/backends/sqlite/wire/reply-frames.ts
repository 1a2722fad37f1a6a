/**
 * What a SQLite process answers: one reply for each request, in their order. Bodies are bytes that
 * nobody parses; what is not a body is rare, and JSON.
 *
 * Shape   [id: u32][status: u8][microseconds: u32][rows: u32][total: f64, NaN where not counted]
 *         [body, or JSON]; of `written` the total is how many rows were new, and before its body
 *         and that of `called` stands [bytes of what else is said: u32][JSON]; `laid-down` is `rows`
 *         whose body stands in the file for large answers, and here only its [bytes: u32]
 */
import { assertNever } from '../../../core/assert-never.ts'
import { byteLength, type Content, toBuffer } from '../../../core/http-exchange.ts'
import type { RawCatalog } from './raw-catalog.ts'
import type { Frame } from './sqlite-frame-reader.ts'

/** An error of SQLite, or of one of our functions inside it. */
export type ChildFailure =
  /** The file is not there, is no database, cannot be opened … */
  | {
      readonly kind: 'unavailable'
      readonly message: string
      /** Without the path. */
      readonly clientMessage: string
    }
  | {
      readonly kind: 'sqlite'
      readonly code: string
      readonly message: string
      /** What a constraint failed for. */
      readonly evidence?: ConstraintEvidence
    }
  | {
      readonly kind: 'value'
      readonly sqlState: string
      readonly message: string
      readonly details?: string | null
      readonly hint?: string | null
    }
  /** The row of a write is another than it was to be. Nothing of it stays. */
  | { readonly kind: 'unmet'; readonly message: string }

export type ConstraintEvidence =
  /** [column, text or null] of the row that was to be. */
  | { readonly kind: 'row'; readonly row: readonly (readonly [string, string | null])[] }
  | {
      readonly kind: 'foreign-key'
      readonly constraint: string
      readonly child: string
      readonly parent: string
      readonly columns: readonly string[]
      readonly values: readonly (string | null)[]
      /** The row that was written is the one that is referred to. */
      readonly isReferred: boolean
    }

/** What functions say of the answer, unparsed. */
export interface ResponseControls {
  readonly headers: string | null
  readonly status: string | null
}

export type ChildReply =
  /** The first thing a process says; nobody has asked. */
  | { readonly kind: 'ready' }
  /** `body` is well-formed UTF-8; a large one arrives in pieces. */
  | {
      readonly kind: 'rows'
      readonly rows: number
      readonly total: number | null
      readonly body: Exclude<Content, string>
    }
  /** The same of functions, which may say more. */
  | {
      readonly kind: 'called'
      readonly rows: number
      readonly total: number | null
      readonly controls: ResponseControls
      readonly body: Uint8Array
    }
  | {
      readonly kind: 'written'
      /** Those that are shown, or were written. Beyond the request's bounds all is undone. */
      readonly rows: number
      /** Of an upsert. */
      readonly inserted: number | null
      /** [column, `eq.value` or `is.null`] */
      readonly location: readonly (readonly [string, string])[]
      /** Of a function that ran before it. */
      readonly controls?: ResponseControls
      readonly body: Uint8Array
    }
  /**
   * The transaction of these requests may be committed from now on. Requests of which it was never
   * told have left nothing behind when the process ends.
   */
  | { readonly kind: 'committing'; readonly ids: readonly number[] }
  /** The schema is another than the request's. Nothing was run. */
  | { readonly kind: 'moved' }
  | { readonly kind: 'current' }
  | { readonly kind: 'version'; readonly schemaVersion: string; readonly sqliteVersion: string }
  | { readonly kind: 'catalog'; readonly schemaVersion: string; readonly catalog: RawCatalog }
  | { readonly kind: 'failed'; readonly failure: ChildFailure }

export type RowsReply = Extract<ChildReply, { readonly kind: 'rows' }>

export interface ReplyFrame {
  readonly id: number
  /** What the process took, for `statement-costs.ts`. */
  readonly micros: number
  readonly reply: ChildReply
}

const statuses = [
  'ready',
  'rows',
  'moved',
  'current',
  'version',
  'catalog',
  'failed',
  'written',
  'committing',
  'called',
  'laid-down',
] as const
const headBytes = 21
const noBytes = new Uint8Array()
const mostMicros = 0xffff_ffff

/** The head, its length in front, and what follows it: two parts, so that no body is copied. */
export function encodeReply(frame: ReplyFrame): readonly [Buffer, Uint8Array] {
  const body = bodyOf(frame.reply)
  return [encodeHead(frame, frame.reply.kind, body.length), body]
}

/** The reply without its body, which was laid down. */
export function encodeLaidDown(frame: ReplyFrame & { readonly reply: RowsReply }): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(byteLength(frame.reply.body), 0)
  return Buffer.concat([encodeHead(frame, 'laid-down', length.length), length])
}

function encodeHead(
  { id, micros, reply }: ReplyFrame,
  status: (typeof statuses)[number],
  bodyBytes: number,
): Buffer {
  const head = Buffer.allocUnsafe(4 + headBytes)
  head.writeUInt32LE(headBytes + bodyBytes, 0)
  head.writeUInt32LE(id, 4)
  head.writeUInt8(statuses.indexOf(status), 8)
  head.writeUInt32LE(Math.min(Math.round(micros), mostMicros), 9)
  const { rows, total } = countsOf(reply)
  head.writeUInt32LE(rows, 13)
  head.writeDoubleLE(total ?? Number.NaN, 17)
  return head
}

function countsOf(reply: ChildReply): { readonly rows: number; readonly total: number | null } {
  if (reply.kind === 'written') return { rows: reply.rows, total: reply.inserted }
  return reply.kind === 'rows' || reply.kind === 'called' ? reply : { rows: 0, total: null }
}

function bodyOf(reply: ChildReply): Uint8Array {
  switch (reply.kind) {
    case 'rows':
      return toBuffer(reply.body)
    case 'written':
      return behind(saidOf(reply), reply.body)
    case 'called':
      return behind(reply.controls, reply.body)
    case 'ready':
    case 'moved':
    case 'current':
      return noBytes
    case 'version':
    case 'catalog':
    case 'failed':
    case 'committing':
      return Buffer.from(JSON.stringify(reply))
    default:
      return assertNever(reply)
  }
}

type Said = Pick<Extract<ChildReply, { kind: 'written' }>, 'location' | 'controls'>

/** Null: nothing. */
function saidOf({ location, controls }: Said): Said | null {
  if (controls === undefined) return location.length === 0 ? null : { location }
  return { location, controls }
}

function behind(said: unknown, body: Uint8Array): Buffer {
  const text = Buffer.from(said === null ? '' : JSON.stringify(said))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(text.length, 0)
  return Buffer.concat([length, text, body])
}

/** Reads what was laid down. */
type FetchBody = (bytes: number) => RowsReply['body']

/** A body is a view of the frame, or what was fetched. */
export function readReply({ head, rest }: Frame, fetchBody: FetchBody): ReplyFrame {
  return {
    id: head.readUInt32LE(0),
    micros: head.readUInt32LE(5),
    reply: readChildReply(head, rest, fetchBody),
  }
}

function totalIn(frame: Buffer): number | null {
  const total = frame.readDoubleLE(13)
  return Number.isNaN(total) ? null : total
}

function readChildReply(head: Buffer, rest: Frame['rest'], fetchBody: FetchBody): ChildReply {
  const kind = statuses[head.readUInt8(4)]
  const frame = rest.length === 0 || kind === 'rows' ? head : Buffer.concat([head, ...rest])
  switch (kind) {
    case 'rows':
      return {
        kind,
        rows: frame.readUInt32LE(9),
        total: totalIn(frame),
        body: rest.length === 0 ? frame.subarray(headBytes) : [frame.subarray(headBytes), ...rest],
      }
    case 'laid-down':
      return {
        kind: 'rows',
        rows: frame.readUInt32LE(9),
        total: totalIn(frame),
        body: fetchBody(frame.readUInt32LE(headBytes)),
      }
    case 'written': {
      const { said, body } = readBehind(frame)
      return {
        kind,
        rows: frame.readUInt32LE(9),
        inserted: totalIn(frame),
        // our own code is on the other end
        ...(said === '' ? { location: [] } : (JSON.parse(said) as Said)),
        body,
      }
    }
    case 'called': {
      const { said, body } = readBehind(frame)
      return {
        kind,
        rows: frame.readUInt32LE(9),
        total: totalIn(frame),
        // our own code is on the other end
        controls: JSON.parse(said) as ResponseControls,
        body,
      }
    }
    case 'ready':
    case 'moved':
    case 'current':
      return { kind }
    case 'version':
    case 'catalog':
    case 'failed':
    case 'committing':
      // our own code is on the other end
      return JSON.parse(frame.toString('utf8', headBytes)) as ChildReply
    case undefined:
      throw new Error(`a SQLite process answered with the status ${frame[4]}`)
    default:
      return assertNever(kind)
  }
}

function readBehind(frame: Buffer): { readonly said: string; readonly body: Buffer } {
  const bodyAt = headBytes + 4 + frame.readUInt32LE(headBytes)
  return { said: frame.toString('utf8', headBytes + 4, bodyAt), body: frame.subarray(bodyAt) }
}
