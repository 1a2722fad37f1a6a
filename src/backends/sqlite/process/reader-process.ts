/**
 * A process that answers reads, as the scheduler sees it: it is sent requests, answers them in
 * their order, and can be ended. `sqlite-process.ts` makes real ones, tests play others.
 */

export interface ReaderProcess<Request> {
  /** The process id, for the log. */
  readonly id: string
  /** Not before it is ready. */
  send(id: number, request: Request): void
  /** Lets others have the processor first, for good. False where that is not possible. */
  demote(): boolean
  /** The only way to end what it is running. Nothing but its end is told after that. */
  kill(): void
}

/** What a process tells; never from inside of a call to it. */
export interface ReaderEvents<Reply> {
  ready(): void
  /** `micros`: what the process itself took. */
  replied(id: number, micros: number, reply: Reply): void
  /** Once, and last: it is gone, whoever ended it. */
  ended(cause: string): void
}
