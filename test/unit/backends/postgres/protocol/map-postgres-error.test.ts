import { expect, test } from 'vitest'
import {
  connectFailure,
  contradictsSnapshot,
  mapOutcome,
  outcomeFailure,
  outdatesStatements,
} from '../../../../../src/backends/postgres/protocol/map-postgres-error.ts'
import type { ServerError } from '../../../../../src/backends/postgres/protocol/postgres-connection.ts'

function serverError(
  sqlState: string,
  message = 'm',
  more: Partial<ServerError> = {},
): ServerError {
  return { severity: 'ERROR', sqlState, message, details: null, hint: null, ...more }
}

test('a refusal keeps the database’s words and who asked', () => {
  const error = serverError('23505', 'duplicate', { details: 'd', hint: 'h' })
  expect(
    mapOutcome({ kind: 'failed', error, results: [], state: 'failed', namesDiffer: false }, true),
  ).toEqual({
    kind: 'database',
    failure: { sqlState: '23505', message: 'duplicate', details: 'd', hint: 'h' },
    authenticated: true,
  })
})

test('a statement that is too complex is the request’s doing, unless a function was running', () => {
  const map = (error: ServerError) =>
    mapOutcome({ kind: 'failed', error, results: [], state: 'failed', namesDiffer: false }, true)
  const [deep, inside] = [{}, { isInsideFunction: true } as const].map((more) =>
    map(serverError('54001', 'stack depth limit exceeded', more)),
  )
  expect(deep).toMatchObject({ kind: 'database', isTooComplex: true })
  expect(inside).not.toHaveProperty('isTooComplex')
})

test('a lost connection says so in libpq’s words, whatever the server said last', () => {
  const error = serverError('57P01', 'terminating connection due to administrator command')
  const outcome = { kind: 'lost', cause: 'no connection to the server\n', error, notRun: false }
  expect(mapOutcome({ ...outcome, kind: 'lost' }, true)).toEqual({
    kind: 'connection-lost',
    details: 'no connection to the server\n',
  })
})

test('RAISE SQLSTATE PGRST is an answer', () => {
  const error = serverError('PGRST', '{"code":"1","message":"m"}', {
    details: '{"status":402,"headers":{"a":"b"}}',
  })
  expect(
    mapOutcome({ kind: 'failed', error, results: [], state: 'failed', namesDiffer: false }, true),
  ).toEqual({
    kind: 'raised',
    status: 402,
    statusText: null,
    headers: [['a', 'b']],
    code: '1',
    message: 'm',
    details: null,
    hint: null,
  })
})

test.each([
  ['XX000', 'cache lookup failed for type 1234', true],
  ['42P01', 'relation "x" does not exist', false],
])('%s %s of a load may be retried at once: %s', (sqlState, message, mayRetryAtOnce) => {
  const error = serverError(sqlState, message)
  const failed = {
    kind: 'failed',
    error,
    results: [],
    state: 'failed',
    namesDiffer: false,
  } as const
  expect(outcomeFailure(failed)).toMatchObject({ message, mayRetryAtOnce })
})

test.each([
  ['FATAL:  password authentication failed for user "x"\n', true],
  ['fe_sendauth: no password supplied\n', true],
  ['FATAL:  role "x" does not exist\n', false],
  ['Connection refused\n', false],
])('%j is fatal: %s', (details, isFatal) => {
  expect(connectFailure(details)).toMatchObject({ isFatal, error: { kind: 'connection', details } })
})

test.each([
  ['42P01', 'relation "x" does not exist', true],
  ['42703', 'column "x" does not exist', true],
  ['42883', 'function f() does not exist', true],
  ['42804', 'm', true],
  ['42P10', 'm', true],
  ['22P02', 'm', true],
  ['22003', 'm', true],
  ['0A000', 'cached plan must not change result type', true],
  ['0A000', 'cannot do that', false],
  ['XX000', 'cache lookup failed for type 1234', true],
  ['XX000', 'could not open relation with OID 1234', true],
  ['XX000', 'something else broke', false],
  ['42501', 'm', false],
  ['23505', 'm', false],
])('%s %s contradicts the snapshot: %s', (sqlState, message, contradicts) => {
  expect(contradictsSnapshot(serverError(sqlState, message))).toBe(contradicts)
})

test.each([
  ['0A000', 'cached plan must not change result type', true],
  ['0A000', 'cannot do that', false],
  ['42P01', 'm', false],
])('%s %s outdates what is prepared: %s', (sqlState, message, outdates) => {
  expect(outdatesStatements(serverError(sqlState, message))).toBe(outdates)
})
