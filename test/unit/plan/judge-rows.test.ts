import { describe, expect, test } from 'vitest'
import type { Preferences } from '../../../src/api/api-request.ts'
import {
  isJudgedBeforeEnd,
  judgeRows,
  maxAffectedOf,
  rowBounds,
} from '../../../src/plan/judge-rows.ts'
import type { DatabasePlan } from '../../../src/plan/plan.ts'
import { callPlan, mutatePlan, readPlan, returns, root } from '../../support/plan-builders.ts'

const singular = {
  encoder: { kind: 'singular', stripNulls: false },
  type: { kind: 'singular', stripNulls: false },
} as const
const withoutBody = { ...singular, encoder: { kind: 'none' } } as const
const explained = {
  encoder: { kind: 'singular', stripNulls: false },
  type: { kind: 'plan', of: singular.type, format: 'text', options: [] },
} as const

const read = readPlan(root('items'))
const volatile = callPlan('f', returns('int4', { isSet: true }), [])
const stable = { ...volatile, isReadOnly: true }

const bounded = { maxAffected: 1, handling: 'strict' } as const
const lenient = { maxAffected: 1, handling: 'lenient' } as const

describe('judgeRows', () => {
  test.each<[string, DatabasePlan, number[], number[]]>([
    ['a read', read, [0, 1, 2], []],
    ['a singular read', { ...read, media: singular }, [1], [0, 2]],
    ['a singular read without a body', { ...read, media: withoutBody }, [1], [0, 2]],
    ['a singular call', { ...volatile, media: singular }, [1], [0, 2]],
    ['a singular insert', mutatePlan('insert', 'items', { media: withoutBody }), [1], [0, 2]],
    ['an execution plan', { ...read, media: explained }, [0, 1, 2], []],
  ])('%s may have %j rows, not %j', (_, plan, allowed, refused) => {
    for (const rows of allowed) expect(judgeRows(plan, {}, rows)).toBeNull()
    for (const rows of refused) {
      expect(judgeRows(plan, {}, rows)).toEqual({ kind: 'not-singular', rows })
    }
  })

  test.each([{}, { media: singular }, { media: withoutBody }])('a PUT of %j is one row', (more) => {
    const put = mutatePlan('upsert', 'items', more)
    expect(judgeRows(put, { maxAffected: 0, handling: 'strict' }, 1)).toBeNull()
    for (const rows of [0, 2]) expect(judgeRows(put, {}, rows)).toEqual({ kind: 'put-matching-pk' })
  })

  test('rows up to max-affected may be touched, one more may not', () => {
    const update = mutatePlan('update', 'items')
    expect(judgeRows(update, bounded, 1)).toBeNull()
    expect(judgeRows(update, bounded, 2)).toEqual({ kind: 'max-affected', rows: 2 })
  })

  test('what is one row may still be one too many', () => {
    const one = mutatePlan('delete', 'items', { media: singular })
    const none = { maxAffected: 0, handling: 'strict' } as const
    expect(judgeRows(one, none, 1)).toEqual({ kind: 'max-affected', rows: 1 })
    expect(judgeRows(one, none, 2)).toEqual({ kind: 'not-singular', rows: 2 })
  })
})

type Asked = Pick<Preferences, 'handling' | 'maxAffected'>

test.each<[string, DatabasePlan, Asked, number | null]>([
  ['an update', mutatePlan('update', 'items'), bounded, 1],
  ['a delete', mutatePlan('delete', 'items'), bounded, 1],
  ['a call', volatile, bounded, 1],
  ['a stable call', stable, bounded, 1],
  ['a read', read, bounded, null],
  ['an insert', mutatePlan('insert', 'items'), bounded, null],
  ['a PUT', mutatePlan('upsert', 'items'), bounded, null],
  ['a lenient update', mutatePlan('update', 'items'), lenient, null],
  ['an update without handling', mutatePlan('update', 'items'), { maxAffected: 1 }, null],
  ['an update without a bound', mutatePlan('update', 'items'), { handling: 'strict' }, null],
])('max-affected of %s asked %#', (_, plan, preferences, most) => {
  expect(maxAffectedOf(plan, preferences)).toBe(most)
})

describe('whether the end of the transaction waits for the judgement', () => {
  test.each<[string, DatabasePlan, Asked, boolean]>([
    ['a read', read, bounded, false],
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
    expect(isJudgedBeforeEnd(plan, preferences)).toBe(expected)
  })
})

test.each<[string, DatabasePlan]>([
  ['a read', read],
  ['a singular insert', mutatePlan('insert', 'items', { media: withoutBody })],
  ['an update', mutatePlan('update', 'items')],
  ['a singular deletion', mutatePlan('delete', 'items', { media: singular })],
  ['a PUT', mutatePlan('upsert', 'items')],
  ['a call', volatile],
])('the bounds of %s allow what the rules allow', (_, plan) => {
  for (const preferences of [{}, bounded, { ...bounded, maxAffected: 0 }, lenient]) {
    const { fewest, most } = rowBounds(plan, preferences)
    for (const rows of [0, 1, 2, 3]) {
      expect(rows >= fewest && rows <= most).toBe(judgeRows(plan, preferences, rows) === null)
    }
  }
})
