/**
 * Rows that a constraint of the database has refused, and a policy would have: PostgreSQL looks at its
 * policies first, so that who may not write a row is not told what it meets. The transaction is over
 * when this is asked, so that all is looked at anew; what is told is all that depends on it.
 *
 * Rule  PostgreSQL manual: CREATE POLICY (a WITH CHECK expression is tested before constraints)
 */
import { type Db, type Document, MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import type { MutatePlan } from '../../../plan/plan.ts'
import type { RequestContext } from '../../backend.ts'
import { readExact } from '../bson/read-exact.ts'
import type { BoundWrite } from '../compile/bound-write.ts'
import type { CompiledWrite } from '../compile/compile-mongodb-write.ts'
import type { ConflictTarget } from '../compile/conflict-target.ts'
import { changedFields } from '../compile/payload-row.ts'
import { type RowReader, refuseChanged, refuseMerged, refuseUnstored } from './check-written.ts'
import { runAggregate } from './run-aggregate.ts'
import { placeRows, rowsInTheWay } from './run-mongodb-upsert.ts'
import { WriteFailed } from './write-refused.ts'

export interface FailedAttempt {
  readonly plan: MutatePlan
  readonly write: Pick<CompiledWrite, 'facts' | 'conflict'>
  readonly bound: Pick<BoundWrite, 'rows' | 'rules' | 'targets'>
  readonly db: Db
  readonly context: Pick<RequestContext, 'config' | 'signal'>
}

/** A duplicate key, and a document that the validator does not take. */
const constraintCodes: ReadonlySet<unknown> = new Set([11000, 11001, 121])

/** What is to be told in place of `error`; null: that itself. */
export async function refusedByPolicy(
  error: unknown,
  failed: FailedAttempt,
): Promise<WriteFailed | null> {
  const { written, merged } = failed.bound.rules
  const tried = triedRows(error)
  if (tried === 0 || written.length + merged.length === 0) return null
  try {
    await refuseTried(failed, tried)
    return null
  } catch (failure) {
    if (failure instanceof WriteFailed) return failure
    // it cannot be asked: servers before 5.1 know no documents of ours, and this one may be gone
    if (failure instanceof MongoError || failed.context.signal.aborted) return null
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

/** Throws  WriteFailed: 42501 */
async function refuseTried(failed: FailedAttempt, tried: number): Promise<void> {
  const { plan, write, bound } = failed
  switch (plan.mutation) {
    case 'insert':
    case 'upsert':
      if (write.conflict !== null) return refusePlaced(failed, write.conflict, tried)
      return refuseNew(failed, bound.rows.slice(0, tried))
    case 'update':
      return refuseUpdated(failed)
    case 'delete':
      return
    default:
      return assertNever(plan.mutation)
  }
}

async function refuseNew(failed: FailedAttempt, rows: BoundWrite['rows']): Promise<void> {
  const { plan, bound } = failed
  if (rows.length === 0) return
  const documents = rows.map(({ document }) => document)
  await refuseUnstored(readerOf(failed, null), plan, documents, bound.rules.written)
}

/** Each row of an upsert is one operation, in the payload's order. */
async function refusePlaced(
  failed: FailedAttempt,
  conflict: ConflictTarget,
  tried: number,
): Promise<void> {
  const { plan, write, bound } = failed
  const { collection } = write.facts
  const reader = readerOf(failed, collection)
  const inTheWay = await rowsInTheWay(reader, bound.rows, conflict)
  const placed = placeRows(bound.rows, conflict, inTheWay).slice(0, tried)
  const fresh = placed.filter(({ isNew }) => isNew).map(({ row }) => row)
  const merged = placed.filter(({ isNew }) => !isNew)
  await refuseNew(failed, fresh)
  const changes = merged.map(({ id, row }) => ({ id, change: changedFields(row.row) }))
  await refuseMerged(reader, plan, collection, changes, bound.rules.merged)
}

/** Which of the rows has failed is not told: all that are meant are looked at. */
async function refuseUpdated(failed: FailedAttempt): Promise<void> {
  const { plan, write, bound } = failed
  const [first] = bound.rows
  if (first === undefined) return
  const reader = readerOf(failed, write.facts.collection)
  const change = changedFields(first.row)
  await refuseChanged(reader, plan, bound.targets, change, bound.rules.written)
}

/** `collection` null: pipelines bring their own documents. */
function readerOf({ db, context }: FailedAttempt, collection: string | null): RowReader {
  return {
    async read(pipeline: readonly Document[]) {
      const options = { readPreference: 'primary' } as const
      return (await runAggregate(db, collection, pipeline, options, context)).map(readExact)
    },
  }
}
