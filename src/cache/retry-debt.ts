/**
 * What a failed load still owes, and when its next try is due: after 1, 2, 4 … 32 s plus jitter.
 * The pipeline pays it off, puts it off while another reload tries, or lets it grow.
 */
import { type SchedulerLike, Subscription } from 'rxjs'
import { backoffMs, withJitter } from '../core/backoff.ts'
import type { SchemaVersion } from '../schema/catalog.ts'
import type { ReloadDepth, ReloadScope } from './reload-signal.ts'

export interface Debt {
  readonly scope: ReloadScope
  readonly depth: ReloadDepth
  /** Tries in this series that failed. */
  readonly attempt: number
  readonly cause: string
  /** The version at which the load failed; null when that is not known. */
  readonly failedAt: SchemaVersion | null
  /** The database could not be asked anything: any answer is worth a try. */
  readonly isSilent: boolean
}

export interface RetryDebt {
  current(): Debt | null
  /** Owes, and tries again in as many milliseconds as are returned. */
  owe(debt: Debt): number
  /** What a later look at the database found. */
  note(found: Pick<Debt, 'failedAt' | 'isSilent'>): void
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
    note(found) {
      if (current !== null) current = { ...current, ...found }
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
