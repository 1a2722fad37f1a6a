/**
 * Ends the process on the failures that it must not outlive, and tells why. Loads, the feed and
 * requests hand over what they met; `errors/judge-failure.ts` says what it means.
 */
import type { Config } from './config/config.ts'
import { BackendFailure } from './errors/backend-failure.ts'
import { type FailureVerdict, judgeFailure } from './errors/judge-failure.ts'
import type { Observe } from './observe/observation.ts'

export interface EndOnFailureDeps {
  readonly config: () => Config
  readonly observe: Observe
  /** Called when the process is to end with code 1. */
  readonly onFatal: () => void
}

/** The returned function also gives the verdict, for callers that go on. */
export function createFailureEnd(deps: EndOnFailureDeps): (failure: unknown) => FailureVerdict {
  return (failure) => {
    const verdict = judgeFailure(failure, deps.config())
    if (verdict === 'fatal' && failure instanceof BackendFailure) {
      deps.observe(
        failure.isFatal
          ? { kind: 'fatal', message: 'Failed to establish a connection.', error: failure.error }
          : { kind: 'fatal', message: 'Automatic recovery disabled, exiting.', error: null },
      )
      deps.onFatal()
    }
    return verdict
  }
}
