import { describe, expect, test } from 'vitest'
import {
  controlFailure,
  lostError,
  mapChildFailure,
} from '../../../../src/backends/sqlite/map-sqlite-error.ts'
import { renderError } from '../../../../src/errors/error-envelope.ts'

describe('mapChildFailure', () => {
  test.each([
    ['SQLITE_ERROR', 'no such table: main.films', '42P01', 'relation "films" does not exist', true],
    ['SQLITE_ERROR', 'no such column: t1.x', '42703', 'column x does not exist', true],
    [
      'SQLITE_ERROR',
      'no such function: soundex2',
      '42883',
      'function soundex2 does not exist',
      true,
    ],
    [
      'SQLITE_ERROR',
      'no such collation sequence: de',
      '42704',
      'collation "de" does not exist',
      false,
    ],
    ['SQLITE_ERROR', 'near "from": syntax error', '42601', 'syntax error at or near "from"', false],
    ['SQLITE_ERROR', 'incomplete input', '42601', 'syntax error at end of input', false],
    ['SQLITE_ERROR', 'malformed JSON', '22P02', 'invalid input syntax for type json', false],
    ['SQLITE_ERROR', 'integer overflow', '22003', 'bigint out of range', false],
    ['SQLITE_ERROR', 'too many SQL variables', '54001', 'too many SQL variables', false],
    ['SQLITE_ERROR', 'Recursion limit', '54001', 'Recursion limit', false],
    [
      'SQLITE_ERROR',
      'too many FROM clause terms, max: 200',
      '54001',
      'too many FROM clause terms, max: 200',
      false,
    ],
    ['SQLITE_ERROR', 'something new', 'XX000', 'something new', false],
    ['SQLITE_TOOBIG', 'string or blob too big', '54000', 'string or blob too big', false],
    ['SQLITE_NOMEM', 'out of memory', '53200', 'out of memory', false],
    ['SQLITE_SCHEMA', 'database schema has changed', 'XX000', 'database schema has changed', true],
  ])('%s %s is %s', (code, message, sqlState, wording, contradictsSchema) => {
    expect(mapChildFailure({ kind: 'sqlite', code, message }, true)).toEqual({
      error: {
        kind: 'database',
        failure: { sqlState, message: wording, details: null, hint: null },
        authenticated: true,
        ...(sqlState === '54001' ? { isTooComplex: true } : {}),
      },
      contradictsSchema,
    })
  })

  test.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED'])('%s will pass', (code) => {
    const message = 'database is locked'
    expect(mapChildFailure({ kind: 'sqlite', code, message }, true)).toEqual({
      error: {
        kind: 'database',
        failure: { sqlState: '55P03', message, details: null, hint: null },
        authenticated: true,
        isPassing: true,
      },
      contradictsSchema: false,
    })
  })

  test.each(['SQLITE_NOTADB', 'SQLITE_CORRUPT_INDEX', 'SQLITE_IOERR_READ', 'SQLITE_CANTOPEN'])(
    '%s is a database that is not there',
    (code) => {
      expect(mapChildFailure({ kind: 'sqlite', code, message: 'why' }, false).error).toEqual({
        kind: 'connection',
        details: 'why',
      })
    },
  )

  test('values are refused in the words they came with', () => {
    const failure = {
      kind: 'value',
      sqlState: '22P02',
      message: 'no',
      details: null,
      hint: null,
    } as const
    expect(mapChildFailure(failure, false)).toMatchObject({
      error: {
        kind: 'database',
        failure: { sqlState: '22P02', message: 'no', details: null, hint: null },
      },
      contradictsSchema: false,
    })
  })
})

test.each([
  ['SQLITE_SCHEMA', 'database schema has changed', true],
  ['SQLITE_ERROR', 'something new', false],
])('%s (%s) of a load may be retried at once: %s', (code, message, mayRetryAtOnce) => {
  expect(controlFailure({ kind: 'sqlite', code, message })).toMatchObject({ mayRetryAtOnce })
})

test('what a process printed before it ended is for the log, not for clients', () => {
  const error = lostError('the SQLite process ended with code 1: Error at /srv/app/child.js:7')
  expect(error).toMatchObject({ details: expect.stringContaining('/srv/app') })
  const { body } = renderError(error, 'verbose')
  expect(body).toContain('the SQLite process ended with code 1')
  expect(body).not.toContain('/srv')
})
