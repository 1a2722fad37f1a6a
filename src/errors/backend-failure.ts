/**
 * Why a control operation of a backend (version, load, ping, settings) failed: thrown by backends,
 * read by the reload pipeline. Requests never see it, their failures are values.
 */
import type { ApiError } from './api-error.ts'

export class BackendFailure extends Error {
  readonly error: ApiError
  /** The release stops on it: wrong password, or recovery switched off. */
  readonly isFatal: boolean

  constructor(error: ApiError, message: string, isFatal = false, cause?: unknown) {
    super(message, { cause })
    this.name = 'BackendFailure'
    this.error = error
    this.isFatal = isFatal
  }
}
