/**
 * The narrow connection that the PostgreSQL backend works with, on top of `pg`: batches of
 * statements that end with one Sync, answers as bytes, and a cancel that says when it is over.
 * `connect-postgres.ts` makes one; the pool, the control connection and tests use it.
 */
import type { LentBytes } from '../../../core/lent-bytes.ts'

/** A text is sent in text format, bytes in binary format. */
export type StatementParameter = string | Uint8Array | null

/** One statement of a batch, run by the extended protocol. */
export interface BatchStep {
  readonly text: string
  readonly params: readonly StatementParameter[]
  /** Type oids of the parameters; 0 or missing: the server infers it. */
  readonly types: readonly number[]
  /** Of the result's columns: 0 text, 1 binary; none: all are text. */
  readonly resultFormats?: readonly (0 | 1)[]
  /** Kept in the server under a name for the next time; otherwise parsed anew each time. */
  readonly isPrepared: boolean
  /** What of the answer is wanted: its rows' bytes, with or without the columns' names. */
  readonly keep: 'nothing' | 'rows' | 'named-rows'
}

/** The bytes of each column in the format asked for; null is SQL's. */
export type DataRow = readonly (Buffer | null)[]

export interface StepResult {
  /** Command tag: `SELECT 1`, `BEGIN`, `ROLLBACK` … */
  readonly tag: string
  readonly rows: readonly DataRow[]
  /** The memory that the one row lies in, where it is large. */
  readonly lent?: LentBytes
  /** Empty unless named rows were asked for. */
  readonly columns: readonly string[]
}

/** The fields of an ErrorResponse that anyone reads. */
export interface ServerError {
  readonly severity: string
  readonly sqlState: string
  readonly message: string
  readonly details: string | null
  readonly hint: string | null
  /** Many calls were running inside each other. */
  readonly isInsideFunction?: true
}

/** Outside a transaction, in one, or in one that failed and waits for its ROLLBACK. */
export type TransactionState = 'idle' | 'open' | 'failed'

export type BatchOutcome =
  | {
      readonly kind: 'done'
      readonly results: readonly StepResult[]
      readonly state: TransactionState
    }
  /** `results` of the steps before the one that failed; those behind it were not run. */
  | {
      readonly kind: 'failed'
      readonly error: ServerError
      readonly results: readonly StepResult[]
      readonly state: TransactionState
      /**
       * The server has other statements prepared than this connection made: it is not always the
       * same server. The step that failed was not begun.
       */
      readonly namesDiffer: boolean
    }
  /** The connection is gone. What was sent may or may not have been run, unless `notRun`. */
  | {
      readonly kind: 'lost'
      /** In libpq's words. */
      readonly cause: string
      /** What the server said before it hung up. */
      readonly error: ServerError | null
      /** The server hung up on its own before it had run anything of this batch. */
      readonly notRun: boolean
    }

export interface PostgresConnection {
  /** A uuid, for observations. */
  readonly id: string
  /** Where it is connected to: `host:port`, or `/dir:5432` for a socket directory. */
  readonly address: string
  /** True while batches can be run. */
  readonly isAlive: boolean
  readonly state: TransactionState
  /** Runs steps in order up to the first failure. One batch at a time. Never rejects. */
  run(steps: readonly BatchStep[]): Promise<BatchOutcome>
  /**
   * Asks the server to cancel what runs, over a connection of its own, until it has ended. Resolves
   * when the server is done with the request as well, so that it cannot hit what is run afterwards;
   * false when that is not known, and the connection must not be used again.
   */
  cancel(): Promise<boolean>
  /** Called once when the connection ends without having been asked to. */
  onLost(listener: (cause: string, error: ServerError | null) => void): void
  /** Says goodbye and closes. Never rejects. */
  end(): Promise<void>
  /** Cuts the socket; a batch that runs ends as lost. */
  destroy(): void
}
