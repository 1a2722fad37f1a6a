/**
 * Runs a mutate plan in the writer process: compile (once a plan), bind, send the payload as it came,
 * map. The schema's version is compared inside the transaction, and how many rows there may be is
 * judged there, since a write that is refused must not stay.
 */
import { assertNever } from '../../core/assert-never.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { judgeRows, rowBounds } from '../../plan/judge-rows.ts'
import { payloadBytes } from '../../plan/request-values.ts'
import { commits } from '../../plan/transaction-rules.ts'
import type { Execution, RequestContext } from '../backend.ts'
import { sqliteFacts } from './catalog/sqlite-facts.ts'
import type { Refusal } from './compile/compile-refusal.ts'
import {
  type CompiledWrite,
  createMutationCompiler,
  type WritingPlan,
} from './compile/compile-writer-program.ts'
import { bindOperands } from './compile/sqlite-operands.ts'
import { databaseError, failedExecution, refusalError } from './failed-execution.ts'
import {
  cancelled,
  lostError,
  mapWriteFailure,
  outcomeUnknown,
  statementTimeout,
} from './map-sqlite-error.ts'
import type { SqliteWritePool } from './process/sqlite-write-pool.ts'
import type { WriteOutcome } from './process/write-job.ts'
import type { SqliteParam } from './wire/bound-values.ts'
import type { ChildReply } from './wire/reply-frames.ts'

export interface WriteExecutorDeps {
  readonly writer: SqliteWritePool
  /** Counts the publishes of a schema. */
  readonly epoch: () => number
  readonly stampOf: (schemaVersion: string) => Buffer
  /** For what is refused without the database: first, whether it has another schema by now. */
  readonly refuse: (
    error: ReturnType<typeof databaseError>,
    context: RequestContext,
  ) => Promise<Execution>
}

export type WriteExecutor = (plan: WritingPlan, context: RequestContext) => Promise<Execution>

const noBytes = new Uint8Array()

export function createWriteExecutor(deps: WriteExecutorDeps): WriteExecutor {
  const compile = createMutationCompiler()

  return async (plan, context) => {
    const { snapshot, request, config } = context
    const { compared } = context
    const compiled = compile(plan, snapshot, config.dbPreRequest, compared?.plan ?? null)
    if (!compiled.ok) return deps.refuse(refusalError(compiled.error, context), context)
    const { program } = compiled.value
    const params = bindAll(compiled.value, context)
    if (!params.ok) return deps.refuse(refusalError(params.error, context), context)
    const outcome = await deps.writer.run(
      {
        op: 'write',
        program,
        params: params.value,
        // what a function takes is bound
        payload: (plan.kind === 'mutate' ? payloadBytes(request) : null) ?? noBytes,
        commits: commits(config, request.preferences),
        bounds: rowBounds(plan, request.preferences),
        stamp: deps.stampOf(snapshot.schemaVersion),
        epoch: deps.epoch(),
      },
      config.dbStatementTimeout,
      context.signal,
    )
    return readOutcome(outcome, plan, compiled.value, context)
  }
}

function bindAll(
  { statements, compared: read }: CompiledWrite,
  context: RequestContext,
): Result<readonly SqliteParam[], Refusal> {
  const params: SqliteParam[] = []
  for (const statement of statements) {
    const bound = bindOperands(statement, context.request, context)
    if (!bound.ok) return err(bound.error)
    params.push(...bound.value)
  }
  const { compared } = context
  if (read !== null && compared !== undefined) {
    const bound = bindOperands(read, compared.request, context)
    if (!bound.ok) return err(bound.error)
    params.push(...bound.value, JSON.stringify(compared.expected))
  }
  return ok(params)
}

function readOutcome(
  outcome: WriteOutcome<ChildReply>,
  plan: WritingPlan,
  { text }: CompiledWrite,
  context: RequestContext,
): Execution {
  const statements = text === null ? [] : [text]
  switch (outcome.kind) {
    case 'answered':
      return readReply(outcome.reply, plan, context, statements)
    case 'acquisition-timeout':
      return failedExecution({ kind: 'acquisition-timeout' }, statements)
    case 'statement-timeout':
      return failedExecution(databaseError(statementTimeout, context), statements)
    case 'cancelled':
      return failedExecution(databaseError(cancelled, context), statements)
    case 'lost':
      return failedExecution(lostError(outcome.cause), statements)
    case 'unknown':
      return failedExecution(databaseError(outcomeUnknown, context), statements)
    default:
      return assertNever(outcome)
  }
}

function readReply(
  reply: ChildReply,
  plan: WritingPlan,
  context: RequestContext,
  statements: readonly string[],
): Execution {
  switch (reply.kind) {
    case 'moved':
      return { kind: 'schema-moved' }
    case 'failed': {
      const facts = sqliteFacts(context.snapshot.engineFacts)
      const mapped = mapWriteFailure(reply.failure, {
        plan,
        facts,
        authenticated: context.isAuthenticated,
      })
      return { kind: 'failed', ...mapped, statements }
    }
    case 'written':
    case 'called': {
      const { rows, body } = reply
      const refusal = judgeRows(plan, context.request.preferences, rows)
      if (refusal !== null) return failedExecution(refusal, statements)
      return {
        kind: 'done',
        result: {
          body,
          rows,
          total: reply.kind === 'called' ? reply.total : null,
          location: reply.kind === 'written' ? reply.location : [],
          inserted: reply.kind === 'written' ? reply.inserted : null,
          responseHeaders: reply.controls?.headers ?? null,
          responseStatus: reply.controls?.status ?? null,
        },
        statements,
      }
    }
    case 'ready':
    case 'rows':
    case 'current':
    case 'version':
    case 'catalog':
    case 'committing':
      throw new Error(`a SQLite process answered a write with ${reply.kind}`)
    default:
      return assertNever(reply)
  }
}
