/**
 * What the server asks its SQLite processes and what they answer. One request at a time, one reply
 * each. Used on both sides; `sqlite-frames.ts` carries it.
 */
import type { TypedValue } from '../../values/typed-value.ts'
import type { RawCatalog } from './raw-catalog.ts'

/** A value bound to a placeholder, or handed to a registered function. */
export type SqliteParam = Exclude<TypedValue, boolean>

/** The same as JSON: what JSON cannot hold is tagged. */
export type WireParam =
  | null
  | string
  | number
  | { readonly int: string }
  | { readonly real: string }
  | { readonly hex: string }

/** File descriptors of a SQLite process. Nothing is sent through the lifeline: it closes with the server. */
export const childPipes = { requests: 3, replies: 4, lifeline: 5 } as const

export type ChildRequest =
  | {
      readonly op: 'read'
      readonly sql: string
      readonly params: readonly WireParam[]
      /** The schema version that the statement was compiled for. */
      readonly schemaVersion: string
      /** Where it differs from the last request's, the file is opened anew first. */
      readonly epoch: number
    }
  /** Whether a read of this version would run. */
  | { readonly op: 'check'; readonly schemaVersion: string; readonly epoch: number }
  | { readonly op: 'version' }
  | { readonly op: 'catalog' }

/** An error of SQLite, or of one of our functions inside it. */
export type ChildFailure =
  /** The file is not there, is no database, cannot be opened … */
  | {
      readonly kind: 'unavailable'
      readonly message: string
      /** Without the path. */
      readonly clientMessage: string
    }
  | { readonly kind: 'sqlite'; readonly code: string; readonly message: string }
  | { readonly kind: 'value'; readonly sqlState: string; readonly message: string }

export type ChildReply =
  /** The first thing a process says. */
  | { readonly kind: 'ready' }
  /** The frame's body is the answer's. */
  | { readonly kind: 'rows'; readonly rows: number; readonly total: number | null }
  | { readonly kind: 'moved' }
  | { readonly kind: 'current' }
  | { readonly kind: 'version'; readonly schemaVersion: string; readonly sqliteVersion: string }
  | { readonly kind: 'catalog'; readonly schemaVersion: string; readonly catalog: RawCatalog }
  | { readonly kind: 'failed'; readonly failure: ChildFailure }

/** As SQLite stores it: booleans are numbers, and NaN is null, which no comparison finds. */
export function toSqliteParam(value: TypedValue): SqliteParam {
  if (typeof value === 'boolean') return value ? 1 : 0
  return Number.isNaN(value) ? null : value
}

export function toWire(value: SqliteParam): WireParam {
  if (typeof value === 'bigint') return { int: value.toString() }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { real: String(value) }
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') }
  return value
}

export function fromWire(value: WireParam): SqliteParam {
  if (value === null || typeof value !== 'object') return value
  if ('int' in value) return BigInt(value.int)
  if ('real' in value) return Number(value.real)
  return Buffer.from(value.hex, 'hex')
}
