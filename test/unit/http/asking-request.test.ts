import { expect, test } from 'vitest'
import type { ApiError } from '../../../src/errors/api-error.ts'
import { askingRequest } from '../../../src/http/asking-request.ts'

const request = { method: 'GET', path: '/films', query: 'secret=eq.hunter2' }

test.each<[ApiError | null, string | null]>([
  [{ kind: 'relation-not-found', schema: 'api', relation: 'films', suggestion: null }, 'api.films'],
  [{ kind: 'column-not-found', relation: 'films', column: 'seen' }, 'films.seen'],
  [
    {
      kind: 'database',
      failure: { sqlState: '42703', message: 'near "hunter2"', details: 'hunter2', hint: null },
      authenticated: true,
    },
    '42703',
  ],
  [null, null],
])('%j is told by names alone', (error, names) => {
  const told = askingRequest(request, error)
  expect(told).toEqual({ method: 'GET', path: '/films', names })
  expect(JSON.stringify(told)).not.toContain('hunter2')
})

test('what clients choose is cut', () => {
  const long = 'x'.repeat(5000)
  const error = { kind: 'column-not-found', relation: long, column: 'c' } as const
  const told = askingRequest({ method: long, path: long }, error)
  expect(JSON.stringify(told).length).toBeLessThan(700)
})
