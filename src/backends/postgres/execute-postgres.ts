/**
 * Runs a plan as one transaction on a connection of the pool: BEGIN, context, pre-request,
 * statement, end, in one batch with one Sync. A write whose rows are judged before they may stay
 * is two: the end follows the judgement. Whatever a connection comes back from, it is idle or
 * closed before someone else gets it: a failed transaction is rolled back, and a cancelled query
 * waits for its cancel request to be over.
 */
import type { ApiError } from '../../errors/api-error.ts'
import type { Observe } from '../../observe/observation.ts'
import type { DatabasePlan } from '../../plan/plan.ts'
import type { Execution, ExecutionResult, RequestContext } from '../backend.ts'
import { bindParams } from '../sql/bind-params.ts'
import type { SqlStatement } from '../sql/sql-text.ts'
import type { PlanCompiler } from './compile-postgres.ts'
import {
  cancelledError,
  commitRolledBack,
  contradictsSnapshot,
  losesStatements,
  mapOutcome,
} from './map-postgres-error.ts'
import type {
  BatchOutcome,
  BatchStep,
  PostgresConnection,
  StepResult,
} from './postgres-connection.ts'
import type { PostgresPool } from './postgres-pool.ts'
import { readResult, refuseRows } from './read-result.ts'
import { contextStep, preRequestStep } from './request-context.ts'
import {
  beginStep,
  endSteps,
  isJudged,
  plainStep,
  type TransactionEnd,
} from './transaction-steps.ts'

export interface ExecutorDeps {
  readonly pool: PostgresPool
  readonly compile: PlanCompiler
  readonly observe: Observe
}

export type Executor = (plan: DatabasePlan, context: RequestContext) => Promise<Execution>

/** A request as the steps of its transaction. */
interface Transaction {
  readonly steps: readonly BatchStep[]
  readonly mainAt: number
  readonly explainAt: number | null
  readonly end: TransactionEnd
  /** The end waits for the rows to be judged. */
  readonly isJudged: boolean
  /** For `log-query`. */
  readonly statements: readonly string[]
}

type FailedOutcome = Exclude<BatchOutcome, { readonly kind: 'done' }>

/** Before its statements are known to the log. */
type Answer =
  | { readonly kind: 'done'; readonly result: ExecutionResult }
  | { readonly kind: 'refused'; readonly error: ApiError }
  | { readonly kind: 'failed'; readonly outcome: FailedOutcome }
  /** The connection turned out to be dead, and nothing was run on it. */
  | { readonly kind: 'again'; readonly outcome: FailedOutcome }

export function createExecutor({ pool, compile, observe }: ExecutorDeps): Executor {
  async function runOnce(
    transaction: Transaction,
    plan: DatabasePlan,
    context: RequestContext,
  ): Promise<Answer> {
    const acquired = await pool.acquire(context.signal)
    switch (acquired.kind) {
      case 'timeout':
        return { kind: 'refused', error: { kind: 'acquisition-timeout' } }
      case 'abandoned':
        return { kind: 'refused', error: cancelledError }
      case 'failed':
        return { kind: 'refused', error: acquired.failure.error }
      case 'acquired':
        break
    }
    const { connection } = acquired
    if (context.signal.aborted) {
      pool.release(connection, true)
      return { kind: 'refused', error: cancelledError }
    }
    let cancelling: Promise<boolean> | null = null
    const cancel = () => {
      cancelling = connection.cancel()
    }
    context.signal.addEventListener('abort', cancel, { once: true })
    let isInStep = true
    try {
      const answer = await runSteps(connection, transaction, plan, context)
      isInStep = answer.kind !== 'failed' || !mayLoseStatements(answer.outcome)
      return answer
    } finally {
      context.signal.removeEventListener('abort', cancel)
      giveBack(connection, isInStep, cancelling)
    }
  }

  /** Nothing to wait for in the common case; else the client has its answer meanwhile. */
  function giveBack(
    connection: PostgresConnection,
    isInStep: boolean,
    cancelling: Promise<boolean> | null,
  ): void {
    if (cancelling === null && (connection.state === 'idle' || !connection.isAlive || !isInStep)) {
      pool.release(connection, isInStep)
    } else {
      void cleanUp(connection, isInStep, cancelling)
    }
  }

  async function cleanUp(
    connection: PostgresConnection,
    isInStep: boolean,
    cancelling: Promise<boolean> | null,
  ): Promise<void> {
    const isOver = cancelling === null || (await cancelling)
    if (isOver && isInStep && connection.isAlive && connection.state !== 'idle') {
      await connection.run([rollback])
    }
    pool.release(connection, isOver && isInStep && connection.state === 'idle')
  }

  return async (plan, context) => {
    const transaction = composeTransaction(plan, context, compile)
    const { statements } = transaction
    observe({ kind: 'pool-request' })
    let answer = await runOnce(transaction, plan, context)
    if (answer.kind === 'again') answer = await runOnce(transaction, plan, context)
    observe({ kind: 'pool-request-fulfilled' })
    switch (answer.kind) {
      case 'done':
        return { kind: 'done', result: answer.result, statements }
      case 'refused':
        if (answer.error.kind === 'acquisition-timeout') observe({ kind: 'pool-timeout' })
        return { kind: 'failed', error: answer.error, contradictsSchema: false, statements }
      case 'failed':
      case 'again': {
        const { outcome } = answer
        return {
          kind: 'failed',
          error: mapOutcome(outcome, context.isAuthenticated),
          contradictsSchema: outcome.kind === 'failed' && contradictsSnapshot(outcome.error),
          statements,
        }
      }
    }
  }
}

const rollback = plainStep('ROLLBACK', { config: { dbPreparedStatements: false } })

function composeTransaction(
  plan: DatabasePlan,
  context: RequestContext,
  compile: PlanCompiler,
): Transaction {
  const { main, explainCount } = compile(plan)
  const preRequest = preRequestStep(context.config)
  const before = [contextStep(plan, context), ...(preRequest === null ? [] : [preRequest])]
  const mainStep = statementStep(main, context)
  const after = explainCount === null ? [] : [statementStep(explainCount, context)]
  const logged = [...before, mainStep, ...after]
  return {
    steps: [beginStep(plan, context), ...logged],
    mainAt: 1 + before.length,
    explainAt: explainCount === null ? null : 2 + before.length,
    end: endSteps(context),
    isJudged: isJudged(plan, context),
    statements: logged.map((step) => step.text),
  }
}

function statementStep(statement: SqlStatement, { request, config }: RequestContext): BatchStep {
  return {
    text: statement.text,
    params: bindParams(statement, request),
    types: statement.types,
    isPrepared: config.dbPreparedStatements,
    keep: 'rows',
  }
}

async function runSteps(
  connection: PostgresConnection,
  transaction: Transaction,
  plan: DatabasePlan,
  context: RequestContext,
): Promise<Answer> {
  const { steps, end, isJudged } = transaction
  const outcome = await connection.run(isJudged ? steps : [...steps, ...end.steps])
  if (outcome.kind === 'lost' && outcome.notRun) return { kind: 'again', outcome }
  if (outcome.kind !== 'done') return { kind: 'failed', outcome }
  const result = readAnswer(transaction, plan, outcome.results)
  const error = refuseRows(plan, context, result)
  // only a read is refused behind its end: it leaves nothing, whatever became of its transaction
  if (error !== null) return { kind: 'refused', error }
  if (!isJudged) return hasEnded(outcome.results, end) ? { kind: 'done', result } : notCommitted
  if (context.signal.aborted) return { kind: 'refused', error: cancelledError }
  const ended = await connection.run(end.steps)
  if (ended.kind !== 'done') return { kind: 'failed', outcome: ended }
  return hasEnded(ended.results, end) ? { kind: 'done', result } : notCommitted
}

/** COMMIT answers ROLLBACK, without an error, for a transaction that had failed. */
function hasEnded(results: readonly StepResult[], end: TransactionEnd): boolean {
  return !end.commits || results.at(-1)?.tag === 'COMMIT'
}

const notCommitted: Answer = {
  kind: 'failed',
  outcome: { kind: 'failed', error: commitRolledBack, results: [], state: 'idle' },
}

function readAnswer(
  { mainAt, explainAt }: Transaction,
  plan: DatabasePlan,
  results: readonly StepResult[],
): ExecutionResult {
  const main = results[mainAt]
  if (main === undefined) throw new Error('a batch that ended well has all its results')
  return readResult(plan, main, explainAt === null ? null : (results[explainAt] ?? null))
}

function mayLoseStatements(outcome: FailedOutcome): boolean {
  return outcome.kind === 'failed' && losesStatements(outcome.error)
}
