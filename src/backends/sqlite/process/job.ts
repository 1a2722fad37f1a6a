/**
 * A request on its way to an answer of a SQLite process: it waits in a queue, stands in a process,
 * perhaps comes back from one that was ended, and is settled once.
 */

export type JobOutcome<Reply> =
  | { readonly kind: 'answered'; readonly reply: Reply }
  /** No process had a place for it in time. */
  | { readonly kind: 'acquisition-timeout' }
  | { readonly kind: 'statement-timeout' }
  /** The client has gone, or everything was closed. */
  | { readonly kind: 'cancelled' }
  /** Its process ended, each time that it was tried, or none could be started. */
  | { readonly kind: 'lost'; readonly cause: string }

/** What each request has, whatever it waits for. */
export interface QueuedJobOptions<Outcome> {
  /** Counts from when it runs; 0: none. */
  readonly timeoutMs: number
  /** It has a place in a process for the first time. */
  readonly onPlaced: () => void
  readonly onSettled: (outcome: Outcome) => void
}

export interface JobOptions<Request, Reply> extends QueuedJobOptions<JobOutcome<Reply>> {
  readonly request: Request
  /** What its cost is learned by; null: it always stands alone. */
  readonly statement: string | null
  /** It waits for as long as it must, and may have a process beyond the most there are. */
  readonly isControl: boolean
}

export class QueuedJob<Options extends QueuedJobOptions<Outcome>, Outcome> {
  readonly options: Options
  /** Processes that ended while they ran it. */
  losses = 0
  waitingSinceMs: number
  /** When its client left while it stood in a process. */
  abandonedAtMs: number | null = null
  #state: 'new' | 'placed' | 'settled' = 'new'

  constructor(options: Options, nowMs: number) {
    this.options = options
    this.waitingSinceMs = nowMs
  }

  get isSettled(): boolean {
    return this.#state === 'settled'
  }

  /** Nothing where it was before. */
  place(): void {
    if (this.#state !== 'new') return
    this.#state = 'placed'
    this.options.onPlaced()
  }

  /** Nothing where it is settled. */
  settle(outcome: Outcome): void {
    if (this.isSettled) return
    this.place()
    this.#state = 'settled'
    this.options.onSettled(outcome)
  }
}

/** A read, or a question about the schema. */
export class Job<Request, Reply> extends QueuedJob<JobOptions<Request, Reply>, JobOutcome<Reply>> {}
