/**
 * The server in figures at one moment, all of them totals since its start or states: who watches makes
 * rates of two of them. `metrics-observer.ts` has them, `GET /events` tells them.
 */
import type { PoolStats } from './pool-stats.ts'
import type { SourceStatus } from './source-status.ts'

export interface RequestFigures {
  /** Requests answered, and of these the ones with 4xx and with 5xx. */
  readonly count: number
  readonly refused: number
  readonly failed: number
  /** Seconds of all of them together. */
  readonly seconds: number
  /** [at most so many seconds, so many requests], those of the former ones included. */
  readonly buckets: readonly (readonly [number, number])[]
}

export interface ServerFigures {
  /** ISO time. */
  readonly at: string
  readonly requests: RequestFigures
  /** Reload triggers by what sent them. */
  readonly triggers: Readonly<Record<string, number>>
  readonly pool: PoolStats
  readonly sources: readonly SourceStatus[]
}
