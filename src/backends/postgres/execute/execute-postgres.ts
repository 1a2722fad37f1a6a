/**
 * Runs a plan as one transaction on a connection of the pool: BEGIN, context, pre-request,
 * statement, end, in one batch with one Sync. A write whose rows are judged before they may stay
 * is two: the end follows the judgement. One that depends on what its row looks like begins with the row
 * locked and read. `run-transaction.ts` does the running.
 */
import { isAsExpected } from '../../../core/entity-tag.ts'
import { byteLength } from '../../../core/http-exchange.ts'
import { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { ApiError } from '../../../errors/api-error.ts'
import { isJudgedBeforeEnd, judgeRows } from '../../../plan/judge-rows.ts'
import type { DatabasePlan } from '../../../plan/plan.ts'
import type { ComparedRead, Execution, ExecutionResult, RequestContext } from '../../backend.ts'
import type { ColumnLists, ColumnListsChoice } from '../compile/choose-column-lists.ts'
import type { PlanCompiler } from '../compile/compile-postgres.ts'
import { compileRowLock } from '../compile/compile-postgres-mutate.ts'
import {
  bindPostgres,
  type PostgresStatement,
  toPostgresStatement,
} from '../compile/postgres-statement.ts'
import type { BatchStep, StepResult } from '../protocol/postgres-connection.ts'
import { readResult } from './read-result.ts'
import { createContextStep, preRequestStep } from './request-context.ts'
import {
  createTransactionRunner,
  type Transaction,
  type TransactionOutcome,
  type TransactionRunnerDeps,
} from './run-transaction.ts'
import type { SchemaGuards } from './schema-guard.ts'
import { beginStep, endSteps } from './transaction-steps.ts'
import { weaveBody } from './weave-body.ts'

export interface ExecutorDeps extends TransactionRunnerDeps {
  readonly compile: PlanCompiler
  readonly guards: SchemaGuards
}

export type Executor = (plan: DatabasePlan, context: RequestContext) => Promise<Execution>

export function createExecutor({ compile, guards, ...deps }: ExecutorDeps): Executor {
  const run = createTransactionRunner(deps)
  const contextStep = createContextStep()
  const wovenBodies = new BodyMemory()

  const execute: Executor = async (plan, context) => {
    const compiled = compile(plan)
    if (!compiled.ok) {
      return { kind: 'failed', error: compiled.error, contradictsSchema: false, statements: [] }
    }
    const gateSteps = comparisonSteps(plan, context, compile)
    if (!gateSteps.ok) {
      return { kind: 'failed', error: gateSteps.error, contradictsSchema: false, statements: [] }
    }
    const { mainFor, columnLists, explainCount } = compiled.value
    const attempt = (main: PostgresStatement) =>
      run(compose(plan, context, { main, explainCount, gateSteps: gateSteps.value }), context)

    let sentBefore: readonly string[] = []
    const lists = columnLists?.listsFor(context.snapshot) ?? null
    if (lists !== null) {
      const byLists = await attempt(lists.statementFor(context.request))
      const settled = await settleLists(byLists, lists)
      if (settled.kind !== 'again') return remembered(settled, columnLists)
      if (settled.refuses) columnLists?.refuse()
      sentBefore = settled.statements
    }
    const outcome = await attempt(mainFor(context.request))
    if (outcome.kind === 'schema-moved') return outcome
    const statements = [...sentBefore, ...outcome.statements]
    if (outcome.kind === 'failed') return { ...outcome, statements }
    const { result } = outcome.value
    return remembered({ kind: 'done', result, statements }, columnLists)
  }

  async function settleLists(
    outcome: TransactionOutcome<MainAnswer>,
    lists: ColumnLists,
  ): Promise<Execution | AskAgain> {
    if (outcome.kind === 'schema-moved') return outcome
    const { statements } = outcome
    if (outcome.kind === 'failed') {
      return lacksName(outcome.error) ? { kind: 'again', refuses: true, statements } : outcome
    }
    const { result, main } = outcome.value
    const woven = await weaveBody(lists, main, result.rows, wovenBodies)
    if (woven.kind !== 'woven') {
      return { kind: 'again', refuses: woven.kind === 'not-the-columns', statements }
    }
    return { kind: 'done', result: { ...result, body: woven.body }, statements }
  }

  function compose(
    plan: DatabasePlan,
    context: RequestContext,
    { main, explainCount, gateSteps }: MainSteps,
  ): Transaction<MainAnswer> {
    const preRequest = preRequestStep(context.config)
    const before = [contextStep(plan, context), ...(preRequest === null ? [] : [preRequest])]
    const mainStep = statementStep(main, context)
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
        const answer = results[mainAt]
        if (answer === undefined) throw new Error('a batch that ended well has all its results')
        const counted = explainCount === null ? null : (results[mainAt + 1] ?? null)
        const result = readResult(plan, answer, counted)
        const error = judgeRows(plan, context.request.preferences, result.rows)
        return error === null ? ok({ result, main: answer }) : err(error)
      },
      statements: [...before, ...gateSteps, mainStep, ...after].map((step) => step.text),
    }
  }

  return execute
}

/** The rows are to be asked for as one text. */
interface AskAgain {
  readonly kind: 'again'
  /** And so are those of later requests. */
  readonly refuses: boolean
  readonly statements: readonly string[]
}

/** A column or a type that the lists are asked for by name is not there, or is another. */
function lacksName(error: ApiError): boolean {
  return error.kind === 'database' && namesGone.has(error.failure.sqlState)
}

const namesGone: ReadonlySet<string> = new Set(['42703', '42704', '42883'])

/** How large an answer was decides how the next is asked for. */
function remembered(execution: Execution, columnLists: ColumnListsChoice | null): Execution {
  if (columnLists !== null && execution.kind === 'done') {
    columnLists.saw(execution.result.rows, byteLength(execution.result.body))
  }
  return execution
}

/** What a transaction runs between its beginning and its end. */
interface MainSteps {
  readonly main: PostgresStatement
  readonly explainCount: PostgresStatement | null
  readonly gateSteps: readonly BatchStep[]
}

interface MainAnswer {
  readonly result: ExecutionResult
  /** Of a read by columns the body is still to be made of it. */
  readonly main: StepResult
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
