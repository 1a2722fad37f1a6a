/**
 * How the MongoDB compiler gives up: thrown inside, caught where a plan is compiled or filled in with
 * a request's values, and a value from there on.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'

export type Refusal =
  | { readonly kind: 'database'; readonly failure: DatabaseFailure }
  | { readonly kind: 'not-implemented'; readonly feature: string }
  /** Deeper than the server's parsers go. */
  | { readonly kind: 'too-complex'; readonly details: string }

/** Private to this folder. */
class CompileRefusal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string) {
    super(message)
    this.name = 'CompileRefusal'
    this.refusal = refusal
  }
}

/** What a compiler that threw gave up for; throws on what is no giving up. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof CompileRefusal) return error.refusal
  throw error
}

/** Gives up with a failure in PostgreSQL's words. */
export function refuse(failure: DatabaseFailure): never {
  throw new CompileRefusal({ kind: 'database', failure }, failure.message)
}

export function notImplemented(feature: string): never {
  throw new CompileRefusal({ kind: 'not-implemented', feature }, feature)
}

export function tooComplex(details: string): never {
  throw new CompileRefusal({ kind: 'too-complex', details }, details)
}
