/**
 * Runs a mutate plan: compile (once a plan), read the request's values, choose how it is run, run it,
 * and answer. How many rows there may be is judged before anything stays, and nothing is written to a
 * collection that is gone.
 */
import type { ClientSession, Db } from 'mongodb'
import type { Preferences } from '../../../api/api-request.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { judgeRows, rowBounds } from '../../../plan/judge-rows.ts'
import type { MutatePlan } from '../../../plan/plan.ts'
import { payloadText } from '../../../plan/request-values.ts'
import { commits } from '../../../plan/transaction-rules.ts'
import type { Execution, ExecutionResult, RequestContext } from '../../backend.ts'
import { readOnlyFailure } from '../../values/read-only-failure.ts'
import { type BoundWrite, bindWrite, type NewRow } from '../compile/bound-write.ts'
import { type CompiledWrite, createMongodbWriteCompiler } from '../compile/compile-mongodb-write.ts'
import { type Refusal, refusalOf } from '../compile/mongodb-refusal.ts'
import type { MongodbClient } from '../connect/mongodb-client.ts'
import { answerWrite } from './answer-write.ts'
import {
  type CollectionPresence,
  createCollectionPresence,
  hasIndexes,
  isCollectionThere,
} from './collection-presence.ts'
import { createRowComparer, type RowComparison } from './compare-row.ts'
import { createEncoderCache } from './encoder-cache.ts'
import { failedRequest, missingRelation, refusedRequest } from './failed-request.ts'
import { failedWrite } from './failed-write.ts'
import { type CompanyEnd, createInsertCompany } from './insert-company.ts'
import { runMongodbTransaction } from './mongodb-transaction.ts'
import { printCollection } from './print-pipeline.ts'
import { refusedByPolicy } from './refused-by-policy.ts'
import { runMongodbWrite } from './run-mongodb-write.ts'
import { runWithoutTransaction } from './without-transaction.ts'
import { WriteCommands } from './write-commands.ts'
import { WriteFailed, WriteRefused } from './write-refused.ts'
import { mayShareCommand, wayOf } from './write-way.ts'

export type MongodbWriteExecutor = (plan: MutatePlan, context: RequestContext) => Promise<Execution>

const readOnlyReason = 'db-read-only is set'

/** What is the same for all attempts of a request. */
interface Attempted {
  readonly plan: MutatePlan
  readonly context: RequestContext
  readonly write: CompiledWrite
  readonly bound: BoundWrite
  /** Null: the write depends on nothing. */
  readonly comparison: RowComparison | null
  readonly db: Db
  /** As Date.now() tells; null: there is no limit. */
  readonly endsAt: number | null
  readonly statements: string[]
  /** Its row may be stored by one command with those of other requests. */
  readonly mayShare: boolean
}

export function createMongodbWriteExecutor({
  client,
  db,
}: Pick<MongodbClient, 'client' | 'db'>): MongodbWriteExecutor {
  const compile = createMongodbWriteCompiler()
  const encoderOf = createEncoderCache()
  const isPresent = createCollectionPresence((of, collection) =>
    isCollectionThere(of, collection, { readPreference: 'primary' }),
  )
  const isWritable = createCollectionPresence(hasIndexes)
  const insertInCompany = createInsertCompany(client)
  const compareRow = createRowComparer(encoderOf)

  return async (plan, context) => {
    const { snapshot, request, config, signal } = context
    if (config.dbReadOnly) {
      return failedRequest(readOnlyFailure(plan.mutation, readOnlyReason), context, [])
    }
    const compiled = compile(plan, snapshot)
    if (!compiled.ok) return refusedRequest(compiled.error, context)
    const write = compiled.value
    const bound = bind(write, context)
    if (!bound.ok) return refusedRequest(bound.error, context)
    const comparison = compareRow(context)
    if (!comparison.ok) return refusedRequest(comparison.error, context)
    const { preferences } = request
    const stays = commits(config, preferences)
    const isCompared = comparison.value !== null
    const way = wayOf({ plan, preferences, write, bound: bound.value, commits: stays, isCompared })
    if (way.kind === 'refused') {
      return refusedRequest({ kind: 'not-implemented', feature: way.feature }, context)
    }
    const timeoutMs = config.dbStatementTimeout
    const endsAt = timeoutMs === 0 ? null : Date.now() + timeoutMs
    const statements: string[] = []
    const attempted: Attempted = {
      plan,
      context,
      write,
      bound: bound.value,
      comparison: comparison.value,
      db: db(write.facts.database),
      endsAt,
      statements,
      mayShare:
        way.kind === 'command' &&
        mayShareCommand({ plan, write, bound: bound.value }, payloadText(request) ?? ''),
    }
    try {
      const result =
        way.kind === 'transaction'
          ? await runMongodbTransaction(client, { endsAt, signal }, async (session) => ({
              commits: stays,
              value: await attempt(attempted, session, true),
            }))
          : await runWithoutTransaction(client, (session) => attempt(attempted, session, false))
      return { kind: 'done', result, statements }
    } catch (error) {
      const refused = await refusedByPolicy(error, attempted)
      return failedWrite(refused ?? error, {
        plan,
        context,
        facts: write.facts,
        bound: bound.value,
        statements,
      })
    }
  }

  async function attempt(
    attempted: Attempted,
    session: ClientSession,
    isAtomic: boolean,
  ): Promise<ExecutionResult> {
    const { plan, context, write, bound, comparison, db, endsAt, statements, mayShare } = attempted
    const { facts, conflict, location, isPinned } = write
    const { collection } = facts
    const { signal, request } = context
    const commands = new WriteCommands({
      db,
      collection,
      session,
      isAtomic,
      endsAt,
      signal,
      statements,
    })
    const judge = (rows: number) => {
      const refusal = judgeRows(plan, request.preferences, rows)
      if (refusal !== null) throw new WriteRefused(refusal)
    }
    if (comparison !== null && !(await comparison(commands))) {
      await refuseIfMissing(db, plan, collection)
      throw new WriteRefused({ kind: 'precondition-failed' })
    }
    const isMade = isInsertion(plan) && bound.rows.length > 0
    if (isMade && !isAtomic) await refuseIfMissing(db, plan, collection, isWritable)
    const needsIds =
      bound.shown !== null ||
      location !== null ||
      Object.values(bound.rules).some((each) => each.length > 0) ||
      (!isAtomic && isBounded(plan, request.preferences))
    const judgeMeant = isAtomic ? () => undefined : judge
    const touched = await runMongodbWrite({
      plan,
      bound,
      conflict,
      commands,
      isPinned,
      needsIds,
      judgeMeant,
      storeTogether: mayShare ? (row) => storeTogether(attempted, row) : null,
    })
    const isDoubtful = isMade ? isAtomic : touched.count === 0 && !isInsertion(plan)
    if (isDoubtful) await refuseIfMissing(db, plan, collection)
    const answer = await answerWrite({ plan, bound, location, commands, encoderOf }, touched)
    judge(answer.rows)
    return answer
  }

  /** Throws  WriteFailed, OutcomeUnknown, and what the driver does */
  async function storeTogether(
    attempted: Attempted,
    { id, document }: NewRow,
  ): Promise<CompanyEnd> {
    const { plan, context, write, db, endsAt, statements } = attempted
    const { collection } = write.facts
    const one = { id, document, endsAt, signal: context.signal }
    const end = await insertInCompany(db.collection(collection), one)
    if (end === 'alone') return end
    statements.push(`${printCollection(collection)}.insertMany(…)`)
    // it is tried again alone, and the collection may have gone meanwhile
    if (end === 'refused') await refuseIfMissing(db, plan, collection, isWritable)
    return end
  }

  /** Throws  WriteFailed */
  async function refuseIfMissing(
    db: Db,
    plan: MutatePlan,
    collection: string,
    isThere: CollectionPresence = isPresent,
  ): Promise<void> {
    if (await isThere(db, collection)) return
    const { schema, name } = plan.relation
    throw new WriteFailed(missingRelation(`${schema}.${name}`), true)
  }
}

function isInsertion({ mutation }: MutatePlan): boolean {
  return mutation === 'insert' || mutation === 'upsert'
}

function isBounded(plan: MutatePlan, preferences: Preferences): boolean {
  const { fewest, most } = rowBounds(plan, preferences)
  return fewest > 0 || most < Number.POSITIVE_INFINITY
}

function bind(write: CompiledWrite, { request }: RequestContext): Result<BoundWrite, Refusal> {
  try {
    return ok(bindWrite(write, request))
  } catch (error) {
    return err(refusalOf(error))
  }
}
