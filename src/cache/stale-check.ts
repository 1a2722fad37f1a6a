/**
 * What a request asks when its snapshot may be stale, and what it is told: `http` asks, before it
 * answers by that snapshot; `sources/stale-names.ts` has the database asked.
 */
import type { ReloadOrigin } from './reload-signal.ts'

/** The request names what the snapshot lacks, or the database contradicts the snapshot. */
export type StaleOrigin = Extract<ReloadOrigin, 'stale-name' | 'stale-hit'>

/** `moved`: a newer snapshot is published · `unanswered`: the database did not answer in time. */
export type CheckOutcome = 'moved' | 'unchanged' | 'unanswered'

/** A check that begins after the call. Never rejects. */
export type StaleCheck = (origin: StaleOrigin) => Promise<CheckOutcome>
