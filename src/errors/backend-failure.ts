/**
 * Why a control operation of a backend (version, load, ping, settings) failed: thrown by backends,
 * read by the reload pipeline. Requests never see it, their failures are values.
 */
import type { ApiError } from './api-error.ts'

export interface FailureTraits {
  /** PostgREST stops on it: wrong password, or recovery switched off. */
  readonly isFatal?: boolean
  /** The schema changed while it was read: to try again at once is likely to succeed. */
  readonly mayRetryAtOnce?: boolean
  readonly cause?: unknown
}

export class BackendFailure extends Error {
  readonly error: ApiError
  readonly isFatal: boolean
  readonly mayRetryAtOnce: boolean

  constructor(error: ApiError, message: string, traits: FailureTraits = {}) {
    super(message, { cause: traits.cause })
    this.name = 'BackendFailure'
    this.error = error
    this.isFatal = traits.isFatal ?? false
    this.mayRetryAtOnce = traits.mayRetryAtOnce ?? false
  }
}
