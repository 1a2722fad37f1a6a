/**
 * A write on its way to an answer of the writer process: it waits, runs in a batch with others or
 * alone, perhaps runs again after a process that ended, and is settled once.
 */
import type { JobOutcome } from './job.ts'

export type WriteOutcome<Reply> =
  | JobOutcome<Reply>
  /** The process ended while it committed: it is stored, or it is not. */
  | { readonly kind: 'unknown'; readonly cause: string }

export interface WriteJobOptions<Request, Reply> {
  readonly request: Request
  /** Many rows, or what could be many: it has a transaction of its own. */
  readonly isLarge: boolean
  /** Counts from when it runs; 0: none. */
  readonly timeoutMs: number
  /** It runs for the first time. */
  readonly onPlaced: () => void
  readonly onSettled: (outcome: WriteOutcome<Reply>) => void
}

export class WriteJob<Request, Reply> {
  readonly options: WriteJobOptions<Request, Reply>
  readonly waitingSinceMs: number
  /** Processes that ended while they ran it. */
  losses = 0
  /** When its client left while it ran. */
  abandonedAtMs: number | null = null
  #state: 'new' | 'placed' | 'settled' = 'new'

  constructor(options: WriteJobOptions<Request, Reply>, nowMs: number) {
    this.options = options
    this.waitingSinceMs = nowMs
  }

  get isNew(): boolean {
    return this.#state === 'new'
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
  settle(outcome: WriteOutcome<Reply>): void {
    if (this.isSettled) return
    this.place()
    this.#state = 'settled'
    this.options.onSettled(outcome)
  }
}
