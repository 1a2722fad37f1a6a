/**
 * Whether statements are prepared under names on the server: as the configuration says, until the
 * server turns out to be another from one transaction to the next. A pooler in transaction mode is
 * like that: a name made over one connection is then missing, or met again, on another one. From
 * then on each statement is parsed anew under no name, inside the one batch that uses it.
 */
import type { Observe } from '../../../observe/observation.ts'
import type { BatchStep, ServerError } from '../protocol/postgres-connection.ts'

export interface Preparation {
  /** The steps as they may be sent now. */
  readonly stepsToSend: (steps: readonly BatchStep[]) => readonly BatchStep[]
  /** The server did not know a name, or knew it already: no more names, for this process. */
  readonly giveUp: (error: ServerError) => void
}

export function createPreparation(observe: Observe): Preparation {
  let isGivenUp = false
  return {
    stepsToSend: (steps) =>
      isGivenUp ? steps.map((step) => ({ ...step, isPrepared: false })) : steps,
    giveUp({ sqlState, message }) {
      if (isGivenUp) return
      isGivenUp = true
      observe({ kind: 'preparation-given-up', sqlState, cause: message })
    },
  }
}
