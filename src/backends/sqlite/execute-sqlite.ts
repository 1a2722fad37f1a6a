/**
 * Runs a plan as one read transaction in a reader process: compile (once a plan), bind, ask, map.
 * The schema's version is compared inside the transaction, so that nothing runs on another schema
 * than the one it was planned for.
 */
import { assertNever } from '../../core/assert-never.ts'
import { ok, type Result } from '../../core/result.ts'
import type { ApiError } from '../../errors/api-error.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import { isUnreachable } from '../../errors/judge-failure.ts'
import { judgeRows } from '../../plan/judge-rows.ts'
import type { CallPlan, DatabasePlan, ReadPlan } from '../../plan/plan.ts'
import { type Execution, noResult, type RequestContext } from '../backend.ts'
import type { SqlStatement } from '../sql/sql-text.ts'
import type { Refusal } from './compile/compile-refusal.ts'
import {
  type CompiledPlan,
  compilePreRequest,
  createSqliteCompiler,
} from './compile/compile-sqlite.ts'
import { isWritingCall } from './compile/compile-sqlite-call.ts'
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
import type { SqlitePool } from './process/sqlite-pool.ts'
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

  async function ask(request: SqliteRequest, context: RequestContext): Promise<Asked> {
    const outcome = await deps.pool.run(request, context.config.dbStatementTimeout, context.signal)
    switch (outcome.kind) {
      case 'answered':
        return outcome
      case 'acquisition-timeout':
        return { kind: 'failed', error: { kind: 'acquisition-timeout' } }
      case 'statement-timeout':
        return { kind: 'failed', error: databaseError(statementTimeout, context) }
      case 'cancelled':
        return { kind: 'failed', error: databaseError(cancelled, context) }
      case 'lost':
        return { kind: 'failed', error: lostError(outcome.cause) }
      default:
        return assertNever(outcome)
    }
  }

  /** What is refused without the database holds for the schema that it was compiled for only. */
  async function refuse(error: ApiError, context: RequestContext): Promise<FailedExecution> {
    const stamp = stampOf(context.snapshot.schemaVersion)
    const asked = await ask({ op: 'check', stamp, epoch: deps.epoch() }, context)
    if (asked.kind === 'failed') return failedExecution(asked.error, [])
    const { reply } = asked
    if (reply.kind === 'moved') return { kind: 'schema-moved' }
    if (reply.kind !== 'failed') return failedExecution(error, [])
    return failedExecution(mapChildFailure(reply.failure, context.isAuthenticated).error, [])
  }

  const write = createWriteExecutor({ writer: deps.writer, epoch: deps.epoch, stampOf, refuse })

  async function read(plan: ReadPlan | CallPlan, context: RequestContext): Promise<Execution> {
    const compiled = compile(plan, context.snapshot, context.config.dbPreRequest)
    const asked = await askCompiled(compiled, context)
    if (asked.kind !== 'answered') return asked
    return readReply(asked.reply, plan, context, asked.statements)
  }

  /** What was compiled, with the values of a request. */
  async function askCompiled(
    compiled: CompiledPlan,
    context: RequestContext,
  ): Promise<AskedCompiled | FailedExecution> {
    const { snapshot } = context
    if (!compiled.ok) return refuse(refusalError(compiled.error, context), context)
    const { main, before } = compiled.value
    const bound = bindOperands(main, context.request, context)
    if (!bound.ok) return refuse(refusalError(bound.error, context), context)
    const first = bindEach(before, context)
    if (!first.ok) return refuse(refusalError(first.error, context), context)
    const { text } = main
    const stamp = stampOf(snapshot.schemaVersion)
    const request = {
      op: 'read',
      sql: text,
      params: bound.value,
      ...(first.value.length === 0 ? {} : { before: first.value }),
      stamp,
      epoch: deps.epoch(),
    } as const
    const asked = await ask(request, context)
    return asked.kind === 'failed'
      ? failedExecution(asked.error, [text])
      : { ...asked, statements: [text] }
  }

  function run(plan: DatabasePlan, context: RequestContext): Promise<Execution> {
    if (plan.kind === 'mutate') return write(plan, context)
    const { snapshot, config } = context
    return plan.kind === 'call' && isWritingCall(plan, snapshot, config.dbPreRequest)
      ? write(plan, context)
      : read(plan, context)
  }

  async function preRequest(context: RequestContext) {
    const { dbPreRequest } = context.config
    if (dbPreRequest === null) return null
    const asked = await askCompiled(compilePreRequest(dbPreRequest, context.snapshot), context)
    if (asked.kind !== 'answered') return asked
    if (asked.reply.kind === 'moved') return { kind: 'schema-moved' } as const
    if (asked.reply.kind !== 'failed') return null
    const mapped = mapChildFailure(asked.reply.failure, context.isAuthenticated)
    return { kind: 'failed', ...mapped, statements: asked.statements } as const
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

interface AskedCompiled {
  readonly kind: 'answered'
  readonly reply: ChildReply
  readonly statements: readonly string[]
}

type Asked =
  | { readonly kind: 'answered'; readonly reply: ChildReply }
  | { readonly kind: 'failed'; readonly error: ApiError }

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
        const steps = readPlanSteps(Buffer.from(body).toString())
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
