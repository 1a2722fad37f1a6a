import { expect, test } from 'vitest'
import type { DatabasePlan, InspectPlan } from '../../../src/plan/plan.ts'
import { commits, isReadOnly } from '../../../src/plan/transaction-rules.ts'
import { callPlan, mutatePlan, readPlan, returns, root } from '../../support/plan-builders.ts'

const call = callPlan('f', returns('int4'), [])

test.each<[string, DatabasePlan | Pick<InspectPlan, 'kind'>, boolean]>([
  ['a read', readPlan(root('items')), true],
  ['the root document', { kind: 'inspect' }, true],
  ['an insert', mutatePlan('insert', 'items'), false],
  ['an update', mutatePlan('update', 'items'), false],
  ['a PUT', mutatePlan('upsert', 'items'), false],
  ['a delete', mutatePlan('delete', 'items'), false],
  ['a call', call, false],
  ['a call that promises not to write', { ...call, isReadOnly: true }, true],
])('%s is read-only: %#', (_, plan, expected) => {
  expect(isReadOnly(plan)).toBe(expected)
})

test.each([
  ['commit', undefined, true],
  ['commit', 'rollback', true],
  ['commit-allow-override', undefined, true],
  ['commit-allow-override', 'rollback', false],
  ['commit-allow-override', 'commit', true],
  ['rollback', undefined, false],
  ['rollback', 'commit', false],
  ['rollback-allow-override', undefined, false],
  ['rollback-allow-override', 'commit', true],
] as const)('db-tx-end=%s with tx=%s commits: %s', (dbTxEnd, tx, expected) => {
  expect(commits({ dbTxEnd }, tx === undefined ? {} : { tx })).toBe(expected)
})
