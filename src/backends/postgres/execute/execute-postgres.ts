/**
 * Runs a plan as one transaction on a connection of the pool: BEGIN, context, pre-request,
 * statement, end, in one batch with one Sync. A write whose rows are judged before they may stay
 * is two: the end follows the judgement. `run-transaction.ts` does the running.
 */
import { err, ok } from '../../../core/result.ts'
import { isJudgedBeforeEnd, judgeRows } from '../../../plan/judge-rows.ts'
import type { DatabasePlan } from '../../../plan/plan.ts'
import type { Execution, ExecutionResult, RequestContext } from '../../backend.ts'
import type { CompiledRequest, PlanCompiler } from '../compile/compile-postgres.ts'
import { bindPostgres, type PostgresStatement } from '../compile/postgres-statement.ts'
import type { BatchStep } from '../protocol/postgres-connection.ts'
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
    const transaction = composeTransaction(plan, context, compiled.value, contextStep, guards)
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
  contextStep: ContextStep,
  guards: SchemaGuards,
): Transaction<ExecutionResult> {
  const preRequest = preRequestStep(context.config)
  const before = [contextStep(plan, context), ...(preRequest === null ? [] : [preRequest])]
  const mainStep = statementStep(mainFor(context.request), context)
  const after = explainCount === null ? [] : [statementStep(explainCount, context)]
  const logged = [...before, mainStep, ...after]
  const end = endSteps(context)
  const mainAt = 1 + before.length
  return {
    steps: [beginStep(plan, context), ...logged],
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
    statements: logged.map((step) => step.text),
  }
}

/**
 * Longer statements are parsed at each use: a hundred prepared ones for each connection would take
 * several megabytes, in the server and here.
 */
const maxPreparedChars = 16_384

function statementStep(
  statement: PostgresStatement,
  { request, config }: RequestContext,
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
