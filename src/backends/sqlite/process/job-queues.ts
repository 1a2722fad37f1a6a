/**
 * Jobs that wait for a place in a process: a queue for each class of cost, since each needs another
 * kind of place, and one behind each probe. A probe is the first run of a statement; others of that
 * statement wait to learn from it what it costs. First come, first served, within each queue.
 */
import type { Job } from './job.ts'
import type { CostClass } from './statement-costs.ts'

const exclusiveClasses = ['unknown', 'slow', 'long'] as const

export class JobQueues<Request, Reply> {
  readonly #queues: Record<CostClass, Job<Request, Reply>[]> = {
    quick: [],
    unknown: [],
    slow: [],
    long: [],
  }
  readonly #behindProbe = new Map<string, Job<Request, Reply>[]>()

  get length(): number {
    const { quick, unknown, slow, long } = this.#queues
    let length = quick.length + unknown.length + slow.length + long.length
    for (const queue of this.#behindProbe.values()) length += queue.length
    return length
  }

  /** Somebody needs a process alone. */
  get wantsExclusive(): boolean {
    const { unknown, slow, long } = this.#queues
    return unknown.length + slow.length + long.length > 0
  }

  /** The first of each queue whose jobs need a process alone; the one that waits longest comes first. */
  firstExclusive(): readonly (readonly [CostClass, Job<Request, Reply>])[] {
    return exclusiveClasses
      .flatMap((cost) => {
        const job = this.#queues[cost][0]
        return job === undefined ? [] : [[cost, job] as const]
      })
      .sort(([, one], [, other]) => one.waitingSinceMs - other.waitingSinceMs)
  }

  first(cost: CostClass): Job<Request, Reply> | undefined {
    return this.#queues[cost][0]
  }

  /** A load of the schema, or a look at its version, is among them. */
  get wantsControl(): boolean {
    return this.#queues.unknown.some((job) => job.options.isControl)
  }

  join(cost: CostClass, job: Job<Request, Reply>): void {
    this.#queues[cost].push(job)
  }

  /** One that has waited before comes first again. */
  rejoin(cost: CostClass, job: Job<Request, Reply>): void {
    this.#queues[cost].unshift(job)
  }

  /** The first of the queue leaves it. */
  leave(cost: CostClass): void {
    this.#queues[cost].shift()
  }

  beginProbe(statement: string | null): void {
    if (statement === null || this.#behindProbe.has(statement)) return
    this.#behindProbe.set(statement, [])
  }

  /** False where the statement is not being tried. */
  joinBehindProbe(statement: string | null, job: Job<Request, Reply>): boolean {
    const queue = statement === null ? undefined : this.#behindProbe.get(statement)
    queue?.push(job)
    return queue !== undefined
  }

  /** More is known of the statement, or its probe failed: those that waited for that are handed back. */
  endProbe(statement: string | null): readonly Job<Request, Reply>[] {
    if (statement === null || this.#behindProbe.size === 0) return []
    const queue = this.#behindProbe.get(statement) ?? []
    this.#behindProbe.delete(statement)
    return queue
  }

  /** Those of whom it is true leave, whatever queue they are in. */
  remove(isToLeave: (job: Job<Request, Reply>) => boolean): readonly Job<Request, Reply>[] {
    const left: Job<Request, Reply>[] = []
    for (const queue of [...Object.values(this.#queues), ...this.#behindProbe.values()]) {
      const kept = queue.filter((job) => !isToLeave(job))
      if (kept.length === queue.length) continue
      left.push(...queue.filter(isToLeave))
      queue.splice(0, queue.length, ...kept)
    }
    return left
  }
}
