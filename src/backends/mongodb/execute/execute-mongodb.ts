/**
 * Runs the plan of a read as one aggregate: compile (once a plan), fill in the request's values, ask,
 * and write the body from the raw documents. An exact count stands behind the rows in the same
 * aggregate, so that both are of one snapshot.
 */
import { type AggregateOptions, BSON, type Db, type Document } from 'mongodb'
import { assertNever } from '../../../core/assert-never.ts'
import type { ApiError, DatabaseFailure } from '../../../errors/api-error.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import { isUnreachable } from '../../../errors/judge-failure.ts'
import { judgeRows } from '../../../plan/judge-rows.ts'
import type { DatabasePlan, ReadPlan } from '../../../plan/plan.ts'
import { type Execution, noResult, type RequestContext } from '../../backend.ts'
import { createRowEncoder } from '../bson/encode-rows.ts'
import { mongodbFacts } from '../catalog/mongodb-facts.ts'
import { createMongodbCompiler } from '../compile/compile-mongodb.ts'
import type { CompiledRead } from '../compile/compiled-read.ts'
import { type Refusal, refusalOf } from '../compile/mongodb-refusal.ts'
import { cancelled, databaseError, mapDriverError } from '../connect/map-mongodb-error.ts'
import type { MongodbClient } from '../connect/mongodb-client.ts'
import { printAggregate } from './print-pipeline.ts'

export interface MongodbExecutorDeps {
  readonly client: Pick<MongodbClient, 'db'>
  /** Called when a request finds that the database cannot be reached. */
  readonly onUnreachable: (failure: BackendFailure) => void
}

/** Documents that one message brings at most, beside the server's own bound of 16 MB. */
const batchSize = 10_000

export function createMongodbExecutor(
  deps: MongodbExecutorDeps,
): (plan: DatabasePlan, context: RequestContext) => Promise<Execution> {
  const compile = createMongodbCompiler()
  const encoderOf = createEncoderCache()

  async function read(plan: ReadPlan, context: RequestContext): Promise<Execution> {
    const compiled = compile(plan, context.snapshot)
    if (!compiled.ok) return refused(compiled.error, context)
    const bound = bindRead(compiled.value, plan, context)
    if (bound.kind === 'refused') return refused(bound.refusal, context)
    const { database, collection } = compiled.value
    const { pipeline, options } = bound
    const statements = context.config.logQuery ? [printAggregate(collection, pipeline)] : []
    const db = deps.client.db(database)
    try {
      const found =
        pipeline.length === 0 ? [] : await aggregate(db, collection, pipeline, options, context)
      if (found.length === 0 && !(await isThere(db, collection, context))) {
        return {
          ...failed(missing(database, collection), context, statements),
          contradictsSchema: true,
        }
      }
      const { rows, total } = splitTotal(found, plan, compiled.value)
      const whenEmpty = rows.length === 0 ? compiled.value.whenEmpty(context.request) : null
      const answer = whenEmpty === null ? rows : [BSON.serialize(whenEmpty)]
      const refusal = judgeRows(plan, context.request.preferences, answer.length)
      if (refusal !== null) return failedWith(refusal, statements)
      const encoded = plan.headersOnly
        ? ({ ok: true, value: '' } as const)
        : encoderOf(compiled.value).encode(answer)
      if (!encoded.ok) return failed(encoded.error, context, statements)
      const result = { ...noResult, body: encoded.value, rows: answer.length, total }
      return { kind: 'done', result, statements }
    } catch (error) {
      if (context.signal.aborted) return failed(cancelled, context, statements)
      return { kind: 'failed', ...mapDriverError(error, context), statements }
    }
  }

  function run(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    switch (plan.kind) {
      case 'read':
        return read(plan, context)
      case 'mutate':
        return Promise.resolve(refused({ kind: 'not-implemented', feature: 'writes' }, context))
      case 'call':
        return Promise.resolve(refused({ kind: 'not-implemented', feature: 'functions' }, context))
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
      readonly options: AggregateOptions
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
    const hasSnapshots = mongodbFacts(snapshot.engineFacts).topology !== 'standalone'
    const options: AggregateOptions = {
      readPreference: 'primary',
      ...(isOneSnapshot && hasSnapshots ? { readConcern: { level: 'snapshot' } } : {}),
    }
    return { kind: 'bound', pipeline, options }
  } catch (error) {
    return { kind: 'refused', refusal: refusalOf(error) }
  }
}

const nothingOfEach: Document = { $project: { _id: 1 } }

async function aggregate(
  db: Db,
  collection: string,
  pipeline: readonly Document[],
  options: AggregateOptions,
  { config, signal }: RequestContext,
): Promise<readonly Uint8Array[]> {
  const limit = config.dbStatementTimeout
  const cursor = db.collection(collection).aggregate([...pipeline], {
    ...options,
    ...(limit === 0 ? {} : { maxTimeMS: limit }),
    raw: true,
    batchSize,
    signal,
  })
  const documents: unknown[] = await cursor.toArray()
  return documents.map(asBytes)
}

function asBytes(document: unknown): Uint8Array {
  if (document instanceof Uint8Array) return document
  throw new Error('the driver was asked for raw documents')
}

/**
 * A count that was asked for beside the rows is the last document: no row has such a key. Rows that
 * are all there are need none.
 */
function splitTotal(
  documents: readonly Uint8Array[],
  { count }: ReadPlan,
  compiled: CompiledRead,
): { readonly rows: readonly Uint8Array[]; readonly total: number | null } {
  if (compiled.count === null) {
    return { rows: documents, total: count === null ? null : documents.length }
  }
  const last = documents.at(-1)
  const read: Document = last === undefined ? {} : BSON.deserialize(last)
  const { total } = read
  return total === undefined
    ? { rows: documents, total: 0 }
    : { rows: documents.slice(0, -1), total: Number(total) }
}

/** A collection that is gone reads as one without documents: nothing else tells them apart. */
async function isThere(db: Db, name: string, { signal }: RequestContext): Promise<boolean> {
  const found = await db.listCollections({ name }, { nameOnly: true, signal }).toArray()
  return found.length > 0
}

function missing(database: string, collection: string): DatabaseFailure {
  const message = `relation "${database}.${collection}" does not exist`
  return { sqlState: '42P01', message, details: null, hint: null }
}

/** What was compiled is kept with its plan, and so is what writes its rows. */
function createEncoderCache(): (compiled: CompiledRead) => ReturnType<typeof createRowEncoder> {
  const encoders = new WeakMap<CompiledRead, ReturnType<typeof createRowEncoder>>()
  return (compiled) => {
    const known = encoders.get(compiled)
    if (known !== undefined) return known
    const made = createRowEncoder(compiled.shape, compiled.encoder)
    encoders.set(compiled, made)
    return made
  }
}

/** SQLSTATEs of values and types: the snapshot that says so may be an old one. */
const schemaStates: ReadonlySet<string> = new Set(['22P02', '22003', '42883', '42804', '42P10'])

type FailedExecution = Extract<Execution, { readonly kind: 'failed' }>

function refused(refusal: Refusal, context: RequestContext): FailedExecution {
  switch (refusal.kind) {
    case 'database': {
      const contradictsSchema = schemaStates.has(refusal.failure.sqlState)
      return { ...failed(refusal.failure, context, []), contradictsSchema }
    }
    case 'not-implemented': {
      const { engine } = context.snapshot.capabilities
      return failedWith({ kind: 'not-implemented', feature: refusal.feature, engine }, [])
    }
    case 'too-complex':
      return failedWith({ kind: 'too-complex', details: refusal.details }, [])
    default:
      return assertNever(refusal)
  }
}

function failed(
  failure: DatabaseFailure,
  context: RequestContext,
  statements: readonly string[],
): FailedExecution {
  return failedWith(databaseError(failure, context.isAuthenticated), statements)
}

function failedWith(error: ApiError, statements: readonly string[]): FailedExecution {
  return { kind: 'failed', error, contradictsSchema: false, statements }
}
