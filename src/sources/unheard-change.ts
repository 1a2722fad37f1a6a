/**
 * Whether a reload found a change that nobody told of. A database that tells of its changes may have
 * told of it over a connection that has died silently, so its feed has to prove that it hears.
 */
import type { ReloadOrigin, ReloadOutcome } from '../cache/reload-signal.ts'
import { isUnchanged } from '../schema/schema-change.ts'

/** What looks at the database, or is asked to, without having heard of a change. */
const lookers: ReadonlySet<ReloadOrigin> = new Set([
  'poll',
  'stale-name',
  'stale-hit',
  'stale-mark',
  'connection-lost',
  'signal',
  'admin',
  'program',
])

export function isUnheardChange(origin: ReloadOrigin, outcome: ReloadOutcome): boolean {
  return lookers.has(origin) && outcome.kind === 'published' && !isUnchanged(outcome.changes)
}
