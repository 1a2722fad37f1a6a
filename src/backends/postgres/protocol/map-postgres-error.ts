/**
 * PostgreSQL's failures → the error union: what the server refused, connections that were lost or
 * never came about, answers that the database wrote itself (`RAISE SQLSTATE 'PGRST'`). Also tells
 * which refusals contradict the snapshot that a request was planned on.
 */
import { assertNever } from '../../../core/assert-never.ts'
import type { ApiError } from '../../../errors/api-error.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import { parseRaise } from '../../../errors/error-envelope.ts'
import type { BatchOutcome, ServerError } from './postgres-connection.ts'

type FailedOutcome = Exclude<BatchOutcome, { readonly kind: 'done' }>

/** Failures that end PostgREST, whichever operation meets them. */
const fatalConnectTexts = ['FATAL:  password authentication failed', 'no password supplied']

/** A connection that could not be made. `details` are libpq's words. */
export function connectFailure(details: string): BackendFailure {
  const isFatal = fatalConnectTexts.some((text) => details.includes(text))
  return new BackendFailure({ kind: 'connection', details }, details.trimEnd(), { isFatal })
}

const cancelled = {
  sqlState: '57014',
  message: 'canceling statement due to user request',
  details: null,
  hint: null,
}

/** For a request whose client left before it was run; nobody reads this error. */
export const cancelledError: ApiError = {
  kind: 'database',
  failure: cancelled,
  authenticated: false,
}

/** Control work that was given up: its deadline passed, or the server stops. */
export function deadlineFailure(): BackendFailure {
  return new BackendFailure(cancelledError, cancelled.message)
}

/** What PostgreSQL reports, among other things, when a catalog row vanishes while it is read. */
const internalError = 'XX000'

/** Why a control query failed. */
export function outcomeFailure(outcome: FailedOutcome): BackendFailure {
  const message = outcome.error?.message ?? (outcome.kind === 'lost' ? outcome.cause.trim() : '')
  // the next try sees the row gone
  const mayRetryAtOnce = outcome.kind === 'failed' && outcome.error.sqlState === internalError
  return new BackendFailure(mapOutcome(outcome, false), message, { mayRetryAtOnce })
}

/** A row of the catalog vanished, or came, while it was read. */
export function vanishedFailure(message: string): BackendFailure {
  const failure = { sqlState: internalError, message, details: null, hint: null }
  return new BackendFailure({ kind: 'database', failure, authenticated: false }, message, {
    mayRetryAtOnce: true,
  })
}

/**
 * What the client of a request is told.
 *
 * Rule    PostgREST docs: errors (PostgreSQL errors; Raise errors with HTTP status codes)
 */
export function mapOutcome(outcome: FailedOutcome, isAuthenticated: boolean): ApiError {
  switch (outcome.kind) {
    case 'failed':
      return mapServerError(outcome.error, isAuthenticated)
    case 'lost':
      return { kind: 'connection-lost', details: outcome.cause }
    default:
      return assertNever(outcome)
  }
}

function mapServerError(error: ServerError, isAuthenticated: boolean): ApiError {
  const { sqlState, message, details, hint } = error
  if (sqlState === 'PGRST') return parseRaise(message, details)
  return {
    kind: 'database',
    failure: { sqlState, message, details, hint },
    authenticated: isAuthenticated,
    ...(isTooComplex(error) ? { isTooComplex: true } : {}),
  }
}

/** Nested too deeply, too many columns, too many arguments. */
const complexStates: ReadonlySet<string> = new Set(['54001', '54011', '54023'])

/** A function that calls itself without end is the database's fault, a deep request the client's. */
function isTooComplex({ sqlState, isInsideFunction }: ServerError): boolean {
  return complexStates.has(sqlState) && isInsideFunction !== true
}

/** COMMIT answered as ROLLBACK: the transaction had failed without anyone being told. */
export const commitRolledBack: ServerError = {
  severity: 'ERROR',
  sqlState: '25P02',
  message: 'current transaction is aborted, commands ignored until end of transaction block',
  details: null,
  hint: null,
}

/** Names or types that are no longer what the snapshot says. */
const schemaStates: ReadonlySet<string> = new Set([
  '42P01', // undefined table
  '42703', // undefined column
  '42883', // undefined function
  '42804', // datatype mismatch
  '42P10', // no key for ON CONFLICT
  '22P02', // text that is no value of its type
  '22003', // a number out of its type's range
])

/** What PostgreSQL says of a catalog row that has gone while a statement was planned or run. */
const vanished =
  /^(cache lookup failed|could not open relation|could not find .* in|relation .* does not exist|attribute \d+ of )/

/** The statement met another schema than the one it was made for: a check is due. */
export function contradictsSnapshot(error: ServerError): boolean {
  if (schemaStates.has(error.sqlState)) return true
  return (
    outdatesStatements(error) || (error.sqlState === internalError && vanished.test(error.message))
  )
}

/** What is prepared fits the schema no more: the connection is not to be used again. */
export function outdatesStatements({ sqlState, message }: ServerError): boolean {
  return sqlState === '0A000' && message.startsWith('cached plan must not change')
}
