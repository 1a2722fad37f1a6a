/**
 * Whatever a load threw → what log, metrics and clients are told of it. Backends reject with
 * BackendFailure; anything else is a deadline, or a bug of ours that must not stop the pipeline
 * either.
 */

import { failureStack, failureText } from '../core/failure-text.ts'
import type { ApiError } from '../errors/api-error.ts'
import { BackendFailure } from '../errors/backend-failure.ts'
import { LoadGivenUp } from './load-deadline.ts'

export interface LoadFailure {
  readonly error: ApiError
  readonly cause: string
  /** The stack of a bug; null for every other failure. */
  readonly stack: string | null
}

export function describeFailure(failure: unknown): LoadFailure {
  if (failure instanceof BackendFailure) {
    return { error: failure.error, cause: failure.message, stack: null }
  }
  const cause = failureText(failure)
  const stack = failureStack(failure)
  const isBug = !(failure instanceof LoadGivenUp)
  return {
    error: { kind: 'reload-failed', details: cause },
    cause,
    stack: isBug ? stack : null,
  }
}
