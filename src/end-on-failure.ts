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

export interface FailureEnd {
  /** For a failure that log and metrics know already. The verdict is for callers that go on. */
  readonly onFailure: (failure: unknown) => FailureVerdict
  /** For one that nobody has told of: where it ends the process, it is told with the end. */
  readonly onUntoldFailure: (failure: BackendFailure) => FailureVerdict
}

export function createFailureEnd(deps: EndOnFailureDeps): FailureEnd {
  function endOn(failure: unknown, isTold: boolean): FailureVerdict {
    const verdict = judgeFailure(failure, deps.config())
    if (verdict === 'fatal' && failure instanceof BackendFailure) {
      const { error, isFatal } = failure
      const message = isFatal
        ? 'Failed to establish a connection.'
        : 'Automatic recovery disabled, exiting.'
      deps.observe({ kind: 'fatal', message, error: isFatal || !isTold ? error : null })
      deps.onFatal()
    }
    return verdict
  }
  return {
    onFailure: (failure) => endOn(failure, true),
    onUntoldFailure: (failure) => endOn(failure, false),
  }
}
