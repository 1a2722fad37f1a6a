import { describe, expect, test } from 'vitest'
import type { Preferences } from '../../../../../src/api/api-request.ts'
import type { RequestContext } from '../../../../../src/backends/backend.ts'
import { PostgresFacts } from '../../../../../src/backends/postgres/catalog/postgres-facts.ts'
import {
  beginStep,
  endSteps,
} from '../../../../../src/backends/postgres/execute/transaction-steps.ts'
import type { DatabasePlan } from '../../../../../src/plan/plan.ts'
import type { IsolationLevel } from '../../../../../src/schema/catalog.ts'
import { loadTestConfig } from '../../../../support/load-test-config.ts'
import {
  callPlan,
  mutatePlan,
  readPlan,
  request,
  returns,
  root,
} from '../../../../support/plan-builders.ts'
import { describeSnapshot } from '../../../../support/snapshot.ts'

function contextOf(
  preferences: Partial<Preferences> = {},
  isolationLevel: IsolationLevel | null = null,
): RequestContext {
  return {
    snapshot: {
      ...describeSnapshot({}),
      engineFacts: new PostgresFacts(new Map([['web', { isolationLevel, settings: [] }]])),
    },
    config: loadTestConfig({ env: { PGRST_DB_TX_END: 'commit-allow-override' } }),
    request: { ...request(), preferences: { invalid: [], ...preferences } },
    role: 'web',
    isAuthenticated: true,
    claims: '{}',
    signal: new AbortController().signal,
  }
}

const read = readPlan(root('items'))
const volatile = callPlan('f', returns('int4'), [])
const stable = callPlan('f', returns('int4'), [], { isReadOnly: true })
const isolated = {
  ...volatile,
  routine: { ...volatile.routine, isolationLevel: 'serializable' as const },
}

describe('the beginning', () => {
  test.each<[string, DatabasePlan, IsolationLevel | null, string]>([
    ['a read', read, null, 'READ COMMITTED READ ONLY'],
    ['a write', mutatePlan('insert', 'items'), null, 'READ COMMITTED READ WRITE'],
    ['a call', volatile, null, 'READ COMMITTED READ WRITE'],
    ['a stable call', stable, null, 'READ COMMITTED READ ONLY'],
    ['a role with a level', read, 'repeatable-read', 'REPEATABLE READ READ ONLY'],
    ['a function with a level', isolated, 'repeatable-read', 'SERIALIZABLE READ WRITE'],
  ])('of %s', (_, plan, level, text) => {
    const step = beginStep(plan, contextOf({}, level))
    expect(step.text).toBe(`BEGIN ISOLATION LEVEL ${text}`)
  })
})

test('a transaction that is kept is committed', () => {
  const end = endSteps(contextOf())
  expect(end.steps.map((step) => step.text)).toEqual(['COMMIT'])
  expect(end.commits).toBe(true)
})

test('one that is not lets deferred constraints speak up first', () => {
  const end = endSteps(contextOf({ tx: 'rollback' }))
  expect(end.steps.map((step) => step.text)).toEqual(['SET CONSTRAINTS ALL IMMEDIATE', 'ROLLBACK'])
  expect(end.commits).toBe(false)
})
