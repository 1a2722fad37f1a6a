/**
 * What the primary and its workers say to each other, over the channel that Node gives them: in order,
 * and by structured clone. Each end looks at what it gets before it believes it; that what a kind of
 * message holds was put there by the same code is taken for granted.
 *
 * A worker says that it hears (`up`: what is said earlier may be lost while Node loads its modules), is
 * told to `begin` and answers `ready`; then it gets the generation in use, and each one that is
 * published after it. `listen` has it take connections, which the primary accepts.
 */
import type { Outlived } from '../cache/outlived.ts'
import type { CheckOutcome, StaleOrigin } from '../cache/stale-check.ts'
import type { Config } from '../config/config.ts'
import type { Allowance, TokenCost } from '../limits/token-buckets.ts'
import type { AskingRequest } from '../observe/reload-record.ts'
import type { MetricFamilies } from '../observe/sum-metrics.ts'
import type { SchemaOptions, SchemaSnapshot } from '../schema/schema-snapshot.ts'

/** What of a snapshot is not in its catalog. */
export interface SnapshotHeader
  extends Pick<SchemaSnapshot, 'snapshotVersion' | 'schemaVersion' | 'loadedAt'> {
  /** What the catalog was loaded with. */
  readonly options: SchemaOptions
}

export type ToWorker =
  | {
      readonly kind: 'begin'
      readonly worker: number
      /** How many there are, this one included. */
      readonly workers: number
      readonly config: Config
    }
  /** A piece of the catalog of the next `generation`. */
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | {
      readonly kind: 'generation'
      /** 1, 2, 3 … as they are published. */
      readonly number: number
      /** The one that it is made of; null: it is whole. */
      readonly follows: number | null
      /** Null: the same as before. */
      readonly config: Config | null
      /** Null: there is no schema yet. */
      readonly snapshot: SnapshotHeader | null
    }
  /** What a schema is proven by now, in the words of the backend. */
  | { readonly kind: 'proof-basis'; readonly basis: unknown }
  /** The schema was loaded. */
  | { readonly kind: 'recycle'; readonly outlived: Outlived }
  | { readonly kind: 'listen' }
  /** With the connection itself, which is `took` or `refused`. */
  | { readonly kind: 'connection'; readonly id: number }
  /**
   * Behind each connection: Node drops one for good that the receiver has no file descriptor for,
   * together with its message, and tells nobody.
   */
  | { readonly kind: 'connection-sent'; readonly id: number }
  | { readonly kind: 'checked'; readonly id: number; readonly outcome: CheckOutcome }
  | { readonly kind: 'count'; readonly id: number }
  /** One for each key that was asked about, in the same order. */
  | { readonly kind: 'spent'; readonly id: number; readonly allowances: readonly Allowance[] }
  /** Answered by `pong` at once, whatever else is being done. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop'; readonly deadlineMs: number }

export type FromWorker =
  | { readonly kind: 'up' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'pong' }
  /** What was published does not follow what is there: everything is wanted. */
  | { readonly kind: 'behind' }
  | { readonly kind: 'at'; readonly number: number }
  | { readonly kind: 'listening' }
  /** It drains, and takes no connection any more. */
  | { readonly kind: 'leaving' }
  | { readonly kind: 'took' | 'refused'; readonly id: number }
  /** It cannot begin, and ends. `message` is for the user. */
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'check'
      readonly id: number
      readonly origin: StaleOrigin
      readonly request: AskingRequest | null
    }
  /** A request found the database gone. */
  | { readonly kind: 'lost' }
  /** A connection to the database was made. */
  | { readonly kind: 'alive' }
  /** Which requests of clients may go on, one for each key; answered by `spent`. */
  | {
      readonly kind: 'spend'
      readonly id: number
      readonly keys: readonly string[]
      readonly costs: readonly TokenCost[]
    }
  /** What must end the server was met, and told. */
  | { readonly kind: 'fatal' }
  | {
      readonly kind: 'counted'
      /** Of the question; null: it ends, and tells the last of it unasked. */
      readonly id: number | null
      readonly families: MetricFamilies
    }

const toWorkerKinds: ReadonlySet<unknown> = new Set<ToWorker['kind']>([
  'begin',
  'piece',
  'generation',
  'proof-basis',
  'recycle',
  'listen',
  'connection',
  'connection-sent',
  'checked',
  'count',
  'spent',
  'ping',
  'stop',
])

const fromWorkerKinds: ReadonlySet<unknown> = new Set<FromWorker['kind']>([
  'up',
  'ready',
  'pong',
  'behind',
  'at',
  'listening',
  'leaving',
  'took',
  'refused',
  'failed',
  'check',
  'lost',
  'alive',
  'spend',
  'fatal',
  'counted',
])

function kindOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'kind' in message ? message.kind : null
}

/** False for what other code in the process sends over the same channel. */
export function isToWorker(message: unknown): message is ToWorker {
  return toWorkerKinds.has(kindOf(message))
}

export function isFromWorker(message: unknown): message is FromWorker {
  return fromWorkerKinds.has(kindOf(message))
}
