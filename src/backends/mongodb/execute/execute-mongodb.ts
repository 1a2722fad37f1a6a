/**
 * Runs plans: writes and calls by files of their own, a read as one aggregate: compile (once a plan),
 * fill in the request's values, ask, and write the body from the raw documents. An exact count stands
 * behind the rows in the same aggregate, so that both are of one snapshot.
 */
import { BSON, type Document } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import { isUnreachable } from '../../../errors/judge-failure.ts'
import { judgeRows } from '../../../plan/judge-rows.ts'
import type { DatabasePlan, ReadPlan } from '../../../plan/plan.ts'
import { type Execution, noResult, type RequestContext } from '../../backend.ts'
import { mongodbFacts } from '../catalog/mongodb-facts.ts'
import { createMongodbCompiler } from '../compile/compile-mongodb.ts'
import type { CompiledRead } from '../compile/compiled-read.ts'
import { type Refusal, refusalOf } from '../compile/mongodb-refusal.ts'
import { driverSignal } from '../connect/driver-signal.ts'
import { cancelled, mapDriverError } from '../connect/map-mongodb-error.ts'
import type { MongodbClient } from '../connect/mongodb-client.ts'
import { isCollectionThere } from './collection-presence.ts'
import { createEncoderCache } from './encoder-cache.ts'
import { createCallExecutor } from './execute-mongodb-call.ts'
import { createMongodbWriteExecutor } from './execute-mongodb-write.ts'
import { failedRequest, failedWith, missingRelation, refusedRequest } from './failed-request.ts'
import { mayReadSnapshot } from './may-read-snapshot.ts'
import { printAggregate } from './print-pipeline.ts'
import { createDocumentReader, type ReadOptions } from './read-documents.ts'

export interface MongodbExecutorDeps {
  readonly client: Pick<MongodbClient, 'db' | 'client' | 'ready'>
  /** Called when a request finds that the database cannot be reached. */
  readonly onUnreachable: (failure: BackendFailure) => void
}

export function createMongodbExecutor(
  deps: MongodbExecutorDeps,
): (plan: DatabasePlan, context: RequestContext) => Promise<Execution> {
  const compile = createMongodbCompiler()
  const encoderOf = createEncoderCache()
  const readDocuments = createDocumentReader()
  const write = createMongodbWriteExecutor(deps.client)
  const call = createCallExecutor(deps.client)

  async function read(plan: ReadPlan, context: RequestContext): Promise<Execution> {
    const compiled = compile(plan, context.snapshot)
    if (!compiled.ok) return refusedRequest(compiled.error, context)
    const bound = bindRead(compiled.value, plan, context)
    if (bound.kind === 'refused') return refusedRequest(bound.refusal, context)
    const { database, collection } = compiled.value
    const { pipeline, options } = bound
    const statements = context.config.logQuery ? [printAggregate(collection, pipeline)] : []
    const db = deps.client.db(database)
    const isThere = () =>
      isCollectionThere(db, collection, { signal: driverSignal(context.signal) })
    try {
      const found =
        pipeline.length === 0
          ? []
          : await readDocuments(db, compiled.value, pipeline, options, context)
      // one that is gone reads as one without documents: nothing else tells them apart
      if (found.length === 0 && !(await isThere())) {
        return {
          ...failedRequest(missingRelation(`${database}.${collection}`), context, statements),
          contradictsSchema: true,
        }
      }
      const { rows, counted } = splitTotal(found, compiled.value)
      const whenEmpty = rows.length === 0 ? compiled.value.whenEmpty(context.request) : null
      const answer = whenEmpty === null ? rows : [BSON.serialize(whenEmpty)]
      const encoded = plan.headersOnly
        ? ({ ok: true, value: '' } as const)
        : encoderOf(compiled.value.shape, compiled.value.encoder).encode(answer)
      if (!encoded.ok) return failedRequest(encoded.error, context, statements)
      // a database that casts values itself fails before the rows are judged
      const refusal = judgeRows(plan, context.request.preferences, answer.length)
      if (refusal !== null) return failedWith(refusal, statements)
      // rows that are all there need no count of their own
      const total = plan.count === null ? null : (counted ?? answer.length)
      const result = { ...noResult, body: encoded.value, rows: answer.length, total }
      return { kind: 'done', result, statements }
    } catch (error) {
      if (context.signal.aborted) return failedRequest(cancelled, context, statements)
      return { kind: 'failed', ...mapDriverError(error, context), statements }
    }
  }

  async function run(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    try {
      await deps.client.ready(context.signal)
    } catch (error) {
      if (context.signal.aborted) return failedRequest(cancelled, context, [])
      return { kind: 'failed', ...mapDriverError(error, context), statements: [] }
    }
    switch (plan.kind) {
      case 'read':
        return read(plan, context)
      case 'mutate':
        return write(plan, context)
      case 'call':
        return call(plan, context)
      default:
        return assertNever(plan)
    }
  }

  return async (plan, context) => {
    const execution = await run(plan, context)
    if (execution.kind === 'failed' && !context.signal.aborted && isUnreachable(execution)) {
      const { error } = execution
      deps.onUnreachable(new BackendFailure(error, 'the database cannot be reached'))
    }
    return execution
  }
}

type BoundRead =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** An empty pipeline: nothing is asked. */
  | {
      readonly kind: 'bound'
      readonly pipeline: readonly Document[]
      readonly options: ReadOptions
    }

/** The rows and, behind them, how many there are in all; or that alone. */
function bindRead(compiled: CompiledRead, plan: ReadPlan, context: RequestContext): BoundRead {
  const { request, snapshot } = context
  try {
    const rows = compiled.pipeline(request)
    const count = compiled.count?.(request) ?? null
    // of rows that nobody reads, only how many there are is asked
    const shown = rows !== null && plan.headersOnly ? [...rows, nothingOfEach] : rows
    if (count === null) return { kind: 'bound', pipeline: shown ?? [], options: {} }
    const { collection } = compiled
    const pipeline =
      shown === null ? count : [...shown, { $unionWith: { coll: collection, pipeline: count } }]
    // statistics of a collection are those of now, and one command alone sees one state anyway
    const isOneSnapshot = shown !== null && !count.some((stage) => '$collStats' in stage)
    const hasSnapshots = mayReadSnapshot(plan.root, mongodbFacts(snapshot.engineFacts))
    const options: ReadOptions = {
      readPreference: 'primary',
      ...(isOneSnapshot && hasSnapshots ? { readConcern: { level: 'snapshot' } } : {}),
    }
    return { kind: 'bound', pipeline, options }
  } catch (error) {
    return { kind: 'refused', refusal: refusalOf(error) }
  }
}

const nothingOfEach: Document = { $project: { _id: 1 } }

/** A count that was asked for beside the rows is the last document: no row has such a key. */
function splitTotal(
  documents: readonly Uint8Array[],
  compiled: CompiledRead,
): { readonly rows: readonly Uint8Array[]; readonly counted: number | null } {
  if (compiled.count === null) return { rows: documents, counted: null }
  const last = documents.at(-1)
  const read: Document = last === undefined ? {} : BSON.deserialize(last)
  const { total } = read
  return total === undefined
    ? { rows: documents, counted: 0 }
    : { rows: documents.slice(0, -1), counted: Number(total) }
}
