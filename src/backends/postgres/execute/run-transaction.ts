/**
 * Runs the steps of one request's transaction on a connection of the pool, in one batch with one
 * Sync; where its rows are judged before they may stay, the end follows the judgement in a second
 * one. Whatever a connection comes back from, it is idle or closed before someone else gets it: a
 * failed transaction is rolled back, and a cancelled query waits for its cancel request to be over.
 * A server that disagrees about prepared statements is asked again without any: its transaction has
 * failed before it came to an end, and nothing of it stays. In strict mode a guard proves the schema
 * that the request was planned on (`schema-guard.ts`).
 * `execute-postgres.ts` and `inspect-postgres.ts` compose the steps.
 */
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import type { Result } from '../../../core/result.ts'
import type { ApiError } from '../../../errors/api-error.ts'
import type { BackendFailure } from '../../../errors/backend-failure.ts'
import { isUnreachable } from '../../../errors/judge-failure.ts'
import type { Observe } from '../../../observe/observation.ts'
import type { Execution, RequestContext, SchemaProof } from '../../backend.ts'
import type { PostgresPool } from '../connect/postgres-pool.ts'
import {
  cancelledError,
  commitRolledBack,
  contradictsSnapshot,
  mapOutcome,
  outcomeFailure,
  outdatesStatements,
} from '../protocol/map-postgres-error.ts'
import type {
  BatchOutcome,
  BatchStep,
  PostgresConnection,
  StepResult,
} from '../protocol/postgres-connection.ts'
import type { Preparation } from './preparation.ts'
import { guardFailure, type SchemaGuard } from './schema-guard.ts'
import { plainStep, type TransactionEnd } from './transaction-steps.ts'

/** Steps of their own batch, whose results say whether the rest may run. */
export interface Gate {
  readonly steps: readonly BatchStep[]
  /** Null: the rest may run. */
  readonly judge: (results: readonly StepResult[]) => ApiError | null
}

/** A request as the steps of its transaction. */
export interface Transaction<T> {
  /** Where there is one it begins the transaction, and the steps go on in it. */
  readonly gate?: Gate
  readonly steps: readonly BatchStep[]
  readonly end: TransactionEnd
  /** The end waits for the results to be judged. */
  readonly isJudged: boolean
  /** Null: nothing is to be proven. */
  readonly guard: SchemaGuard | null
  /** What the results of the steps come to, or why the client may not have it. */
  readonly read: (results: readonly StepResult[]) => Result<T, ApiError>
  /** For `log-query`. */
  readonly statements: readonly string[]
}

export type TransactionOutcome<T> =
  | { readonly kind: 'done'; readonly value: T; readonly statements: readonly string[] }
  | Exclude<Execution, { readonly kind: 'done' }>

export type TransactionRunner = <T>(
  transaction: Transaction<T>,
  context: Pick<RequestContext, 'isAuthenticated' | 'signal'>,
) => Promise<TransactionOutcome<T>>

export interface TransactionRunnerDeps {
  readonly pool: PostgresPool
  readonly preparation: Preparation
  readonly observe: Observe
  readonly onUnreachable: (failure: BackendFailure) => void
}

type FailedOutcome = Exclude<BatchOutcome, { readonly kind: 'done' }>

/** How one attempt ended; the statements for the log are added outside. */
type Answer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly error: ApiError }
  | { readonly kind: 'failed'; readonly outcome: FailedOutcome }
  /** Nothing of it stays: the schema is another than the one it was planned on. */
  | { readonly kind: 'schema-moved' }
  /** Nothing of it stays: the connection was dead, or its server had other statements prepared. */
  | { readonly kind: 'again'; readonly outcome: FailedOutcome }

/** A connection may be dead, and the next one's server have other statements prepared. */
const maxTries = 3

export function createTransactionRunner({
  pool,
  preparation,
  observe,
  onUnreachable,
}: TransactionRunnerDeps): TransactionRunner {
  /**
   * A connection that was cut because its client left says nothing about the database, so it is not
   * reported.
   */
  function tell(failure: BackendFailure, signal: CancelSignal): void {
    if (!signal.aborted && isUnreachable(failure)) onUnreachable(failure)
  }

  async function runOnce<T>(transaction: Transaction<T>, signal: CancelSignal): Promise<Answer<T>> {
    const acquired = await pool.acquire(signal)
    switch (acquired.kind) {
      case 'timeout':
        return { kind: 'refused', error: { kind: 'acquisition-timeout' } }
      case 'abandoned':
        return { kind: 'refused', error: cancelledError }
      case 'failed':
        tell(acquired.failure, signal)
        return { kind: 'refused', error: acquired.failure.error }
      case 'acquired':
        break
    }
    const { connection } = acquired
    if (signal.aborted) {
      pool.release(connection, true)
      return { kind: 'refused', error: cancelledError }
    }
    let cancelling: Promise<boolean> | null = null
    const cancel = () => {
      cancelling = cancelOrCut(connection)
    }
    signal.addEventListener('abort', cancel, { once: true })
    let isInStep = true
    try {
      const run: PostgresConnection['run'] = (steps) =>
        connection.run(preparation.stepsToSend(steps))
      const answer = await runSteps(run, transaction, signal)
      if (answer.kind !== 'failed' || answer.outcome.kind !== 'failed') return answer
      const { outcome } = answer
      isInStep = !outdatesStatements(outcome.error)
      if (!outcome.namesDiffer) return answer
      preparation.giveUp(outcome.error)
      return { kind: 'again', outcome }
    } finally {
      signal.removeEventListener('abort', cancel)
      giveBack(connection, isInStep, cancelling)
    }
  }

  /**
   * Gives the connection back: at once in the common case, else after a clean-up that the client
   * does not wait for.
   */
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

  async function runToEnd<T>(
    transaction: Transaction<T>,
    { isAuthenticated, signal }: Parameters<TransactionRunner>[1],
  ): Promise<TransactionOutcome<T>> {
    const { statements } = transaction
    observe({ kind: 'pool-request' })
    let answer = await runOnce(transaction, signal)
    for (let tries = 1; answer.kind === 'again' && tries < maxTries; tries += 1) {
      answer = await runOnce(transaction, signal)
    }
    observe({ kind: 'pool-request-fulfilled' })
    switch (answer.kind) {
      case 'done':
        return { kind: 'done', value: answer.value, statements }
      case 'refused':
        if (answer.error.kind === 'acquisition-timeout') observe({ kind: 'pool-timeout' })
        return { kind: 'failed', error: answer.error, contradictsSchema: false, statements }
      case 'schema-moved':
        return answer
      case 'failed':
      case 'again': {
        const { outcome } = answer
        const error = mapOutcome(outcome, isAuthenticated)
        tell(outcomeFailure(outcome), signal)
        return {
          kind: 'failed',
          error,
          contradictsSchema: outcome.kind === 'failed' && contradictsSnapshot(outcome.error),
          statements,
        }
      }
    }
  }

  return async (asked, context) => {
    const { statements, guard } = asked
    if (guard?.kind === 'markless') {
      const proof = await guard.look()
      // a snapshot so old that its mark is forgotten is one that has been replaced
      return proof === 'unprovable'
        ? { kind: 'failed', error: markless, contradictsSchema: false, statements }
        : { kind: 'schema-moved' }
    }
    if (guard?.kind !== 'to-hold') return runToEnd(asked, context)
    const held = await guard.hold()
    if (held === null) {
      return { kind: 'failed', error: untold, contradictsSchema: false, statements }
    }
    return runToEnd({ ...asked, guard: held.guard }, context).finally(held.leave)
  }
}

/**
 * Cancels what runs; true when the connection may be used again. Where the server cannot be told,
 * the connection is cut.
 */
async function cancelOrCut(connection: PostgresConnection): Promise<boolean> {
  const isOver = await connection.cancel()
  if (!isOver) connection.destroy()
  return isOver
}

const rollback = plainStep('ROLLBACK', { config: { dbPreparedStatements: false } })

async function runSteps<T>(
  run: PostgresConnection['run'],
  { gate, steps, end, isJudged, guard, read }: Transaction<T>,
  signal: CancelSignal,
): Promise<Answer<T>> {
  const closed = gate === undefined ? null : await passGate(run, gate, signal)
  if (closed !== null) return closed
  const ending = endingOf(end, guard)
  const isSplit = isJudged || guard?.kind === 'beside'
  const outcome = await run(isSplit ? steps : [...steps, ...ending.steps])
  if (outcome.kind === 'lost' && outcome.notRun) return { kind: 'again', outcome }
  if (outcome.kind !== 'done') return failedAnswer(outcome, isSplit ? null : ending, steps.length)
  const whole = isSplit ? null : judgeEnd(outcome.results.slice(steps.length), end, guard)
  if (whole !== null && whole !== 'proven') return whole
  const result = read(outcome.results)
  // only a read is refused behind its end: it leaves nothing, whatever became of its transaction
  if (!result.ok) return { kind: 'refused', error: result.error }
  const done = { kind: 'done', value: result.value } as const
  if (!isSplit) return done
  if (guard?.kind === 'beside') {
    const proof = await guard.look()
    if (proof !== 'current') return unprovenAnswer(proof)
  }
  if (signal.aborted) return { kind: 'refused', error: cancelledError }
  const ended = await run(ending.steps)
  if (ended.kind !== 'done') return failedAnswer(ended, ending, 0)
  const judged = judgeEnd(ended.results, end, guard)
  return judged === 'proven' ? done : judged
}

/** Above read committed: what is to be locked was changed since the transaction began. */
const serializationFailure = '40001'

/** Null: the rest may run. */
async function passGate(
  run: PostgresConnection['run'],
  { steps, judge }: Gate,
  signal: CancelSignal,
): Promise<Answer<never> | null> {
  const outcome = await run(steps)
  if (outcome.kind === 'lost' && outcome.notRun) return { kind: 'again', outcome }
  if (outcome.kind === 'failed' && outcome.error.sqlState === serializationFailure) {
    return { kind: 'refused', error: { kind: 'precondition-failed' } }
  }
  if (outcome.kind !== 'done') return failedAnswer(outcome, null, 0)
  const error = judge(outcome.results)
  if (error !== null) return { kind: 'refused', error }
  return signal.aborted ? { kind: 'refused', error: cancelledError } : null
}

interface Ending {
  readonly steps: readonly BatchStep[]
  /** Where among them the guard is; -1: nowhere. */
  readonly guardAt: number
}

function endingOf(end: TransactionEnd, guard: SchemaGuard | null): Ending {
  switch (guard?.kind) {
    case 'before-end':
    case 'before-commit':
      return { steps: [guard.step, ...end.steps], guardAt: 0 }
    case 'behind-end':
      return { steps: [...end.steps, guard.step], guardAt: end.steps.length }
    default:
      return { steps: end.steps, guardAt: -1 }
  }
}

/** What the results of an ending that ran say. COMMIT answers ROLLBACK for a transaction that had failed. */
function judgeEnd(
  results: readonly StepResult[],
  end: TransactionEnd,
  guard: SchemaGuard | null,
): Answer<never> | 'proven' {
  const endAt = guard?.kind === 'behind-end' ? -2 : -1
  if (end.commits && results.at(endAt)?.tag !== 'COMMIT') return notCommitted
  if (guard?.kind !== 'behind-end' && guard?.kind !== 'before-end') return 'proven'
  const proof = guard.judge(guard.kind === 'behind-end' ? results.at(-1) : results[0])
  return proof === 'current' ? 'proven' : unprovenAnswer(proof)
}

function failedAnswer(
  outcome: FailedOutcome,
  ending: Ending | null,
  endingAt: number,
): Answer<never> {
  const isOfGuard =
    outcome.kind === 'failed' &&
    ending !== null &&
    ending.guardAt >= 0 &&
    outcome.results.length === endingAt + ending.guardAt
  const proof = isOfGuard ? guardFailure(outcome.error) : null
  return proof === null ? { kind: 'failed', outcome } : unprovenAnswer(proof)
}

function unprovenAnswer(proof: Exclude<SchemaProof, 'current'>): Answer<never> {
  return proof === 'moved' ? { kind: 'schema-moved' } : { kind: 'refused', error: markless }
}

const untold: ApiError = {
  kind: 'cache-not-loaded',
  unproven: 'The database did not tell whether its schema has changed.',
}

const markless: ApiError = {
  kind: 'cache-not-loaded',
  unproven: 'The database has no schema mark that could be relied on.',
}

const notCommitted: Answer<never> = {
  kind: 'failed',
  outcome: {
    kind: 'failed',
    error: commitRolledBack,
    results: [],
    state: 'idle',
    namesDiffer: false,
  },
}
