/**
 * The question of a request whose snapshot may be stale, and its answers. `http` asks before it
 * answers by that snapshot; `sources/stale-names.ts` asks the database.
 */
import type { AskingRequest } from '../observe/reload-record.ts'
import type { ReloadOrigin } from './reload-signal.ts'

/**
 * The request names what the snapshot lacks, or the database contradicts the snapshot; in strict mode,
 * the request's transaction has found that the schema moved.
 */
export type StaleOrigin = Extract<ReloadOrigin, 'stale-name' | 'stale-hit' | 'stale-mark'>

/** `moved`: a newer snapshot is published · `unanswered`: the database did not answer in time. */
export type CheckOutcome = 'moved' | 'unchanged' | 'unanswered'

/**
 * A check that begins after the call. Never rejects.
 *
 * @param request who asks, for the record of the reload that follows
 */
export type StaleCheck = (origin: StaleOrigin, request?: AskingRequest) => Promise<CheckOutcome>
