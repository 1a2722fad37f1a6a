/**
 * Ends the process on the failures that it must not outlive, and tells why. Loads, the feed and
 * requests hand over what they met; `errors/judge-failure.ts` says what it means.
 */
import type { Config } from './config/config.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import { type FailureVerdict, isUnreachable, judgeFailure } from './errors/judge-failure.ts'
import type { Observe } from './observe/observation.ts'

export interface EndOnFailureDeps {
  readonly config: () => Config
  readonly observe: Observe
  /** The process is to end with code 1. */
  readonly onFatal: () => void
}

/** The function returned gives the verdict, for whoever goes on. */
export function createFailureEnd(deps: EndOnFailureDeps): (failure: unknown) => FailureVerdict {
  return (failure) => {
    const config = deps.config()
    const verdict = judgeFailure(failure, config)
    if (verdict === 'fatal' && failure instanceof BackendFailure) {
      const isGivenUp = isUnreachable(failure) && !config.dbPoolAutomaticRecovery
      deps.observe(
        isGivenUp
          ? { kind: 'fatal', message: 'Automatic recovery disabled, exiting.', error: null }
          : { kind: 'fatal', message: 'Failed to establish a connection.', error: failure.error },
      )
      deps.onFatal()
    }
    return verdict
  }
}
