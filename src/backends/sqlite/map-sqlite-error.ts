/**
 * SQLite's failures → the error union: SQLSTATEs and PostgreSQL's wording where SQLite says the
 * same in other words, its own words elsewhere. A file that cannot be read is a database that is
 * not there.
 */
import { assertNever } from '../../core/assert-never.ts'
import type { ApiError, DatabaseFailure } from '../../errors/api-error.ts'
import { BackendFailure } from '../../errors/backend-failure.ts'
import { parseRaise } from '../../errors/error-envelope.ts'
import type { CallPlan, MutatePlan } from '../../plan/plan.ts'
import { readOnlyFailure } from '../values/read-only-failure.ts'
import { valueFailure } from '../values/value-failure.ts'
import type { SqliteFacts } from './catalog/sqlite-facts.ts'
import { constraintFailure } from './constraint-failure.ts'
import type { ChildFailure } from './wire/reply-frames.ts'

export interface MappedFailure {
  readonly error: ApiError
  /** The schema could be another than the snapshot's. */
  readonly contradictsSchema: boolean
}

export function mapChildFailure(failure: ChildFailure, isAuthenticated: boolean): MappedFailure {
  switch (failure.kind) {
    case 'unavailable':
      return unavailable(failure.message, failure.clientMessage)
    case 'value': {
      const { sqlState, message, details = null, hint = null } = failure
      const mapped = { sqlState, message, details, hint }
      const error: ApiError =
        sqlState === 'PGRST'
          ? parseRaise(message, details)
          : { kind: 'database', failure: mapped, authenticated: isAuthenticated }
      return { error, contradictsSchema: false }
    }
    case 'unmet':
      return { error: { kind: 'precondition-failed' }, contradictsSchema: false }
    case 'sqlite':
      return mapSqliteError(failure.code, failure.message, isAuthenticated)
    default:
      return assertNever(failure)
  }
}

/** What SQLite says of a statement that it cannot prepare. */
export function statementFailure({
  code,
  message,
}: {
  readonly code: string
  readonly message: string
}): DatabaseFailure {
  const { error } = mapChildFailure({ kind: 'sqlite', code, message }, false)
  if (error.kind === 'database') return error.failure
  return { sqlState: 'XX000', message, details: null, hint: null }
}

/** What a write has failed for: constraints, and that the file may not be written to. */
export function mapWriteFailure(
  failure: ChildFailure,
  { plan, facts, authenticated }: WriteContext,
): MappedFailure {
  if (failure.kind !== 'sqlite') return mapChildFailure(failure, authenticated)
  const { code, message, evidence } = failure
  if (plan.kind === 'call') return mapCallFailure(failure, facts, authenticated)
  const { mutation, relation } = plan
  if (/^SQLITE_READONLY/.test(code)) return toMapped(readOnlyFailure(mutation, null), authenticated)
  if (/^cannot modify .* because it is a view$/s.test(message)) {
    return toMapped(unwritableView(mutation, relation.name), authenticated)
  }
  if (/^ON CONFLICT clause does not match/.test(message)) {
    return toMapped(noSuchConflict, authenticated)
  }
  const failed = {
    relation: relation.name,
    mutation,
    facts: facts.writes,
    evidence,
  }
  const broken = constraintFailure(code, message, failed)
  return broken === null ? mapChildFailure(failure, authenticated) : toMapped(broken, authenticated)
}

/** A function's statements may write to any relation: SQLite names it, or what it fails. */
function mapCallFailure(
  failure: Extract<ChildFailure, { kind: 'sqlite' }>,
  facts: SqliteFacts,
  authenticated: boolean,
): MappedFailure {
  const { code, message } = failure
  if (code === 'SQLITE_CONSTRAINT_FOREIGNKEY') {
    const words = 'what the function writes violates a foreign key constraint'
    return toMapped(valueFailure('23503', words), authenticated)
  }
  const failed = {
    relation: '',
    mutation: 'insert',
    facts: facts.writes,
    evidence: undefined,
  } as const
  const broken = constraintFailure(code, message, failed)
  return broken === null ? mapChildFailure(failure, authenticated) : toMapped(broken, authenticated)
}

interface WriteContext {
  readonly plan: MutatePlan | CallPlan
  readonly facts: SqliteFacts
  readonly authenticated: boolean
}

const viewWrites = {
  insert: ['insert into', 'inserting into', 'INSERT'],
  upsert: ['insert into', 'inserting into', 'INSERT'],
  update: ['update', 'updating', 'UPDATE'],
  delete: ['delete from', 'deleting from', 'DELETE'],
} as const

function unwritableView(mutation: MutatePlan['mutation'], view: string): DatabaseFailure {
  const [what, doing, command] = viewWrites[mutation]
  return valueFailure('55000', `cannot ${what} view "${view}"`, {
    hint: `To enable ${doing} the view, provide an INSTEAD OF ${command} trigger.`,
  })
}

const noSuchConflict = valueFailure(
  '42P10',
  'there is no unique or exclusion constraint matching the ON CONFLICT specification',
)

/** Why a control operation failed. */
export function controlFailure(failure: ChildFailure): BackendFailure {
  // the statement was prepared for a schema that has just gone
  const mayRetryAtOnce = failure.kind === 'sqlite' && failure.code.startsWith('SQLITE_SCHEMA')
  return new BackendFailure(mapChildFailure(failure, false).error, failure.message, {
    mayRetryAtOnce,
  })
}

/**
 * The process that should answer is gone, or did not in time. Behind a colon is what the system or
 * the process said at its end, which may name files.
 */
export function lostFailure(cause: string): BackendFailure {
  const clientDetails = withoutOutput(cause)
  return new BackendFailure({ kind: 'connection', details: cause, clientDetails }, cause)
}

/** A request's process ended each time that it was tried. */
export function lostError(cause: string): ApiError {
  return { kind: 'connection-lost', details: cause, clientDetails: withoutOutput(cause) }
}

/** What a process printed may name files of the server: it stands behind a colon, for the log. */
function withoutOutput(cause: string): string {
  return cause.split(':')[0] ?? ''
}

/**
 * SQLSTATEs of names that SQLite does not find. The schema version was equal inside the same
 * transaction, so the check that follows rarely finds a newer schema.
 */
const contradicting = ['42P01', '42703', '42883']

function unavailable(details: string, clientDetails?: string): MappedFailure {
  const error = { kind: 'connection', details } as const
  return {
    error: clientDetails === undefined ? error : { ...error, clientDetails },
    contradictsSchema: false,
  }
}

/** No function of the file's can recurse: a statement that is too complex is what was asked for. */
export function databaseFailure(failure: DatabaseFailure, authenticated: boolean): ApiError {
  return failure.sqlState === '54001'
    ? { kind: 'database', failure, authenticated, isTooComplex: true }
    : { kind: 'database', failure, authenticated }
}

function database(sqlState: string, message: string, authenticated: boolean): MappedFailure {
  return toMapped({ sqlState, message, details: null, hint: null }, authenticated)
}

function toMapped(failure: DatabaseFailure, authenticated: boolean): MappedFailure {
  return {
    error: databaseFailure(failure, authenticated),
    contradictsSchema: contradicting.includes(failure.sqlState),
  }
}

function locked(message: string, authenticated: boolean): MappedFailure {
  const failure = { sqlState: '55P03', message, details: null, hint: null }
  return {
    error: { kind: 'database', failure, authenticated, isPassing: true },
    contradictsSchema: false,
  }
}

/** Result codes that say that the file cannot be served, whatever was asked. */
const unavailableCodes =
  /^SQLITE_(?:NOTADB|CORRUPT|CANTOPEN|IOERR|PERM|AUTH|PROTOCOL|READONLY|NOLFS)/

/** Result code, without its extension → SQLSTATE. */
const codes: readonly (readonly [string, string])[] = [
  ['SQLITE_TOOBIG', '54000'],
  ['SQLITE_NOMEM', '53200'],
  ['SQLITE_FULL', '53100'],
  ['SQLITE_INTERRUPT', '57014'],
  ['SQLITE_MISMATCH', '42804'],
  ['SQLITE_CONSTRAINT_DATATYPE', '42804'],
  ['SQLITE_CONSTRAINT', '23000'],
]

/** What SQLITE_ERROR says → SQLSTATE and PostgreSQL's words for it. */
const texts: readonly (readonly [RegExp, string, string])[] = [
  [/^no such table: (?:main\.)?(.*)$/, '42P01', 'relation "$1" does not exist'],
  [/^no such column: (?:t\d+\.)?(.*)$/, '42703', 'column $1 does not exist'],
  [/^no such function: (.*)$/, '42883', 'function $1 does not exist'],
  // of a CHECK, which SQLite compiles for who may write only
  [/^unknown function: (.*)\(\)$/, '42883', 'function $1 does not exist'],
  [/^no such collation sequence: (.*)$/, '42704', 'collation "$1" does not exist'],
  [/^no such module: (.*)$/, '0A000', 'module $1 of a virtual table is not available'],
  [/^near "(.*)": syntax error$/s, '42601', 'syntax error at or near "$1"'],
  [/^incomplete input$/, '42601', 'syntax error at end of input'],
  [
    /^foreign key mismatch - ".*" referencing "(.*)"$/s,
    '42830',
    'there is no unique constraint matching given keys for referenced table "$1"',
  ],
  [/^malformed JSON$/, '22P02', 'invalid input syntax for type json'],
  [/^JSON cannot hold BLOB values$/, '22P02', 'invalid input syntax for type json'],
  [/^integer overflow$/, '22003', 'bigint out of range'],
  [/^fts5: (.*)$/, '42601', 'fts5: $1'],
  [
    /^(too many (?:SQL variables|columns|terms|FROM clause terms|tables|references).*)$/,
    '54001',
    '$1',
  ],
  [/^(at most \d+ tables in a join)$/, '54001', '$1'],
  [/^(Expression tree is too large.*|parser stack overflow|Recursion limit)$/, '54001', '$1'],
  [/^(LIKE or GLOB pattern too complex)$/, '54000', '$1'],
  [/^(string or blob too big)$/, '54000', '$1'],
]

function mapSqliteError(code: string, message: string, authenticated: boolean): MappedFailure {
  if (unavailableCodes.test(code)) return unavailable(message)
  // another program has held the file for as long as a process waits
  if (/^SQLITE_(?:BUSY|LOCKED)/.test(code)) return locked(message, authenticated)
  const known = codes.find(([prefix]) => code.startsWith(prefix))
  if (known !== undefined) return database(known[1], message, authenticated)
  for (const [pattern, sqlState, wording] of texts) {
    if (pattern.test(message)) {
      return database(sqlState, message.replace(pattern, wording), authenticated)
    }
  }
  return {
    ...database('XX000', message, authenticated),
    // the statement was prepared for a schema that has just gone
    contradictsSchema: code.startsWith('SQLITE_SCHEMA'),
  }
}

/** Past `db-statement-timeout`. */
export const statementTimeout: DatabaseFailure = {
  sqlState: '57014',
  message: 'canceling statement due to statement timeout',
  details: null,
  hint: null,
}

/** The process ended while it committed: what was written is stored, or it is not. */
export const outcomeUnknown: DatabaseFailure = {
  sqlState: '40003',
  message: 'the write may or may not have been stored: the process that wrote it ended',
  details: null,
  hint: 'Look whether it is there before you send it again.',
}

/** The client has gone. Nobody reads it. */
export const cancelled: DatabaseFailure = {
  sqlState: '57014',
  message: 'canceling statement due to user request',
  details: null,
  hint: null,
}
