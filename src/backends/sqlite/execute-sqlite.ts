/**
 * Runs a plan as one read transaction in a reader process: compile (once a plan), bind, ask, map.
 * The schema's version is compared inside the transaction, so that nothing runs on another schema
 * than the one it was planned for.
 */
import { assertNever } from '../../core/assert-never.ts'
import { toBuffer } from '../../core/http-exchange.ts'
import { ok, type Result } from '../../core/result.ts'
import type { ApiError } from '../../errors/api-error.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import { isUnreachable } from '../../errors/judge-failure.ts'
import { judgeRows } from '../../plan/judge-rows.ts'
import type { DatabasePlan } from '../../plan/plan.ts'
import { type Execution, noResult, type RequestContext } from '../backend.ts'
import type { SqlStatement } from '../sql/sql-text.ts'
import type { Refusal } from './compile/compile-refusal.ts'
import {
  type CompiledPlan,
  compilePreRequest,
  createSqliteCompiler,
} from './compile/compile-sqlite.ts'
import { isWritingCall } from './compile/function/compile-sqlite-call.ts'
import { bindOperands } from './compile/sqlite-operands.ts'
import { createWriteExecutor } from './execute-write.ts'
import {
  databaseError,
  type FailedExecution,
  failedExecution,
  refusalError,
} from './failed-execution.ts'
import { cancelled, lostError, mapChildFailure, statementTimeout } from './map-sqlite-error.ts'
import { printQueryPlan } from './print-query-plan.ts'
import type { PoolOutcome, SqlitePool } from './process/sqlite-pool.ts'
import type { SqliteRequest, TextStatement } from './process/sqlite-process.ts'
import type { SqliteWritePool } from './process/sqlite-write-pool.ts'
import { readPlanSteps } from './wire/query-plan.ts'
import type { ChildReply } from './wire/reply-frames.ts'
import { stampOfVersion } from './wire/schema-stamp.ts'

export interface SqliteExecutorDeps {
  readonly pool: SqlitePool
  readonly writer: SqliteWritePool
  /** Counts the publishes of a schema. */
  readonly epoch: () => number
  /** Called when a request finds that the file cannot be served. */
  readonly onUnreachable: (failure: BackendFailure) => void
}

export interface SqliteExecutor {
  readonly execute: (plan: DatabasePlan, context: RequestContext) => Promise<Execution>
  /** `db-pre-request` alone; null where it lets the request pass, or there is none. */
  readonly preRequest: (context: RequestContext) => Promise<FailedExecution | null>
}

export function createSqliteExecutor(deps: SqliteExecutorDeps): SqliteExecutor {
  const compile = createSqliteCompiler()

  const stampOf = createStampReader()

  /** What is refused without the database holds for the schema that it was compiled for only. */
  async function refuse(error: ApiError, context: RequestContext): Promise<FailedExecution> {
    const stamp = stampOf(context.snapshot.schemaVersion)
    const check = { op: 'check', stamp, epoch: deps.epoch() } as const
    const asked = await deps.pool.run(check, context.config.dbStatementTimeout, context.signal)
    if (asked.kind !== 'answered') return failedExecution(unansweredError(asked, context), [])
    const { reply } = asked
    if (reply.kind === 'moved') return { kind: 'schema-moved' }
    if (reply.kind !== 'failed') return failedExecution(error, [])
    return failedExecution(mapChildFailure(reply.failure, context.isAuthenticated).error, [])
  }

  const write = createWriteExecutor({ writer: deps.writer, epoch: deps.epoch, stampOf, refuse })

  /** Runs what was compiled with the values of a request; `read` makes something of the reply. */
  async function runCompiled<T>(
    compiled: CompiledPlan,
    context: RequestContext,
    read: (reply: ChildReply, statements: readonly string[]) => T,
  ): Promise<T | FailedExecution> {
    const bound = requestOf(compiled, context)
    if (!bound.ok) return refuse(refusalError(bound.error, context), context)
    const request = bound.value
    const outcome = await deps.pool.run(request, context.config.dbStatementTimeout, context.signal)
    const statements = [request.sql]
    return outcome.kind === 'answered'
      ? read(outcome.reply, statements)
      : failedExecution(unansweredError(outcome, context), statements)
  }

  function requestOf(
    compiled: CompiledPlan,
    context: RequestContext,
  ): Result<ReadRequest, Refusal> {
    if (!compiled.ok) return compiled
    const { main, before } = compiled.value
    const params = bindOperands(main, context.request, context)
    if (!params.ok) return params
    const first = bindEach(before, context)
    if (!first.ok) return first
    return ok({
      op: 'read',
      sql: main.text,
      params: params.value,
      before: first.value,
      stamp: stampOf(context.snapshot.schemaVersion),
      epoch: deps.epoch(),
    })
  }

  function run(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    const { snapshot, config } = context
    if (plan.kind === 'mutate') return write(plan, context)
    if (plan.kind === 'call' && isWritingCall(plan, snapshot, config.dbPreRequest)) {
      return write(plan, context)
    }
    return runCompiled(compile(plan, snapshot, config.dbPreRequest), context, (reply, statements) =>
      readReply(reply, plan, context, statements),
    )
  }

  async function preRequest(context: RequestContext): Promise<FailedExecution | null> {
    const { dbPreRequest } = context.config
    if (dbPreRequest === null) return null
    const compiled = compilePreRequest(dbPreRequest, context.snapshot)
    return runCompiled(compiled, context, (reply, statements): FailedExecution | null => {
      if (reply.kind === 'moved') return { kind: 'schema-moved' }
      if (reply.kind !== 'failed') return null
      const mapped = mapChildFailure(reply.failure, context.isAuthenticated)
      return { kind: 'failed', ...mapped, statements }
    })
  }

  async function execute(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    const execution = await run(plan, context)
    if (execution.kind === 'failed' && !context.signal.aborted) {
      const { error } = execution
      if (isUnreachable({ error })) {
        deps.onUnreachable(new BackendFailure(error, 'the database cannot be reached'))
      }
    }
    return execution
  }

  return { execute, preRequest }
}

function bindEach(
  statements: readonly SqlStatement[],
  context: RequestContext,
): Result<readonly TextStatement[], Refusal> {
  const bound: TextStatement[] = []
  for (const statement of statements) {
    const params = bindOperands(statement, context.request, context)
    if (!params.ok) return params
    bound.push({ sql: statement.text, params: params.value })
  }
  return ok(bound)
}

type ReadRequest = Extract<SqliteRequest, { readonly op: 'read' }>

function unansweredError(
  outcome: Exclude<PoolOutcome, { readonly kind: 'answered' }>,
  context: RequestContext,
): ApiError {
  switch (outcome.kind) {
    case 'acquisition-timeout':
      return { kind: 'acquisition-timeout' }
    case 'statement-timeout':
      return databaseError(statementTimeout, context)
    case 'cancelled':
      return databaseError(cancelled, context)
    case 'lost':
      return lostError(outcome.cause)
    default:
      return assertNever(outcome)
  }
}

function readReply(
  reply: ChildReply,
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
    case 'rows':
    case 'called': {
      const { rows, total, body } = reply
      const { type } = plan.media
      if (type.kind === 'plan') {
        const steps = readPlanSteps(toBuffer(body).toString())
        const result = { ...noResult, body: printQueryPlan(steps, type.format) }
        return { kind: 'done', result, statements }
      }
      const refusal = judgeRows(plan, context.request.preferences, rows)
      if (refusal !== null) return failedExecution(refusal, statements)
      const { headers = null, status = null } = reply.kind === 'called' ? reply.controls : {}
      const said = { responseHeaders: headers, responseStatus: status }
      return { kind: 'done', result: { ...noResult, body, rows, total, ...said }, statements }
    }
    case 'ready':
    case 'current':
    case 'version':
    case 'catalog':
    case 'written':
    case 'committing':
      throw new Error(`a SQLite process answered a read with ${reply.kind}`)
    default:
      return assertNever(reply)
  }
}

/** Requests in a row are planned on one snapshot: its stamp is made once. */
function createStampReader(): (version: string) => Buffer {
  let last: { readonly version: string; readonly stamp: Buffer } | null = null
  return (version) => {
    if (last?.version !== version) last = { version, stamp: stampOfVersion(version) }
    return last.stamp
  }
}
