import { expect, test } from 'vitest'
import { printQueryPlan } from '../../../../src/backends/sqlite/print-query-plan.ts'
import type { PlanStep } from '../../../../src/backends/sqlite/wire/query-plan.ts'

const steps: readonly PlanStep[] = [
  [3, 0, 'CO-ROUTINE (subquery-1)'],
  [7, 3, 'SCAN films'],
  [9, 3, 'USE TEMP B-TREE FOR ORDER BY'],
  [12, 0, 'SCAN (subquery-1)'],
]

test('as text it is a tree of lines', () => {
  expect(printQueryPlan(steps, 'text')).toBe(
    [
      'QUERY PLAN',
      '|--CO-ROUTINE (subquery-1)',
      '|  |--SCAN films',
      '|  `--USE TEMP B-TREE FOR ORDER BY',
      '`--SCAN (subquery-1)',
      '',
    ].join('\n'),
  )
  expect(printQueryPlan([], 'text')).toBe('QUERY PLAN\n')
})

test('as JSON it is nested', () => {
  expect(JSON.parse(printQueryPlan(steps, 'json'))).toEqual([
    {
      Plan: {
        'Node Type': 'Query Plan',
        Plans: [
          {
            Detail: 'CO-ROUTINE (subquery-1)',
            Plans: [{ Detail: 'SCAN films' }, { Detail: 'USE TEMP B-TREE FOR ORDER BY' }],
          },
          { Detail: 'SCAN (subquery-1)' },
        ],
      },
    },
  ])
})
