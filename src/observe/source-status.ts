/**
 * How a source of reload triggers is doing, for those who show it: `/health` and the metrics.
 * `sources/source-health.ts` keeps it.
 */

/** `off`: switched off by the configuration. */
export type SourceState = 'up' | 'down' | 'off'

export interface SourceStatus {
  readonly name: string
  readonly state: SourceState
  /** ISO time of the last change of `state`. */
  readonly since: string
  /** Why it is down. */
  readonly cause: string | null
}
