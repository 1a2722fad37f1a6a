/**
 * ApiError → status, headers and body: the only place where an error answer is made. Also reads
 * the answer that a database function writes itself with `RAISE SQLSTATE 'PGRST'`.
 *
 * Rule  PostgREST docs: errors
 */
import { assertNever } from '../core/assert-never.ts'
import { contentTypeOf } from '../core/media-type.ts'
import { contractName } from '../core/product.ts'
import { isFramingHeader, isSendableHeader } from '../core/sendable-header.ts'
import type { ApiError, JwtFailure } from './api-error.ts'
import { retrySeconds } from './edge-wording.ts'
import { errorCodes, jwtCodes } from './error-codes.ts'
import { errorFields } from './error-fields.ts'
import { answerableStatus, sqlStateStatus } from './sql-state-status.ts'

export interface RenderedError {
  readonly status: number
  /** Absent: the one that goes with the status. */
  readonly statusText?: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly errorCode: string
}

function statusOf(error: ApiError): number {
  switch (error.kind) {
    case 'jwt':
      return jwtCodes[error.failure.kind].status
    case 'database': {
      if (error.isPassing === true) return 503
      if (error.isTooComplex === true) return 400
      const { sqlState, message } = error.failure
      return sqlStateStatus(sqlState, message, error.authenticated)
    }
    case 'raised':
      return answerableStatus(error.status)
    default:
      return errorCodes[error.kind].status
  }
}

/** The database's own, where it chose the status: `status_text`, or the message beside `PT402`. */
function statusTextOf(error: ApiError, status: number): Pick<RenderedError, 'statusText'> {
  if (error.kind === 'raised' && error.status === status && error.statusText !== null) {
    return { statusText: error.statusText }
  }
  const isChosen = error.kind === 'database' && error.failure.sqlState === `PT${status}`
  return isChosen ? { statusText: error.failure.message } : {}
}

type Header = readonly [string, string]

const challengeName = 'WWW-Authenticate'

function jwtChallenge(failure: JwtFailure): readonly Header[] {
  switch (failure.kind) {
    case 'secret-missing':
      return []
    case 'token-required':
      return [[challengeName, 'Bearer']]
    case 'undecodable':
    case 'claims': {
      const description = JSON.stringify(failure.message)
      return [[challengeName, `Bearer error="invalid_token", error_description=${description}`]]
    }
    default:
      return assertNever(failure)
  }
}

/** What asks for credentials: RFC 6750. */
function challenge(error: ApiError, status: number): readonly Header[] {
  if (error.kind === 'jwt') return jwtChallenge(error.failure)
  const asks = error.kind === 'database' || error.kind === 'admin-token-required'
  return asks && status === 401 ? [[challengeName, 'Bearer']] : []
}

/** Codes come from functions too; what no header can carry is left out. */
function printable(code: string): string {
  return code.replace(/[^\x20-\x7e]/g, '')
}

/**
 * `minimal` leaves details and hint to the logs.
 *
 * Rule  PostgREST docs: errors (Proxy-Status Header, Client Error Verbosity, Add HTTP Headers with
 *       RAISE), connection_pool
 *       (Retry-After: always 0 in v16.2, which knows no lock that passes)
 */
export function renderError(error: ApiError, verbosity: 'verbose' | 'minimal'): RenderedError {
  const { code, details, hint, message } = errorFields(forClients(error))
  const status = statusOf(error)
  const retryInSec = retryAfter(error, status)
  const retry: readonly Header[] = retryInSec === null ? [] : [['Retry-After', String(retryInSec)]]
  return {
    status,
    ...statusTextOf(error, status),
    headers: [
      ['Content-Type', contentTypeOf({ kind: 'json' })],
      ['Proxy-Status', `${contractName}; error=${printable(code)}`],
      ...challenge(error, status),
      ...(error.kind === 'raised' ? error.headers : []),
      ...retry,
    ],
    body: JSON.stringify(
      verbosity === 'minimal' ? { code, message } : { code, details, hint, message },
    ),
    errorCode: code,
  }
}

/** Seconds; null: it will not help to try again. */
function retryAfter(error: ApiError, status: number): number | null {
  if (error.kind === 'rate-limited') return retrySeconds(error.retryInMs)
  if (status !== 503 || error.kind === 'reload-failed') return null
  return error.kind === 'database' && error.isPassing === true ? 1 : 0
}

/** Where the server's files are is told by the log alone. */
function forClients(error: ApiError): ApiError {
  if (error.kind !== 'connection' && error.kind !== 'connection-lost') return error
  return error.clientDetails === undefined
    ? error
    : { kind: error.kind, details: error.clientDetails }
}

/** An error as log lines show it: JSON with all four fields. */
export function errorLogJson(error: ApiError): string {
  return JSON.stringify(errorFields(error))
}

// RAISE SQLSTATE 'PGRST'

type JsonObject = Readonly<Record<string, unknown>>

function parseObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    // The test above is what the assertion says.
    return isObject ? (value as JsonObject) : null
  } catch {
    return null
  }
}

/** Null when absent; undefined when it is anything but a text. */
function optionalText(value: unknown): string | null | undefined {
  if (value === undefined || value === null) return null
  return typeof value === 'string' ? value : undefined
}

/** In the order of their names; null unless all are texts that a header can carry. */
function raisedHeaders(value: unknown): readonly Header[] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const headers: Header[] = []
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string' || !isSendableHeader(name, text)) return null
    if (!isFramingHeader(name)) headers.push([name, text])
  }
  return headers.sort(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * `message` and `detail` of the database's error → the answer they spell out, or the complaint
 * that they spell none.
 *
 * Shape  `{"code":"123","message":"Payment Required"}`, `{"status":402,"headers":{"X-Powered-By":"x"}}`
 * Rule   PostgREST docs: errors (Add HTTP Headers with RAISE)
 */
export function parseRaise(message: string, detail: string | null): ApiError {
  const body = parseObject(message)
  const code = body?.['code']
  const text = body?.['message']
  const details = optionalText(body?.['details'])
  const hint = optionalText(body?.['hint'])
  if (
    typeof code !== 'string' ||
    typeof text !== 'string' ||
    details === undefined ||
    hint === undefined
  ) {
    return { kind: 'raise-unparsable', part: 'message', text: message }
  }
  if (detail === null) return { kind: 'raise-unparsable', part: 'no-detail', text: '' }
  const head = parseObject(detail)
  const status = head?.['status']
  const headers = raisedHeaders(head?.['headers'])
  const statusText = optionalText(head?.['status_text'])
  if (
    typeof status !== 'number' ||
    !Number.isInteger(status) ||
    headers === null ||
    statusText === undefined
  ) {
    return { kind: 'raise-unparsable', part: 'detail', text: detail }
  }
  return { kind: 'raised', status, statusText, headers, code, message: text, details, hint }
}
