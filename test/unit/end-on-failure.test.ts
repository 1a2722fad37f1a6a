/**
 * Which failures end the process, and what is told of it.
 */
import { expect, test } from 'vitest'
import { defaultConfig } from '../../src/config/default-config.ts'
import { createFailureEnd, type FailureEnd } from '../../src/end-on-failure.ts'
import { BackendFailure } from '../../src/errors/backend-failure.ts'
import type { Observation } from '../../src/observe/observation.ts'

const refused = new BackendFailure({ kind: 'connection', details: 'refused' }, 'refused')
const wrongPassword = new BackendFailure({ kind: 'connection', details: '28P01' }, '28P01', {
  isFatal: true,
})

function meet(
  failure: unknown,
  dbPoolAutomaticRecovery: boolean,
  as: keyof FailureEnd = 'onFailure',
) {
  const told: Observation[] = []
  let ends = 0
  const config = { ...defaultConfig('postgres'), dbPoolAutomaticRecovery }
  const end = createFailureEnd({
    config: () => config,
    observe: (observation) => told.push(observation),
    onFatal: () => {
      ends += 1
    },
  })
  return { verdict: end[as](failure as BackendFailure), told, ends }
}

test.each([true, false])('a wrong password ends the process, which says so', (recovers) => {
  const message = 'Failed to establish a connection.'
  expect(meet(wrongPassword, recovers)).toEqual({
    verdict: 'fatal',
    told: [{ kind: 'fatal', message, error: wrongPassword.error }],
    ends: 1,
  })
})

test('a lost connection ends the process only where recovery is off', () => {
  expect(meet(refused, true)).toEqual({ verdict: 'retry', told: [], ends: 0 })
  const message = 'Automatic recovery disabled, exiting.'
  expect(meet(refused, false)).toEqual({
    verdict: 'fatal',
    told: [{ kind: 'fatal', message, error: null }],
    ends: 1,
  })
})

test('a failure that nobody has told of yet is told with the end', () => {
  const message = 'Automatic recovery disabled, exiting.'
  expect(meet(refused, false, 'onUntoldFailure').told).toEqual([
    { kind: 'fatal', message, error: refused.error },
  ])
})

test('a bug of ours ends nothing', () => {
  expect(meet(new Error('bug'), false)).toEqual({ verdict: 'ignore', told: [], ends: 0 })
})
