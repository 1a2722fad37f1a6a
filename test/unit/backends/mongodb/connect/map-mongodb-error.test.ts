import { MongoServerError } from 'mongodb'
import { expect, test } from 'vitest'
import {
  controlFailure,
  mapDriverError,
} from '../../../../../src/backends/mongodb/connect/map-mongodb-error.ts'

/** What a client is told of a server's error. */
function told(code: number, message: string) {
  const thrown = new MongoServerError({ message, code })
  const { error, contradictsSchema } = mapDriverError(thrown, { isAuthenticated: true })
  if (error.kind !== 'database') throw new Error(error.kind)
  const { sqlState, message: words } = error.failure
  return { sqlState, words, contradictsSchema }
}

test.each([
  [232, '54001'],
  [165, '54001'],
  [15, '54001'],
  [51156, '54001'],
  [146, '54000'],
  [257, '54000'],
  [17420, '54000'],
  [13548, '54000'],
  [365, '53000'],
  [51111, '2201B'],
  [16555, '42883'],
  [9999, 'XX000'],
])('code %i is %s', (code, sqlState) => {
  expect(told(code, 'no')).toEqual({ sqlState, words: 'no', contradictsSchema: false })
})

test.each([
  [232, { isTooComplex: true }],
  [24, { isPassing: true }],
])('code %i is told as %j', (code, more) => {
  const thrown = new MongoServerError({ message: 'no', code })
  expect(mapDriverError(thrown, { isAuthenticated: true }).error).toMatchObject(more)
})

test.each([20, 115, 238, 263])('code %i is a feature that this server lacks', (code) => {
  const thrown = new MongoServerError({ message: 'Not in a transaction', code })
  expect(mapDriverError(thrown, { isAuthenticated: true })).toEqual({
    error: { kind: 'not-implemented', feature: 'Not in a transaction', engine: null },
    contradictsSchema: false,
  })
})

const transactionNumbers = 'Transaction numbers are only allowed on a replica set member or mongos'

test.each([
  ['a transaction', new MongoServerError({ code: 20, message: transactionNumbers })],
  [
    'a write of the driver',
    new MongoServerError({
      message: 'This MongoDB deployment does not support retryable writes.',
      originalError: new MongoServerError({ code: 20, message: transactionNumbers }),
    }),
  ],
  [
    'a snapshot',
    new MongoServerError({ code: 123, message: 'node needs to be a replica set member' }),
  ],
])('a deployment that stands alone by now contradicts the schema: %s', (_, thrown) => {
  expect(mapDriverError(thrown, { isAuthenticated: true })).toMatchObject({
    error: { kind: 'not-implemented', feature: expect.stringContaining('replica set') },
    contradictsSchema: true,
  })
})

test.each([
  [26, '42P01'],
  [27, '42704'],
  [166, '42809'],
])('code %i is %s, and says that the schema is another', (code, sqlState) => {
  expect(told(code, 'no')).toMatchObject({ sqlState, contradictsSchema: true })
})

test.each([
  [
    "Failed to parse number 'a\"'b' in $convert with no onError value: Did not consume whole string.",
    '22P02',
    'invalid input syntax for type numeric: "a"\'b"',
  ],
  [
    "Failed to parse objectId 'ab' in $convert with no onError value: Invalid string length",
    '22P02',
    'invalid input syntax for type objectid: "ab"',
  ],
  [
    "Error parsing date string 'today'; 0: Unexpected character 't'",
    '22007',
    'invalid input syntax for type timestamp with time zone: "today"',
  ],
  [
    'Conversion would overflow target type in $convert with no onError value: 1e+30',
    '22003',
    'value "1e+30" is out of range',
  ],
  [
    'Unsupported conversion from object to int in $convert with no onError value',
    '42846',
    'cannot cast type object to int',
  ],
  ['Something new', '22P02', 'Something new'],
])(
  'what the server does not convert is told in PostgreSQL words: %s',
  (message, sqlState, words) => {
    const prefix =
      'Executor error during aggregate command on namespace: shop.films :: caused by :: '
    expect(told(241, message)).toEqual({ sqlState, words, contradictsSchema: false })
    expect(told(241, `${prefix}${message}`)).toMatchObject({ sqlState, words })
  },
)

test.each([
  [51091, 'Regular expression is invalid: missing )', '2201B'],
  [2, 'unknown operator', 'XX000'],
])('code %i with "%s" is %s', (code, message, sqlState) => {
  expect(told(code, message)).toMatchObject({ sqlState, words: message })
})

test.each([
  [2, 'Regular expression is too long'],
  [51091, 'Regular expression is invalid: regular expression is too large'],
  [51111, 'Invalid Regex: regular expression is too large'],
  [2, 'query uses a construct the server does not support'],
  [115, 'Command is not supported'],
  [238, 'explain of this'],
])('code %i with "%s" is beyond this server', (code, message) => {
  const error = new MongoServerError({ message, code })
  expect(mapDriverError(error, { isAuthenticated: true })).toEqual({
    error: { kind: 'not-implemented', feature: message, engine: null },
    contradictsSchema: false,
  })
})

test.each([
  'PlanExecutor error during aggregation :: caused by :: Failed to parse number in $convert',
  'Executor error during find command :: caused by :: Failed to parse number in $convert',
  'Executor error during aggregate command on namespace: shop.films :: caused by :: Failed to parse number in $convert',
])('the command that failed is not named: %s', (message) => {
  expect(told(241, message).words).toBe('Failed to parse number in $convert')
})

test('what a server lacks is told of the work behind requests too', () => {
  const thrown = new MongoServerError({ message: 'Command is not supported', code: 115 })
  expect(controlFailure(thrown).message).toBe('Command is not supported')
})
