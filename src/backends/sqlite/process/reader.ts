/**
 * One process that answers reads, and what stands in it: the head, which it is running, and those
 * behind. Whether it may be given more is asked here; who decides is `reader-scheduler.ts`.
 *
 * Modes   starting → idle ⇄ shared or alone; either may be blocked by its head and is then given
 *         nothing until that is answered; each → ended, when the scheduler forgets it
 */
import type { Job } from './job.ts'
import type { ReaderProcess } from './reader-process.ts'

/** More of them in one process gain nothing. */
const mostInFlight = 16
/** What those in one process may take together: as long waits whoever comes next. */
const mostMicros = 4_000

/** A job in a process. */
export interface Sent<Request, Reply> {
  readonly id: number
  readonly job: Job<Request, Reply>
  /** What it is expected to take. */
  readonly micros: number
  /** It stood behind a head that took long, and waits for another process, or is in one. */
  isAskedAgain: boolean
}

export class Reader<Request, Reply> {
  readonly process: ReaderProcess<Request>
  readonly startedAtMs: number
  isReady = false
  /** It runs something whose cost is unknown, and nothing else. */
  isExclusive = false
  /** Its head takes long, as was known before or has been seen: nobody is to wait behind it. */
  isBlocked = false
  /** It has been blocked for so long that another one is needed in its place. */
  isOverdue = false
  /** Others have the processor before it. It is not used again. */
  isDemoted = false
  /** It is to become idle, for a job that needs a process alone. */
  isDraining = false
  idleSinceMs: number
  readonly #sent: Sent<Request, Reply>[] = []
  #expectedMicros = 0
  #headSinceMs = 0
  #headSeen: Sent<Request, Reply> | null = null

  constructor(process: ReaderProcess<Request>, nowMs: number) {
    this.process = process
    this.startedAtMs = nowMs
    this.idleSinceMs = nowMs
  }

  get inFlight(): number {
    return this.#sent.length
  }

  get head(): Sent<Request, Reply> | undefined {
    return this.#sent[0]
  }

  get isIdle(): boolean {
    return this.isReady && this.#sent.length === 0
  }

  /** What is quick is answered soon. */
  get isOpen(): boolean {
    return this.isReady && !this.isExclusive && !this.isBlocked
  }

  get hasPlace(): boolean {
    return (
      this.isOpen &&
      !this.isDraining &&
      this.#sent.length < mostInFlight &&
      this.#expectedMicros < mostMicros
    )
  }

  send(id: number, job: Job<Request, Reply>, micros: number, nowMs: number): void {
    if (this.#sent.length === 0) this.#headSinceMs = nowMs
    this.#sent.push({ id, job, micros, isAskedAgain: false })
    this.#expectedMicros += micros
    this.process.send(id, job.options.request)
  }

  /** The head is answered. Null where the answer is to something else: the process is broken. */
  takeAnswered(id: number, nowMs: number): Sent<Request, Reply> | null {
    const head = this.#sent[0]
    if (head === undefined || head.id !== id) return null
    this.#sent.shift()
    this.#expectedMicros = this.#sent.length === 0 ? 0 : this.#expectedMicros - head.micros
    this.#headSinceMs = nowMs
    this.isExclusive = false
    this.isBlocked = false
    this.isOverdue = false
    if (this.#sent.length === 0) this.idleSinceMs = nowMs
    return head
  }

  /** How long the head has run; null unless it was the head at an earlier look. */
  lookAtHead(nowMs: number): number | null {
    const head = this.#sent[0] ?? null
    const wasSeen = head !== null && head === this.#headSeen
    this.#headSeen = head
    return wasSeen ? nowMs - this.#headSinceMs : null
  }

  /** How long the head has run for nobody; null where somebody waits for it. */
  unwantedForMs(nowMs: number): number | null {
    const head = this.#sent[0]
    if (head === undefined) return null
    if (head.job.abandonedAtMs !== null) {
      return nowMs - Math.max(head.job.abandonedAtMs, this.#headSinceMs)
    }
    const isWanted = !head.isAskedAgain && !head.job.isSettled
    return isWanted ? null : nowMs - this.#headSinceMs
  }

  /** Those behind the head, in their order, that are to be asked again elsewhere. */
  takeBehindHead(): readonly Job<Request, Reply>[] {
    const taken = this.#sent
      .slice(1)
      .filter(({ job, isAskedAgain }) => !isAskedAgain && !job.isSettled)
    for (const sent of taken) sent.isAskedAgain = true
    return taken.map(({ job }) => job)
  }
}
