import { MongoServerError } from 'mongodb'
import { expect, test } from 'vitest'
import { mapDriverError } from '../../../../../src/backends/mongodb/connect/map-mongodb-error.ts'

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
  [26, '42P01'],
  [27, '42704'],
  [166, '42809'],
])('code %i is %s, and says that the schema is another', (code, sqlState) => {
  expect(told(code, 'no')).toMatchObject({ sqlState, contradictsSchema: true })
})

test.each([
  'PlanExecutor error during aggregation :: caused by :: Failed to parse number in $convert',
  'Executor error during find command :: caused by :: Failed to parse number in $convert',
  'Executor error during aggregate command on namespace: shop.films :: caused by :: Failed to parse number in $convert',
])('the command that failed is not named: %s', (message) => {
  expect(told(241, message).words).toBe('Failed to parse number in $convert')
})
