/**
 * How the SQLite compiler gives up: thrown inside, caught where a statement is compiled, and a
 * value from there on.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'

export type Refusal =
  | { readonly kind: 'database'; readonly failure: DatabaseFailure }
  | { readonly kind: 'not-implemented'; readonly feature: string }

/** Private to this folder. */
export class CompileRefusal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string) {
    super(message)
    this.name = 'CompileRefusal'
    this.refusal = refusal
  }
}

/** Gives up with a failure in PostgreSQL's words. */
export function refuse(failure: DatabaseFailure): never {
  throw new CompileRefusal({ kind: 'database', failure }, failure.message)
}

export function notImplemented(feature: string): never {
  throw new CompileRefusal({ kind: 'not-implemented', feature }, feature)
}
