/**
 * The processes that answer requests, as the primary has them: started, told of each generation,
 * answered when they ask, replaced when they end. What ends again and again is started after pauses
 * that grow; the others go on meanwhile.
 */

import type { Generation } from '../cache/generation-store.ts'
import type { Outlived } from '../cache/outlived.ts'
import type { StaleCheck } from '../cache/stale-check.ts'
import { assertNever } from '../core/assert-never.ts'
import { backoffMs } from '../core/backoff.ts'
import { failureStack, failureText } from '../core/failure-text.ts'
import type { Allowance, TokenCost } from '../limits/token-buckets.ts'
import type { Observe } from '../observe/observation.ts'
import { countedOnly, type MetricFamilies } from '../observe/sum-metrics.ts'
import type { WorkerStatus } from '../observe/worker-status.ts'
import type { ConnectionHandout, Taker } from './hand-out-connections.ts'
import type { GenerationPublisher } from './publish-generations.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'
import { WorkerOutbox } from './worker-outbox.ts'
import type { StartWorker, WorkerProcess } from './worker-process.ts'
import { type Pulse, watchPulse } from './worker-pulse.ts'
import { emptySlot, type Slot } from './worker-slot.ts'

export interface SuperviseWorkersDeps {
  readonly count: number
  readonly start: StartWorker
  readonly publisher: GenerationPublisher
  readonly handout: ConnectionHandout
  readonly current: () => Generation
  /** What schemas are proven by; null on an engine without strict mode. */
  readonly proofBasis: () => unknown
  readonly checkSchema: StaleCheck
  /** Takes from the one budget that a client has with all of them. */
  readonly spend: (key: string, cost: TokenCost) => Allowance
  /** A worker has met the database gone, there, or a failure that ends the server. */
  readonly onLost: () => void
  readonly onAlive: () => void
  readonly onFatal: () => void
  readonly observe: Observe
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

export interface Workers {
  /** To be called with each generation, in order. */
  publish(generation: Generation): void
  /** The schema was loaded: connections are replaced. */
  recycle(outlived: Outlived): void
  /** The basis of proofs is another. */
  tellProofBasis(): void
  /** Has them take connections; resolves when all do. Rejects when one cannot. */
  listen(): Promise<void>
  list(): readonly WorkerStatus[]
  /** Milliseconds that the last publish took to reach all of them; null: none has yet. */
  spreadMs(): number | null
  /** The metrics of those that run and of those that have ended, one member a process. Never rejects. */
  families(): Promise<readonly MetricFamilies[]>
  /** Has all drain and end; a second call cuts. Resolves when none is left. */
  close(deadlineMs: number): Promise<void>
}

/** Milliseconds of life after which an end is no failed start. */
const steadyMs = 10_000
/** Milliseconds beyond its deadline after which a worker that was told to stop is killed. */
const killGraceMs = 3000
/** Milliseconds that a worker gets to tell its metrics; then those that it told before stand in. */
const countLimitMs = 1000

export function superviseWorkers(deps: SuperviseWorkersDeps): Workers {
  return new Supervisor(deps)
}

class Supervisor implements Workers {
  readonly #deps: SuperviseWorkersDeps
  readonly #slots: readonly Slot[]
  readonly #countings = new Map<number, (families: MetricFamilies) => void>()
  /** What those that have ended had counted. */
  #departed: Promise<MetricFamilies> = Promise.resolve([])
  #lastId = 0
  /** Number of the last generation, as the publisher counts. */
  #published = 1
  #publishedAt: number | null = null
  #spreadMs: number | null = null
  #mayListen = false
  #isStopping = false
  #onListening: (() => void) | null = null
  #onFailed: ((message: string) => void) | null = null
  #onEnded: () => void = () => {}

  constructor(deps: SuperviseWorkersDeps) {
    this.#deps = deps
    const now = deps.now()
    this.#slots = Array.from({ length: deps.count }, (_, at) => emptySlot(at + 1, now))
    for (const slot of this.#slots) this.#start(slot)
  }

  publish(generation: Generation): void {
    this.#published += 1
    this.#publishedAt = this.#deps.now()
    const messages = this.#deps.publisher.next(generation)
    // of a failure to make them each outbox tells
    messages.catch(() => undefined)
    for (const { isReady, outbox } of this.#slots) if (isReady) outbox?.postAll(messages)
  }

  recycle(outlived: Outlived): void {
    this.#postToReady({ kind: 'recycle', outlived })
  }

  tellProofBasis(): void {
    this.#postToReady({ kind: 'proof-basis', basis: this.#deps.proofBasis() })
  }

  listen(): Promise<void> {
    this.#mayListen = true
    const listening = new Promise<void>((resolve, reject) => {
      this.#onListening = () => {
        if (this.#slots.every(({ state }) => state === 'listening')) resolve()
      }
      this.#onFailed = (message) => reject(new Error(message))
    })
    this.#postToReady({ kind: 'listen' })
    return listening.finally(() => {
      this.#onListening = null
      this.#onFailed = null
    })
  }

  list(): readonly WorkerStatus[] {
    return this.#slots.map(({ worker, process, state, since, ended, generation }) => ({
      worker,
      pid: process?.pid ?? null,
      state,
      since: new Date(since).toISOString(),
      ended,
      current: generation === this.#published,
    }))
  }

  spreadMs(): number | null {
    return this.#spreadMs
  }

  async families(): Promise<readonly MetricFamilies[]> {
    await Promise.all(this.#slots.map((slot) => this.#count(slot)))
    return [...this.#slots.map(({ families }) => families), await this.#departed]
  }

  async close(deadlineMs: number): Promise<void> {
    this.#isStopping = true
    const running = this.#slots.filter(({ process }) => process !== null)
    for (const slot of this.#slots) {
      if (slot.timer !== null) clearTimeout(slot.timer)
      slot.timer = null
    }
    if (running.length === 0) return
    const ended = new Promise<void>((resolve) => {
      const before = this.#onEnded
      this.#onEnded = () => {
        before()
        if (this.#slots.every(({ process }) => process === null)) resolve()
      }
    })
    for (const slot of running) {
      // from here the deadline is what ends it
      slot.pulse?.stop()
      this.#become(slot, 'stopping')
      void slot.process?.send({ kind: 'stop', deadlineMs })
    }
    const kill = setTimeout(() => {
      for (const { process } of this.#slots) process?.kill()
    }, deadlineMs + killGraceMs)
    await ended
    clearTimeout(kill)
  }

  #noteSpread(): void {
    if (this.#publishedAt === null) return
    if (this.#slots.some(({ generation }) => generation !== this.#published)) return
    this.#spreadMs = this.#deps.now() - this.#publishedAt
    this.#publishedAt = null
  }

  #postToReady(message: ToWorker): void {
    for (const { isReady, outbox } of this.#slots) if (isReady) outbox?.post(message)
  }

  #become(slot: Slot, state: WorkerStatus['state']): void {
    slot.state = state
    slot.since = this.#deps.now()
  }

  #start(slot: Slot): void {
    slot.timer = null
    slot.startedAt = this.#deps.now()
    this.#become(slot, 'starting')
    let process: WorkerProcess
    try {
      process = this.#deps.start({
        said: (message) => this.#hear(slot, process, message),
        ended: (how) => {
          if (slot.process === process) this.#bury(slot, how)
        },
      })
    } catch (failure) {
      // the system may have room for it later
      this.#bury(slot, `before it began: ${failureText(failure)}`)
      return
    }
    slot.process = process
    const taker: Taker = {
      offer: (id, connection) =>
        void process.handOver(id, connection).then((isTold) => {
          if (isTold) return
          this.#deps.handout.leave(taker, false)
          this.#deps.handout.refused(taker, id)
        }),
    }
    slot.taker = taker
    slot.outbox = new WorkerOutbox(process.send, (failure) => {
      // one that misses a generation would never catch up
      this.#deps.observe({ kind: 'crashed', stack: failureStack(failure) })
      process.kill()
    })
  }

  #hear(slot: Slot, process: WorkerProcess, message: FromWorker): void {
    const { outbox, taker } = slot
    if (slot.process !== process || outbox === null || taker === null) return
    switch (message.kind) {
      case 'up': {
        const { config } = this.#deps.current()
        const workers = this.#slots.length
        outbox.post({ kind: 'begin', worker: slot.worker, workers, config })
        break
      }
      case 'pong':
        slot.pulse?.answered()
        break
      case 'ready':
        slot.isReady = true
        slot.pulse = this.#watch(slot, process, taker)
        outbox.post({ kind: 'proof-basis', basis: this.#deps.proofBasis() })
        outbox.postAll(this.#deps.publisher.whole())
        if (this.#mayListen) outbox.post({ kind: 'listen' })
        break
      case 'behind':
        outbox.postAll(this.#deps.publisher.whole())
        break
      case 'at':
        slot.generation = message.number
        this.#noteSpread()
        break
      case 'listening':
        this.#beginListening(slot, process, taker)
        break
      case 'leaving':
        this.#become(slot, 'stopping')
        this.#deps.handout.leave(taker, false)
        break
      case 'took':
        this.#deps.handout.took(taker, message.id)
        break
      case 'refused':
        this.#deps.handout.refused(taker, message.id)
        break
      case 'failed':
        slot.failure = message.message
        this.#onFailed?.(message.message)
        break
      case 'check':
        void this.#deps
          .checkSchema(message.origin, message.request ?? undefined)
          .then((outcome) => outbox.post({ kind: 'checked', id: message.id, outcome }))
        break
      case 'spend': {
        const { id, keys, costs } = message
        const allowances = keys.map((key, at) => this.#deps.spend(key, costs[at] ?? 1))
        // of no generation: it need not wait for one
        void process.send({ kind: 'spent', id, allowances })
        break
      }
      case 'lost':
        this.#deps.onLost()
        break
      case 'alive':
        this.#deps.onAlive()
        break
      case 'fatal':
        this.#deps.onFatal()
        break
      case 'counted':
        if (message.id === null) slot.families = message.families
        else this.#countings.get(message.id)?.(message.families)
        break
      default:
        assertNever(message)
    }
  }

  #beginListening(slot: Slot, { pid }: WorkerProcess, taker: Taker): void {
    if (this.#isStopping) return
    this.#become(slot, 'listening')
    this.#deps.handout.join(taker)
    this.#deps.observe({ kind: 'worker-listening', worker: slot.worker, pid })
    this.#onListening?.()
  }

  #watch(slot: Slot, process: WorkerProcess, taker: Taker): Pulse {
    return watchPulse({
      ask: () => void process.send({ kind: 'ping' }),
      onUnresponsive: () => {
        if (slot.state !== 'listening') return
        this.#become(slot, 'unresponsive')
        this.#deps.handout.leave(taker, false)
        const { worker } = slot
        this.#deps.observe({ kind: 'worker-unresponsive', worker, pid: process.pid })
      },
      onRecovered: () => {
        if (slot.state === 'unresponsive') this.#beginListening(slot, process, taker)
      },
      onLost: () => {
        slot.failure = 'it did not respond'
        process.kill()
      },
    })
  }

  /** Its place is filled again, unless all are to end. */
  #bury(slot: Slot, end: string): void {
    const { worker, failure } = slot
    const pid = slot.process?.pid ?? 0
    const how = failure === null ? end : `${end}: ${failure}`
    slot.failure = null
    if (slot.taker !== null) this.#deps.handout.leave(slot.taker, true)
    slot.process = null
    slot.taker = null
    slot.outbox = null
    slot.pulse?.stop()
    slot.pulse = null
    slot.isReady = false
    slot.generation = 0
    slot.ended += 1
    const { families } = slot
    this.#departed = this.#departed.then((departed) => countedOnly([departed, families]))
    slot.families = []
    if (this.#isStopping) {
      this.#onEnded()
      return
    }
    const isSteady = this.#deps.now() - slot.startedAt >= steadyMs
    const restartInMs = isSteady || slot.failedStarts === 0 ? 0 : backoffMs(slot.failedStarts)
    slot.failedStarts = isSteady ? 0 : slot.failedStarts + 1
    this.#become(slot, 'waiting')
    this.#deps.observe({ kind: 'worker-ended', worker, pid, how, restartInMs })
    this.#onFailed?.(`worker ${worker} ended ${how} before it took requests`)
    slot.timer = setTimeout(() => this.#start(slot), restartInMs)
  }

  async #count(slot: Slot): Promise<void> {
    const { process } = slot
    if (process === null || !slot.isReady || slot.state === 'unresponsive') return
    this.#lastId += 1
    const id = this.#lastId
    let limit: NodeJS.Timeout | undefined
    const families = await new Promise<MetricFamilies | null>((resolve) => {
      this.#countings.set(id, resolve)
      limit = setTimeout(() => resolve(null), countLimitMs)
      void process.send({ kind: 'count', id })
    })
    clearTimeout(limit)
    this.#countings.delete(id)
    if (families !== null && slot.process === process) slot.families = families
  }
}
