/**
 * Runs a plan as one transaction on a connection of the pool: BEGIN, context, pre-request,
 * statement, end, in one batch with one Sync. A write whose rows are judged before they may stay
 * is two: the end follows the judgement. One that depends on what its row looks like begins with the row
 * locked and read. `run-transaction.ts` does the running.
 */
import { isAsExpected } from '../../../core/entity-tag.ts'
import { LentBytes } from '../../../core/lent-bytes.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { ApiError } from '../../../errors/api-error.ts'
import { isJudgedBeforeEnd, judgeRows } from '../../../plan/judge-rows.ts'
import type { DatabasePlan } from '../../../plan/plan.ts'
import type { ComparedRead, Execution, ExecutionResult, RequestContext } from '../../backend.ts'
import type { CompiledRequest, PlanCompiler } from '../compile/compile-postgres.ts'
import { compileRowLock } from '../compile/compile-postgres-mutate.ts'
import {
  bindPostgres,
  type PostgresStatement,
  toPostgresStatement,
} from '../compile/postgres-statement.ts'
import type { BatchStep, StepResult } from '../protocol/postgres-connection.ts'
import { readResult } from './read-result.ts'
import { type ContextStep, createContextStep, preRequestStep } from './request-context.ts'
import {
  createTransactionRunner,
  type Transaction,
  type TransactionRunnerDeps,
} from './run-transaction.ts'
import type { SchemaGuards } from './schema-guard.ts'
import { beginStep, endSteps } from './transaction-steps.ts'

export interface ExecutorDeps extends TransactionRunnerDeps {
  readonly compile: PlanCompiler
  readonly guards: SchemaGuards
}

export type Executor = (plan: DatabasePlan, context: RequestContext) => Promise<Execution>

export function createExecutor({ compile, guards, ...deps }: ExecutorDeps): Executor {
  const run = createTransactionRunner(deps)
  const contextStep = createContextStep()
  return async (plan, context) => {
    const compiled = compile(plan)
    if (!compiled.ok) {
      return { kind: 'failed', error: compiled.error, contradictsSchema: false, statements: [] }
    }
    const gateSteps = comparisonSteps(plan, context, compile)
    if (!gateSteps.ok) {
      return { kind: 'failed', error: gateSteps.error, contradictsSchema: false, statements: [] }
    }
    const transaction = composeTransaction(
      plan,
      context,
      compiled.value,
      gateSteps.value,
      contextStep,
      guards,
    )
    const outcome = await run(transaction, context)
    return outcome.kind === 'done'
      ? { kind: 'done', result: outcome.value, statements: outcome.statements }
      : outcome
  }
}

function composeTransaction(
  plan: DatabasePlan,
  context: RequestContext,
  { mainFor, explainCount }: CompiledRequest,
  gateSteps: readonly BatchStep[],
  contextStep: ContextStep,
  guards: SchemaGuards,
): Transaction<ExecutionResult> {
  const preRequest = preRequestStep(context.config)
  const before = [contextStep(plan, context), ...(preRequest === null ? [] : [preRequest])]
  const mainStep = statementStep(mainFor(context.request), context)
  // pg_stat_statements of PostgreSQL 14 and 15 knows EXPLAIN by its text, and what is prepared has
  // another text in each epoch
  const after =
    explainCount === null ? [] : [{ ...statementStep(explainCount, context), isPrepared: false }]
  const end = endSteps(context)
  const opening = [beginStep(plan, context), ...before]
  const isGated = gateSteps.length > 0
  const mainAt = isGated ? 0 : opening.length
  const { compared } = context
  return {
    ...(compared === undefined
      ? {}
      : {
          gate: {
            steps: [...opening, ...gateSteps],
            judge: (results) => judgeComparison(compared, results.slice(opening.length)),
          },
        }),
    steps: [...(isGated ? [] : opening), mainStep, ...after],
    end,
    guard: guards.guardOf(plan, context, end),
    isJudged: isJudgedBeforeEnd(plan, context.request.preferences),
    read(results) {
      const mainResult = results[mainAt]
      if (mainResult === undefined) throw new Error('a batch that ended well has all its results')
      const counted = explainCount === null ? null : (results[mainAt + 1] ?? null)
      const result = readResult(plan, mainResult, counted)
      const error = judgeRows(plan, context.request.preferences, result.rows)
      return error === null ? ok(result) : err(error)
    },
    statements: [...before, ...gateSteps, mainStep, ...after].map((step) => step.text),
  }
}

/** Takes the row, then reads it: from then on nobody else changes it before the transaction ends. */
function comparisonSteps(
  plan: DatabasePlan,
  context: RequestContext,
  compile: PlanCompiler,
): Result<readonly BatchStep[], ApiError> {
  const { compared, config } = context
  if (compared === undefined || plan.kind !== 'mutate') return ok([])
  const read = compile(compared.plan)
  if (!read.ok) return read
  const { request } = compared
  const lock = toPostgresStatement(compileRowLock(plan))
  return ok([
    statementStep(lock, context),
    statementStep(read.value.mainFor(request), { request, config }),
  ])
}

function judgeComparison(
  { plan, expected }: ComparedRead,
  [locked, read]: readonly StepResult[],
): ApiError | null {
  if (locked === undefined || read === undefined) {
    throw new Error('a batch that ended well has all its results')
  }
  const { rows, body } = readResult(plan, read, null)
  const isMet = locked.rows.length === 1 && isAsExpected(expected, rows, body)
  if (body instanceof LentBytes) body.giveBack()
  return isMet ? null : { kind: 'precondition-failed' }
}

/**
 * Longer statements are parsed at each use: a hundred prepared ones for each connection would take
 * several megabytes, in the server and here.
 */
const maxPreparedChars = 16_384

function statementStep(
  statement: PostgresStatement,
  { request, config }: Pick<RequestContext, 'request' | 'config'>,
): BatchStep {
  return {
    text: statement.text,
    params: bindPostgres(statement, request),
    types: statement.types,
    resultFormats: statement.resultFormats,
    isPrepared: config.dbPreparedStatements && statement.text.length <= maxPreparedChars,
    keep: 'rows',
  }
}
