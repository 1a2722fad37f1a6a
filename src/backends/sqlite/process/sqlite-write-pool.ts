/**
 * The writer process behind promises and timers: writes go in, outcomes come out, and
 * `write-scheduler.ts` decides what is written together. It is started at the first write.
 */
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { timerMs } from '../../../core/timer-ms.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { PoolLimits } from '../../pool/pool-limits.ts'
import type { ChildReply } from '../wire/reply-frames.ts'
import type { ReaderEvents } from './reader-process.ts'
import type { SqliteProcess, SqliteRequest } from './sqlite-process.ts'
import type { WriteOutcome } from './write-job.ts'
import { type WriterProcess, WriteScheduler } from './write-scheduler.ts'

export type SqliteWrite = Extract<SqliteRequest, { readonly op: 'write' }>

export interface SqliteWritePool {
  /** `timeoutMs` counts from when it runs; 0: none. Never rejects. */
  run(
    write: SqliteWrite,
    timeoutMs: number,
    signal: CancelSignal,
  ): Promise<WriteOutcome<ChildReply>>
  /** Writes that wait for others. */
  waiting(): number
  /** Ends everything; resolves when the process has ended. */
  close(): Promise<void>
}

export interface SqliteWritePoolDeps {
  readonly start: (events: ReaderEvents<ChildReply>) => SqliteProcess
  readonly limits: () => PoolLimits
  readonly observe: Observe
}

/** A payload beyond this has a transaction of its own. */
const largePayloadBytes = 16 * 1024
const endDeadlineMs = 2000

export function createSqliteWritePool({
  start,
  limits,
  observe,
}: SqliteWritePoolDeps): SqliteWritePool {
  let ended: Promise<void> = Promise.resolve()
  const scheduler = new WriteScheduler<SqliteWrite, ChildReply>({
    start: (events) => {
      let resolveEnded: () => void = () => undefined
      ended = new Promise((resolve) => {
        resolveEnded = resolve
      })
      const report = (status: 'connecting' | 'ready' | 'closed', reason: string) => {
        observe({ kind: 'connection', id: writer.id, status, reason })
      }
      const writer = start({
        ready() {
          report('ready', 'start')
          events.ready()
        },
        replied(id, _micros, reply) {
          if (reply.kind === 'committing') events.committing(reply.ids)
          else events.replied(id, reply)
        },
        ended(cause) {
          report('closed', cause)
          resolveEnded()
          events.ended(cause)
        },
      })
      report('connecting', 'for writes')
      return toWriter(writer)
    },
    acquisitionTimeoutMs: () => limits().acquisitionTimeoutMs,
    now: () => performance.now(),
  })
  let lookTimer: NodeJS.Timeout | undefined

  function planLook(): void {
    const inMs = scheduler.nextLookMs()
    if (lookTimer !== undefined || inMs === null) return
    // behind the answers that have arrived meanwhile
    lookTimer = setTimeout(() => setImmediate(look), timerMs(inMs))
    lookTimer.unref()
  }

  function look(): void {
    lookTimer = undefined
    scheduler.look()
    planLook()
  }

  return {
    async run(write, timeoutMs, signal) {
      if (signal.aborted) return { kind: 'cancelled' }
      observe({ kind: 'pool-request' })
      const outcome = await new Promise<WriteOutcome<ChildReply>>((resolve) => {
        const abandon = () => scheduler.abandon(job)
        const job = scheduler.submit({
          request: write,
          isLarge: write.payload.length > largePayloadBytes,
          timeoutMs,
          onPlaced: () => observe({ kind: 'pool-request-fulfilled' }),
          onSettled(settled) {
            signal.removeEventListener('abort', abandon)
            resolve(settled)
          },
        })
        if (!job.isSettled) signal.addEventListener('abort', abandon, { once: true })
        planLook()
      })
      if (outcome.kind === 'acquisition-timeout') observe({ kind: 'pool-timeout' })
      return outcome
    },
    waiting: () => scheduler.waiting,
    async close() {
      clearTimeout(lookTimer)
      scheduler.close()
      await Promise.race([
        ended,
        new Promise((resolve) => setTimeout(resolve, endDeadlineMs).unref()),
      ])
    },
  }
}

function toWriter(process: SqliteProcess): WriterProcess<SqliteWrite> {
  return {
    send: (id, write) => process.send(id, write),
    commit: () => process.send(0, { op: 'commit' }),
    kill: () => process.kill(),
  }
}
