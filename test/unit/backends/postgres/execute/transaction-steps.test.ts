import { describe, expect, test } from 'vitest'
import type { Preferences } from '../../../../../src/api/api-request.ts'
import type { RequestContext } from '../../../../../src/backends/backend.ts'
import {
  beginStep,
  endSteps,
  isJudged,
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
  txEnd = 'commit-allow-override',
  isolationLevel: IsolationLevel | null = null,
): RequestContext {
  return {
    snapshot: {
      ...describeSnapshot({}),
      roleSettings: new Map([['web', { isolationLevel, settings: [] }]]),
    },
    config: loadTestConfig({ env: { PGRST_DB_TX_END: txEnd } }),
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
const singular = {
  encoder: { kind: 'singular', stripNulls: false },
  type: { kind: 'singular', stripNulls: false },
} as const
const explained = {
  encoder: { kind: 'json', stripNulls: false },
  type: { kind: 'plan', of: { kind: 'json' }, format: 'text', options: [] },
} as const

describe('the beginning', () => {
  test.each<[string, DatabasePlan, IsolationLevel | null, string]>([
    ['a read', read, null, 'READ COMMITTED READ ONLY'],
    ['a write', mutatePlan('insert', 'items'), null, 'READ COMMITTED READ WRITE'],
    ['a call', volatile, null, 'READ COMMITTED READ WRITE'],
    ['a stable call', stable, null, 'READ COMMITTED READ ONLY'],
    ['a role with a level', read, 'repeatable-read', 'REPEATABLE READ READ ONLY'],
    ['a function with a level', isolated, 'repeatable-read', 'SERIALIZABLE READ WRITE'],
  ])('of %s', (_, plan, level, text) => {
    const step = beginStep(plan, contextOf({}, 'commit', level))
    expect(step.text).toBe(`BEGIN ISOLATION LEVEL ${text}`)
  })
})

describe('the end', () => {
  const commit = ['COMMIT']
  const rollback = ['SET CONSTRAINTS ALL IMMEDIATE', 'ROLLBACK']

  test.each([
    ['commit', undefined, commit],
    ['commit', 'rollback', commit],
    ['commit-allow-override', undefined, commit],
    ['commit-allow-override', 'rollback', rollback],
    ['commit-allow-override', 'commit', commit],
    ['rollback', undefined, rollback],
    ['rollback', 'commit', rollback],
    ['rollback-allow-override', undefined, rollback],
    ['rollback-allow-override', 'commit', commit],
  ] as const)('db-tx-end=%s with tx=%s', (txEnd, tx, texts) => {
    const end = endSteps(contextOf(tx === undefined ? {} : { tx }, txEnd))
    expect(end.steps.map((step) => step.text)).toEqual(texts)
    expect(end.commits).toBe(texts === commit)
  })
})

describe('whether the rows are judged before the end', () => {
  const bounded = { maxAffected: 1, handling: 'strict' } as const
  const lenient = { maxAffected: 1, handling: 'lenient' } as const

  test.each<[string, DatabasePlan, Partial<Preferences>, boolean]>([
    ['a singular read', { ...read, media: singular }, bounded, false],
    ['an insert', mutatePlan('insert', 'items'), bounded, false],
    ['a singular insert', mutatePlan('insert', 'items', { media: singular }), {}, true],
    ['an update', mutatePlan('update', 'items'), {}, false],
    ['a bounded update', mutatePlan('update', 'items'), bounded, true],
    ['a leniently bounded update', mutatePlan('update', 'items'), lenient, false],
    ['a bounded delete', mutatePlan('delete', 'items'), bounded, true],
    ['a PUT', mutatePlan('upsert', 'items'), {}, true],
    ['a PUT explained', mutatePlan('upsert', 'items', { media: explained }), {}, false],
    ['a call', volatile, {}, false],
    ['a bounded call', volatile, bounded, true],
    ['a singular call', { ...volatile, media: singular }, {}, true],
    ['a singular stable call', { ...stable, media: singular }, bounded, false],
  ])('%s', (_, plan, preferences, expected) => {
    expect(isJudged(plan, contextOf(preferences))).toBe(expected)
  })
})
