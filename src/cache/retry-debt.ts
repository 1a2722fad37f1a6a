/**
 * What a failed load still owes, and when its next try is due: after 1, 2, 4 … 32 s plus jitter.
 * The pipeline pays it off, puts it off while another reload tries, or lets it grow.
 */
import { type SchedulerLike, Subscription } from 'rxjs'
import { backoffMs, withJitter } from '../core/backoff.ts'
import type { SchemaVersion } from './catalog.ts'
import type { ReloadDepth, ReloadScope } from './reload-signal.ts'

export interface Debt {
  readonly scope: ReloadScope
  readonly depth: ReloadDepth
  /** Tries in this series that failed. */
  readonly attempt: number
  readonly cause: string
  /** The version at which the load failed; null when the database did not answer. */
  readonly failedAt: SchemaVersion | null
}

export interface RetryDebt {
  current(): Debt | null
  /** Owes, and tries again in as many milliseconds as are returned. */
  owe(debt: Debt): number
  /** The database did not even tell its version: any that it tells now is worth a try. */
  forgetVersion(): void
  /** No try is due until something is owed again. */
  putOff(): void
  payOff(): void
}

export function createRetryDebt(deps: {
  readonly scheduler: SchedulerLike
  /** In [0, 1), for jitter. */
  readonly random: () => number
  readonly onDue: (debt: Debt) => void
}): RetryDebt {
  let current: Debt | null = null
  let timer = new Subscription()
  return {
    current: () => current,
    owe(debt) {
      current = debt
      const retryInMs = withJitter(backoffMs(debt.attempt), deps.random())
      timer.unsubscribe()
      timer = deps.scheduler.schedule(() => {
        if (current !== null) deps.onDue(current)
      }, retryInMs)
      return retryInMs
    },
    forgetVersion() {
      if (current !== null) current = { ...current, failedAt: null }
    },
    putOff() {
      timer.unsubscribe()
    },
    payOff() {
      timer.unsubscribe()
      current = null
    },
  }
}
