/**
 * How the SQLite compiler gives up: thrown inside, caught where a statement is compiled, and a
 * value from there on.
 */
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { StatementTooLong } from '../../sql/sql-text.ts'

export type Refusal =
  | { readonly kind: 'database'; readonly failure: DatabaseFailure }
  | { readonly kind: 'not-implemented'; readonly feature: string }
  | { readonly kind: 'too-long' }

/** Private to this folder. */
class CompileRefusal extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal, message: string) {
    super(message)
    this.name = 'CompileRefusal'
    this.refusal = refusal
  }
}

/** There is no quick form of a plan's JSON. */
export class NoQuickForm extends Error {
  constructor() {
    super('no quick form')
    this.name = 'NoQuickForm'
  }
}

/** Throws  NoQuickForm */
export function noQuickForm(): never {
  throw new NoQuickForm()
}

/** What a compiler that threw gave up for; throws on what is no giving up. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof CompileRefusal) return error.refusal
  if (error instanceof StatementTooLong) return { kind: 'too-long' }
  throw error
}

/** Gives up with a failure in PostgreSQL's words. */
export function refuse(failure: DatabaseFailure): never {
  throw new CompileRefusal({ kind: 'database', failure }, failure.message)
}

export function notImplemented(feature: string): never {
  throw new CompileRefusal({ kind: 'not-implemented', feature }, feature)
}
