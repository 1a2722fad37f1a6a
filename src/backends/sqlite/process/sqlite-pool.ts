/**
 * The SQLite processes behind promises and timers: requests go in, outcomes come out, and
 * `reader-scheduler.ts` decides what runs where.
 */
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { timerMs } from '../../../core/timer-ms.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolStats } from '../../../observe/pool-stats.ts'
import type { PoolLimits } from '../../pool/pool-limits.ts'
import type { ChildReply } from '../wire/reply-frames.ts'
import type { JobOptions, JobOutcome } from './job.ts'
import type { ReaderEvents } from './reader-process.ts'
import { ReaderScheduler } from './reader-scheduler.ts'
import type { SqliteProcess, SqliteRequest } from './sqlite-process.ts'
import { mostKeptChars } from './statement-slots.ts'

export type PoolOutcome = JobOutcome<ChildReply>

export interface SqlitePool {
  /** `timeoutMs` counts from when a process runs it; 0: none. Never rejects. */
  run(request: SqliteRequest, timeoutMs: number, signal: CancelSignal): Promise<PoolOutcome>
  /** The same for versions and loads of the schema: no query is in their way. */
  runControl(request: SqliteRequest, signal: CancelSignal): Promise<PoolOutcome>
  /** Starts the processes that are kept. */
  warmUp(): void
  stats(): PoolStats
  /** Ends everything; resolves when no process is left. */
  close(): Promise<void>
}

export interface SqlitePoolDeps {
  readonly start: (events: ReaderEvents<ChildReply>) => SqliteProcess
  readonly limits: () => PoolLimits
  readonly processors: number
  readonly observe: Observe
}

/** One that is held up must leave another. */
const warmProcesses = 2
/** Beyond as many processors, more processes at work only take memory. */
const mostProcessors = 4
const endDeadlineMs = 2000

export function createSqlitePool({
  start,
  limits,
  processors,
  observe,
}: SqlitePoolDeps): SqlitePool {
  /** Processes that have not ended. */
  const ends = new Set<Promise<void>>()
  const scheduler = new ReaderScheduler<SqliteRequest, ChildReply>({
    start(events) {
      const { promise, resolve } = withResolver()
      ends.add(promise)
      return start({
        ...events,
        ended(cause) {
          ends.delete(promise)
          resolve()
          events.ended(cause)
        },
      })
    },
    limits,
    warm: warmProcesses,
    working: Math.max(warmProcesses, Math.min(processors, mostProcessors)) + 1,
    observe,
    now: () => performance.now(),
  })
  let lookTimer: NodeJS.Timeout | undefined
  let lookAtMs = Number.POSITIVE_INFINITY

  function planLook(): void {
    // most requests find that it is planned
    const isSoon = lookAtMs - performance.now() <= soonMs
    const inMs = isSoon ? null : scheduler.nextLookMs()
    if (inMs === null) return
    clearTimeout(lookTimer)
    lookAtMs = performance.now() + inMs
    // behind the answers that have arrived meanwhile
    lookTimer = setTimeout(() => setImmediate(look), timerMs(inMs))
    lookTimer.unref()
  }

  function look(): void {
    lookAtMs = Number.POSITIVE_INFINITY
    scheduler.look()
    planLook()
  }

  function submit(
    options: Omit<JobOptions<SqliteRequest, ChildReply>, 'onSettled'>,
    signal: CancelSignal,
  ): Promise<PoolOutcome> {
    if (signal.aborted) return Promise.resolve({ kind: 'cancelled' })
    return new Promise((resolve) => {
      const abandon = () => scheduler.abandon(job)
      const job = scheduler.submit({
        onSettled(outcome) {
          signal.removeEventListener('abort', abandon)
          if (outcome.kind === 'acquisition-timeout') observe({ kind: 'pool-timeout' })
          resolve(outcome)
        },
        // behind what is added to it: V8 is slow the other way round
        ...options,
      })
      if (!job.isSettled) signal.addEventListener('abort', abandon, { once: true })
      planLook()
    })
  }

  const onPlaced = () => observe({ kind: 'pool-request-fulfilled' })

  return {
    run(request, timeoutMs, signal) {
      observe({ kind: 'pool-request' })
      const statement = statementOf(request)
      return submit({ request, statement, isControl: false, timeoutMs, onPlaced }, signal)
    },
    runControl(request, signal) {
      const options = { request, statement: null, timeoutMs: 0, onPlaced: () => undefined }
      return submit({ ...options, isControl: true }, signal)
    },
    warmUp() {
      scheduler.warmUp()
    },
    stats: () => scheduler.stats(),
    async close() {
      clearTimeout(lookTimer)
      scheduler.close()
      await Promise.race([
        Promise.all(ends),
        new Promise((resolve) => setTimeout(resolve, endDeadlineMs).unref()),
      ])
    },
  }
}

/** Longer than between two looks at something that runs. */
const soonMs = 20

/** What is learned of a request's cost is learned by its statement; too long ones are not kept. */
function statementOf(request: SqliteRequest): string | null {
  if (request.op === 'check') return ''
  return request.op === 'read' && request.sql.length <= mostKeptChars ? request.sql : null
}

function withResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
