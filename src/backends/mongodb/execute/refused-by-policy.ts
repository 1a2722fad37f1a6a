/**
 * A new row that a constraint of the database has refused, and a policy would have: PostgreSQL looks
 * at its policies first, so that who may not write a row is not told what it meets. The transaction is
 * over when this is asked, and what is told is all that depends on it.
 *
 * Rule  PostgreSQL manual: CREATE POLICY (a WITH CHECK expression is tested before constraints)
 */
import { type Db, MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb'
import type { MutatePlan } from '../../../plan/plan.ts'
import type { RequestContext } from '../../backend.ts'
import { readExact } from '../bson/read-exact.ts'
import type { BoundWrite } from '../compile/bound-write.ts'
import { refuseUnstored } from './check-written.ts'
import { runAggregate } from './run-aggregate.ts'
import { WriteFailed } from './write-refused.ts'

export interface FailedInsertion {
  readonly plan: MutatePlan
  readonly bound: Pick<BoundWrite, 'rows' | 'rules'>
  readonly db: Db
  readonly context: Pick<RequestContext, 'config' | 'signal'>
}

/** A duplicate key, and a document that the validator does not take. */
const constraintCodes: ReadonlySet<unknown> = new Set([11000, 11001, 121])

/** What is to be told in place of `error`; null: that itself. */
export async function refusedByPolicy(
  error: unknown,
  { plan, bound, db, context }: FailedInsertion,
): Promise<WriteFailed | null> {
  const { written } = bound.rules
  const tried = triedRows(error)
  if (plan.mutation !== 'insert' || written.length === 0 || tried === 0) return null
  const documents = bound.rows.slice(0, tried).map(({ document }) => document)
  const reader = {
    async read(pipeline: Parameters<typeof runAggregate>[2]) {
      const options = { readPreference: 'primary' } as const
      return (await runAggregate(db, null, pipeline, options, context)).map(readExact)
    },
  }
  try {
    await refuseUnstored(reader, plan, documents, written)
    return null
  } catch (failure) {
    if (failure instanceof WriteFailed) return failure
    // it cannot be asked: servers before 5.1 know no documents of ours, and this one may be gone
    if (failure instanceof MongoError || context.signal.aborted) return null
    throw failure
  }
}

/** Rows as far as the one that a constraint has refused; 0: none has. */
function triedRows(error: unknown): number {
  if (!(error instanceof MongoServerError) || !constraintCodes.has(error.code)) return 0
  if (!(error instanceof MongoBulkWriteError)) return 1
  const [first] = [error.writeErrors].flat()
  return (first?.index ?? 0) + 1
}
