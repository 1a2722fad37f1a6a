/**
 * The connection outside the pool for everything that is not a request: versions, loads, settings,
 * NOTIFY. Opened when needed, closed when idle, used by one piece of work at a time. Work whose
 * signal is aborted ends at once, and its query is cancelled in the server; a server that does not
 * even answer that is left by cutting the socket.
 */
import { setMaxListeners } from 'node:events'
import { deadlineFailure, outcomeFailure } from '../protocol/map-postgres-error.ts'
import type {
  BatchOutcome,
  BatchStep,
  PostgresConnection,
  ServerError,
  StepResult,
} from '../protocol/postgres-connection.ts'

/**
 * Runs one statement; parameters are bound as `$1`, `$2` … and typed by the server. Every value
 * comes back as PostgreSQL's text of it, null as null. `settings` hold for this statement's
 * transaction: they are sent ahead of it in one batch, which costs no round trip.
 *
 * Errors  rejects with BackendFailure; its `error.failure.sqlState` tells what the server refused
 */
export type ControlQuery = (
  text: string,
  params?: readonly (string | null)[],
  settings?: Readonly<Record<string, string>>,
) => Promise<readonly Readonly<Record<string, string | null>>[]>

export interface ControlStatement {
  readonly text: string
  readonly params?: readonly (string | null)[]
  /** Kept in the server under a name, where that is allowed: for statements that are run often. */
  readonly isPrepared?: boolean
}

export type ControlRows = readonly Readonly<Record<string, string | null>>[]

/**
 * Runs statements in one round trip: up to the first that fails, none of those behind it is run.
 *
 * Shape   the rows of each, in order
 * Errors  as those of `ControlQuery`
 */
export type ControlBatch = (
  statements: readonly ControlStatement[],
) => Promise<readonly ControlRows[]>

export interface ControlConnection {
  /**
   * Runs `work` alone on the connection, and passes it the server's address. A transaction that
   * `work` leaves open is rolled back.
   *
   * Errors  rejects with what `work` rejected with; with BackendFailure when there is no
   *         connection or the signal was aborted
   */
  run<T>(
    work: (query: ControlQuery, address: string, batch: ControlBatch) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>
  /** The next work gets a new connection, so that the login role's current settings apply to it. */
  renew(): void
  /** Ends what runs; work that waits, or comes later, rejects. */
  close(): Promise<void>
}

export interface ControlConnectionDeps {
  /** Rejects with BackendFailure. */
  readonly connect: (signal: AbortSignal) => Promise<PostgresConnection>
  /** Milliseconds for connecting. */
  readonly connectTimeoutMs?: number
  /** Milliseconds after which an unused connection is closed. */
  readonly idleMs?: number
  /** Milliseconds that a server gets to confirm a cancelled query before its socket is cut. */
  readonly cancelGraceMs?: number
  /** Whether statements may have names in the server. Absent: none has. */
  readonly preparation?: ControlPreparation
}

export interface ControlPreparation {
  readonly stepsToSend: (steps: readonly BatchStep[]) => readonly BatchStep[]
  readonly giveUp: (error: ServerError) => void
}

const unprepared: ControlPreparation = {
  stepsToSend: (steps) => steps.map((step) => ({ ...step, isPrepared: false })),
  giveUp: () => undefined,
}

export function createControlConnection(deps: ControlConnectionDeps): ControlConnection {
  const { connectTimeoutMs = 5000, idleMs = 10_000, cancelGraceMs = 1000 } = deps
  const { preparation = unprepared } = deps
  const closing = new AbortController()
  // each piece of work that waits listens to it
  setMaxListeners(0, closing.signal)
  let isRenewing = false
  let current: PostgresConnection | null = null
  let idleTimer: NodeJS.Timeout | undefined
  // settled when the work before has left the connection to the next
  let turn: Promise<void> = Promise.resolve()

  async function open(stop: AbortSignal): Promise<PostgresConnection> {
    clearTimeout(idleTimer)
    if (current?.isAlive === true && !isRenewing) return current
    void current?.end()
    current = null
    isRenewing = false
    const attempt = new AbortController()
    const abort = () => attempt.abort()
    const timer = setTimeout(abort, connectTimeoutMs)
    stop.addEventListener('abort', abort, { once: true })
    try {
      current = await deps.connect(attempt.signal)
      return current
    } finally {
      clearTimeout(timer)
      stop.removeEventListener('abort', abort)
    }
  }

  /** Called after each piece of work: leaves the connection idle for the next one, or closes it. */
  async function tidy(connection: PostgresConnection, running: Promise<unknown> | null) {
    await bringToRest(connection, running, cancelGraceMs)
    if (!connection.isAlive) {
      if (current === connection) current = null
    } else if (closing.signal.aborted) {
      current = null
      await connection.end()
    } else {
      idleTimer = setTimeout(() => {
        current = null
        void connection.end()
      }, idleMs)
      idleTimer.unref()
    }
  }

  async function run<T>(
    work: (query: ControlQuery, address: string, batch: ControlBatch) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const stop = stopOnEither(signal, closing.signal)
    const used: { connection: PostgresConnection | null; batch: Promise<BatchOutcome> | null } = {
      connection: null,
      batch: null,
    }
    const before = turn
    let leave = () => {}
    turn = new Promise((resolve) => {
      leave = resolve
    })
    try {
      await Promise.race([before, stop.stopped])
      const connection = await open(stop.signal)
      used.connection = connection
      const send = async (steps: readonly BatchStep[]): Promise<readonly StepResult[]> => {
        // queries of one piece of work that are asked for together run one after the other
        while (used.batch !== null && !stop.signal.aborted) await used.batch
        if (stop.signal.aborted) throw deadlineFailure()
        const batch = runPrepared(connection, steps, preparation)
        used.batch = batch
        const outcome = await Promise.race([batch, stop.stopped])
        used.batch = null
        if (outcome.kind !== 'done') throw outcomeFailure(outcome)
        return outcome.results
      }
      const query: ControlQuery = async (text, params = [], settings = {}) =>
        (await send([...settingSteps(settings), statement(text, params)])).flatMap(records)
      const batch: ControlBatch = async (statements) =>
        (
          await send(
            statements.map(({ text, params = [], isPrepared = false }) => ({
              ...statement(text, params),
              isPrepared,
            })),
          )
        ).map(records)
      return await Promise.race([work(query, connection.address, batch), stop.stopped])
    } finally {
      stop.forget()
      const { connection, batch } = used
      void before
        .then(() => (connection === null ? undefined : tidy(connection, batch)))
        .finally(leave)
    }
  }

  return {
    run,
    renew() {
      isRenewing = true
    },
    async close() {
      clearTimeout(idleTimer)
      closing.abort()
      await turn
      await current?.end()
      current = null
    },
  }
}

/** One signal for two. `stopped` rejects once it is aborted; after `forget` it never is. */
function stopOnEither(...signals: readonly AbortSignal[]) {
  const stop = new AbortController()
  const abort = () => stop.abort()
  const stopped = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => reject(deadlineFailure()), { once: true })
  })
  stopped.catch(() => undefined)
  for (const signal of signals) {
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  }
  const forget = () => {
    for (const signal of signals) signal.removeEventListener('abort', abort)
  }
  return { signal: stop.signal, stopped, forget }
}

/**
 * Runs the steps. Where the server turns out to know other names than this connection gave it, no
 * step is named any more, and steps that began a transaction of their own are run once again.
 */
async function runPrepared(
  connection: PostgresConnection,
  steps: readonly BatchStep[],
  preparation: ControlPreparation,
): Promise<BatchOutcome> {
  const beganIdle = connection.state === 'idle'
  const outcome = await connection.run(preparation.stepsToSend(steps))
  if (outcome.kind !== 'failed' || !outcome.namesDiffer) return outcome
  preparation.giveUp(outcome.error)
  if (!beganIdle) return outcome
  if (outcome.state !== 'idle') await connection.run([statement('ROLLBACK', [])])
  return connection.run(preparation.stepsToSend(steps))
}

/**
 * Cancels what runs and rolls back what is open. A server that does not follow in time is left:
 * afterwards the connection is idle, or not alive.
 */
async function bringToRest(
  connection: PostgresConnection,
  running: Promise<unknown> | null,
  graceMs: number,
): Promise<void> {
  if (running !== null) {
    const cut = setTimeout(() => connection.destroy(), graceMs)
    const cancelling = connection.cancel()
    await running
    clearTimeout(cut)
    if (!connection.isAlive || !(await cancelling)) connection.destroy()
  }
  if (connection.isAlive && connection.state !== 'idle') {
    const cut = setTimeout(() => connection.destroy(), graceMs)
    await connection.run([statement('ROLLBACK', [])])
    clearTimeout(cut)
  }
  if (!connection.isAlive || connection.state !== 'idle') connection.destroy()
}

function statement(text: string, params: readonly (string | null)[]) {
  return { text, params, types: [], isPrepared: false, keep: 'named-rows' } as const
}

function settingSteps(settings: Readonly<Record<string, string>>) {
  return Object.entries(settings).map(([name, value]) => {
    const step = statement('select set_config($1, $2, true)', [name, value])
    return { ...step, keep: 'nothing' } as const
  })
}

function records(result: StepResult): Readonly<Record<string, string | null>>[] {
  const { columns } = result
  return result.rows.map((row) => {
    const record: Record<string, string | null> = {}
    for (let at = 0; at < columns.length; at += 1) {
      record[columns[at] ?? ''] = row[at]?.toString('utf8') ?? null
    }
    return record
  })
}
