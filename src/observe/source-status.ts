/**
 * How a source of reload triggers is doing, for those who show it: `/health` and the metrics.
 * `sources/source-health.ts` keeps it.
 */

/**
 * `off`: switched off by the configuration, or the database has none · `unproven`: connected, but it
 * did not show in time that it hears of changes.
 */
export type SourceState = 'up' | 'unproven' | 'down' | 'off'

export interface SourceStatus {
  readonly name: string
  readonly state: SourceState
  /** ISO time of the last change of `state`. */
  readonly since: string
  /** ISO time at which it last showed that it works; null: it never did. */
  readonly provenAt: string | null
  /** Why it is down or unproven, and of one that the database does not have, why. */
  readonly cause: string | null
}
