/**
 * Observation → the fields that a line of the JSON log has beside its text, so that nobody has to
 * take sentences apart: the facts themselves, under the names that the admin server's answers have
 * for them. `log-observer.ts` writes them.
 */
import { errorLogJson } from '../errors/error-envelope.ts'
import type { Observation } from './observation.ts'

/** What the text holds in full already. */
const told: ReadonlySet<string> = new Set(['kind', 'stack', 'statements'])

/** Errors as the text has them: what else they hold is for whoever renders them. */
export function logFields(observation: Observation): Readonly<Record<string, unknown>> {
  const fields = Object.entries(observation)
    .filter(([name]) => !told.has(name))
    .map(([name, value]) => [name === 'snapshotVersion' ? 'version' : name, value])
  const hasError = 'error' in observation && observation.error !== null
  return {
    ...Object.fromEntries(fields),
    ...(hasError ? { error: JSON.parse(errorLogJson(observation.error)) } : {}),
  }
}
