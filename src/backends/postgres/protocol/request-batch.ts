/**
 * Several statements as one batch of protocol messages with one Sync: a submittable of pg. They
 * cost one network round trip, and when one fails the server skips the rest up to the Sync, so no
 * statement ever runs without those before it: not without its BEGIN, not without its role. (pg's
 * `pipeline: true` ends each statement with a Sync of its own. When the BEGIN of such a pipeline is
 * cancelled the statements behind it run all the same, as the login role.)
 *
 * The outcome says where the server's transaction stands after the batch; the caller acts on it.
 */
import type { BodyMemory, LentBytes } from '../../../core/lent-bytes.ts'
import {
  decodeColumnNames,
  decodeCommandTag,
  decodeDataRow,
  decodeServerError,
  decodeTransactionState,
  messageCodes,
} from './decode-messages.ts'
import { FramedConnection } from './framed-connection.ts'
import { createMessageWriter } from './message-writer.ts'
import type {
  BatchOutcome,
  BatchStep,
  DataRow,
  ServerError,
  StepResult,
  TransactionState,
} from './postgres-connection.ts'
import type { NamedUse, StatementNames } from './statement-names.ts'

/** libpq's words for a lost connection, which PostgREST's log shows. */
export const lostConnectionText = 'no connection to the server\n'

const nameStates: ReadonlySet<string> = new Set([
  '42P05', // there is a prepared statement of this name already
  '26000', // there is none
])

export class RequestBatch {
  readonly #steps: readonly BatchStep[]
  readonly #names: StatementNames
  readonly #settle: (outcome: BatchOutcome) => void
  readonly #results: StepResult[] = []
  // names in the order of the Parse and Close messages sent; null for the unnamed statement
  readonly #parses: (string | null)[] = []
  readonly #closes: readonly string[]
  readonly #messages: Buffer | LentBytes
  #parsesSeen = 0
  #bindsSeen = 0
  #closesSeen = 0
  #rows: DataRow[] = []
  /** Of the last row. */
  #lent: LentBytes | null = null
  #columns: readonly string[] = []
  #error: ServerError | null = null
  #namesDiffer = false
  #state: TransactionState = 'idle'

  /**
   * `settle` is called once, when the server is ready again or the connection is gone. Statements
   * that were prepared in another `epoch` are prepared anew.
   *
   * Throws  RangeError for more parameters than the protocol counts (65535)
   */
  constructor(
    steps: readonly BatchStep[],
    names: StatementNames,
    epoch: string,
    memory: BodyMemory,
    settle: (outcome: BatchOutcome) => void,
  ) {
    this.#steps = steps
    this.#names = names
    this.#settle = settle
    const prepared = steps.filter((step) => step.isPrepared)
    const { uses, closes } = names.plan(prepared, epoch)
    this.#closes = closes
    this.#messages = this.#encode(uses, epoch, memory)
  }

  /** Called by pg's client when it is this batch's turn. */
  submit(connection: unknown): void {
    if (!(connection instanceof FramedConnection)) throw new Error('not a framed connection')
    connection.receive((frame, lent) => this.#take(frame, lent, connection))
    connection.write(this.#messages)
  }

  /** Called by pg's client behind the ReadyForQuery that `#take` has read. */
  handleReadyForQuery(): void {
    const results = this.#results
    if (this.#error === null) {
      this.#settle({ kind: 'done', results, state: this.#state })
    } else {
      this.#settle({
        kind: 'failed',
        error: this.#error,
        results,
        state: this.#state,
        namesDiffer: this.#namesDiffer,
      })
    }
  }

  /** Called by pg's client when the connection ended under this batch. */
  handleError(): void {
    this.#settle({
      kind: 'lost',
      cause: lostConnectionText,
      error: this.#error,
      // a server that hangs up says so in its turn: whatever it had run it would have answered first
      notRun: this.#error !== null && this.#results.length === 0,
    })
  }

  #encode(uses: readonly NamedUse[], epoch: string, memory: BodyMemory): Buffer | LentBytes {
    const writer = createMessageWriter(memory)
    for (const name of this.#closes) writer.closeStatement(name)
    let used = 0
    for (const step of this.#steps) {
      const use = step.isPrepared ? uses[used++] : undefined
      const name = use?.name ?? ''
      if (use?.isKnown !== true) {
        writer.parse(name, name === '' ? step.text : textToPrepare(step, epoch), step.types)
        this.#parses.push(name === '' ? null : name)
      }
      writer.bind(name, step.params, step.resultFormats ?? [])
      if (step.keep === 'named-rows') writer.describePortal()
      writer.execute()
    }
    writer.sync()
    return writer.finish()
  }

  #take(frame: Buffer, lent: LentBytes | null, connection: FramedConnection): boolean {
    switch (frame[0]) {
      case messageCodes.dataRow:
        if (this.#step?.keep !== 'nothing') {
          this.#rows.push(decodeDataRow(frame))
          this.#lent = lent
        }
        return true
      case messageCodes.commandComplete:
        this.#endStep(decodeCommandTag(frame))
        return true
      case messageCodes.emptyQuery:
        this.#endStep('')
        return true
      case messageCodes.rowDescription:
        this.#columns = decodeColumnNames(frame)
        return true
      case messageCodes.parseComplete: {
        const name = this.#parses[this.#parsesSeen]
        this.#parsesSeen += 1
        if (typeof name === 'string') this.#names.confirmParsed(name)
        return true
      }
      case messageCodes.closeComplete: {
        const name = this.#closes[this.#closesSeen]
        this.#closesSeen += 1
        if (name !== undefined) this.#names.confirmClosed(name)
        return true
      }
      case messageCodes.error:
        this.#error = decodeServerError(frame)
        this.#namesDiffer = this.#isAboutName(this.#error)
        return true
      case messageCodes.bindComplete:
        this.#bindsSeen += 1
        return true
      case messageCodes.noData:
        return true
      case messageCodes.copyIn:
      case messageCodes.copyOut:
      case messageCodes.copyBoth:
        // COPY is not spoken here, and the server would wait for its data for ever
        connection.stream.destroy(new Error('unexpected COPY'))
        return true
      case messageCodes.readyForQuery:
        this.#state = decodeTransactionState(frame)
        connection.receive(null)
        return false
      default:
        return false
    }
  }

  get #step(): BatchStep | undefined {
    return this.#steps[this.#results.length]
  }

  /** What runs may raise the same states: only until it is bound it is the statement's name. */
  #isAboutName({ sqlState }: ServerError): boolean {
    const isBound = this.#bindsSeen > this.#results.length
    return !isBound && this.#step?.isPrepared === true && nameStates.has(sqlState)
  }

  #endStep(tag: string): void {
    const result = { tag, rows: this.#rows, columns: this.#columns }
    const lent = this.#rows.length === 1 ? this.#lent : null
    this.#results.push(lent === null ? result : { ...result, lent })
    this.#rows = []
    this.#lent = null
    this.#columns = []
  }
}

/**
 * What begins or ends a transaction means the same in each epoch, and PostgreSQL's statistics would
 * count it under each text.
 */
function textToPrepare({ text, keep }: BatchStep, epoch: string): string {
  return keep === 'nothing' || epoch === '' ? text : `${text} /* ${epoch} */`
}
