/**
 * Decides which process runs what, and when one is passed over or ended, so that nothing waits for
 * long behind a slow statement. A state machine without timers or promises: it acts when it is told
 * of something, and looks at the time when `look` is called. `sqlite-pool.ts` drives it.
 *
 * A job waits in a queue until `placement.ts` finds it a process. One whose statement was never
 * answered goes ahead alone, and others of that statement wait for what it costs. Those behind a head
 * that takes long are asked again elsewhere; what is asked twice has the answer that comes first.
 */
import type { PoolStats } from '../../../observe/pool-stats.ts'
import { Job, type JobOptions } from './job.ts'
import { JobQueues } from './job-queues.ts'
import { fullestWithPlace, idleFor, toDrain } from './placement.ts'
import type { Reader } from './reader.ts'
import type { Demand } from './reader-count.ts'
import { ReaderSet, type ReaderSetDeps } from './reader-set.ts'
import { type CostClass, StatementCosts } from './statement-costs.ts'

/** Between two looks while there is something to do. */
const lookEveryMs = 5
/** A head that runs for so long has others go elsewhere. */
const blockedAfterMs = 10
/**
 * … may have another process started in its place: at the least and at the most, in between at ten
 * times of what its statement took before, since on a busy machine everything takes longer.
 */
const overdueAfterMs = [50, 250] as const
/**
 * … has to leave the processor to others, likewise. A process cannot be given its priority back, so
 * it is replaced after that, and a new one costs a quarter of this.
 */
const demoteAfterMs = [250, 1000] as const
/** What a query may take to end by itself once nobody wants its answer. */
const unwantedAfterMs = 100
/** Processes that one job may bring down. */
const mostLosses = 3

export class ReaderScheduler<Request, Reply> {
  readonly #deps: ReaderSetDeps<Request, Reply>
  readonly #readers: ReaderSet<Request, Reply>
  readonly #queues = new JobQueues<Request, Reply>()
  readonly #costs = new StatementCosts()
  #lastId = 0
  #isClosed = false

  constructor(deps: ReaderSetDeps<Request, Reply>) {
    this.#deps = deps
    this.#readers = new ReaderSet(deps, {
      ready: () => {
        this.#startMissing()
        this.#dispatch()
      },
      replied: (reader, id, micros, reply) => this.#answered(reader, id, micros, reply),
      lost: (reader, cause) => this.#lost(reader, cause),
    })
  }

  submit(options: JobOptions<Request, Reply>): Job<Request, Reply> {
    const job = new Job(options, this.#deps.now())
    if (this.#isClosed) {
      job.settle({ kind: 'cancelled' })
      return job
    }
    const cost = this.#costOf(job)
    const isNext = cost === 'quick' && this.#queues.first('quick') === undefined
    const reader = isNext ? fullestWithPlace(this.#readers.all) : undefined
    if (reader !== undefined) {
      this.#send(reader, job)
    } else {
      this.#queues.join(cost, job)
      if (this.#readers.all.size === 0) this.#startMissing()
      this.#dispatch()
    }
    return job
  }

  /** Nobody wants its answer any more. */
  abandon(job: Job<Request, Reply>): void {
    if (job.isSettled) return
    this.#queues.remove((each) => each === job)
    job.abandonedAtMs = this.#deps.now()
    job.settle({ kind: 'cancelled' })
  }

  /** Starts the processes that are kept. */
  warmUp(): void {
    this.#startMissing()
  }

  /**
   * To be called when `nextLookMs` says so, and after what has arrived was told: an answer that was
   * not read yet looks like a process that is held up.
   */
  look(): void {
    for (const reader of [...this.#readers.all]) this.#lookAt(reader)
    if (this.#queues.length > 0) {
      this.#expireWaiting()
      this.#startMissing()
      this.#dispatch()
    }
    this.#readers.retireIdle()
  }

  /** Null: not before something happens. */
  nextLookMs(): number | null {
    const isBusy = [...this.#readers.all].some((reader) => reader.inFlight > 0)
    return isBusy || this.#queues.length > 0 ? lookEveryMs : this.#readers.retireInMs()
  }

  stats(): PoolStats {
    const { max } = this.#deps.limits()
    const busy = [...this.#readers.all].filter((reader) => reader.inFlight > 0).length
    return {
      max,
      available: Math.max(0, max - busy),
      used: busy,
      waiting: this.#queues.length,
    }
  }

  /** Ends everything, and whatever waits. */
  close(): void {
    this.#isClosed = true
    for (const job of this.#queues.remove(() => true)) job.settle({ kind: 'cancelled' })
    const readers = [...this.#readers.all]
    this.#readers.close()
    for (const reader of readers) {
      reader.head?.job.settle({ kind: 'cancelled' })
      for (const job of reader.takeBehindHead()) job.settle({ kind: 'cancelled' })
    }
  }

  #costOf(job: Job<Request, Reply>): CostClass {
    // one that may have brought a process down is not let near others
    return job.losses > 0 ? 'unknown' : this.#costs.classOf(job.options.statement)
  }

  #demand(): Demand {
    return { forExclusive: this.#queues.wantsExclusive, forControl: this.#queues.wantsControl }
  }

  #startMissing(): void {
    this.#readers.startMissing(this.#demand())
  }

  /** Gives places to those that wait, as far as there are any. */
  #dispatch(): void {
    if (this.#queues.length === 0) return
    this.#dispatchQuick()
    if (this.#queues.wantsExclusive) {
      while (this.#dispatchExclusive()) this.#dispatchQuick()
      this.#startMissing()
    }
    this.#drainOne()
    if (this.#readers.all.size > 0) return
    // none can be started: there is nothing to wait for
    const lost = { kind: 'lost', cause: this.#readers.startFailure } as const
    for (const job of this.#queues.remove(() => true)) job.settle(lost)
  }

  #dispatchQuick(): void {
    for (
      let job = this.#queues.first('quick');
      job !== undefined;
      job = this.#queues.first('quick')
    ) {
      const cost = this.#costOf(job)
      const reader = cost === 'quick' ? fullestWithPlace(this.#readers.all) : undefined
      if (cost === 'quick' && reader === undefined) return
      this.#queues.leave('quick')
      if (reader === undefined) this.#queues.join(cost, job)
      else this.#send(reader, job)
    }
  }

  /** Moves on one of those that need a process alone; false where none can move. */
  #dispatchExclusive(): boolean {
    for (const [cost, job] of this.#queues.firstExclusive()) {
      const { statement, isControl } = job.options
      const actual = this.#costOf(job)
      if (actual !== cost) {
        this.#queues.leave(cost)
        this.#queues.join(actual, job)
        return true
      }
      if (job.losses === 0 && this.#queues.joinBehindProbe(statement, job)) {
        this.#queues.leave(cost)
        return true
      }
      const reader = idleFor({ cost, isControl }, [...this.#readers.all], this.#limits())
      if (reader === undefined) continue
      this.#queues.leave(cost)
      if (cost === 'unknown') this.#queues.beginProbe(statement)
      reader.isExclusive = true
      reader.isBlocked = cost !== 'unknown'
      this.#send(reader, job)
      return true
    }
    return false
  }

  /** Where no process is idle or coming, one is emptied for those that need it alone. */
  #drainOne(): void {
    for (const reader of this.#readers.all) reader.isDraining = false
    const [first] = this.#queues.wantsExclusive ? this.#queues.firstExclusive() : []
    if (first === undefined) return
    const [cost, { options }] = first
    const job = { cost, isControl: options.isControl }
    const reader = toDrain(job, [...this.#readers.all], this.#limits())
    if (reader !== undefined) reader.isDraining = true
  }

  #limits() {
    return {
      max: this.#deps.limits().max,
      isMoreComing: this.#readers.isMoreComing(this.#demand()),
    }
  }

  #send(reader: Reader<Request, Reply>, job: Job<Request, Reply>): void {
    this.#lastId = (this.#lastId + 1) >>> 0
    if (reader.inFlight === 0) this.#readers.report(reader, 'used')
    job.place()
    reader.send(this.#lastId, job, this.#costs.expected(job.options.statement), this.#deps.now())
  }

  /** Those that came back, or have waited for what is known now. In their order, before others. */
  #requeue(jobs: readonly Job<Request, Reply>[]): void {
    for (const job of [...jobs].reverse()) this.#queues.rejoin(this.#costOf(job), job)
  }

  #answered(reader: Reader<Request, Reply>, id: number, micros: number, reply: Reply): void {
    const sent = reader.takeAnswered(id, this.#deps.now())
    if (sent === null) {
      const cause = 'the SQLite process answered what it was not asked'
      this.#readers.end(reader, cause)
      this.#lost(reader, cause)
      return
    }
    const { statement } = sent.job.options
    this.#costs.learn(statement, micros)
    sent.job.settle({ kind: 'answered', reply })
    if (sent.isAskedAgain) this.#queues.remove((job) => job === sent.job)
    this.#requeue(this.#queues.endProbe(statement))
    if (reader.isIdle || reader.isDemoted) this.#readers.makeIdle(reader)
    if (this.#readers.all.has(reader)) this.#reclaimHead(reader)
    else this.#startMissing()
    this.#dispatch()
  }

  /** What is to be asked again has come to be run after all, before another process had a place. */
  #reclaimHead({ head }: Reader<Request, Reply>): void {
    if (head?.isAskedAgain !== true || head.job.isSettled) return
    head.isAskedAgain = this.#queues.remove((job) => job === head.job).length === 0
  }

  /** A process ended, and not by us: what it ran may have been the reason. */
  #lost(reader: Reader<Request, Reply>, cause: string): void {
    const { head } = reader
    if (head !== undefined && !head.isAskedAgain) {
      head.job.losses += 1
      if (head.job.losses >= mostLosses) head.job.settle({ kind: 'lost', cause })
    }
    this.#requeueAll(reader)
  }

  /** What stood in a process that is gone is asked again. */
  #requeueAll(reader: Reader<Request, Reply>): void {
    const { head } = reader
    this.#requeue(reader.takeBehindHead())
    if (head !== undefined) {
      const { job, isAskedAgain } = head
      this.#costs.gaveUp(job.options.statement)
      this.#requeue(this.#queues.endProbe(job.options.statement))
      if (!isAskedAgain && !job.isSettled) {
        job.waitingSinceMs = this.#deps.now()
        this.#requeue([job])
      }
    }
    this.#startMissing()
    this.#dispatch()
  }

  #lookAt(reader: Reader<Request, Reply>): void {
    const now = this.#deps.now()
    const runsForMs = reader.lookAtHead(now)
    const { head } = reader
    if (runsForMs === null || head === undefined) return
    const unwantedForMs = reader.unwantedForMs(now)
    if (unwantedForMs !== null && unwantedForMs >= unwantedAfterMs) {
      this.#end(reader, 'client gone')
      return
    }
    const { statement, timeoutMs } = head.job.options
    if (timeoutMs > 0 && runsForMs >= timeoutMs) {
      if (!head.isAskedAgain) head.job.settle({ kind: 'statement-timeout' })
      this.#end(reader, 'statement timeout')
      return
    }
    if (runsForMs < blockedAfterMs) return
    reader.isBlocked = true
    const isMuch = (runsForMs * 1000) / 10 >= head.micros
    const isPast = ([least, most]: readonly [number, number]) =>
      runsForMs >= most || (runsForMs >= least && isMuch)
    reader.isOverdue = isPast(overdueAfterMs)
    // what was always quick may be held up by the machine, or by a lock
    if (reader.isOverdue || this.#costs.classOf(statement) === 'unknown') {
      this.#costs.hasTaken(statement, runsForMs * 1000)
    }
    if (isPast(demoteAfterMs) && !reader.isDemoted) {
      reader.isDemoted = true
      reader.process.demote()
    }
    this.#requeue(this.#queues.endProbe(statement))
    this.#requeue(reader.takeBehindHead())
    this.#startMissing()
  }

  /** The only way to end what it runs. */
  #end(reader: Reader<Request, Reply>, reason: string): void {
    this.#readers.end(reader, reason)
    this.#requeueAll(reader)
  }

  #expireWaiting(): void {
    const { acquisitionTimeoutMs } = this.#deps.limits()
    const now = this.#deps.now()
    const late = this.#queues.remove(
      (job) => !job.options.isControl && now - job.waitingSinceMs >= acquisitionTimeoutMs,
    )
    for (const job of late) job.settle({ kind: 'acquisition-timeout' })
  }
}
