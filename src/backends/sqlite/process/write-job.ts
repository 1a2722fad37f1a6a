/**
 * A write on its way to an answer of the writer process: it waits, runs in a batch with others or
 * alone, perhaps runs again after a process that ended, and is settled once.
 */
import { type JobOutcome, QueuedJob, type QueuedJobOptions } from './job.ts'

export type WriteOutcome<Reply> =
  | JobOutcome<Reply>
  /** The process ended while it committed: it is stored, or it is not. */
  | { readonly kind: 'unknown'; readonly cause: string }

export interface WriteJobOptions<Request, Reply> extends QueuedJobOptions<WriteOutcome<Reply>> {
  readonly request: Request
  /** Many rows, or what could be many: it has a transaction of its own. */
  readonly isLarge: boolean
}

export class WriteJob<Request, Reply> extends QueuedJob<
  WriteJobOptions<Request, Reply>,
  WriteOutcome<Reply>
> {}
