/**
 * What is to be sent to one worker, in the order in which it was said: also what is still being made.
 * An answer must not overtake the generation that it speaks of.
 */
import type { ToWorker } from './worker-messages.ts'

/** Hands one message over; resolves when there is room for the next. Never rejects. */
export type SendToWorker = (message: ToWorker) => Promise<void>

export class WorkerOutbox {
  readonly #send: SendToWorker
  readonly #onFailure: (failure: unknown) => void
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  /** `onFailure`: what was to be sent could not be made. */
  constructor(send: SendToWorker, onFailure: (failure: unknown) => void) {
    this.#send = send
    this.#onFailure = onFailure
  }

  post(message: ToWorker): void {
    // nothing is on its way: it need not wait for a turn of the event loop
    if (this.#waiting === 0) void this.#send(message)
    else this.postAll(Promise.resolve([message]))
  }

  postAll(messages: Promise<readonly ToWorker[]>): void {
    this.#waiting += 1
    const sending = Promise.all([messages, this.#last]).then(async ([made]) => {
      for (const message of made) await this.#send(message)
    })
    this.#last = sending.catch(this.#onFailure).finally(() => {
      this.#waiting -= 1
    })
  }
}
