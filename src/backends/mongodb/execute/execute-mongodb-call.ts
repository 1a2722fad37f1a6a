/**
 * Runs a call of a registered function. What reads is one aggregate: the function's stages, and behind
 * them those that the request asks for. Where a function writes, or says what the answer is like, its
 * own stages run first, and the request's read what came of them.
 */
import { BSON, type Db, type Document } from 'mongodb'
import { err, ok, type Result } from '../../../core/result.ts'
import type { DatabaseFailure } from '../../../errors/api-error.ts'
import { judgeRows } from '../../../plan/judge-rows.ts'
import type { CallPlan } from '../../../plan/plan.ts'
import { commits } from '../../../plan/transaction-rules.ts'
import {
  type Execution,
  type ExecutionResult,
  noResult,
  type RequestContext,
} from '../../backend.ts'
import { readExact } from '../bson/read-exact.ts'
import type { MongodbFunction } from '../catalog/registered-pipelines.ts'
import { type CompiledCall, createCallCompiler } from '../compile/compile-mongodb-call.ts'
import { type Refusal, refusalOf } from '../compile/mongodb-refusal.ts'
import { cancelled, mapDriverError } from '../connect/map-mongodb-error.ts'
import type { MongodbClient } from '../connect/mongodb-client.ts'
import { createEncoderCache, type EncoderCache } from './encoder-cache.ts'
import { failedRequest, failedWith, refusedRequest } from './failed-request.ts'
import { printAggregate } from './print-pipeline.ts'
import { runAggregate } from './run-aggregate.ts'

export type CallExecutor = (plan: CallPlan, context: RequestContext) => Promise<Execution>

/** The stages of one request. */
interface BoundCall {
  readonly source: readonly Document[]
  readonly rows: readonly Document[]
  readonly count: readonly Document[] | null
  readonly whenEmpty: Document | null
}

/** What a function gave, and what it said of the answer. */
interface Called {
  readonly rows: readonly Uint8Array[]
  readonly total: number | null
  readonly responseStatus: string | null
  readonly responseHeaders: string | null
}

export function createCallExecutor(client: Pick<MongodbClient, 'db'>): CallExecutor {
  const compile = createCallCompiler()
  const encoderOf = createEncoderCache()

  return async (plan, context) => {
    const { snapshot, request, config, signal } = context
    const compiled = compile(plan, snapshot)
    if (!compiled.ok) return refusedRequest(compiled.error, context)
    const call = compiled.value
    const { called } = call
    const mayStay = called.template.writingStage === null || commits(config, request.preferences)
    if (!mayStay) {
      const feature = 'undoing what a function has written'
      return refusedRequest({ kind: 'not-implemented', feature }, context)
    }
    const bound = bindCall(call, context)
    if (!bound.ok) return refusedRequest(bound.error, context)
    const { source } = bound.value
    const statements = config.logQuery ? [printAggregate(called.collection, source)] : []
    const written = rowsOfWriting(called)
    if (written !== null) {
      // what is written stays, so that it is judged before
      const refusal = judgeRows(plan, request.preferences, written.length)
      if (refusal !== null) return failedWith(refusal, statements)
    }
    try {
      const answer = await run(client.db(called.database), call, bound.value, context)
      const refusal = judgeRows(plan, request.preferences, answer.rows.length)
      if (refusal !== null) return failedWith(refusal, statements)
      const result = resultOf(call, plan, bound.value, answer, encoderOf)
      if (!result.ok) return failedRequest(result.error, context, statements)
      return { kind: 'done', result: result.value, statements }
    } catch (error) {
      if (signal.aborted) return failedRequest(cancelled, context, statements)
      return { kind: 'failed', ...mapDriverError(error, context), statements }
    }
  }
}

function bindCall(call: CompiledCall, context: RequestContext): Result<BoundCall, Refusal> {
  const { request } = context
  try {
    return ok({
      source: call.source(request, context),
      rows: call.rows(request),
      count: call.count?.(request) ?? null,
      whenEmpty: call.whenEmpty(request),
    })
  } catch (error) {
    return err(refusalOf(error))
  }
}

const nothingSaid = { responseStatus: null, responseHeaders: null } as const

async function run(
  db: Db,
  { called }: CompiledCall,
  bound: BoundCall,
  context: RequestContext,
): Promise<Called> {
  const { collection, template, result } = called
  const ask = (from: string | null, pipeline: readonly Document[]) =>
    runAggregate(db, from, pipeline, {}, context)
  const written = rowsOfWriting(called)
  if (written !== null) {
    await ask(collection, bound.source)
    return { rows: written, total: null, ...nothingSaid }
  }
  if (result.kind === 'void' || template.setsResponse) {
    const documents = await ask(collection, bound.source)
    const said = template.setsResponse ? responseOf(documents[0]) : nothingSaid
    if (result.kind === 'void') return { rows: [], total: null, ...said }
    const given = [{ $documents: { $literal: documents.map(readExact) } }]
    return { ...(await askRows(given, null)), ...said }
  }
  return { ...(await askRows(bound.source, collection)), ...nothingSaid }

  async function askRows(source: readonly Document[], from: string | null) {
    const { count } = bound
    const pipeline = [...source, ...bound.rows]
    if (count === null) return { rows: await ask(from, pipeline), total: null }
    const counted = { ...(from === null ? {} : { coll: from }), pipeline: [...source, ...count] }
    const found = await ask(from, [...pipeline, { $unionWith: counted }])
    const last = found.at(-1)
    const total = last === undefined ? undefined : readExact(last).get('total')
    return total === undefined
      ? { rows: found, total: 0 }
      : { rows: found.slice(0, -1), total: Number(total) }
  }
}

/** What is handed back by a function whose last stage writes, which hands nothing on; null: none does. */
function rowsOfWriting({ template, result }: MongodbFunction): readonly Uint8Array[] | null {
  if (template.writingStage === null) return null
  return result.kind === 'void' || result.isSet ? [] : [BSON.serialize({})]
}

/** `response.status` and `response.headers` of the first row. */
function responseOf(first: Uint8Array | undefined): Omit<Called, 'rows' | 'total'> {
  const document = first === undefined ? {} : BSON.deserialize(first, { promoteValues: false })
  const response: unknown = document['response']
  if (typeof response !== 'object' || response === null) return nothingSaid
  const [status, headers] = ['status', 'headers'].map((name): unknown => {
    return Object.entries(response).find(([key]) => key === name)?.[1]
  })
  return {
    responseStatus: status == null ? null : String(status),
    responseHeaders: headers == null ? null : BSON.EJSON.stringify(headers, { relaxed: true }),
  }
}

function resultOf(
  { called, shape, encoder, count }: CompiledCall,
  plan: CallPlan,
  { whenEmpty }: BoundCall,
  { rows, total, ...said }: Called,
  encoderOf: EncoderCache,
): Result<ExecutionResult, DatabaseFailure> {
  const { isSet } = plan.routine.returns
  const answer = rows.length === 0 && whenEmpty !== null ? [BSON.serialize(whenEmpty)] : rows
  const counted = isSet ? answer.length : 1
  const all = count === null ? counted : total
  const result = { ...noResult, ...said, rows: counted, total: plan.count === null ? null : all }
  if (called.result.kind === 'void' || plan.via === 'head') return ok(result)
  const encoded = encoderOf(shape, encoder).encode(answer)
  return encoded.ok ? ok({ ...result, body: encoded.value }) : encoded
}
