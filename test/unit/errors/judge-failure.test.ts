import { describe, expect, test } from 'vitest'
import { BackendFailure } from '../../../src/errors/backend-failure.ts'
import { judgeFailure } from '../../../src/errors/judge-failure.ts'

const refused = new BackendFailure({ kind: 'connection', details: 'refused' }, 'refused')
const lost = new BackendFailure({ kind: 'connection-lost', details: 'gone' }, 'gone')
const wrongPassword = new BackendFailure({ kind: 'connection', details: '28P01' }, '28P01', {
  isFatal: true,
})
const busy = new BackendFailure({ kind: 'acquisition-timeout' }, 'busy')
const query = new BackendFailure(
  {
    kind: 'database',
    failure: { sqlState: '57014', message: 'cancelled', details: null, hint: null },
    authenticated: false,
  },
  'cancelled',
)

describe('judgeFailure', () => {
  test.each([
    ['a refused connection', refused, 'retry', 'fatal'],
    ['a lost connection', lost, 'retry', 'fatal'],
    ['a wrong password', wrongPassword, 'fatal', 'fatal'],
    ['a pool that is busy', busy, 'ignore', 'ignore'],
    ['a query that failed', query, 'ignore', 'ignore'],
    ['a bug of ours', new Error('bug'), 'ignore', 'ignore'],
    ['whatever was thrown', 'text', 'ignore', 'ignore'],
  ] as const)('of %s', (_, failure, withRecovery, without) => {
    expect(judgeFailure(failure, { dbPoolAutomaticRecovery: true })).toBe(withRecovery)
    expect(judgeFailure(failure, { dbPoolAutomaticRecovery: false })).toBe(without)
  })
})
