/**
 * Failures of the driver and of the server → the error union, in PostgreSQL's codes. Tells too which
 * of them contradict the snapshot that a request was planned on. The server's words may repeat the
 * command that failed: what stands in braces is cut out, so that no pipeline and no value of it is
 * in an answer or a log.
 */
import {
  MongoError,
  MongoMissingDependencyError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'
import type { ApiError, DatabaseFailure } from '../../../errors/api-error.ts'
import { BackendFailure } from '../../../errors/backend-failure.ts'
import { conversionFailure } from './conversion-failure.ts'

export interface MappedFailure {
  readonly error: ApiError
  readonly contradictsSchema: boolean
}

/** Past `db-statement-timeout`. */
const statementTimeout: DatabaseFailure = {
  sqlState: '57014',
  message: 'canceling statement due to statement timeout',
  details: null,
  hint: null,
}

/** The client has gone, or the server stops. */
export const cancelled: DatabaseFailure = {
  sqlState: '57014',
  message: 'canceling statement due to user request',
  details: null,
  hint: null,
}

/** Codes of a server that cannot serve now: it stops, stepped down, or has lost another. */
const unavailableCodes: ReadonlySet<number> = new Set([
  6, 7, 89, 91, 133, 189, 9001, 10058, 10107, 11600, 11602, 13435, 13436,
])

/** Those, and what was late: a read may go well where it is asked again. */
const passingCodes: ReadonlySet<number> = new Set([...unavailableCodes, 134, 262])

/** The driver itself asks again what failed like this, but for plain commands. */
export function mayPass(error: MongoError): boolean {
  return error instanceof MongoNetworkError || passingCodes.has(Number(error.code))
}

/** Codes of the server → SQLSTATE. */
const sqlStates: ReadonlyMap<number, string> = new Map([
  [13, '42501'], // Unauthorized
  [8000, '42501'], // AtlasError
  [14, '42883'], // TypeMismatch: an operator met a value that it is not for
  [15, '54001'], // Overflow: nested more deeply than a document or a condition may be
  [24, '55P03'], // LockTimeout
  [26, '42P01'], // NamespaceNotFound
  [27, '42704'], // IndexNotFound: a search whose text index is gone
  [112, '40001'], // WriteConflict
  [146, '54000'], // ExceededMemoryLimit
  [165, '54001'], // ViewDepthLimitExceeded
  [232, '54001'], // MaxSubPipelineDepthExceeded: embeds within embeds, over views over views
  [246, '40001'], // SnapshotUnavailable
  [251, '40001'], // NoSuchTransaction
  [239, '40001'], // SnapshotTooOld
  [257, '54000'], // TransactionTooLarge
  [290, '57014'], // TransactionExceededLifetimeLimitSeconds
  [292, '54000'], // QueryExceededMemoryLimitNoDiskUseAllowed
  [365, '53000'], // TemporarilyUnavailable: its cache is full
  [388, '54000'], // TransactionTooLargeForCache
  [4568, '54000'], // more in one embed than a document holds
  [10334, '54000'], // BSONObjectTooLarge
  [13548, '54000'], // a buffer past its 64 MB
  [16554, '42883'], // the words of older servers for a sum, a product
  [16555, '42883'],
  [16819, '54000'], // a sort beyond its memory
  [16945, '54000'], // groups beyond theirs
  [17419, '54000'], // a document that grew too large
  [17420, '54000'], // the same of one that an upsert makes
  [18537, '22008'], // a date of which no text can be made
  [166, '42809'], // CommandNotSupportedOnView
  [361, '42P01'], // CollectionUUIDMismatch
  [51091, '2201B'], // an invalid regular expression, in a filter
  [51111, '2201B'], // the same in an expression
  [51156, '54001'], // one that gave up at a text
])

/** Codes that say that a relation is not what the snapshot says. */
const contradictingCodes: ReadonlySet<number> = new Set([26, 27, 166, 361])

/**
 * IllegalOperation, CommandNotSupported, NotImplemented, OperationNotSupportedInTransaction: of what
 * stands in for MongoDB, or is another edition or an older release of it.
 */
const unsupportedCodes: ReadonlySet<number> = new Set([20, 115, 238, 263])

/**
 * A deployment that was a replica set when the snapshot was loaded, and stands alone by now, says
 * NotAReplicaSet to a read of a snapshot and IllegalOperation in these words to a transaction.
 */
const notReplicaSet = 123
const standsAlone = /^Transaction numbers are only allowed on a replica set/

/** BadValue and what is wrong with a regular expression are told for much, so that words decide. */
const wordyCodes: ReadonlySet<number> = new Set([2, 51091, 51111])
const beyondServer = /regular expression is too (?:long|large)|not support/i

/** What was thrown while a request ran → what its client is told. Never throws. */
export function mapDriverError(
  thrown: unknown,
  { isAuthenticated }: { readonly isAuthenticated: boolean },
): MappedFailure {
  const failed = (failure: DatabaseFailure, contradictsSchema = false): MappedFailure => ({
    error: databaseError(failure, isAuthenticated),
    contradictsSchema,
  })
  const unreached = (error: ApiError): MappedFailure => ({ error, contradictsSchema: false })
  if (!(thrown instanceof MongoError)) throw thrown
  if (thrown instanceof MongoServerSelectionError) {
    return unreached({ kind: 'connection', details: plainWords(thrown.message) })
  }
  if (thrown.name === 'MongoWaitQueueTimeoutError')
    return unreached({ kind: 'acquisition-timeout' })
  if (thrown instanceof MongoNetworkError) {
    return unreached({ kind: 'connection-lost', details: plainWords(thrown.message) })
  }
  if (closedNames.has(thrown.name)) return failed(cancelled)
  if (!(thrown instanceof MongoServerError)) {
    return failed({
      sqlState: 'XX000',
      message: plainWords(thrown.message),
      details: null,
      hint: null,
    })
  }
  const originalError: unknown = thrown['originalError']
  // the driver has words of its own for any IllegalOperation of a write, and no code
  if (originalError instanceof MongoServerError) {
    return mapDriverError(originalError, { isAuthenticated })
  }
  const code = Number(thrown.code)
  if (code === 18) {
    return unreached({ kind: 'connection', details: plainWords(thrown.message) })
  }
  if (unavailableCodes.has(code)) {
    return unreached({ kind: 'connection-lost', details: plainWords(thrown.message) })
  }
  if (code === 50 || code === 262) return failed(statementTimeout)
  if (code === 11601) return failed(cancelled)
  if (code === 241) return failed(conversionFailure(plainWords(thrown.message)))
  const isAlone = code === notReplicaSet || (code === 20 && standsAlone.test(thrown.message))
  const isBeyond = wordyCodes.has(code) && beyondServer.test(thrown.message)
  if (isAlone || isBeyond || unsupportedCodes.has(code)) {
    const feature = plainWords(thrown.message)
    const error: ApiError = { kind: 'not-implemented', feature, engine: null }
    return { error, contradictsSchema: isAlone }
  }
  const sqlState = sqlStates.get(code) ?? 'XX000'
  const message = code === 13 ? withoutCommand(thrown.message) : plainWords(thrown.message)
  const failure = { sqlState, message, details: null, hint: null }
  return failed(failure, contradictingCodes.has(code))
}

/** Why a control operation failed: one that was given up, or what the driver threw. */
export function controlFailure(thrown: unknown, signal?: AbortSignal): BackendFailure {
  if (thrown instanceof BackendFailure) return thrown
  if (signal?.aborted === true) {
    return new BackendFailure(databaseError(cancelled, false), cancelled.message)
  }
  const { error } = mapDriverError(thrown, { isAuthenticated: false })
  const message = error.kind === 'database' ? error.failure.message : detailsOf(error)
  // a wrong password stays wrong, a server as old as it is, and a part of the driver away
  const isFatal =
    thrown instanceof MongoMissingDependencyError ||
    (thrown instanceof MongoServerError && thrown.code === 18) ||
    /wire version/.test(message)
  return new BackendFailure(error, message, { isFatal, cause: thrown })
}

export function databaseError(failure: DatabaseFailure, authenticated: boolean): ApiError {
  const common = { kind: 'database', failure, authenticated } as const
  if (failure.sqlState === '55P03') return { ...common, isPassing: true }
  // no function of MongoDB's can recurse: what is too deep is what was asked for
  return failure.sqlState === '54001' ? { ...common, isTooComplex: true } : common
}

/** The client was closed while something ran on it: the server stops. */
const closedNames: ReadonlySet<string> = new Set([
  'MongoClientClosedError',
  'MongoTopologyClosedError',
  'MongoPoolClosedError',
  'MongoNotConnectedError',
  'MongoExpiredSessionError',
])

function detailsOf(error: ApiError): string {
  switch (error.kind) {
    case 'connection':
    case 'connection-lost':
      return error.details
    case 'not-implemented':
      return error.feature
    default:
      return 'Timed out acquiring connection from connection pool.'
  }
}

/** `not authorized on db to execute command { aggregate: … }` → without the command. */
function withoutCommand(message: string): string {
  return plainWords(message.replace(/ to execute command[\s\S]*$/, ' to execute this command'))
}

/** What the server says, without the stages that it says it in and without what it repeats. */
function plainWords(message: string): string {
  return message
    .replace(/^(?:Plan)?Executor error during .*? :: caused by :: /s, '')
    .replace(/[{[][\s\S]*[}\]]/g, '…')
    .trim()
}
