/**
 * Runs a plan as one read transaction in a reader process: compile (once a plan), bind, ask, map.
 * The schema's version is compared inside the transaction, so that nothing runs on another schema
 * than the one it was planned for.
 */
import { isUtf8 } from 'node:buffer'
import { assertNever } from '../../core/assert-never.ts'
import type { ApiError, DatabaseFailure } from '../../errors/api-error.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import { isUnreachable } from '../../errors/judge-failure.ts'
import { judgeRows } from '../../plan/judge-rows.ts'
import type { DatabasePlan } from '../../plan/plan.ts'
import type { Execution, RequestContext } from '../backend.ts'
import type { Refusal } from './compile/compile-refusal.ts'
import { createSqliteCompiler } from './compile/compile-sqlite.ts'
import { bindOperands } from './compile/sqlite-operands.ts'
import { cancelled, mapChildFailure, statementTimeout } from './map-sqlite-error.ts'
import type { PoolOutcome, SqlitePool } from './process/sqlite-pool.ts'
import type { ProcessReply } from './process/sqlite-process.ts'
import { type ChildRequest, toWire } from './wire/sqlite-messages.ts'

export interface SqliteExecutorDeps {
  readonly pool: SqlitePool
  /** Counts the publishes of a schema. */
  readonly epoch: () => number
  /** Called when a request finds that the file cannot be served. */
  readonly onUnreachable: (failure: BackendFailure) => void
}

export type SqliteExecutor = (plan: DatabasePlan, context: RequestContext) => Promise<Execution>

/**
 * Milliseconds. A process that is lost sooner had died before it was asked, since no query brings
 * one down so fast.
 */
const deadOnArrivalMs = 100
const maxTries = 3

function wasDead(outcome: PoolOutcome): boolean {
  return outcome.kind === 'lost' && outcome.afterMs !== null && outcome.afterMs < deadOnArrivalMs
}

export function createSqliteExecutor(deps: SqliteExecutorDeps): SqliteExecutor {
  const compile = createSqliteCompiler()

  async function ask(request: ChildRequest, context: RequestContext): Promise<Asked> {
    const { config, signal } = context
    let outcome = await deps.pool.run(request, config.dbStatementTimeout, signal)
    // processes that had died while they were idle: a read can be asked again
    for (let tries = 1; wasDead(outcome) && tries < maxTries; tries += 1) {
      outcome = await deps.pool.run(request, config.dbStatementTimeout, signal)
    }
    switch (outcome.kind) {
      case 'answered':
        return { kind: 'answered', answer: outcome }
      case 'acquisition-timeout':
        return { kind: 'failed', error: { kind: 'acquisition-timeout' } }
      case 'statement-timeout':
        return { kind: 'failed', error: databaseError(statementTimeout, context) }
      case 'cancelled':
        return { kind: 'failed', error: databaseError(cancelled, context) }
      case 'lost':
        return { kind: 'failed', error: { kind: 'connection-lost', details: outcome.cause } }
      default:
        return assertNever(outcome)
    }
  }

  /** What is refused without the database holds for the schema that it was compiled for only. */
  async function refuse(error: ApiError, context: RequestContext): Promise<Execution> {
    const { schemaVersion } = context.snapshot
    const asked = await ask({ op: 'check', schemaVersion, epoch: deps.epoch() }, context)
    if (asked.kind === 'failed') return failed(asked.error, [])
    const { reply } = asked.answer
    if (reply.kind === 'moved') return { kind: 'schema-moved' }
    if (reply.kind !== 'failed') return failed(error, [])
    return failed(mapChildFailure(reply.failure, context.isAuthenticated).error, [])
  }

  async function execute(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    const { snapshot, request } = context
    const { schemaVersion } = snapshot
    const compiled = compile(plan, snapshot)
    if (!compiled.ok) return refuse(refusalError(compiled.error, context), context)
    const bound = bindOperands(compiled.value, request)
    if (!bound.ok) {
      return refuse(databaseError(bound.error, context), context)
    }
    const { text } = compiled.value
    const params = bound.value.map(toWire)
    const asked = await ask(
      { op: 'read', sql: text, params, schemaVersion, epoch: deps.epoch() },
      context,
    )
    return asked.kind === 'failed'
      ? failed(asked.error, [text])
      : readReply(asked.answer, plan, context, [text])
  }

  return async (plan, context) => {
    const execution = await execute(plan, context)
    if (execution.kind === 'failed' && !context.signal.aborted) {
      const { error } = execution
      if (isUnreachable({ error })) {
        deps.onUnreachable(new BackendFailure(error, 'the database cannot be reached'))
      }
    }
    return execution
  }
}

type Asked =
  | { readonly kind: 'answered'; readonly answer: ProcessReply }
  | { readonly kind: 'failed'; readonly error: ApiError }

function failed(error: ApiError, statements: readonly string[]): Execution {
  return { kind: 'failed', error, contradictsSchema: false, statements }
}

function databaseError(failure: DatabaseFailure, context: RequestContext): ApiError {
  return { kind: 'database', failure, authenticated: context.isAuthenticated }
}

function refusalError(refusal: Refusal, context: RequestContext): ApiError {
  if (refusal.kind === 'database') return databaseError(refusal.failure, context)
  const { engine } = context.snapshot.capabilities
  return { kind: 'not-implemented', feature: refusal.feature, engine }
}

function readReply(
  { reply, body }: ProcessReply,
  plan: DatabasePlan,
  context: RequestContext,
  statements: readonly string[],
): Execution {
  switch (reply.kind) {
    case 'moved':
      return { kind: 'schema-moved' }
    case 'failed': {
      const mapped = mapChildFailure(reply.failure, context.isAuthenticated)
      return { kind: 'failed', ...mapped, statements }
    }
    case 'rows': {
      const { rows, total } = reply
      const refusal = judgeRows(plan, context.request.preferences, rows)
      if (refusal !== null) return failed(refusal, statements)
      return {
        kind: 'done',
        result: {
          body: wellFormed(body),
          rows,
          total,
          location: [],
          inserted: null,
          responseHeaders: null,
          responseStatus: null,
        },
        statements,
      }
    }
    case 'ready':
    case 'current':
    case 'version':
    case 'catalog':
      throw new Error(`a SQLite process answered a read with ${reply.kind}`)
    default:
      return assertNever(reply)
  }
}

/** SQLite takes any bytes for a text (a blob cast to one); JSON and CSV are UTF-8. */
function wellFormed(body: Uint8Array): Uint8Array {
  return isUtf8(body) ? body : Buffer.from(Buffer.from(body).toString())
}
