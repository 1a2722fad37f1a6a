/**
 * One transaction, tried again as long as what failed may go well: all of it where the server says
 * that nothing of it stays (a write conflict, a primary that is lost), only its end where the server
 * does not say whether it is stored. Nothing is cut mid-command: when the client is gone, the commands
 * after it are not sent and what was done is undone.
 *
 * Rule  MongoDB manual: transactions in applications (TransientTransactionError,
 *       UnknownTransactionCommitResult)
 */
import { setTimeout as pause } from 'node:timers/promises'
import {
  type ClientSession,
  type MongoClient,
  MongoError,
  MongoServerSelectionError,
} from 'mongodb'
import type { CancelSignal } from '../../../core/cancel-signal.ts'
import { OutcomeUnknown } from './outcome-unknown.ts'

export interface TransactionLimits {
  /** Of all attempts, as Date.now() tells; null: no limit but that of the driver's own transactions. */
  readonly endsAt: number | null
  readonly signal: CancelSignal
}

/** What a body did, and whether it stays. */
export interface TransactionEnd<T> {
  readonly commits: boolean
  readonly value: T
}

/** The client has gone before the transaction was ended: it is undone. */
export class TransactionCancelled extends Error {
  constructor() {
    super('the client has gone')
    this.name = 'TransactionCancelled'
  }
}

/** Milliseconds, where no time limit is configured. */
const driverLimitMs = 120_000
/** Milliseconds: of the first pause, and of the longest. */
const firstPauseMs = 5
const longestPauseMs = 500

/** Of one attempt: over, or to be made again for `cause`. */
type Attempt<T> =
  | { readonly kind: 'ended'; readonly value: T }
  | { readonly kind: 'undone'; readonly cause: unknown }

/**
 * `body` is run again with each attempt, so it has to begin anew each time.
 *
 * Throws  what `body` does, once the transaction is undone; OutcomeUnknown; TransactionCancelled
 */
export async function runMongodbTransaction<T>(
  client: MongoClient,
  limits: TransactionLimits,
  body: (session: ClientSession) => Promise<TransactionEnd<T>>,
): Promise<T> {
  const bounds = { endsAt: limits.endsAt ?? Date.now() + driverLimitMs, signal: limits.signal }
  const session = client.startSession({
    defaultTransactionOptions: {
      readConcern: { level: 'snapshot' },
      writeConcern: { w: 'majority' },
      readPreference: 'primary',
    },
  })
  try {
    for (let attempts = 0; ; attempts += 1) {
      const attempt = await attemptOnce(session, bounds, body)
      if (attempt.kind === 'ended') return attempt.value
      if (!(await waitAgain(attempts, bounds))) throw attempt.cause
    }
  } finally {
    await session.endSession().catch(() => undefined)
  }
}

interface Bounds {
  readonly endsAt: number
  readonly signal: CancelSignal
}

async function attemptOnce<T>(
  session: ClientSession,
  bounds: Bounds,
  body: (session: ClientSession) => Promise<TransactionEnd<T>>,
): Promise<Attempt<T>> {
  // without a limit a commit waits for a majority of servers that may not come back
  session.startTransaction({ maxCommitTimeMS: Math.max(1, bounds.endsAt - Date.now()) })
  try {
    const { commits, value } = await body(session)
    refuseIfGone(bounds.signal)
    if (!commits) {
      await undo(session)
      return { kind: 'ended', value }
    }
    return (await commit(session, bounds)) ?? { kind: 'ended', value }
  } catch (error) {
    if (error instanceof OutcomeUnknown) throw error
    await undo(session)
    if (mayGoWell(error)) return { kind: 'undone', cause: error }
    throw error
  }
}

/** Null: it is stored. */
async function commit(
  session: ClientSession,
  bounds: Bounds,
): Promise<Extract<Attempt<never>, { kind: 'undone' }> | null> {
  for (let attempts = 0; ; attempts += 1) {
    try {
      await session.commitTransaction()
      return null
    } catch (error) {
      if (!hasLabel(error, 'UnknownTransactionCommitResult')) throw error
      // the client's going does not matter any more: the write is as good as done
      const { signal } = new AbortController()
      const isAgain = !isTimeLimit(error) && (await waitAgain(attempts, { ...bounds, signal }))
      if (!isAgain) throw new OutcomeUnknown(error)
    }
  }
}

async function undo(session: ClientSession): Promise<void> {
  // where this fails, the server rolls back what nobody commits
  if (session.inTransaction()) await session.abortTransaction().catch(() => undefined)
}

/** False: the time is over. The pauses of those that met each other are to differ. */
async function waitAgain(attempts: number, { endsAt, signal }: Bounds): Promise<boolean> {
  const longest = Math.min(firstPauseMs * 2 ** attempts, longestPauseMs)
  const forMs = longest * (0.5 + Math.random() / 2)
  if (Date.now() + forMs >= endsAt) return false
  refuseIfGone(signal)
  await pause(forMs)
  refuseIfGone(signal)
  return true
}

/** Throws  TransactionCancelled */
export function refuseIfGone(signal: CancelSignal): void {
  if (signal.aborted) throw new TransactionCancelled()
}

/** A server that is not found was looked for already, as long as is configured. */
function mayGoWell(error: unknown): boolean {
  return (
    hasLabel(error, 'TransientTransactionError') && !(error instanceof MongoServerSelectionError)
  )
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label)
}

/** MaxTimeMSExpired: asked again, the commit would run into its limit again. */
function isTimeLimit(error: unknown): boolean {
  return error instanceof MongoError && error.code === 50
}
