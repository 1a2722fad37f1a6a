/**
 * A connected pg client as our narrow connection: runs batches one at a time, knows where the
 * server's transaction stands, cancels, and says once when it was lost.
 *
 * In a new epoch the first batch comes behind a message of its own: what functions have planned in
 * this session PostgreSQL keeps as long as nothing that it looked at changes. It does not see that a
 * name would be another thing today, such as an overload or a table that is found first now.
 */
import type pg from 'pg'
import type { FramedConnection, ReadingMemory } from '../protocol/framed-connection.ts'
import type {
  BatchOutcome,
  BatchStep,
  PostgresConnection,
  ServerError,
  TransactionState,
} from '../protocol/postgres-connection.ts'
import { lostConnectionText, RequestBatch } from '../protocol/request-batch.ts'
import { createStatementNames } from '../protocol/statement-names.ts'
import { requestCancel } from './cancel-request.ts'
import { errorProperty } from './connect-failure.ts'
import type { TlsAttempt } from './tls-attempts.ts'

export interface WrappedClient {
  readonly id: string
  readonly client: pg.Client
  readonly connection: FramedConnection
  readonly memory: ReadingMemory
  readonly host: string
  /** As `net.connect` takes it. */
  readonly cancelHost: string
  readonly port: number
  readonly tls: TlsAttempt
  readonly isDirectTls: boolean
  readonly processId: number
  readonly secretKey: number
  /** Prepared statements kept at most. */
  readonly statementCapacity: number
  /** Of the schema: what was prepared or planned in another one is of no use any more. */
  readonly epoch: () => string
}

const forgetPlans: BatchStep = {
  text: 'DISCARD PLANS',
  params: [],
  types: [],
  isPrepared: false,
  keep: 'nothing',
}

/** The state of what was cancelled, by a request for that or by a time limit. */
const canceled = '57014'

/** Milliseconds that a server gets to close its end. */
const goodbyeMs = 1000

export function wrapClient(parts: WrappedClient): PostgresConnection {
  const { client, connection } = parts
  const names = createStatementNames(parts.statementCapacity)
  let isAlive = true
  let isEnding = false
  let epoch = parts.epoch()
  let running: Promise<BatchOutcome> | null = null
  let state: TransactionState = 'idle'
  let onLost: ((cause: string, error: ServerError | null) => void) | null = null

  function lose(failure: Error | null): void {
    if (!isAlive) return
    isAlive = false
    connection.stream.destroy()
    if (!isEnding) onLost?.(failure?.message ?? lostConnectionText, serverError(failure))
  }
  function send(steps: readonly BatchStep[], onSettled = () => {}): Promise<BatchOutcome> {
    let settle = (_: BatchOutcome) => {}
    const batch = new RequestBatch(steps, names, epoch, parts.memory.bodies, (outcome) =>
      settle(outcome),
    )
    const settled = new Promise<BatchOutcome>((resolve) => {
      settle = (outcome) => {
        onSettled()
        if (outcome.kind === 'lost') lose(null)
        else state = outcome.state
        resolve(outcome)
      }
    })
    client.query(batch)
    return settled
  }

  async function renewAndSend(steps: readonly BatchStep[]): Promise<BatchOutcome> {
    const before = epoch
    epoch = parts.epoch()
    try {
      const forgotten = await send([forgetPlans])
      if (forgotten.kind === 'lost') return { ...forgotten, notRun: true }
      // who cancelled it wants no answer, and the plans are still there; a pooler that does not know
      // the statement is no reason not to go on
      if (forgotten.kind === 'failed' && forgotten.error.sqlState === canceled) {
        epoch = before
        return forgotten
      }
      return await send(steps)
    } finally {
      running = null
    }
  }

  // without a listener a connection that dies would end the process
  client.on('error', lose)
  client.on('end', () => lose(null))

  return {
    id: parts.id,
    address: `${parts.host}:${parts.port}`,
    get isAlive() {
      return isAlive
    },
    get state() {
      return state
    },
    run(steps: readonly BatchStep[]): Promise<BatchOutcome> {
      if (running !== null) throw new Error('a batch is running on this connection')
      if (!isAlive) {
        return Promise.resolve({
          kind: 'lost',
          cause: lostConnectionText,
          error: null,
          notRun: true,
        })
      }
      const isRenewed = state === 'idle' && epoch !== parts.epoch()
      running = isRenewed
        ? renewAndSend(steps)
        : send(steps, () => {
            running = null
          })
      return running
    },
    async cancel() {
      for (let pauseMs = 20; running !== null; pauseMs = Math.min(pauseMs * 2, 1000)) {
        if (!(await requestCancel({ ...parts, host: parts.cancelHost }))) return false
        // a server that has not read the batch yet ignores the request: it is asked again
        await Promise.race([running, pause(pauseMs)])
      }
      return true
    },
    onLost(listener) {
      onLost = listener
    },
    async end() {
      isEnding = true
      const cut = setTimeout(() => connection.stream.destroy(), goodbyeMs)
      await client.end()
      clearTimeout(cut)
      isAlive = false
    },
    destroy() {
      isEnding = true
      isAlive = false
      connection.stream.destroy()
    },
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/** What a server says to a connection that is not asking for anything. */
function serverError(failure: Error | null): ServerError | null {
  if (failure === null || errorProperty(failure, 'severity') === '') return null
  return {
    severity: errorProperty(failure, 'severity'),
    sqlState: errorProperty(failure, 'code'),
    message: failure.message,
    details: errorProperty(failure, 'detail') || null,
    hint: errorProperty(failure, 'hint') || null,
  }
}
