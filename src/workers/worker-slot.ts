/**
 * One place among the workers, whichever process fills it: what the primary knows of that process, and
 * of those that it takes the place of.
 */
import type { MetricFamilies } from '../observe/sum-metrics.ts'
import type { WorkerStatus } from '../observe/worker-status.ts'
import type { Taker } from './hand-out-connections.ts'
import type { WorkerOutbox } from './worker-outbox.ts'
import type { WorkerProcess } from './worker-process.ts'
import type { Pulse } from './worker-pulse.ts'

export interface Slot {
  readonly worker: number
  process: WorkerProcess | null
  /** The process, as connections are handed to it. */
  taker: Taker | null
  outbox: WorkerOutbox | null
  /** From when it is ready. */
  pulse: Pulse | null
  isReady: boolean
  state: WorkerStatus['state']
  since: number
  startedAt: number
  ended: number
  /** Ends one after the other that came soon after the start. */
  failedStarts: number
  families: MetricFamilies
  /** The number of the generation that it has. */
  generation: number
  /** Why it says that it ends. */
  failure: string | null
  timer: NodeJS.Timeout | null
}

/** Before its first process. Units  `now` in milliseconds since the epoch */
export function emptySlot(worker: number, now: number): Slot {
  return {
    worker,
    process: null,
    taker: null,
    outbox: null,
    pulse: null,
    isReady: false,
    state: 'starting',
    since: now,
    startedAt: now,
    ended: 0,
    failedStarts: 0,
    families: [],
    generation: 0,
    failure: null,
    timer: null,
  }
}
