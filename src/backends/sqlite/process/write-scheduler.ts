/**
 * Decides which writes share a transaction of the writer process, and what becomes of them when it
 * ends. A state machine without timers or promises: it acts when it is told of something, and looks
 * at the time when `look` is called. `sqlite-write-pool.ts` drives it.
 *
 * One batch runs at a time; what comes meanwhile is the next one, so that many small writes wait for
 * the disk once. A process that ends has stored nothing of a batch of which it has not said that it
 * commits: these run again, each alone, so that one which brings the process down takes no other with
 * it. A batch that was being committed is stored or is not, and is never run again.
 */
import { WriteJob, type WriteJobOptions } from './write-job.ts'

/** The writer process, as the scheduler sees it. */
export interface WriterProcess<Request> {
  /** One of a batch. */
  send(id: number, request: Request): void
  /** What was sent is the batch. */
  commit(): void
  /** What it had told before is told still. */
  kill(): void
}

export interface WriterEvents<Reply> {
  ready(): void
  replied(id: number, reply: Reply): void
  /** What these do may be stored from now on. */
  committing(ids: readonly number[]): void
  /** Once, and last. */
  ended(cause: string): void
}

export interface WriteSchedulerDeps<Request, Reply> {
  readonly start: (events: WriterEvents<Reply>) => WriterProcess<Request>
  /** How long a write may wait until it runs. */
  readonly acquisitionTimeoutMs: () => number
  readonly now: () => number
}

/** Writes of one transaction, at most. */
const mostInBatch = 100
/** Between two looks while there is something to do. */
const lookEveryMs = 5
/** What a write may take to end by itself once nobody wants its answer. */
const unwantedAfterMs = 100
/** Processes that one write may bring down. */
const mostLosses = 3
/**
 * Other programs look at most 100 ms apart whether the file is free, and would hardly ever meet the
 * moment between two batches: after so long without a pause there is one in which they do.
 */
const pauseAfterMs = 2000
const pauseMs = 110

interface Batch<Request, Reply> {
  readonly jobs: Map<number, WriteJob<Request, Reply>>
  readonly startedAtMs: number
  readonly committing: Set<number>
  /** It was killed for what these did; null: nobody has killed it. */
  killedFor: ReadonlySet<WriteJob<Request, Reply>> | null
}

export class WriteScheduler<Request, Reply> {
  readonly #deps: WriteSchedulerDeps<Request, Reply>
  #process: WriterProcess<Request> | null = null
  #isReady = false
  #isClosed = false
  #batch: Batch<Request, Reply> | null = null
  #waiting: WriteJob<Request, Reply>[] = []
  /** Those that were in a process which ended: they come first, each alone. */
  #again: WriteJob<Request, Reply>[] = []
  #lastId = 0
  /** Since when there was no moment without a write. */
  #busySinceMs: number | null = null
  #pausedUntilMs = 0

  constructor(deps: WriteSchedulerDeps<Request, Reply>) {
    this.#deps = deps
  }

  /** Of writes that do not run yet. */
  get waiting(): number {
    return this.#waiting.length + this.#again.length
  }

  submit(options: WriteJobOptions<Request, Reply>): WriteJob<Request, Reply> {
    const job = new WriteJob(options, this.#deps.now())
    if (this.#isClosed) {
      job.settle({ kind: 'cancelled' })
      return job
    }
    this.#waiting.push(job)
    this.#start()
    this.#dispatch()
    return job
  }

  /** Nobody wants its answer any more. What runs may end within a moment, and is stored then. */
  abandon(job: WriteJob<Request, Reply>): void {
    if (job.isSettled) return
    job.abandonedAtMs = this.#deps.now()
    job.settle({ kind: 'cancelled' })
    this.#waiting = this.#waiting.filter((each) => each !== job)
    this.#again = this.#again.filter((each) => each !== job)
  }

  look(): void {
    const now = this.#deps.now()
    const mostMs = this.#deps.acquisitionTimeoutMs()
    const late = this.#waiting.filter((job) => now - job.waitingSinceMs >= mostMs)
    this.#waiting = this.#waiting.filter((job) => !late.includes(job))
    for (const job of late) job.settle({ kind: 'acquisition-timeout' })
    if (this.#batch !== null) this.#lookAt(this.#batch, now)
    this.#dispatch()
  }

  /** Null: not before something happens. */
  nextLookMs(): number | null {
    return this.#batch === null && this.waiting === 0 ? null : lookEveryMs
  }

  close(): void {
    this.#isClosed = true
    for (const job of [...this.#waiting, ...this.#again]) job.settle({ kind: 'cancelled' })
    this.#waiting = []
    this.#again = []
    this.#process?.kill()
  }

  #start(): void {
    if (this.#process !== null || this.#isClosed) return
    this.#isReady = false
    this.#process = this.#deps.start({
      ready: () => {
        this.#isReady = true
        this.#dispatch()
      },
      replied: (id, reply) => this.#replied(id, reply),
      committing: (ids) => {
        for (const id of ids) this.#batch?.committing.add(id)
      },
      ended: (cause) => this.#ended(cause),
    })
  }

  #dispatch(): void {
    const process = this.#process
    const now = this.#deps.now()
    if (process === null || !this.#isReady || this.#batch !== null) return
    if (now < this.#pausedUntilMs) return
    const jobs = this.#takeNext()
    if (jobs.length === 0) return
    this.#busySinceMs ??= now
    const batch: Batch<Request, Reply> = {
      jobs: new Map(),
      startedAtMs: now,
      committing: new Set(),
      killedFor: null,
    }
    this.#batch = batch
    for (const job of jobs) {
      this.#lastId = (this.#lastId + 1) >>> 0
      batch.jobs.set(this.#lastId, job)
      job.place()
      process.send(this.#lastId, job.options.request)
    }
    process.commit()
  }

  #takeNext(): readonly WriteJob<Request, Reply>[] {
    const again = this.#again.shift()
    if (again !== undefined) return [again]
    const large = this.#waiting.findIndex((job) => job.options.isLarge)
    // a large one is alone, in its turn
    const together = large === -1 ? this.#waiting.length : Math.max(large, 1)
    return this.#waiting.splice(0, Math.min(together, mostInBatch))
  }

  #replied(id: number, reply: Reply): void {
    const batch = this.#batch
    const job = batch?.jobs.get(id)
    if (batch === null || job === undefined) return
    batch.jobs.delete(id)
    job.settle({ kind: 'answered', reply })
    if (batch.jobs.size > 0 || batch.killedFor !== null) return
    this.#batch = null
    this.#pauseForOthers()
    this.#dispatch()
  }

  #pauseForOthers(): void {
    const now = this.#deps.now()
    const isIdle = this.waiting === 0
    if (isIdle || this.#busySinceMs === null) {
      this.#busySinceMs = null
    } else if (now - this.#busySinceMs >= pauseAfterMs) {
      this.#pausedUntilMs = now + pauseMs
      this.#busySinceMs = null
    }
  }

  /** Once it commits it is let be, however long that takes. */
  #lookAt(batch: Batch<Request, Reply>, now: number): void {
    if (batch.killedFor !== null || batch.committing.size > 0) return
    const tooLong = [...batch.jobs.values()].filter((job) => {
      const { timeoutMs } = job.options
      const isLate = timeoutMs > 0 && now - batch.startedAtMs >= timeoutMs
      const isUnwanted = job.abandonedAtMs !== null && now - job.abandonedAtMs >= unwantedAfterMs
      return isLate || isUnwanted
    })
    if (tooLong.length === 0) return
    // among several nobody knows which one takes long: alone, each has its own time
    const isKnown = batch.jobs.size === 1
    batch.killedFor = new Set(isKnown ? tooLong : [])
    this.#process?.kill()
  }

  #ended(cause: string): void {
    const batch = this.#batch
    const wasReady = this.#isReady
    this.#process = null
    this.#isReady = false
    this.#batch = null
    if (batch !== null) this.#afterLoss(batch, cause)
    if (!wasReady) {
      // a process that never became ready would not become so if it were started again
      for (const job of [...this.#again, ...this.#waiting]) job.settle({ kind: 'lost', cause })
      this.#again = []
      this.#waiting = []
    }
    if (this.waiting > 0) this.#start()
  }

  #afterLoss(batch: Batch<Request, Reply>, cause: string): void {
    const again: WriteJob<Request, Reply>[] = []
    for (const [id, job] of batch.jobs) {
      if (batch.committing.has(id)) {
        job.settle({ kind: 'unknown', cause })
      } else if (batch.killedFor?.has(job) === true) {
        job.settle({ kind: 'statement-timeout' })
      } else if (this.#isClosed) {
        job.settle({ kind: 'cancelled' })
      } else if (!job.isSettled) {
        if (batch.killedFor === null) job.losses += 1
        if (job.losses < mostLosses) again.push(job)
        else job.settle({ kind: 'lost', cause })
      }
    }
    this.#again = [...again, ...this.#again]
  }
}
