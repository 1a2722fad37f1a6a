import { describe, expect, test } from 'vitest'
import { readResult } from '../../../../../src/backends/postgres/execute/read-result.ts'
import type { StepResult } from '../../../../../src/backends/postgres/protocol/postgres-connection.ts'
import { mutatePlan, readPlan, root } from '../../../../support/plan-builders.ts'

function answer(...rows: readonly (readonly (string | null)[])[]): StepResult {
  const bytes = rows.map((row) => row.map((value) => (value === null ? null : Buffer.from(value))))
  return { tag: `SELECT ${rows.length}`, rows: bytes, columns: [] }
}

const read = readPlan(root('items'))

test('a read’s row', () => {
  const main = answer(['12', '2', '[1,2]', '[{"a":"b"}]', '201', ''])
  expect(readResult(read, main, null)).toEqual({
    body: Buffer.from('[1,2]'),
    rows: 2,
    total: 12,
    location: [],
    inserted: null,
    responseHeaders: '[{"a":"b"}]',
    responseStatus: '201',
  })
})

test('a write’s row', () => {
  const main = answer(['', '1', '{id,eq.1,"na=me","eq.a=\\"b\\""}', null, null, null, '1'])
  expect(readResult(mutatePlan('insert', 'items'), main, null)).toEqual({
    body: '',
    rows: 1,
    total: null,
    location: [
      ['id', 'eq.1'],
      ['na=me', 'eq.a="b"'],
    ],
    inserted: 1,
    responseHeaders: null,
    responseStatus: null,
  })
})

test('no row at all is an empty result', () => {
  expect(readResult(mutatePlan('update', 'items'), answer(), null)).toMatchObject({
    rows: 0,
    body: '',
  })
})

test('an execution plan is its lines', () => {
  const media = {
    encoder: { kind: 'json', stripNulls: false },
    type: { kind: 'plan', of: { kind: 'json' }, format: 'text', options: [] },
  } as const
  const main = answer(['Aggregate'], ['  ->  Seq Scan'])
  expect(readResult({ ...read, media }, main, null).body).toBe('Aggregate\n  ->  Seq Scan\n')
})

describe('totals', () => {
  const guess = answer([
    '[\n {"Plan": {"Node Type": "X", "Plan Rows": 900, "Plans": [{"Plan Rows": 1}]}}]',
  ])

  test.each([
    ['planned', null, null, 900],
    ['estimated', 10, '5', 5],
    ['estimated', 10, '10', 10],
    ['estimated', 10, '11', 900],
    ['estimated', 1000, '1001', 1001],
    ['estimated', null, '5', 900],
    ['exact', null, '5', 5],
  ] as const)('%s up to %s, counted %s: %i', (count, maxRows, counted, total) => {
    const plan = readPlan(root('items'), { count, maxRows })
    const explain = count === 'exact' ? null : guess
    expect(readResult(plan, answer([counted, '1', '[]', null, null, null]), explain).total).toBe(
      total,
    )
  })
})
